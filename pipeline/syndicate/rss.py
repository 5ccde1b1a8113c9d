"""RSS 2.0 with content:encoded and Dublin Core (rssboard.org/rss-specification)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.model import Item
from pipeline.syndicate.generator import blank, entry_of, finished, newest
from pipeline.syndicate.meta import Meta

CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


def feed(items: Sequence[Item], meta: Meta) -> bytes:
    """The posts, newest first, whole, with their books."""
    made = blank(meta, "rss.xml", newest(items))
    return finished(made.rss_str(), meta, items, _elements(items, meta))


def _elements(items: Sequence[Item], meta: Meta) -> Iterator[Any]:
    for item in items:
        entry = entry_of(item, meta)
        # An RSS author must be an e-mail address; dc:creator carries the name instead.
        entry.author(replace=True)
        element = entry.rss_entry()
        content = element.find(CONTENT)
        content.text = content.text or None  # else a post without words has two tags where one will do
        yield element
