"""Addresses in what strangers write, and the feed that a blog's page names."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

_LINK = re.compile(r"<(?:link|a)\b[^>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_LANGUAGE = re.compile(r"""<html\b[^>]{0,2000}?\slang\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_TYPES = {"application/rss+xml": 0, "application/atom+xml": 1, "application/feed+json": 2, "application/json": 3}


def absolute(address: str, base: str = "") -> str | None:
    """An address on the web as `base` means it; None for any other, and for what is none, as "http://[your site]/"."""
    try:
        whole = urljoin(base, address.strip())
        parts = urlsplit(whole)
    except ValueError:
        return None
    return whole if parts.scheme in ("http", "https") and parts.hostname else None


def feeds_in(html: str, url: str) -> tuple[str, ...]:
    """The feeds a page links to as its own, absolute, the posts before the comments (rssboard.org, autodiscovery)."""
    base = re.search(r"""<base\b[^>]*href\s*=\s*["']([^"']+)""", html[:100_000], re.IGNORECASE)
    here = (absolute(base[1], url) if base else None) or url
    found: list[tuple[tuple[bool, int, int], str]] = []
    for at, tag in enumerate(_LINK.findall(html[:500_000])):
        attributes = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(tag)}
        kind = attributes.get("type", "").strip().lower()
        if "alternate" in attributes.get("rel", "").lower().split() and kind in _TYPES and attributes.get("href"):
            address = absolute(attributes["href"].replace("&amp;", "&"), here)
            if address and _is_feed(address, kind):
                found.append(((_of_comments(address, attributes), _TYPES[kind], at), address))
    return tuple(dict.fromkeys(address for _, address in sorted(found)))


def language(html: str) -> str | None:
    """The language that a page says it is in, as its code; None when it does not say."""
    found = _LANGUAGE.search(html[:20_000])
    return found[1] if found else None


def _is_feed(address: str, kind: str) -> bool:
    return not (kind == "application/json" and "/wp-json/" in address) and "oembed" not in address


def _of_comments(address: str, attributes: dict[str, str]) -> bool:
    return bool(re.search(r"comment", address + attributes.get("title", ""), re.IGNORECASE))
