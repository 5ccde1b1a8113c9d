"""What the author changed about each issue, by whom and when. Written by the compose room."""

from __future__ import annotations

from datetime import datetime

import msgspec
import sqlalchemy as sa

from pipeline.model import Change, Edit, IssueNumber
from pipeline.model.edit import CHANGES
from pipeline.store import tables
from pipeline.store.open import Tx

NEXT = IssueNumber(0)
"""Stands for the issue that is next, until it is composed and has a number that nobody else can take."""
_E = tables.edits.c
_KINDS = {kind.__name__: kind for kind in CHANGES}


def of(tx: Tx, issue: IssueNumber) -> list[Edit]:
    """Every edit of an issue, also those undone, in the order they were made."""
    rows = tx.execute(sa.select(tables.edits).where(_E.issue == issue).order_by(_E.id))
    return [_edit(row) for row in rows]


def held(tx: Tx, issue: IssueNumber) -> bool:
    """Whether the author keeps an issue from being approved by a rule."""
    asked = sa.select(_E.id).where(_E.issue == issue, _E.kind == "Hold", _E.undone.is_(False)).limit(1)
    return tx.execute(asked).first() is not None


def add(tx: Tx, issue: IssueNumber, change: Change, *, by: str, now: datetime) -> None:
    """Write a change down; what was undone before it is overtaken."""
    tx.execute(sa.update(tables.edits).where(_E.issue == issue, _E.undone).values(overtaken=True))
    text = msgspec.json.encode(change).decode()
    values = {"issue": issue, "at": now, "by": by, "kind": type(change).__name__, "change": text, "undone": False}
    tx.execute(sa.insert(tables.edits).values(**values))


def mark(tx: Tx, edit: int, *, undone: bool) -> None:
    """Let an edit do nothing, or do it again."""
    tx.execute(sa.update(tables.edits).where(_E.id == edit).values(undone=undone))


def move(tx: Tx, issue: IssueNumber, to: IssueNumber) -> None:
    """What was changed about the issue that is next belongs to the one it became, or the other way round."""
    tx.execute(sa.update(tables.edits).where(_E.issue == issue).values(issue=to))


def forget(tx: Tx, issue: IssueNumber) -> None:
    """An issue that is taken back leaves no edits in force for another one that gets its number."""
    tx.execute(sa.update(tables.edits).where(_E.issue == issue).values(undone=True))


def _edit(row: sa.Row[tuple[object, ...]]) -> Edit:
    told = dict(row._mapping)
    kind = _KINDS.get(str(told.pop("kind")))
    if kind is None:
        raise tables.damaged("what an edit changes")
    return Edit(**told | {"change": tables.unpacked(str(told["change"]), kind)})
