"""The ledger: who gets which issue, in which batch, and with what fate. Written by the deliver room.

The rule of every change: audience = accepted + rejected + suppressed + unknown + pending, before and after. Each batch
keeps its own sum; a change adds up the rows of the batches it touches, and no change makes an issue grow or shrink.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from operator import attrgetter

import msgspec
import sqlalchemy as sa

from pipeline.errors import PaperroundError
from pipeline.model import (
    Account,
    BatchId,
    BatchState,
    Fate,
    IssueNumber,
    Message,
    Outcome,
    SubscriberId,
)
from pipeline.model.text import legal
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import bare

_S = tables.sendings.c
_B = tables.batches.c
_O = tables.outcomes.c
_OPEN = ("pending", "unknown")
_COUNTED = ("accepted", "rejected", "suppressed", "unknown")
# What each batch asks is put together once: that costs SQLAlchemy four times what the database needs for it.
THIS = sa.bindparam("this", type_=sa.Integer)
_NOW = sa.bindparam("now", type_=tables.Instant)
OPEN_HERE = (_O.batch == THIS, _O.fate.in_(_OPEN))
_RESTED = sa.or_(_B.not_before.is_(None), _B.not_before <= _NOW)

THE_LIST = SubscriberId(0)
"""Stands for all readers of a list that the provider keeps: they have no rows of their own here."""


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """An issue frozen for sending: the approved hash, and everything its copies are made of.

    `links` is what a reader's token is put behind, `domain` what her Message-ID ends with. The first `canary` readers
    go first and the rest waits for a word. `asked` is when a person last said that it may go.
    """

    number: IssueNumber
    sha: str
    provider: str
    message: Message
    sender: str
    reply_to: str | None
    frozen: datetime
    audience: int
    links: str = ""
    domain: str = ""
    canary: int | None = None
    asked: datetime | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a batch has fared: `attempts` so far, the first of this key at `first_tried`, with bytes hashed to `payload`.

    `unknown` says how many of its `size` readers are of unknown fate.
    """

    number: IssueNumber
    key: str
    state: BatchState
    attempts: int
    size: int
    unknown: int
    payload: str | None
    first_tried: datetime | None
    claimed_at: datetime | None
    claimed_by: str | None


MESSAGE = sa.type_coerce(_S.message, sa.Text).label("message")
_SENDING = sa.select(*(column for column in _S if column.name != "message"), MESSAGE).where(_S.number == THIS)


def sending(tx: Tx, number: IssueNumber) -> Sending | None:
    """What was frozen for an issue, None before that."""
    row = tx.execute(_SENDING, {"this": number}).first()
    return None if row is None else Sending(**{**row._mapping, "message": message(row.message)})


@lru_cache(maxsize=4)
def message(document: str) -> Message:
    """An issue's message is the same for all of its batches, and as long as all of a batch's rows together."""
    found: Message = tables.unpacked(document, Message)
    return found


_CARRIER = sa.select(_S.number, _S.provider).join(tables.batches, _B.number == _S.number).where(_B.id == THIS)


def carrier_of(tx: Tx, batch: BatchId) -> tuple[IssueNumber, str]:
    """The issue of a batch, and the provider that it was frozen for."""
    number, provider = tx.execute(_CARRIER, {"this": batch}).one()
    return number, provider


def carried(tx: Tx) -> list[tuple[IssueNumber, str]]:
    """(number, provider) of every issue that was frozen for sending, in no order."""
    return [(row[0], row[1]) for row in tx.execute(sa.select(_S.number, _S.provider))]


def open_sendings(tx: Tx) -> list[tuple[IssueNumber, str, datetime]]:
    """(number, provider, since when it may go) of issues that have batches to hand over."""
    waiting = sa.exists().where(_B.number == _S.number, _B.state == "pending")
    since = sa.func.coalesce(_S.asked, _S.frozen, type_=tables.Instant)
    rows = tx.execute(sa.select(_S.number, _S.provider, since).where(waiting).order_by(_S.number))
    return [(row[0], row[1], row[2]) for row in rows]


def add_batch(tx: Tx, number: IssueNumber, key: str, **more: object) -> BatchId:
    """An empty batch; `more` are other columns of it."""
    values = {"number": number, "key": key, "state": "pending", "attempts": 0, "words": ""} | more
    return BatchId(tx.execute(sa.insert(tables.batches).values(**values).returning(_B.id)).scalar_one())


def claimable(tx: Tx, now: datetime, number: IssueNumber) -> list[tuple[BatchId, int]]:
    """(batch, attempts so far) of an issue's batches that may be handed over now, oldest first."""
    rested = sa.or_(_B.not_before.is_(None), _B.not_before <= now)
    chosen = sa.select(_B.id, _B.attempts).where(_B.number == number, _B.state == "pending", rested)
    return [(row[0], row[1]) for row in tx.execute(chosen.order_by(_B.id))]


_FARED = [_B[name] for name in Standing.__struct_fields__]
_CLAIM = (
    sa.update(tables.batches)
    .where(_B.id == THIS, _B.state == "pending", _RESTED)
    .values(state="claimed", claimed_by=sa.bindparam("by"), claimed_at=_NOW, attempts=_B.attempts + 1)
    .returning(*_FARED)
)


def claim(tx: Tx, batch: BatchId, by: str, now: datetime) -> Standing | None:
    """Take a batch for one attempt, and how it stands then; None when somebody else did, or when it has to rest."""
    row = tx.execute(_CLAIM, {"this": batch, "by": by, "now": now}).first()
    return None if row is None else Standing(**row._mapping)


_INTEND = (
    sa.update(tables.batches)
    .where(_B.id == THIS)
    .values(payload=sa.bindparam("hash"), first_tried=sa.func.coalesce(_B.first_tried, _NOW))
)


def intend(tx: Tx, batch: BatchId, payload: str | None, now: datetime) -> None:
    """What is about to be handed over, hashed, and since when: before the first byte leaves."""
    tx.execute(_INTEND, {"this": batch, "hash": payload, "now": now})


def rekey(tx: Tx, batch: BatchId, key: str) -> None:
    """Another key for a batch that was certainly not handed over, and whose bytes have changed."""
    tx.execute(sa.update(tables.batches).where(_B.id == batch).values(key=key, first_tried=None))


_STANDING = sa.select(*_FARED).where(_B.id == THIS)


def standing(tx: Tx, batch: BatchId) -> Standing:
    """How a batch has fared so far."""
    return Standing(**tx.execute(_STANDING, {"this": batch}).one()._mapping)


def in_state(tx: Tx, state: BatchState, number: IssueNumber | None = None) -> list[BatchId]:
    """Batches in one state, of one issue or of all."""
    conditions = [_B.state == state] + ([] if number is None else [_B.number == number])
    return list(tx.execute(sa.select(_B.id).where(*conditions).order_by(_B.id)).scalars())


def unknown(tx: Tx, now: datetime, provider: str, since: datetime) -> list[tuple[BatchId, IssueNumber]]:
    """Batches of unknown fate handed to a provider since then, unless it is too early to ask about them again."""
    rested = sa.or_(_B.not_before.is_(None), _B.not_before <= now)
    chosen = (
        sa.select(_B.id, _B.number).join(tables.sendings, _S.number == _B.number).where(_B.state == "unknown", rested)
    )
    mine = chosen.where(_S.provider == provider, _S.frozen >= since).order_by(_B.id)
    return [(row[0], row[1]) for row in tx.execute(mine)]


def still_open(tx: Tx, batch: BatchId, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those of `outcomes` that nobody has settled meanwhile."""
    there = _open_in(tx, batch)
    return [outcome for outcome in outcomes if outcome.subscriber in there]


_STILL_OPEN = sa.select(_O.subscriber).where(*OPEN_HERE)


def _open_in(tx: Tx, batch: BatchId) -> set[int]:
    return {reader for (reader,) in bare(tx.execute(_STILL_OPEN, {"this": batch}))}


def settle_late(tx: Tx, number: IssueNumber, outcomes: Iterable[Outcome], now: datetime) -> int:
    """Write fates that are certain, whatever batch the readers are in by now; returns how many were still open."""
    told = {outcome.subscriber: outcome for outcome in outcomes}
    is_open = (_O.number == number, _O.fate.in_(_OPEN), _O.subscriber.in_(told))
    found = {row[0]: row[1] for row in tx.execute(sa.select(_O.subscriber, _O.batch).where(*is_open))}
    if found:
        tx.execute(_ONE_FATE, [{"this": number, "reader": reader, **_values(told[reader], now)} for reader in found])
    for batch in set(found.values()):
        _add_up(tx, BatchId(batch))
    return len(found)


def record(tx: Tx, batch: BatchId, outcomes: Iterable[Outcome], now: datetime) -> None:
    """Write the fates of readers of a batch. Raises PaperroundError when one of them is not open in it."""
    told = {outcome.subscriber: outcome for outcome in outcomes}
    there = _open_in(tx, batch)
    if strangers := told.keys() - there:
        raise PaperroundError(f"The ledger has no open row for reader {min(strangers)} in batch {batch}.")
    alike = len(set(map(_VERDICT, told.values()))) == 1
    if alike and told.keys() == there:
        tx.execute(_ALL_FATES, {"this": batch, **_values(next(iter(told.values())), now)})
    elif told:
        number = standing(tx, batch).number
        rows = [{"this": number, "reader": reader, **_values(one, now)} for reader, one in told.items()]
        tx.execute(_ONE_FATE, rows)
    _add_up(tx, batch)


_VERDICT = attrgetter("fate", "provider_id", "words")
_FATE = {"fate": sa.bindparam("of"), "provider_id": sa.bindparam("receipt"), "words": sa.bindparam("said"), "at": _NOW}
_ALL_FATES = sa.update(tables.outcomes).where(*OPEN_HERE).values(_FATE)
_ONE_FATE = sa.update(tables.outcomes).where(_O.number == THIS, _O.subscriber == sa.bindparam("reader")).values(_FATE)


def _values(outcome: Outcome, now: datetime) -> dict[str, object]:
    fate = "pending" if outcome.fate == "not-sent" else outcome.fate
    receipt = outcome.provider_id and legal(outcome.provider_id)
    return {"of": fate, "receipt": receipt, "said": legal(outcome.words), "now": now}


# Without GROUP BY, for which the rows would have to be sorted.
_BY_FATE = [sa.func.count().filter(_O.fate == name).label(name) for name in _COUNTED]
_SUMS = sa.select(sa.func.count().label("there"), *_BY_FATE).where(_O.batch == THIS).subquery()
_ADD_UP = (
    sa.update(tables.batches)
    .where(_B.id == THIS, _B.size == _SUMS.c.there)
    .values({name: _SUMS.c[name] for name in _COUNTED})
)


def _add_up(tx: Tx, batch: BatchId) -> None:
    """Bring a batch's sums up to date. Raises PaperroundError when somebody is missing."""
    if tx.execute(_ADD_UP, {"this": batch}).rowcount != 1:
        size = standing(tx, batch).size
        there = tx.execute(sa.select(sa.func.count()).where(_O.batch == batch)).scalar_one()
        raise PaperroundError(
            f"The ledger does not add up: batch {batch} had {size} readers and has {there}.",
            next_step="Nothing was changed. Send nothing; restore a backup.",
        )


def move(
    tx: Tx,
    batch: BatchId,
    fate: Fate,
    key: str,
    *,
    not_before: datetime | None = None,
    words: str = "",
) -> BatchId | None:
    """Readers of one fate move to a new batch that is to be handed over; None when there are none."""
    which = (_O.batch == batch, _O.fate == fate)
    count = tx.execute(sa.select(sa.func.count()).where(*which)).scalar_one()
    if not count:
        return None
    old = standing(tx, batch)
    more = {"attempts": old.attempts, "not_before": not_before, "words": words, "size": count}
    fresh = add_batch(tx, old.number, key, **more)
    tx.execute(sa.update(tables.outcomes).where(*which).values(batch=fresh, fate="pending"))
    tx.execute(sa.update(tables.batches).where(_B.id == batch).values(size=_B.size - count))
    for touched in (batch, fresh):
        _add_up(tx, touched)
    account(tx, old.number)
    return fresh


_NOBODY_OPEN = _B.size == _B.accepted + _B.rejected + _B.suppressed + _B.unknown
_CLOSE = (
    sa.update(tables.batches)
    .where(_B.id == THIS, _NOBODY_OPEN)
    .values(state=sa.case((_B.unknown > 0, "unknown"), else_="done"), words=sa.bindparam("said"))
)


def close(tx: Tx, batch: BatchId, words: str) -> None:
    """End a batch's attempt: unknown when a fate is, else done. Raises PaperroundError when somebody is still open."""
    if tx.execute(_CLOSE, {"this": batch, "said": words}).rowcount != 1:
        raise PaperroundError(f"Batch {batch} can't be closed while some of its readers are still to be handed over.")


def reopen(tx: Tx, batch: BatchId, words: str, not_before: datetime | None = None) -> None:
    """Put a batch back to be handed over: the same readers, the same key, the same bytes; fates stay as known."""
    open_again = {"state": "pending", "words": words, "not_before": not_before}
    tx.execute(sa.update(tables.batches).where(_B.id == batch).values(**open_again))


def park(tx: Tx, batch: BatchId, words: str, now: datetime) -> None:
    """Everybody still open in a batch is of unknown fate until evidence or a person says otherwise."""
    tx.execute(sa.update(tables.batches).where(_B.id == batch).values(state="unknown", words=words, not_before=None))
    left = sa.update(tables.outcomes).where(_O.batch == batch, _O.fate == "pending")
    tx.execute(left.values(fate="unknown", words=words, at=now))
    _add_up(tx, batch)


def postpone(tx: Tx, until: datetime | None, *, number: IssueNumber | None = None, provider: str | None = None) -> None:
    """Let the waiting batches of an issue, or of all issues with one provider, rest; None ends the rest."""
    theirs = _B.number == number
    if provider is not None:
        theirs = _B.number.in_(sa.select(_S.number).where(_S.provider == provider))
    waiting = sa.update(tables.batches).where(theirs, _B.state == "pending")
    tx.execute(waiting.values(not_before=until))


def rest(tx: Tx, batch: BatchId, until: datetime) -> None:
    """When a batch is looked at next."""
    tx.execute(sa.update(tables.batches).where(_B.id == batch).values(not_before=until))


def release(tx: Tx, number: IssueNumber, now: datetime) -> None:
    """A person's word: nothing of this issue rests, waits for the canary, or is too old any more."""
    held = sa.update(tables.batches).where(_B.number == number, _B.state == "held")
    tx.execute(held.values(state="pending"))
    tx.execute(sa.update(tables.sendings).where(_S.number == number).values(asked=now))
    postpone(tx, None, number=number)


def held(tx: Tx, number: IssueNumber) -> int:
    """How many readers wait for a person's word after the canary."""
    held = sa.select(sa.func.coalesce(sa.func.sum(_B.size), 0)).where(_B.number == number, _B.state == "held")
    return int(tx.execute(held).scalar_one())


def again(tx: Tx, number: IssueNumber) -> int:
    """How many readers of unknown fate are in batches that go once more by themselves."""
    open_ = (_B.number == number, _B.state.in_(("pending", "claimed")))
    return int(tx.execute(sa.select(sa.func.coalesce(sa.func.sum(_B.unknown), 0)).where(*open_)).scalar_one())


_ACCOUNT = (
    sa.select(_S.audience, *(sa.func.coalesce(sa.func.sum(_B[name]), 0) for name in ("size", *_COUNTED)))
    .outerjoin_from(tables.sendings, tables.batches, _B.number == _S.number)
    .where(_S.number == THIS)
    .group_by(_S.number)
)


def account(tx: Tx, number: IssueNumber) -> Account | None:
    """The issue's sum, None before it was frozen. Raises PaperroundError when somebody is missing."""
    row = tx.execute(_ACCOUNT, {"this": number}).first()
    if row is None:
        return None
    audience, size, *counted = map(int, row)
    fates = dict(zip(_COUNTED, counted, strict=True))
    account = Account(issue=number, audience=audience, **fates, pending=size - sum(counted))
    if not account.balanced:
        raise PaperroundError(
            f"Issue {number}: the ledger does not add up ({account}).", next_step="Send nothing; restore a backup."
        )
    return account


def audit(tx: Tx, number: IssueNumber) -> None:
    """Count every reader's row of an issue against its account. Raises PaperroundError when they differ."""
    pending = sa.func.count().filter(_O.fate == "pending").label("pending")
    by_fate = tx.execute(sa.select(*_BY_FATE, pending).where(_O.number == number)).one()._asdict()
    known = account(tx, number)
    if known is not None and any(count != getattr(known, fate) for fate, count in by_fate.items()):
        raise PaperroundError(
            f"Issue {number}: the ledger's rows do not add up to its account ({by_fate}, {known}).",
            next_step="Send nothing; restore a backup.",
        )


def people(tx: Tx, number: IssueNumber, fate: Fate, limit: int = 1000) -> list[tuple[str, str]]:
    """(address, words) of an issue's readers with one fate."""
    chosen = sa.select(_O.address, _O.words).where(_O.number == number, _O.fate == fate).order_by(_O.subscriber)
    return [(row.address, row.words) for row in tx.execute(chosen.limit(limit))]


def next_try(tx: Tx, number: IssueNumber) -> datetime | None:
    """When the earliest pending batch of an issue may be tried again."""
    return tx.execute(sa.select(sa.func.min(_B.not_before)).where(_B.number == number, _B.state == "pending")).scalar()
