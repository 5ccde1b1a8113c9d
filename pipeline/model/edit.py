"""What an author changes about an issue, one value for each kind of change; and what these make of the issue."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from pipeline.model.book import Pick
from pipeline.model.issue import Event, Form, IssueNumber, Note
from pipeline.model.post import PostId


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Another subject; empty goes back to the proposed one."""

    words: str


class Preheader(msgspec.Struct, frozen=True, kw_only=True):
    """Other words after the subject in the inbox; empty goes back to the proposed ones."""

    words: str


class Intro(msgspec.Struct, frozen=True, kw_only=True):
    """The author's own words before the posts, in Markdown; empty takes them away."""

    words: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The posts in this order, the lead first; those not named come after them."""

    posts: tuple[PostId, ...]


class Choose(msgspec.Struct, frozen=True, kw_only=True):
    """The author's lasting word about a post: never mail it, or mail it whatever speaks against it.

    `before` is what she had said until then, or that her settings had left it out.
    """

    post: PostId
    choice: Literal["keep", "skip"]
    before: Literal["keep", "skip", "left out"] | None = None


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A post in this issue, whether or not it has settled and however many there are."""

    post: PostId


class Later(msgspec.Struct, frozen=True, kw_only=True):
    """A post not in this issue; it waits for the next."""

    post: PostId


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A post whole or as an excerpt."""

    post: PostId
    form: Form


class AddBook(msgspec.Struct, frozen=True, kw_only=True):
    """A book with a post, in place of another (by Book.key) when `instead` names one that stands there."""

    post: PostId
    pick: Pick
    instead: str | None = None


class RemoveBook(msgspec.Struct, frozen=True, kw_only=True):
    """A book (by Book.key) not with this post."""

    post: PostId
    book: str


class AddNote(msgspec.Struct, frozen=True, kw_only=True):
    """A few words of the author's after the posts, in this issue only."""

    note: Note


class RemoveNote(msgspec.Struct, frozen=True, kw_only=True):
    """Those words not in this issue."""

    note: Note


class AddEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something she invites to, in this issue only."""

    event: Event


class RemoveEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event not in this issue, wherever it came from."""

    title: str
    starts: datetime


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody's rule says yes to this issue; only a person may."""


Change = (
    Subject
    | Preheader
    | Intro
    | Order
    | Choose
    | Pin
    | Later
    | Shape
    | AddBook
    | RemoveBook
    | AddNote
    | RemoveNote
    | AddEvent
    | RemoveEvent
    | Hold
)
CHANGES: tuple[type[Change], ...] = (
    Subject, Preheader, Intro, Order, Choose, Pin, Later, Shape, AddBook, RemoveBook, AddNote, RemoveNote, AddEvent,
    RemoveEvent, Hold,
)  # fmt: skip


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an issue, by whom and when; `undone` ones are remembered and do nothing.

    Once another was made after that they are `overtaken`, and can't be made again. `issue` is 0 until the issue is
    composed.
    """

    id: int
    issue: IssueNumber
    at: datetime
    by: str
    change: Change
    undone: bool = False
    overtaken: bool = False
