"""Others who pull feeds: `python pull.py PEER HOME FEEDS`, in the folder where they keep what they know.

Each is used as its own documentation shows, and keeps validators and entries in SQLite.
"""

from __future__ import annotations

import contextlib
import io
import sqlite3
import sys
from collections.abc import Sequence
from typing import Any


def feedparser_alone(urls: Sequence[str]) -> None:
    """`feedparser.parse(url, etag=…)`, one after another."""
    import feedparser

    with kept() as base:
        for url, etag in known(base, urls):
            keep(base, url, feedparser.parse(url, etag=etag))


def httpx_and_feedparser(urls: Sequence[str]) -> None:
    """Fetched by httpx, one after another over a kept connection, parsed by feedparser."""
    import feedparser
    import httpx

    with kept() as base, httpx.Client(trust_env=False) as client:
        for url, etag in known(base, urls):
            answer = client.get(url, headers={"If-None-Match": etag} if etag else {})
            if answer.status_code == 200:
                found = feedparser.parse(io.BytesIO(answer.content))
                keep(base, url, {"etag": answer.headers.get("etag"), "status": 200, "entries": found["entries"]})


def reader(urls: Sequence[str]) -> None:
    """The library `reader` with ten workers."""
    from reader import make_reader

    with contextlib.closing(make_reader("reader.sqlite")) as own:
        for url in urls:
            own.add_feed(url, exist_ok=True)
        own.update_feeds(workers=10, scheduled=False)


@contextlib.contextmanager
def kept() -> Any:
    with contextlib.closing(sqlite3.connect("known.sqlite")) as base:
        base.executescript(
            "CREATE TABLE IF NOT EXISTS feed (url TEXT PRIMARY KEY, etag TEXT);"
            "CREATE TABLE IF NOT EXISTS entry"
            " (feed TEXT, id TEXT, title TEXT, link TEXT, at TEXT, html TEXT, PRIMARY KEY (feed, id));"
        )
        yield base
        base.commit()


def known(base: sqlite3.Connection, urls: Sequence[str]) -> list[tuple[str, str | None]]:
    etags = dict(base.execute("SELECT url, etag FROM feed"))
    return [(url, etags.get(url)) for url in urls]


def keep(base: sqlite3.Connection, url: str, found: Any) -> None:
    if found.get("status") != 200:
        return
    base.execute("INSERT OR REPLACE INTO feed VALUES (?, ?)", (url, found.get("etag")))
    rows = [
        (url, one.get("id"), one.get("title"), one.get("link"), one.get("published"), html(one))
        for one in found["entries"]
    ]
    base.executemany("INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?)", rows)


def html(entry: Any) -> str | None:
    content = entry.get("content")
    value: str | None = content[0].get("value") if content else entry.get("summary")
    return value


PEERS = {"feedparser": feedparser_alone, "httpx": httpx_and_feedparser, "reader": reader}

if __name__ == "__main__":
    PEERS[sys.argv[1]]([f"{sys.argv[2]}/feed/{at}" for at in range(int(sys.argv[3]))])
