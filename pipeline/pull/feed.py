"""RSS, Atom, RDF and JSON feeds, read in a child process that may fail without taking us along."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from pipeline import child
from pipeline.dates import when
from pipeline.errors import SourceFault
from pipeline.model import Entry, Fetched, Source
from pipeline.pull.parse import Given, Record, Records

SECONDS = 20
MEGABYTES = 1500
_ROOTS = re.compile(rb"<(?:\w+:)?(rss|feed|rdf)\b", re.IGNORECASE)


def recognises(fetched: Fetched) -> bool:
    """Whether an answer may be a feed, by its first bytes; a page that only mentions one is none."""
    start = fetched.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:2000].replace(b"\0", b"")
    if start[:1] == b"{":
        return b"jsonfeed.org" in start
    page = re.search(rb"<(!doctype\s+html|html)\b", start, re.IGNORECASE)
    root = _ROOTS.search(start)
    return root is not None and (page is None or root.start() < page.start())


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed says of itself, and its entries in its own order, 2,000 at most.

    `left_out` counts entries that could not be read or were too many.
    """

    title: str | None
    home: str | None
    entries: tuple[Entry, ...]
    left_out: int


def read(source: Source, fetched: Fetched, *, now: datetime) -> Feed:
    """The feed in an answer.

    Raises SourceFault for an answer that is no feed: an error page is never taken for "the feed is empty now". Raises
    ChildFault when reading it takes too long or too much memory.
    """
    given = Given(url=fetched.url, content_type=fetched.headers.get("content-type", ""))
    fed = msgspec.json.encode(given) + b"\n" + fetched.body
    what = f"Reading the feed of {source.name}"
    raw = child.run("pipeline.pull.parse", fed, seconds=SECONDS, megabytes=MEGABYTES, what=what)
    found = msgspec.json.decode(raw, type=Records)
    if not found.kind and not found.entries:
        raise SourceFault("The answer is no feed that can be read.", where=fetched.url)
    made = tuple(_entry(record, source, found.language, now) for record in found.entries)
    return Feed(title=found.title, home=found.home, entries=made, left_out=found.left_out)


def _entry(record: Record, source: Source, language: str | None, now: datetime) -> Entry:
    published = when(record.published_raw, _moment(record.published), now=now)
    updated = when(record.updated_raw, _moment(record.updated), now=now)
    return Entry(
        source=source.name,
        guid=record.guid,
        link=record.link or _link_in(record.guid),
        title=record.title,
        html=record.html,
        summary=record.summary,
        authors=tuple(record.authors),
        tags=tuple(record.tags),
        published=published or updated,
        updated=updated,
        published_raw=record.published_raw,
        updated_raw=record.updated_raw,
        images=tuple(record.images),
        language=language,
    )


def _moment(stamp: list[int] | None) -> datetime | None:
    try:
        return datetime(*stamp, tzinfo=UTC) if stamp else None  # type: ignore[misc, arg-type]
    except ValueError:
        return None


def _link_in(guid: str | None) -> str | None:
    """A guid that is an address stands in for a missing link (RSS 2.0, isPermaLink is true unless said)."""
    return guid if guid and re.match(r"https?://[^/\s]+/", guid) else None
