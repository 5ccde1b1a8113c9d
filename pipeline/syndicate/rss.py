"""RSS 2.0 with content:encoded and Dublin Core (rssboard.org/rss-specification)."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model import Item
from pipeline.syndicate.generator import finished, generator
from pipeline.syndicate.meta import Meta


def feed(items: Sequence[Item], meta: Meta) -> bytes:
    """The posts, newest first, whole, with their books."""
    made = generator(items, meta, "rss.xml")
    for entry in made.entry():
        # An RSS author must be an e-mail address; dc:creator carries the name instead.
        entry.author(replace=True)
    return finished(made.rss_str(), meta, items)
