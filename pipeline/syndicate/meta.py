"""What a feed says of itself."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pipeline.model import PostId, SourceName


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """A feed's own facts: `home` is where outbox/public/ is reached, with a slash; `blog` the author's own pages.

    `words` are the furniture's, in the feed's language; `disclosure` stands before the first link that earns the
    author money. `hub` is told of every change (WebSub).
    `sources` are the addresses of the feeds that posts came from; `notes` say of which posts, in HTML, that they were
    corrected after they had been mailed. `guids` are by `naming.of_post` and `of_issue`.
    """

    title: str
    home: str
    blog: str
    language: str
    author: str
    description: str
    words: Mapping[str, str]
    disclosure: str
    hub: str | None = None
    sources: Mapping[SourceName, str] = msgspec.field(default_factory=dict)
    notes: Mapping[PostId, str] = msgspec.field(default_factory=dict)
    guids: Mapping[str, str] = msgspec.field(default_factory=dict)
