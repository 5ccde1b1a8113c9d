"""RSS, Atom and JSON Feed of so many posts: `python feeds.py ENTRIES`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))

from pipeline.model import Article, EntryId, Item, Post, PostId, SourceName
from pipeline.syndicate import atom, jsonfeed, rss
from pipeline.syndicate.meta import Meta
from tests.bench import words


def item(number: int) -> Item:
    post = words.post(7, number)
    article = Article(
        url=post.link, title=post.title, html=post.html, text=post.html, excerpt=post.paragraphs[0][:140],
        question=None, authors=("Ann",), tags=("kindness", "sleep"), published=post.when, updated=post.when,
        lead_image=None, language="en", direction="ltr", words=300, removed=(), complete=True,
    )  # fmt: skip
    whole = Post(
        id=PostId(number), entry=EntryId(number), source=SourceName("blog"), guids=(post.key,), fingerprint=post.key,
        article=article, before=False, held=None, fault=None, settled_from=post.when, first_seen=post.when,
    )  # fmt: skip
    return Item(post=whole, form="full", picks=())


items = [item(number) for number in reversed(range(int(sys.argv[1])))]
meta = Meta(
    title="Kind Words", home="https://news.example.org/", blog="https://blog.example.org/", language="en",
    author="Lisa", description="Kind Words", disclosure="", words={}, hub=None, sources={}, notes={},
    guids={f"post/{item.post.id}": f"urn:post:{item.post.id}" for item in items},
)  # fmt: skip
began = time.perf_counter()
size = sum(len(kind.feed(items, meta)) for kind in (rss, atom, jsonfeed))
print(json.dumps({"seconds": time.perf_counter() - began, "size": size}))
