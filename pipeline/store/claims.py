"""Who has taken which batch. Written by the deliver room."""

from __future__ import annotations

from itertools import takewhile

import msgspec
import sqlalchemy as sa

from pipeline.model import BatchId, IssueNumber
from pipeline.store import tables
from pipeline.store.open import Tx

_B = tables.batches.c
_S = tables.sendings.c
_C = tables.carriers.c


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that a process is about to claim: the `carrier` it was frozen for, and why that is `stopped`, if it is.

    `attempts` were made so far; `begun`: this process has claimed a batch of the same issue before.
    """

    number: IssueNumber
    carrier: str
    stopped: str | None
    attempts: int
    begun: bool


def every(tx: Tx, number: IssueNumber | None = None) -> list[tuple[BatchId, str | None]]:
    """(batch, by whom) of batches that are claimed, of one issue or of all."""
    conditions = [_B.state == "claimed"] + ([] if number is None else [_B.number == number])
    rows = tx.execute(sa.select(_B.id, _B.claimed_by).where(*conditions).order_by(_B.id))
    return [(row[0], row[1]) for row in rows]


_OTHER = tables.batches.alias("other")
_MINE = sa.func.substr(_OTHER.c.claimed_by, 1, sa.bindparam("length", type_=sa.Integer)) == sa.bindparam("by")
_CANDIDATE = (
    sa.select(_B.number, _S.provider, _C.stopped, _B.attempts, sa.exists().where(_OTHER.c.number == _B.number, _MINE))
    .join_from(tables.batches, tables.sendings, _S.number == _B.number)
    .outerjoin(tables.carriers, _C.provider == _S.provider)
    .where(_B.id == sa.bindparam("this"))
)


def candidate(tx: Tx, batch: BatchId, by: str) -> Candidate:
    """What the process `by` must know of a batch before it claims it, in one statement."""
    row = tx.execute(_CANDIDATE, {"this": batch, "by": by, "length": len(by)}).one()
    return Candidate(**dict(zip(Candidate.__struct_fields__, row, strict=True)))


def unheard(tx: Tx, carrier: str, most: int) -> int:
    """How many batches in a row, the newest ones, went to a provider and came back without a word about any reader.

    Nobody is left in a batch whose readers are all to be handed over again in another one.
    """
    lost = sa.and_(_B.accepted + _B.rejected == 0, sa.or_(_B.unknown > 0, _B.state == "pending", _B.size == 0))
    over = sa.select(lost).join(tables.sendings, _S.number == _B.number).where(_S.provider == carrier)
    newest = over.where(_B.claimed_at.is_not(None), _B.state != "claimed").order_by(_B.claimed_at.desc(), _B.id.desc())
    return sum(1 for _ in takewhile(bool, tx.execute(newest.limit(most)).scalars()))


def done_by(claim: str | None) -> str:
    """What a claim becomes when its answer is written down."""
    return f"{claim}, done"


_DONE = sa.update(tables.batches).where(_B.id == sa.bindparam("this")).values(claimed_by=sa.bindparam("by"))


def mark_done(tx: Tx, batch: BatchId, claim: str | None) -> None:
    """Note that the answer to a claim is written down, so that it is not written twice."""
    tx.execute(_DONE, {"this": batch, "by": done_by(claim)})
