"""What may leave at all: how fast each provider may be asked, whether a person must look first, what is too old.

Also the ledger's generation: a number that grows with every claim, so that an older copy of the state can be told.
Written by the deliver room.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from pipeline.model import IssueNumber
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert

_C = tables.carriers.c
_F = tables.facts.c
_GENERATION = "generation"


_STOPPED = sa.select(_C.stopped).where(_C.provider == sa.bindparam("which"))
_FACT = sa.select(_F.value).where(_F.name == sa.bindparam("which"))
_COUNT = sa.cast(_F.value, sa.BigInteger) + 1
_ADVANCE = (
    sa.update(tables.facts)
    .where(_F.name == sa.bindparam("which"))
    .values(value=sa.cast(_COUNT, sa.Text))
    .returning(_F.value)
)


def stopped(tx: Tx, provider: str) -> str | None:
    """Why nothing more is handed to a provider until a person has looked; None when all is well."""
    words: str | None = tx.execute(_STOPPED, {"which": provider}).scalar()
    return words


def stop(tx: Tx, provider: str, words: str) -> None:
    """Hand nothing more to a provider until a person has looked."""
    upsert(tx, tables.carriers, ["provider"], {"provider": provider, "stopped": words})


def resume(tx: Tx, provider: str) -> None:
    """A person has looked."""
    tx.execute(sa.update(tables.carriers).where(_C.provider == provider).values(stopped=None))


def reserve(tx: Tx, provider: str, requests: int, per_second: float, now: datetime) -> float:
    """Take the next free moment for this many requests; returns the seconds until then.

    One moment for all processes that share the state: each request moves it on by a second's share.
    """
    free = tx.execute(sa.select(_C.free_at).where(_C.provider == provider)).scalar()
    start = max(now, free) if free is not None and free - now < timedelta(hours=1) else now
    upsert(
        tx,
        tables.carriers,
        ["provider"],
        {"provider": provider, "free_at": start + timedelta(seconds=requests / per_second)},
    )
    return (start - now).total_seconds()


def generation(tx: Tx) -> int:
    """How many claims this ledger has seen."""
    return int(tx.execute(_FACT, {"which": _GENERATION}).scalar() or 0)


def begin(tx: Tx) -> None:
    """Start counting, if nobody has; alone, because two that start at once would both count one."""
    upsert(tx, tables.facts, ["name"], {"name": _GENERATION, "value": str(generation(tx))})


def advance(tx: Tx, least: int = 0) -> int:
    """The next generation, `least` at the lowest; who comes at the same time waits, so call it last."""
    following = int(tx.execute(_ADVANCE, {"which": _GENERATION}).scalar() or 0)
    if following < max(least, 1):
        following = max(least, 1)
        upsert(tx, tables.facts, ["name"], {"name": _GENERATION, "value": str(following)})
    return following


def confirm(tx: Tx, now: datetime) -> None:
    """A person knows that this ledger is older than what went out: what was approved before is not sent by itself.

    See `posts.doubted` for the other thing that follows from it.
    """
    upsert(tx, tables.facts, ["name"], {"name": tables.CONFIRMED, "value": now.isoformat()})


def expire(tx: Tx, number: IssueNumber, *, expired: bool) -> bool:
    """Note that an issue is too old to go out by itself, or no more; False when that was known."""
    if is_expired(tx, number) == expired:
        return False
    if expired:
        tx.execute(sa.insert(tables.facts).values(name=f"expired/{number}", value=""))
    else:
        tx.execute(sa.delete(tables.facts).where(_F.name == f"expired/{number}"))
    return True


def is_expired(tx: Tx, number: IssueNumber) -> bool:
    """Whether an issue is too old to go out by itself."""
    name = _F.name
    return tx.execute(sa.select(name).where(name == f"expired/{number}")).first() is not None
