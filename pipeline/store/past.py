"""Copies of issues from long ago: the rows that name readers go, the sums stay. Written by the deliver room."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from pipeline.model import BatchId, IssueNumber
from pipeline.store import tables
from pipeline.store.open import Tx

_S = tables.sendings.c
_B = tables.batches.c
_O = tables.outcomes.c


def old(tx: Tx, before: datetime) -> list[IssueNumber]:
    """Issues frozen before then of which every fate is settled, and whose copies are still known one by one."""
    known = sa.exists().where(_O.number == _S.number)
    unsettled = sa.exists().where(_B.number == _S.number, _B.state != "done")
    chosen = sa.select(_S.number).where(_S.frozen < before, known, ~unsettled)
    return sorted(tx.execute(chosen).scalars())  # asked for in order, SQLite would walk through the messages


def is_forgotten(tx: Tx, number: IssueNumber) -> bool:
    """Whether an issue went out of which nobody knows any more who got it."""
    readers = tx.execute(sa.select(_S.audience).where(_S.number == number)).scalar()
    return bool(readers) and tx.execute(sa.select(_O.number).where(_O.number == number).limit(1)).first() is None


def batches(tx: Tx, number: IssueNumber) -> list[BatchId]:
    """An issue's batches that have rows of readers."""
    known = sa.exists().where(_O.batch == _B.id)
    return list(tx.execute(sa.select(_B.id).where(_B.number == number, known).order_by(_B.id)).scalars())


def forget(tx: Tx, batch: BatchId) -> None:
    """Let the readers' rows of a batch that is over go; its sums stay."""
    over = sa.exists().where(_B.id == batch, _B.state == "done")
    tx.execute(sa.delete(tables.outcomes).where(_O.batch == batch, over))
