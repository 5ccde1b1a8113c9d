"""An entry cleaned, with an identity that lasts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NewType

import msgspec

from pipeline.model.entry import Enclosure, EntryId, Picture
from pipeline.model.source import SourceName

PostId = NewType("PostId", int)


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the cleaner took out: the rule's name and the first words of what went."""

    rule: str
    words: str


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """What the cleaner makes of an entry: pure content, no identity yet.

    `html` is sanitised, well-formed XHTML, links and pictures absolute. `text` is the same in plain words, paragraphs
    separated by blank lines. `question` is the closing question that the author puts to her readers, if any.
    `comments` is where readers answer her, None when nobody knows.
    `complete` is False when only an excerpt could be had. `direction` is "ltr" or "rtl". `words` counts the text.
    """

    url: str
    title: str
    html: str
    text: str
    excerpt: str
    question: str | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    published: datetime | None
    updated: datetime | None
    lead_image: Picture | None
    language: str | None
    direction: Literal["ltr", "rtl"]
    words: int
    removed: tuple[Removed, ...]
    complete: bool
    enclosures: tuple[Enclosure, ...] = ()
    comments: str | None = None

    @property
    def answers(self) -> str:
        """Where a reader may answer: among the comments where we know of them, else at the post."""
        return self.comments or self.url

    @property
    def minutes(self) -> int:
        """How long it takes to read, at 230 words a minute."""
        return max(round(self.words / 230), 1)


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """An article that keeps its identity for life.

    `before` was there at the first contact. `held` says in words why a person should look before it is mailed.
    `fault` says why the entry could not be made into an article (then `article` has only title and address).
    `settled_from` is the moment since which nothing has changed. `gone` is since when no source lists it although it
    should, None while one does.
    """

    id: PostId
    entry: EntryId
    source: SourceName
    guids: tuple[str, ...]
    fingerprint: str
    article: Article
    before: bool
    held: str | None
    fault: str | None
    settled_from: datetime
    first_seen: datetime
    gone: datetime | None = None

    @property
    def when(self) -> datetime:
        """The date to show and to sort by: as published, else when first seen."""
        return self.article.published or self.first_seen


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a post as it takes to compare many: its title and its dates."""

    id: PostId
    title: str
    published: datetime | None
    first_seen: datetime
    before: bool


State = Literal["new", "settling", "held", "before", "skipped", "quarantined", "issue"]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A post's state, and why, in words; `issue` is the number it is in."""

    state: State
    reason: str
    issue: int | None = None
