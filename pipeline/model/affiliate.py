"""Addresses that say who sent the reader, so that somebody earns by it."""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_AMAZON = re.compile(r"(^|\.)amazon\.[a-z.]+$")
_TRACKING = frozenset({"tag", "linkcode", "linkid", "ascsubtag", "camp", "creative", "creativeasin", "ref", "ref_"})
_HREF = re.compile(r'(?<=\shref=")[^"]*amazon\.[^"]*(?=")')


def untagged(url: str) -> str:
    """An Amazon address without what says who sent the reader; every other address as it is.

    It is not settled that Amazon's programme allows its tags in mail and feeds
    (https://affiliate-program.amazon.com/help/operating/policies), so none goes out there.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if not _AMAZON.search(parts.hostname or ""):
        return url
    kept = [(key, value) for key, value in parse_qsl(parts.query) if key.lower() not in _TRACKING]
    return urlunsplit(parts._replace(query=urlencode(kept), path=re.sub(r"/ref=[^/]*$", "", parts.path)))


def all_untagged(html: str) -> str:
    """Cleaned HTML with every Amazon address in it untagged."""
    if "amazon." not in html:
        return html
    return _HREF.sub(lambda found: escape(untagged(unescape(found[0]))), html)
