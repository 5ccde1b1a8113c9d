"""Issues, their renderings, outputs and approvals. Written by compose, render, syndicate and review, each its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec
import sqlalchemy as sa

from pipeline.model import Approval, Finding, Issue, IssueNumber, Message, PostId
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """An issue as a list shows it; `posts` counts them, `corrects` is the number of another issue."""

    number: IssueNumber
    slug: str
    title: str
    subject: str
    created: datetime
    due: datetime
    posts: int
    corrects: IssueNumber | None


class _Skipped(msgspec.Struct):
    pass


class _Corrected(msgspec.Struct):
    number: IssueNumber


class _Brief(msgspec.Struct):
    slug: str
    title: str
    subject: str
    created: datetime
    items: tuple[_Skipped, ...]
    corrects: _Corrected | None = None


def outlines(tx: Tx) -> list[Outline]:
    """All issues in few words, newest first."""
    columns = tables.issues.c
    brief = sa.type_coerce(columns.issue, tables.Packed(_Brief)).label("brief")
    rows = tx.execute(sa.select(columns.number, columns.due, brief).order_by(columns.number.desc()))
    return [
        Outline(
            number=row.number,
            slug=row.brief.slug,
            title=row.brief.title,
            subject=row.brief.subject,
            created=row.brief.created,
            due=row.due,
            posts=len(row.brief.items),
            corrects=row.brief.corrects.number if row.brief.corrects else None,
        )
        for row in rows
    ]


class _Made(msgspec.Struct):
    created: datetime


def composed(tx: Tx) -> dict[IssueNumber, datetime]:
    """When each issue was composed; the rest of its document is skipped over."""
    made = sa.type_coerce(tables.issues.c.issue, tables.Packed(_Made)).label("made")
    return {row.number: row.made.created for row in tx.execute(sa.select(tables.issues.c.number, made))}


def get(tx: Tx, number: IssueNumber) -> Issue | None:
    """One issue by its number."""
    return tx.execute(sa.select(tables.issues.c.issue).where(tables.issues.c.number == number)).scalar()


def placed(tx: Tx) -> dict[PostId, IssueNumber]:
    """Which issue each post is in."""
    return {row.post: row.number for row in tx.execute(sa.select(tables.issue_posts))}


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
    upsert(tx, tables.issues, ["number"], values)
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


def outputs(tx: Tx) -> dict[str, str]:
    """For each public output: what it was made from, hashed."""
    return {row.name: row.inputs for row in tx.execute(sa.select(tables.outputs))}


def put_out(tx: Tx, name: str, inputs: str) -> None:
    """Note what a public output was made from."""
    upsert(tx, tables.outputs, ["name"], {"name": name, "inputs": inputs})


def approval(tx: Tx, number: IssueNumber) -> Approval | None:
    """The last yes that was given to an issue, whether or not its bytes are still the same; None when withdrawn."""
    columns = tables.approvals.c
    newest = sa.select(tables.approvals).where(columns.number == number).order_by(columns.id.desc()).limit(1)
    row = tx.execute(newest).first()
    if row is None or not row.sha:
        return None
    return Approval(issue=row.number, sha=row.sha, rendering=row.rendering, by=row.by, at=row.at)


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
    return max((issue.slot.due for issue in every(tx) if issue.corrects is None), default=None)


def begun(tx: Tx, number: IssueNumber) -> bool:
    """Whether an issue was frozen for sending: from then on somebody may have it."""
    found = sa.select(tables.sendings.c.number).where(tables.sendings.c.number == number)
    return tx.execute(found).first() is not None


def take_back(tx: Tx, name: str) -> None:
    """Note that a public output is gone."""
    tx.execute(sa.delete(tables.outputs).where(tables.outputs.c.name == name))
