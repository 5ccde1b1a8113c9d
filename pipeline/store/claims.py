"""Who has taken which batch. Written by the deliver room."""

from __future__ import annotations

import sqlalchemy as sa

from pipeline.model import BatchId, IssueNumber
from pipeline.store import tables
from pipeline.store.open import Tx

_B = tables.batches.c


def every(tx: Tx, number: IssueNumber | None = None) -> list[tuple[BatchId, str | None]]:
    """(batch, by whom) of batches that are claimed, of one issue or of all."""
    conditions = [_B.state == "claimed"] + ([] if number is None else [_B.number == number])
    rows = tx.execute(sa.select(_B.id, _B.claimed_by).where(*conditions).order_by(_B.id))
    return [(row[0], row[1]) for row in rows]


_MINE = sa.func.substr(_B.claimed_by, 1, sa.bindparam("length", type_=sa.Integer)) == sa.bindparam("by")
_BEGUN = sa.select(_B.id).where(_B.number == sa.bindparam("this"), _MINE).limit(1)


def begun_here(tx: Tx, number: IssueNumber, by: str) -> bool:
    """Whether the process `by` has claimed a batch of this issue before."""
    return tx.execute(_BEGUN, {"this": number, "by": by, "length": len(by)}).first() is not None


def done_by(claim: str | None) -> str:
    """What a claim becomes when its answer is written down."""
    return f"{claim}, done"


_DONE = sa.update(tables.batches).where(_B.id == sa.bindparam("this")).values(claimed_by=sa.bindparam("by"))


def mark_done(tx: Tx, batch: BatchId, claim: str | None) -> None:
    """Note that the answer to a claim is written down, so that it is not written twice."""
    tx.execute(_DONE, {"this": batch, "by": done_by(claim)})
