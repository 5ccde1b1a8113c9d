"""What a host lets programs read: robots.txt (RFC 9309)."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.errors import FetchFault, SourceFault
from pipeline.model import Fetch

if TYPE_CHECKING:
    from protego import Protego

AGENT = "paperround"
_LONGEST = 500 << 10


def ask(url: str, fetch: Fetch, now: datetime) -> None:
    """Let pass what the host's robots.txt allows. Raises SourceFault for a page that programs must not read.

    A host without robots.txt allows everything; one whose robots.txt fails for now allows nothing (RFC 9309 section
    2.3.1). A feed is not asked about: it is there for programs.
    """
    parts = urlsplit(url)
    rules = _rules(fetch, f"{parts.scheme}://{parts.netloc}/robots.txt", now.date())
    if not rules.can_fetch(url, AGENT):
        raise SourceFault(
            "The site's robots.txt asks programs to stay away from this page.",
            where=url,
            next_step=f'If the site is yours, allow "{AGENT}" there.',
        )


@lru_cache(maxsize=64)
def _rules(fetch: Fetch, address: str, _day: date) -> Protego:
    from protego import Protego

    try:
        body = fetch(address).body[:_LONGEST]
    except FetchFault as fault:
        none_there = fault.gone or (fault.status is not None and 400 <= fault.status < 500 and fault.status != 429)
        if not none_there:
            raise SourceFault("The site's robots.txt can't be read, so its pages are left alone for now.") from fault
        return Protego.parse("")
    return Protego.parse(body.decode("utf-8", "replace"))
