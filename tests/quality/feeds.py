"""What a validator says of the feeds that we make of real ones.

    python -m tests.quality.feeds FEEDS

FEEDS is a folder with MANIFEST.tsv and raw/. Each feed goes through reading and cleaning into RSS, Atom, JSON Feed and
an issues feed, each made twice; `tests/syndicate/rules.py` looks at all of them.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from pipeline.clean.article import article as clean
from pipeline.errors import PaperroundError
from pipeline.model import (
    Enclosure,
    EntryId,
    Fetched,
    Issue,
    IssueNumber,
    Item,
    KnownEntry,
    Post,
    PostId,
    Slot,
    Source,
    SourceName,
)
from pipeline.pull import feed
from pipeline.syndicate import atom, issues_feed, jsonfeed, rss
from pipeline.syndicate.content import uri
from pipeline.syndicate.meta import Meta
from tests.syndicate.rules import problems

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NAME = SourceName("The blog & its <feed>")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("feeds", type=Path)
    folder = asked.parse_args().feeds
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    read, made, posts, files = 0, 0, 0, 0
    found: Counter[str] = Counter()
    for row in rows:
        items = list(_items(folder, row))
        read += bool(items)
        posts += len(items)
        files += sum(len(item.post.article.enclosures) for item in items)
        for name, body in _feeds(items, row):
            made += 1
            found.update(f"{row['file']} {name}: {words}" for words in problems(name, body))
    print(f"{len(rows)} feeds, {read} with entries, {posts} posts, {files} enclosures, {made} feeds made")
    print(f"{sum(found.values())} problems", *(f"\n  {times} x {words}" for words, times in found.most_common(40)))


def _address(row: dict[str, str]) -> str:
    return f"https://blog.example.org/{row['file']}"


def _items(folder: Path, row: dict[str, str]) -> Iterator[Item]:
    raw = (folder / row["file"]).read_bytes()
    answer = Fetched(url=_address(row), status=200, headers={}, body=raw)
    try:
        listing = feed.read(Source(name=NAME, url=_address(row)), answer, now=NOW)
    except PaperroundError:
        return
    for at, entry in enumerate(listing.entries[:50], 1):
        known = KnownEntry(
            id=EntryId(at), revision=1, entry=entry, page=None, page_url=None, page_problem=None, before=False,
            seen=NOW, changed=None,
        )  # fmt: skip
        try:
            article = clean(known)
        except PaperroundError:
            continue
        more = (Enclosure(url="https://cdn.example.org/a%20b.mp3", type="audio/mpeg"),) if at == 1 else ()
        yield Item(
            post=Post(
                id=PostId(at), entry=EntryId(at), source=NAME, guids=(), fingerprint="", before=False, held=None,
                article=replace(article, enclosures=(*article.enclosures, *more)), fault=None, settled_from=NOW, first_seen=NOW,
            ),
            form="full",
            picks=(),
        )  # fmt: skip


def _feeds(items: Sequence[Item], row: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    meta = Meta(
        title=f"Of {row['file']}", home="https://news.example.org/", blog="https://blog.example.org/", language="en",
        author="Lisa", description="Of real feeds", disclosure="", words={"read_on": "Read on"}, hub="https://hub.example.org/?x=1&y=2",
        sources={NAME: address} if (address := uri(_address(row))) else {},
        notes={PostId(2): "<p><em>Corrected on November 24, 2026.</em></p>"},
        guids={"issue/1": "urn:issue:1", **{f"post/{item.post.id}": f"urn:post:{item.post.id}" for item in items}},
    )  # fmt: skip
    makers: dict[str, Callable[[], bytes]] = {
        "rss.xml": lambda: rss.feed(items, meta),
        "atom.xml": lambda: atom.feed(items, meta),
        "feed.json": lambda: jsonfeed.feed(items, meta),
        "issues.xml": lambda: issues_feed.feed([_issue(items)] if items else [], meta),
    }
    for name, make in makers.items():
        body = make()
        assert make() == body, name
        yield name, body


def _issue(items: Sequence[Item]) -> Issue:
    lead = items[0].post.article
    return Issue(
        number=IssueNumber(1), slug="an-issue", slot=Slot(key="x", due=NOW), title=lead.title, subject=lead.title,
        preheader=lead.excerpt[:100], intro=None, created=NOW, items=tuple(items[:6]),
    )  # fmt: skip


if __name__ == "__main__":
    main()
