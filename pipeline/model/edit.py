"""What an author changes about an issue, one value for each kind of change; and what these make of the issue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.model.book import Pick
from pipeline.model.issue import Event, Form, IssueNumber, Note
from pipeline.model.post import PostId


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Another subject; empty goes back to the proposed one."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preheader:
    """Other words after the subject in the inbox; empty goes back to the proposed ones."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intro:
    """The author's own words before the posts, in Markdown; empty takes them away."""

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The posts in this order, the lead first; those not named come after them."""

    posts: tuple[PostId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """The author's lasting word about a post: never mail it, or mail it whatever speaks against it.

    `before` is what she had said until then.
    """

    post: PostId
    choice: Literal["keep", "skip"]
    before: Literal["keep", "skip"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A post in this issue, whether or not it has settled and however many there are."""

    post: PostId


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A post not in this issue; it waits for the next."""

    post: PostId


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A post whole or as an excerpt."""

    post: PostId
    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class AddBook:
    """A book with a post, in place of another (by Book.key) when `instead` names one that stands there."""

    post: PostId
    pick: Pick
    instead: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveBook:
    """A book (by Book.key) not with this post."""

    post: PostId
    book: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """A few words of the author's after the posts, in this issue only."""

    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNote:
    """Those words not in this issue."""

    note: Note


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEvent:
    """Something she invites to, in this issue only."""

    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveEvent:
    """An event not in this issue, wherever it came from."""

    title: str
    starts: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
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
