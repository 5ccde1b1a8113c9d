"""Links that say where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from ipaddress import ip_address
from urllib.parse import urlsplit

from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, advisory, blocking

_HREF = re.compile(r'<a\b[^>]*\shref="([^"]*)"')

_VAGUE = re.compile(r"<a\b[^>]*>\s*(?:<[^>]+>\s*)*(here|click here|this|link)\s*(?:</[^>]+>\s*)*</a>", re.IGNORECASE)


def vague(checked: Checked) -> Iterator[Finding]:
    """A screen reader lists links by their words; "here" says nothing."""
    for item in checked.issue.items:
        for words in _VAGUE.findall(item.post.article.html):
            message = f"A link of “{item.post.article.title}” says only “{words}”."
            yield advisory("vague-link", message, f"post {item.post.id}")


def broken(checked: Checked) -> Iterator[Finding]:
    """A link that leads nowhere from a reader's inbox: no address, a relative one, or one on the author's machine."""
    for href in dict.fromkeys(_HREF.findall(checked.message.html)):
        address = unescape(href)
        if address == checked.message.unsubscribe or address.startswith("mailto:"):
            continue
        host = _host(address)
        if not host:
            words = f"The link “{address[:80]}” has no whole web address, so it leads nowhere from a mail."
            yield blocking("broken-link", words, "email.html")
        elif _is_private(host) and host != _host(checked.settings.newsletter.url):
            words = f"The link to {host} works on your own network only."
            # Who let the fetcher go there tries things out at home, and has been told.
            level = advisory if host in checked.settings.private_hosts else blocking
            yield level("private-link", words, "email.html")


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".invalid"))


RULES = (vague, broken)
