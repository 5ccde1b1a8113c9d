"""One numbered digest, the message it becomes, and the yes to it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NewType

import msgspec

from pipeline.model.book import Pick
from pipeline.model.post import Post
from pipeline.model.wire import Validators

IssueNumber = NewType("IssueNumber", int)
Form = Literal["full", "excerpt"]
IssueState = Literal["draft", "approved", "sending", "sent", "held", "expired"]


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of the schedule: its key (the same however often it is computed) and when it is due, aware UTC."""

    key: str
    due: datetime


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A post's place in an issue: whole or as an excerpt, with the books that go with it."""

    post: Post
    form: Form
    picks: tuple[Pick, ...]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the author invites to; times are aware, and an event of whole days has none but midnight."""

    title: str
    starts: datetime
    ends: datetime | None = None
    whole_day: bool = False
    place: str | None = None
    url: str | None = None
    note: str | None = None


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar of the author's on the web, by a key that tells nobody its address; times are aware UTC.

    `body` is the last good copy, empty before there was one; `events` are those of its coming weeks. `problem` is the
    last failure in words, None when well. `read` is when it last came whole, and not only "unchanged".
    """

    key: str
    next_check: datetime
    body: bytes = b""
    events: tuple[Event, ...] = ()
    validators: Validators = msgspec.field(default_factory=Validators)
    failures: int = 0
    problem: str | None = None
    read: datetime | None = None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong in an issue that went out: `said` as the author wrote it (Markdown), `html` the same, well-formed.

    `number`, `title` and `folder` are those of the issue that is corrected.
    """

    number: IssueNumber
    title: str
    folder: str
    said: str
    html: str


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A few words of the author's own, in Markdown, with or without a heading."""

    words: str
    title: str | None = None


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """One digest, complete as data: the lead first; `related` are older posts for "more from the blog".

    `intro` is the author's, in Markdown.
    `slug` is safe as a folder name (a-z, 0-9, hyphens, 60 at most). Times are aware UTC. An issue that `corrects`
    another has no posts of its own, and goes only to those who got that one. `unread` says what it goes without, as a
    file of the author's could not be read.
    """

    number: IssueNumber
    slug: str
    slot: Slot
    title: str
    subject: str
    preheader: str
    intro: str | None
    created: datetime
    items: tuple[Item, ...]
    related: tuple[Post, ...] = ()
    events: tuple[Event, ...] = ()
    corrects: Correction | None = None
    notes: tuple[Note, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The name of its folder, `1-world-kindness-day`."""
        return f"{self.number}-{self.slug}"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """An issue rendered: what every reader gets, but for the merge fields.

    `unsubscribe` is the stand-in address in `html` and `text` that is replaced by each reader's own link.
    `list_headers` are the headers all readers share (List-Id and the like).
    """

    subject: str
    html: str
    text: str
    unsubscribe: str
    list_headers: tuple[tuple[str, str], ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the pre-flight list found; `where` is a post, a file or a setting."""

    level: Literal["blocking", "advisory"]
    code: str
    message: str
    where: str


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A yes to exact bytes: `sha` is the issue's hash, `by` a person or "rule".

    `rendering` is the hash of the inputs that the issue was rendered from.
    """

    issue: IssueNumber
    sha: str
    rendering: str
    by: str
    at: datetime
