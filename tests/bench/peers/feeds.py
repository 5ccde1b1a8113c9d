"""RSS by feedgen: `python feeds.py ENTRIES`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))

from feedgen.feed import FeedGenerator

from tests.bench import words

posts = [words.post(7, number) for number in reversed(range(int(sys.argv[1])))]
began = time.perf_counter()
feed = FeedGenerator()
feed.title("Kind Words")
feed.link(href="https://news.example.org/", rel="alternate")
feed.description("Kind Words")
for post in posts:
    entry = feed.add_entry(order="append")
    entry.title(post.title)
    entry.link(href=post.link)
    entry.guid(post.key)
    entry.published(post.when)
    entry.author(name="Ann", email="ann@example.org")
    entry.category([{"term": "kindness"}, {"term": "sleep"}])
    entry.description(post.paragraphs[0][:140])
    entry.content(post.html, type="CDATA")
size = len(feed.rss_str())
print(json.dumps({"seconds": time.perf_counter() - began, "size": size}))
