"""The ledger: who gets which issue, in which batch, and with what fate. Written by the deliver room.

The rule of every change: audience = accepted + rejected + suppressed + unknown + pending, before and after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pipeline.errors import PaperroundError
from pipeline.model import Account, Batch, BatchId, BatchState, Fate, IssueNumber, Message, Outcome, Recipient
from pipeline.store import tables
from pipeline.store.open import Tx

_B = tables.batches.c
_O = tables.outcomes.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An issue frozen for sending: the approved hash, and everything its copies are made of."""

    number: IssueNumber
    sha: str
    provider: str
    message: Message
    sender: str
    reply_to: str | None
    frozen: datetime
    audience: int


def sending(tx: Tx, number: IssueNumber) -> Sending | None:
    """What was frozen for an issue, None before that."""
    row = tx.execute(sa.select(tables.sendings).where(tables.sendings.c.number == number)).first()
    return None if row is None else Sending(**row._mapping)


def sending_of(tx: Tx, batch: BatchId) -> Sending:
    """What the issue of a batch was frozen as."""
    number = tx.execute(sa.select(_B.number).where(_B.id == batch)).scalar_one()
    found = sending(tx, number)
    assert found is not None
    return found


def frozen(tx: Tx) -> list[IssueNumber]:
    """The issues that were frozen for sending, whatever became of them."""
    return list(tx.execute(sa.select(tables.sendings.c.number).order_by(tables.sendings.c.number)).scalars())


def freeze(tx: Tx, sending: Sending) -> None:
    """Begin an issue's sending; its batches follow in the same transaction."""
    names = ("number", "sha", "provider", "message", "sender", "reply_to", "frozen", "audience")
    tx.execute(sa.insert(tables.sendings).values(**{name: getattr(sending, name) for name in names}))


def add_batch(tx: Tx, number: IssueNumber, key: str, recipients: Sequence[Recipient]) -> None:
    """A batch of readers who are all still to be handed over."""
    batch = _insert_batch(tx, number, key)
    names = ("subscriber", "address", "name", "unsubscribe", "message_id")
    fresh = {"number": number, "batch": batch, "fate": "pending", "words": ""}
    tx.execute(
        sa.insert(tables.outcomes),
        [fresh | {name: getattr(recipient, name) for name in names} for recipient in recipients],
    )


def _insert_batch(tx: Tx, number: IssueNumber, key: str, not_before: datetime | None = None, words: str = "") -> int:
    values = {"number": number, "key": key, "state": "pending", "attempts": 0, "not_before": not_before, "words": words}
    return int(tx.execute(sa.insert(tables.batches).values(**values).returning(_B.id)).scalar_one())


def claimable(tx: Tx, now: datetime, number: IssueNumber | None = None) -> list[BatchId]:
    """Batches that may be handed over now, oldest first, of one issue or of all."""
    rested = sa.or_(_B.not_before.is_(None), _B.not_before <= now)
    conditions = [_B.state == "pending", rested] + ([] if number is None else [_B.number == number])
    return list(tx.execute(sa.select(_B.id).where(*conditions).order_by(_B.id)).scalars())


def claim(tx: Tx, batch: BatchId, by: str, now: datetime) -> bool:
    """Take a batch for one attempt; False when somebody else did, or when it has to rest."""
    mine = {"state": "claimed", "claimed_by": by, "claimed_at": now, "attempts": _B.attempts + 1}
    rested = sa.or_(_B.not_before.is_(None), _B.not_before <= now)
    free = sa.update(tables.batches).where(_B.id == batch, _B.state == "pending", rested)
    return tx.execute(free.values(mine)).rowcount == 1


def claimed_at(tx: Tx, batch: BatchId) -> datetime | None:
    """When a batch was last claimed."""
    return tx.execute(sa.select(_B.claimed_at).where(_B.id == batch)).scalar()


def postpone(tx: Tx, number: IssueNumber, until: datetime | None) -> None:
    """Let an issue's waiting batches rest, because the provider can't be reached just now; None ends the rest."""
    waiting = sa.update(tables.batches).where(_B.number == number, _B.state == "pending")
    tx.execute(waiting.values(not_before=until))


def in_state(tx: Tx, state: BatchState, number: IssueNumber | None = None) -> list[BatchId]:
    """Batches in one state, of one issue or of all."""
    conditions = [_B.state == state] + ([] if number is None else [_B.number == number])
    return list(tx.execute(sa.select(_B.id).where(*conditions).order_by(_B.id)).scalars())


def batch(tx: Tx, batch: BatchId) -> Batch:
    """A batch with its readers who are still to be handed over or of unknown fate."""
    row = tx.execute(sa.select(tables.batches).where(_B.id == batch)).one()
    frozen = sending(tx, row.number)
    assert frozen is not None
    columns = (_O.subscriber, _O.address, _O.name, _O.unsubscribe, _O.message_id)
    open_fates = _O.fate.in_(("pending", "unknown"))
    rows = tx.execute(sa.select(*columns).where(_O.batch == batch, open_fates).order_by(_O.subscriber))
    return Batch(
        id=batch,
        issue=row.number,
        key=row.key,
        message=frozen.message,
        sender=frozen.sender,
        reply_to=frozen.reply_to,
        date=frozen.frozen,
        recipients=tuple(Recipient(**row._mapping) for row in rows),
    )


def record(tx: Tx, batch: BatchId, outcomes: Iterable[Outcome], now: datetime) -> None:
    """Write the fates of readers of a batch. Raises PaperroundError when one of them isn't in it."""
    for outcome in outcomes:
        fate = "pending" if outcome.fate == "not-sent" else outcome.fate
        values = {"fate": fate, "provider_id": outcome.provider_id, "words": outcome.words, "at": now}
        here = (_O.batch == batch, _O.subscriber == outcome.subscriber)
        if tx.execute(sa.update(tables.outcomes).where(*here).values(**values)).rowcount != 1:
            raise PaperroundError(f"The ledger has no row for reader {outcome.subscriber} in batch {batch}.")


def close(tx: Tx, batch: BatchId, *, words: str, again: tuple[str, datetime] | None) -> None:
    """End a batch's attempt: unknown when a fate is, else done.

    Readers who were certainly not handed over move to a new batch, made from `again` = (its key, not before).
    """
    fates = set(tx.execute(sa.select(_O.fate).where(_O.batch == batch).distinct()).scalars())
    if "pending" in fates and again is not None:
        number = tx.execute(sa.select(_B.number).where(_B.id == batch)).scalar_one()
        fresh = _insert_batch(tx, number, again[0], not_before=again[1], words=words)
        left = sa.update(tables.outcomes).where(_O.batch == batch, _O.fate == "pending")
        tx.execute(left.values(batch=fresh))
    state = "unknown" if "unknown" in fates else "done"
    tx.execute(sa.update(tables.batches).where(_B.id == batch).values(state=state, words=words))


def reopen(tx: Tx, batch: BatchId, words: str, not_before: datetime | None = None) -> None:
    """Put a claimed or unknown batch back to pending: the same readers, the same key, the same bytes."""
    open_again = {"state": "pending", "words": words, "claimed_by": None, "not_before": not_before}
    tx.execute(sa.update(tables.batches).where(_B.id == batch).values(**open_again))
    unknown = sa.update(tables.outcomes).where(_O.batch == batch, _O.fate == "unknown")
    tx.execute(unknown.values(fate="pending"))


def park(tx: Tx, batch: BatchId, words: str, now: datetime) -> None:
    """Everybody still open in a batch is of unknown fate until evidence or a person says otherwise."""
    tx.execute(sa.update(tables.batches).where(_B.id == batch).values(state="unknown", words=words))
    left = sa.update(tables.outcomes).where(_O.batch == batch, _O.fate == "pending")
    tx.execute(left.values(fate="unknown", words=words, at=now))


def account(tx: Tx, number: IssueNumber) -> Account | None:
    """The issue's sum, None before it was frozen. Raises PaperroundError when somebody is missing."""
    frozen = sending(tx, number)
    if frozen is None:
        return None
    counts = sa.select(_O.fate, sa.func.count()).where(_O.number == number).group_by(_O.fate)
    by_fate = {row[0]: row[1] for row in tx.execute(counts)}
    fates = {fate: by_fate.get(fate, 0) for fate in ("accepted", "rejected", "suppressed", "unknown", "pending")}
    account = Account(issue=number, audience=frozen.audience, **fates)
    if not account.balanced:
        raise PaperroundError(
            f"Issue {number}: the ledger does not add up ({account}).", next_step="Send nothing; restore a backup."
        )
    return account


def people(tx: Tx, number: IssueNumber, fate: Fate, limit: int = 1000) -> list[tuple[str, str]]:
    """(address, words) of an issue's readers with one fate."""
    chosen = sa.select(_O.address, _O.words).where(_O.number == number, _O.fate == fate).order_by(_O.subscriber)
    return [(row.address, row.words) for row in tx.execute(chosen.limit(limit))]


def next_try(tx: Tx, number: IssueNumber) -> datetime | None:
    """When the earliest pending batch of an issue may be tried again."""
    return tx.execute(sa.select(sa.func.min(_B.not_before)).where(_B.number == number, _B.state == "pending")).scalar()


def refusals(tx: Tx) -> list[tuple[int, int, str, str]]:
    """(issue, reader, address, the provider's words) of copies refused for good, while their reader is to be mailed."""
    columns = (_O.number, _O.subscriber, _O.address, _O.words)
    readers = tables.subscribers.c
    whose = (readers.id == _O.subscriber, readers.state.in_(("active", "paused")), _O.at >= readers.since)
    return [tuple(row) for row in tx.execute(sa.select(*columns).where(_O.fate == "rejected", *whose))]
