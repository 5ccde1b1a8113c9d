"""The feed that a blog's page names."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

_LINK = re.compile(r"<(?:link|a)\b[^>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_TYPES = {"application/rss+xml": 0, "application/atom+xml": 1, "application/feed+json": 2, "application/json": 3}


def feeds_in(html: str, url: str) -> tuple[str, ...]:
    """The feeds a page links to as its own, absolute, the posts before the comments (rssboard.org, autodiscovery)."""
    base = re.search(r"""<base\b[^>]*href\s*=\s*["']([^"']+)""", html[:100_000], re.IGNORECASE)
    here = urljoin(url, base[1]) if base else url
    found: list[tuple[tuple[bool, int, int], str]] = []
    for at, tag in enumerate(_LINK.findall(html[:500_000])):
        attributes = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(tag)}
        kind = attributes.get("type", "").strip().lower()
        if "alternate" in attributes.get("rel", "").lower().split() and kind in _TYPES and attributes.get("href"):
            address = urljoin(here, attributes["href"].replace("&amp;", "&").strip())
            if _is_feed(address, kind):
                found.append(((_of_comments(address, attributes), _TYPES[kind], at), address))
    return tuple(dict.fromkeys(address for _, address in sorted(found)))


def _is_feed(address: str, kind: str) -> bool:
    web = urlsplit(address).scheme in ("http", "https")
    return web and not (kind == "application/json" and "/wp-json/" in address) and "oembed" not in address


def _of_comments(address: str, attributes: dict[str, str]) -> bool:
    return bool(re.search(r"comment", address + attributes.get("title", ""), re.IGNORECASE))
