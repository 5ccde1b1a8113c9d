"""Issues, their renderings and approvals. Written by compose, render and review, each its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from pipeline.model import Approval, Article, Finding, Issue, IssueNumber, Message, PostId, Slot
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import among, upsert

CORRECTION = "correction "
"""The slots of corrections begin so: they take nobody's turn."""


class Rendering(msgspec.Struct, frozen=True, kw_only=True):
    """What an issue was last rendered to: from which inputs, into which folder, with which hash over all bytes.

    `whole` is False while its files are being written, so that a killed run's half is not taken for a person's edit.
    `findings` are of the bytes with the hash `linted`, and of what was `seen` (hashed) of pictures and links.
    """

    number: IssueNumber
    inputs: str
    folder: str
    whole: bool
    sha: str
    message: Message
    linted: str
    findings: tuple[Finding, ...]
    seen: str = ""


def every(tx: Tx) -> list[Issue]:
    """All issues by number."""
    return [row.issue for row in tx.execute(sa.select(tables.issues.c.issue).order_by(tables.issues.c.number))]


class _Headers(msgspec.Struct):
    """As much of a message as it takes to know its list."""

    list_headers: tuple[tuple[str, str], ...] = ()


class _Article(msgspec.Struct):
    title: str
    url: str = ""  # those of long ago stand here without


class _Post(msgspec.Struct):
    article: _Article


class _Item(msgspec.Struct):
    post: _Post


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """An issue as a list shows it, in the shape of an Issue: of its posts only titles and addresses.

    `corrects` is the number of another issue.
    """

    number: IssueNumber
    slug: str
    slot: Slot
    title: str
    subject: str
    preheader: str
    created: datetime
    items: tuple[_Item, ...]
    corrects: IssueNumber | None

    @property
    def due(self) -> datetime:
        """When its turn was."""
        return self.slot.due

    @property
    def posts(self) -> int:
        """How many it holds."""
        return len(self.items)

    @property
    def folder(self) -> str:
        """The name of its folder, as an Issue's."""
        return f"{self.number}-{self.slug}"


class _Corrected(msgspec.Struct):
    number: IssueNumber


class _Brief(msgspec.Struct, omit_defaults=True):
    """What stands beside an issue's document, in the document's own shape: it can be read from either."""

    slug: str
    title: str
    subject: str
    preheader: str
    created: datetime
    items: tuple[_Item, ...]
    corrects: _Corrected | None = None


def _told(article: Article) -> _Article:
    return _Article(title=article.title, url=article.url)


def _brief(issue: Issue) -> str:
    made = _Brief(
        slug=issue.slug,
        title=issue.title,
        subject=issue.subject,
        preheader=issue.preheader,
        created=issue.created,
        items=tuple(_Item(post=_Post(article=_told(item.post.article))) for item in issue.items),
        corrects=_Corrected(number=issue.corrects.number) if issue.corrects else None,
    )
    return msgspec.json.encode(made).decode()


def outlines(tx: Tx, *chosen: sa.ColumnElement[bool]) -> list[Outline]:
    """All issues in few words, newest first, or the `chosen` ones."""
    columns = tables.issues.c
    document = sa.func.coalesce(columns.outline, sa.type_coerce(columns.issue, sa.Text))
    brief = sa.type_coerce(document, tables.Packed(_Brief)).label("brief")
    known = sa.select(columns.number, columns.slot, columns.due, brief).where(*chosen)
    rows = tx.execute(known.order_by(columns.number.desc()))
    return [
        Outline(
            number=number,
            slug=told.slug,
            slot=Slot(key=slot, due=due),
            title=told.title,
            subject=told.subject,
            preheader=told.preheader,
            created=told.created,
            items=told.items,
            corrects=told.corrects.number if told.corrects else None,
        )
        for number, slot, due, told in rows
    ]


def outline(tx: Tx, number: IssueNumber) -> Outline | None:
    """One issue in few words."""
    return next(iter(outlines(tx, tables.issues.c.number == number)), None)


def corrections(tx: Tx) -> list[Outline]:
    """The issues that correct another, in few words, newest first."""
    return outlines(tx, _corrects())


def _corrects() -> sa.ColumnElement[bool]:
    return tables.issues.c.slot.startswith(CORRECTION)


def _agreed() -> sa.Select[Any]:
    """Numbers of issues that somebody said yes to as they were last rendered."""
    yes, made = tables.approvals.c, tables.renders.c
    return (
        sa.select(yes.number)
        .join(tables.renders, sa.and_(made.number == yes.number, made.inputs == yes.rendering))
        .where(yes.id.in_(_newest_yes()), yes.sha != "")
    )


def _newest_yes() -> sa.Select[Any]:
    return sa.select(sa.func.max(tables.approvals.c.id)).group_by(tables.approvals.c.number)


def all_settled(tx: Tx) -> set[IssueNumber]:
    """The issues of which `settled` is true."""
    return set(tx.execute(_agreed()).scalars())


def agreed(tx: Tx) -> dict[IssueNumber, datetime]:
    """When somebody said yes to each of the issues of which `settled` is true."""
    return {row[0]: row[1] for row in tx.execute(_agreed().add_columns(tables.approvals.c.at))}


def unsettled(tx: Tx) -> list[Issue]:
    """The issues of which `settled` is not true, whole, by number."""
    number = tables.issues.c.number
    open_ = sa.select(tables.issues.c.issue).where(number.not_in(_agreed())).order_by(number)
    return list(tx.execute(open_).scalars())


def unsent(tx: Tx) -> list[tuple[IssueNumber, datetime]]:
    """(number, due) of the issues that were not frozen for sending, by number."""
    issue = tables.issues.c
    begun = sa.exists().where(tables.sendings.c.number == issue.number)
    rows = tx.execute(sa.select(issue.number, issue.due).where(~begun).order_by(issue.number))
    return [(row[0], row[1]) for row in rows]


def folders(tx: Tx) -> set[str]:
    """The names of the folders that issues were last rendered into."""
    return set(tx.execute(sa.select(tables.renders.c.folder)).scalars())


def last_number(tx: Tx) -> IssueNumber:
    """The highest number of an issue, 0 before the first."""
    return IssueNumber(tx.execute(sa.select(sa.func.max(tables.issues.c.number))).scalar() or 0)


def has_slot(tx: Tx, key: str) -> bool:
    """Whether an issue was made for a slot."""
    return tx.execute(sa.select(tables.issues.c.number).where(tables.issues.c.slot == key)).first() is not None


def get(tx: Tx, number: IssueNumber) -> Issue | None:
    """One issue by its number."""
    return tx.execute(sa.select(tables.issues.c.issue).where(tables.issues.c.number == number)).scalar()


def some(tx: Tx, numbers: Iterable[IssueNumber]) -> list[Issue]:
    """Issues by their numbers, in their order."""
    columns = tables.issues.c
    chosen = sa.select(columns.number, columns.issue)
    found = {row.number: row.issue for row in among(tx, chosen, columns.number, set(numbers))}
    return [found[number] for number in sorted(found)]


def placed(tx: Tx, chosen: Iterable[PostId] | None = None) -> dict[PostId, IssueNumber]:
    """Which issue each post is in; only of these posts when they are given."""
    asked = sa.select(tables.issue_posts)
    rows = tx.execute(asked) if chosen is None else among(tx, asked, tables.issue_posts.c.post, chosen)
    return {row.post: row.number for row in rows}


def posts_of(tx: Tx, number: IssueNumber) -> frozenset[PostId]:
    """The posts that are in an issue."""
    columns = tables.issue_posts.c
    return frozenset(tx.execute(sa.select(columns.post).where(columns.number == number)).scalars())


def shown(tx: Tx, besides: IssueNumber | None = None) -> dict[str, IssueNumber]:
    """For each book ever shown (by Book.key): the newest issue that has it, not counting `besides`."""
    book, number = tables.issue_books.c.book, tables.issue_books.c.number
    chosen = sa.select(book, sa.func.max(number)).where(number != (besides or 0)).group_by(book)
    return {row[0]: row[1] for row in tx.execute(chosen)}


def every_shown(tx: Tx) -> dict[str, tuple[IssueNumber, ...]]:
    """For each book ever shown (by Book.key): the issues that have it, those of the newest issue first."""
    book, number = tables.issue_books.c.book, tables.issue_books.c.number
    found: dict[str, tuple[IssueNumber, ...]] = {}
    for row in tx.execute(sa.select(book, number).order_by(number.desc(), book)):
        found[row[0]] = (*found.get(row[0], ()), row[1])
    return found


def write(tx: Tx, issue: Issue, sha: str, *, books: Iterable[str]) -> None:
    """Keep an issue as composed, in place of an earlier draft of the same number."""
    values = {"number": issue.number, "slot": issue.slot.key, "due": issue.slot.due, "issue": issue, "sha": sha}
    upsert(tx, tables.issues, ["number"], values | {"created": issue.created, "outline": _brief(issue)})
    _forget_contents(tx, issue.number)
    posts = [{"post": item.post.id, "number": issue.number} for item in issue.items]
    if posts:
        tx.execute(sa.insert(tables.issue_posts), posts)
    shown = [{"number": issue.number, "book": book} for book in dict.fromkeys(books)]
    if shown:
        tx.execute(sa.insert(tables.issue_books), shown)


def _forget_contents(tx: Tx, number: IssueNumber) -> None:
    for table in (tables.issue_posts, tables.issue_books):
        tx.execute(sa.delete(table).where(table.c.number == number))


def drop(tx: Tx, number: IssueNumber) -> None:
    """Take back a draft that has nothing left to say; its number is free again."""
    _forget_contents(tx, number)
    for table in (tables.renders, tables.approvals, tables.issues):
        tx.execute(sa.delete(table).where(table.c.number == number))


def sha(tx: Tx, number: IssueNumber) -> str | None:
    """The hash of an issue as composed."""
    return tx.execute(sa.select(tables.issues.c.sha).where(tables.issues.c.number == number)).scalar()


def rendering(tx: Tx, number: IssueNumber) -> Rendering | None:
    """What an issue was last rendered to, None before the first time."""
    row = tx.execute(sa.select(tables.renders).where(tables.renders.c.number == number)).first()
    return None if row is None else Rendering(**row._mapping)


def rendered(tx: Tx, rendering: Rendering) -> None:
    """Keep what an issue was rendered to."""
    values = {
        name: getattr(rendering, name)
        for name in ("number", "inputs", "folder", "whole", "sha", "message", "linted", "findings", "seen")
    }
    upsert(tx, tables.renders, ["number"], values)


def list_header(tx: Tx) -> str | None:
    """The List-Id of the newest issue that somebody said yes to; None before there is one."""
    made = tables.renders.c
    headers = sa.type_coerce(made.message, tables.Packed(_Headers))
    row = tx.execute(sa.select(headers).where(made.number.in_(_agreed())).order_by(made.number.desc()).limit(1)).first()
    return dict(row[0].list_headers).get("List-Id") if row else None


def approval(tx: Tx, number: IssueNumber) -> Approval | None:
    """The last yes that was given to an issue, whether or not its bytes are still the same; None when withdrawn."""
    columns = tables.approvals.c
    newest = sa.select(tables.approvals).where(columns.number == number).order_by(columns.id.desc()).limit(1)
    row = tx.execute(newest).first()
    if row is None or not row.sha:
        return None
    return Approval(issue=row.number, sha=row.sha, rendering=row.rendering, by=row.by, at=row.at)


class Yes(msgspec.Struct, frozen=True, kw_only=True):
    """The yes to an issue in two hashes: of its bytes, and of what issue.json was last told (see `tell`)."""

    sha: str
    told: str | None


def every_yes(tx: Tx) -> dict[IssueNumber, Yes]:
    """What `approval` tells of each issue, in few words."""
    columns = tables.approvals.c
    newest = sa.select(columns.number, columns.sha, columns.told).where(columns.id.in_(_newest_yes()))
    return {row.number: Yes(sha=row.sha, told=row.told) for row in tx.execute(newest.where(columns.sha != ""))}


def tell(tx: Tx, number: IssueNumber, told: str) -> None:
    """Note beside the yes to an issue what its record was told."""
    newest = sa.select(sa.func.max(tables.approvals.c.id)).where(tables.approvals.c.number == number)
    tx.execute(sa.update(tables.approvals).where(tables.approvals.c.id.in_(newest)).values(told=told))


def approve(tx: Tx, approval: Approval) -> None:
    """Keep a yes to exact bytes."""
    values = {name: getattr(approval, name) for name in ("sha", "rendering", "by", "at")}
    tx.execute(sa.insert(tables.approvals).values(number=approval.issue, **values))


def withdraw(tx: Tx, number: IssueNumber, by: str, now: datetime) -> None:
    """Take back the yes to an issue; the history keeps both."""
    tx.execute(sa.insert(tables.approvals).values(number=number, sha="", rendering="", by=by, at=now))


def settled(tx: Tx, number: IssueNumber) -> bool:
    """Whether somebody said yes to an issue as it was last rendered; then nothing may be composed or rendered anew."""
    yes, made = approval(tx, number), rendering(tx, number)
    return yes is not None and made is not None and yes.rendering == made.inputs


def latest_slot(tx: Tx) -> datetime | None:
    """When the newest issue was due; a correction takes nobody's turn."""
    newest = sa.func.max(tables.issues.c.due, type_=tables.Instant)
    return tx.execute(sa.select(newest).where(~_corrects())).scalar()


def all_begun(tx: Tx) -> set[IssueNumber]:
    """The issues of which `begun` is true."""
    return set(tx.execute(sa.select(tables.sendings.c.number)).scalars())


def begun(tx: Tx, number: IssueNumber) -> bool:
    """Whether an issue was frozen for sending: from then on somebody may have it."""
    found = sa.select(tables.sendings.c.number).where(tables.sendings.c.number == number)
    return tx.execute(found).first() is not None
