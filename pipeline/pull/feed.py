"""RSS, Atom, RDF and JSON feeds, read in a child process that may fail without taking us along."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime

import msgspec

from pipeline import child
from pipeline.dates import when
from pipeline.errors import SourceFault
from pipeline.model import Enclosure, Entry, Fetched, Health, Source
from pipeline.pull import find
from pipeline.pull.charset import decoded
from pipeline.pull.listing import Ask, Listing, Visit, freshness
from pipeline.pull.parse import Given, Record, Records

SECONDS = 20
MEGABYTES = 1500
FILES = 20
"""How many enclosures of one entry are kept."""

_PAGE = re.compile(rb"<(!doctype\s+html|html)\b", re.IGNORECASE)
_BINARY = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"%PDF", b"PK\x03\x04")
_ROOTS = re.compile(rb"<(?:\w+:)?(rss|feed|rdf)\b", re.IGNORECASE)


def recognises(fetched: Fetched) -> bool:
    """Whether an answer may be a feed, by its first bytes; a page that only mentions one is none."""
    start = fetched.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:2000].replace(b"\0", b"")
    if start[:1] == b"{":
        return b"jsonfeed.org" in start
    page = _PAGE.search(start)
    root = _ROOTS.search(start)
    return root is not None and (page is None or root.start() < page.start())


def visit(ask: Ask) -> Visit:
    """Read the feed at an address, or the one that the page there names. Raises SourceFault, ChildFault."""
    address, answer = ask.address, ask.fetch(ask.address, validators=ask.validators)
    if ask.health is None and not recognises(answer):
        address, answer = _named(ask, answer)
    sha = hashlib.sha256(answer.body).hexdigest()
    if ask.health and (answer.status == 304 or ask.health.body_sha == sha):
        return _unchanged(ask.health, answer)
    listing = read(ask.source, answer, now=ask.now)
    return Visit(
        kind="feed",
        address=address,
        listing=listing,
        sha=sha,
        validators=answer.validators,
        moved=answer.moved,
        fresh=freshness(answer.headers),
    )


def _named(ask: Ask, page: Fetched) -> tuple[str, Fetched]:
    """The first of the feeds that a page names which is one, with its address."""
    for address in find.feeds_in(decoded(page), page.url):
        answer = ask.fetch(address)
        if recognises(answer):
            return address, answer
    raise SourceFault(
        "There is no feed at this address, and the page names none.",
        where=ask.source.url,
        next_step="Open your blog, look for an RSS link, and put that address into newsletter.toml.",
    )


def _unchanged(health: Health, answer: Fetched) -> Visit:
    """Nothing to parse: the server says so, or its answer is the one we had."""
    return Visit(
        kind="feed",
        address=health.address,
        listing=None,
        sha=health.body_sha,
        full=answer.status != 304,
        validators=health.validators if answer.status == 304 else answer.validators,
        moved=answer.moved,
        fresh=freshness(answer.headers),
    )


def read(source: Source, fetched: Fetched, *, now: datetime) -> Listing:
    """The feed in an answer.

    Raises SourceFault for an answer that is no feed: an error page is never taken for "the feed is empty now". Raises
    ChildFault when reading it takes too long or too much memory.
    """
    if not fetched.body.strip() or fetched.body.startswith(_BINARY):
        raise no_feed(fetched)
    given = Given(url=fetched.url, content_type=fetched.headers.get("content-type", ""))
    fed = msgspec.json.encode(given) + b"\n" + fetched.body
    what = f"Reading the feed of {source.name}"
    raw = child.run("pipeline.pull.parse", fed, seconds=SECONDS, megabytes=MEGABYTES, what=what)
    found = msgspec.json.decode(raw, type=Records)
    if not found.kind and not found.entries:
        raise no_feed(fetched)
    made = tuple(_entry(record, source, found.language, now) for record in found.entries)
    return Listing(title=found.title, home=found.home, entries=made, left_out=found.left_out)


def no_feed(fetched: Fetched) -> SourceFault:
    """What an answer is instead of a feed, as a fault to raise."""
    body, kind = fetched.body.strip(), fetched.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        said = "The answer is empty."
    elif body.startswith(_BINARY) or kind.startswith(("image/", "audio/", "video/")):
        said = f"The answer is a file ({kind or 'of no named type'}), not a feed."
    elif _PAGE.search(body[:2000]):
        said = "The answer is a web page, not a feed."
    elif body[:1] in b"{[":
        said = "The answer is JSON, but no JSON Feed."
    elif body[:1] == b"<":
        said = "The answer is XML that can't be read as a feed."
    else:
        said = "The answer is plain text, not a feed."
    return SourceFault(said, where=fetched.url, next_step="Open the address in a browser to see what is there.")


def _entry(record: Record, source: Source, language: str | None, now: datetime) -> Entry:
    published = when(record.published_raw, _moment(record.published), now=now, zone=source.zone)
    updated = when(record.updated_raw, _moment(record.updated), now=now, zone=source.zone)
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
        comments=record.comments,
        enclosures=tuple(
            Enclosure(url=file.url, type=file.type, length=file.length) for file in record.enclosures[:FILES]
        ),
    )


def _moment(stamp: list[int] | None) -> datetime | None:
    try:
        return datetime(*stamp, tzinfo=UTC) if stamp else None  # type: ignore[misc, arg-type]
    except ValueError:
        return None


def _link_in(guid: str | None) -> str | None:
    """A guid that is an address stands in for a missing link (RSS 2.0, isPermaLink is true unless said)."""
    return guid if guid and re.match(r"https?://[^/\s]+/", guid) else None
