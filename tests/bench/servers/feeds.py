"""Feeds from memory: `python -m tests.bench.servers.feeds COUNT` prints its port.

/feed/<n> is RSS, Atom or JSON Feed with 10 to 50 invented entries, with an ETag, 304 where nothing changed.
/_touch/<k> gives the first k feeds one new entry, and takes it from the others; /_count says what was asked since then.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
from collections import Counter

from tests.bench.servers.http import Asked, Http, response
from tests.bench.syndicated import atom, json_feed, rss
from tests.bench.words import post

KINDS = ("rss", "rss", "rss", "atom", "atom", "json")
TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


def entries(feed: int) -> int:
    """How many entries a feed has before it is touched."""
    return random.Random(feed).randint(10, 50)


def feed_of(feed: int, *, touched: bool) -> tuple[str, bytes]:
    """A feed's media type and bytes."""
    posts = [post(feed, number) for number in reversed(range(entries(feed) + touched))]
    kind = KINDS[feed % len(KINDS)]
    return TYPES[kind], {"rss": rss, "atom": atom, "json": json_feed}[kind](f"Blog {feed}", posts).encode()


class Shelf:
    """What is served and what was asked."""

    def __init__(self, feeds: int) -> None:
        self.touched = 0
        self.feeds = {at: self._answers(at) for at in range(feeds)}
        self.asked: Counter[int] = Counter()
        self.unchanged = 0

    def answer(self, asked: Asked) -> bytes:
        _, what, number = f"{asked.path}/".split("/")[:3]
        if what == "_touch":
            before, self.touched = self.touched, int(number)
            changed = range(min(before, self.touched), max(before, self.touched))
            self.feeds |= {at: self._answers(at) for at in changed}
            return response(b"{}")
        if what == "_count":
            told = {"asked": len(self.asked), "times": self.asked.total(), "unchanged": self.unchanged}
            self.asked.clear()
            self.unchanged = 0
            return response(json.dumps(told).encode())
        etag, whole, unchanged = self.feeds[int(number)]
        self.asked[int(number)] += 1
        if etag in asked.head:
            self.unchanged += 1
            return unchanged
        return whole

    def _answers(self, feed: int) -> tuple[bytes, bytes, bytes]:
        kind, body = feed_of(feed, touched=feed < self.touched)
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        kind = f"{kind}; charset=utf-8"
        more = f"ETag: {etag}\r\n"
        unchanged = response(b"", kind, "304 Not Modified", more)
        return etag.encode(), response(body, kind, more=more), unchanged


async def main(feeds: int) -> None:
    shelf = Shelf(feeds)
    server = await asyncio.get_running_loop().create_server(lambda: Http(shelf.answer), "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
