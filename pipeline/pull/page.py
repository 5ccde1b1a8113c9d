"""A blog without a feed: its front page lists the posts, and each post's own page holds the rest."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

import msgspec

from pipeline import child, robots
from pipeline.dates import when
from pipeline.errors import SourceFault
from pipeline.model import Entry, Fetched, Source
from pipeline.model.text import legal
from pipeline.pull.charset import decoded
from pipeline.pull.listing import Ask, Listing, Visit, freshness
from pipeline.pull.teasers import Given, Teasers

SECONDS = 20
MEGABYTES = 1000


def recognises(answer: Fetched) -> bool:
    """Whether an answer is a web page at all."""
    start = answer.body[:2000].lower()
    return b"<html" in start or b"<!doctype html" in start or b"<body" in start


def visit(ask: Ask) -> Visit:
    """What the front page lists now; every entry waits for its own page. Raises SourceFault, ChildFault.

    Only the one page is read, not the older ones behind it. An entry that it lists no more is not gone.
    """
    robots.ask(ask.address, ask.fetch, ask.now)
    answer = ask.fetch(ask.address, validators=ask.validators)
    same = answer.status == 304
    listing = None if same else read(ask.source, answer, now=ask.now)
    sha = _sha(listing) if listing else None
    unchanged = same or (ask.health is not None and ask.health.body_sha == sha)
    return Visit(
        kind="page",
        address=ask.address,
        listing=None if unchanged else listing,
        sha=ask.health.body_sha if same and ask.health else sha,
        full=not same,
        validators=ask.health.validators if same and ask.health else answer.validators,
        moved=answer.moved,
        fresh=freshness(answer.headers),
    )


def read(source: Source, answer: Fetched, *, now: datetime) -> Listing:
    """The posts that a front page leads to. Raises SourceFault when it leads to none, ChildFault beyond all bounds."""
    if not recognises(answer):
        raise SourceFault("The answer is no web page.", where=answer.url)
    fed = msgspec.json.encode(Given(url=answer.url)) + b"\n" + legal(_undeclared(decoded(answer))).encode()
    what = f"Reading the front page of {source.name}"
    raw = child.run("pipeline.pull.teasers", fed, seconds=SECONDS, megabytes=MEGABYTES, what=what)
    found = msgspec.json.decode(raw, type=Teasers)
    if not found.posts:
        raise SourceFault(
            "No list of posts can be made out on this page.",
            where=answer.url,
            next_step="Name the page that lists your posts, often /blog/, in newsletter.toml.",
        )
    entries = tuple(
        Entry(
            source=source.name,
            guid=None,
            link=teaser.link,
            title=teaser.title,
            published=when(teaser.date, None, now=now, zone=source.zone),
            published_raw=teaser.date,
        )
        for teaser in found.posts[: source.limit]
    )
    return Listing(title=found.title, home=answer.url, entries=entries, present=frozenset())


def _undeclared(text: str) -> str:
    """Without the XML declaration, which lxml refuses in text that is decoded already."""
    return re.sub(r"^\s*<\?xml\b[^>]{0,500}\?>", "", text, count=1)


def _sha(listing: Listing) -> str:
    """Of what is listed, not of the page: counters and advertisements change with every visit."""
    return hashlib.sha256("".join(entry.sha for entry in listing.entries).encode()).hexdigest()
