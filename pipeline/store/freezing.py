"""An issue's readers put into the ledger, all by the database: no row passes through this program.

Written by the deliver room, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from pipeline.store import carriers, ledger, people, tables
from pipeline.store.open import Tx

_S = tables.sendings.c
_B = tables.batches.c
_O = tables.outcomes.c


def freeze(tx: Tx, sending: ledger.Sending, keys: Sequence[str], size: int, who: people.Who = people.EVERYBODY) -> None:
    """Begin an issue's sending: one row for each reader who wants mail, in batches of `size`, all by the database.

    `keys` are the batches' idempotency keys, those of the canary first; none for an issue that nobody wants just now.
    """
    carriers.begin(tx)
    names = [column.name for column in _S]
    tx.execute(sa.insert(tables.sendings).values(**{name: getattr(sending, name) for name in names}))
    first = _parts(sending.canary or 0, size)
    sizes = [*first, *_parts(sending.audience - sum(first), size)]
    states = ["pending"] * len(first) + ["held" if sending.canary else "pending"] * (len(sizes) - len(first))
    rows = [
        {"number": sending.number, "key": key, "place": at, "state": state, "attempts": 0, "words": ""}
        for at, (key, state) in enumerate(zip(keys, states, strict=True))
    ]
    if not rows:
        return
    tx.execute(sa.insert(tables.batches), rows)
    batches = tx.execute(sa.select(_B.id).where(_B.number == sending.number).order_by(_B.place)).scalars().all()
    following, after = _following(sending, who), 0
    last = sa.select(sa.func.max(_O.subscriber)).where(_O.number == sending.number)
    for batch, most in zip(batches, sizes, strict=True):
        tx.execute(following, {"this": batch, "after": after, "most": most})
        after = tx.execute(last).scalar_one()
    _count_sizes(tx, sending)


def _parts(readers: int, size: int) -> list[int]:
    """So many readers, at most `size` at a time."""
    return [min(size, readers - at) for at in range(0, readers, size)]


def _following(sending: ledger.Sending, who: people.Who) -> sa.Insert:
    """Puts the next readers into a batch: at most `most`, those behind the reader `after`.

    A batch at a time, because to number all readers first and then find each one's batch takes twice as long.
    """
    readers = people.audience(who)
    reader = readers.selected_columns
    values = {
        "number": sa.literal(sending.number),
        "subscriber": reader.id,
        "batch": sa.bindparam("this", type_=sa.Integer),
        "address": reader.address,
        "name": reader.name,
        "unsubscribe": reader.token,
        "message_id": sa.literal(""),
        "fate": sa.literal("pending"),
        "words": sa.literal(""),
    }
    behind = reader.id > sa.bindparam("after", type_=sa.Integer)
    some = readers.where(behind).order_by(reader.id).limit(sa.bindparam("most", type_=sa.Integer))
    return sa.insert(tables.outcomes).from_select(list(values), some.with_only_columns(*values.values()))


def freeze_list(tx: Tx, sending: ledger.Sending, key: str, words: str) -> None:
    """Begin the sending of an issue to a list that the provider keeps: one row stands for all of it."""
    carriers.begin(tx)
    tx.execute(sa.insert(tables.sendings).values(**{column.name: getattr(sending, column.name) for column in _S}))
    batch = ledger.add_batch(tx, sending.number, key, size=1)
    row = {"subscriber": ledger.THE_LIST, "address": words, "unsubscribe": "", "message_id": "", "fate": "pending"}
    tx.execute(sa.insert(tables.outcomes).values(number=sending.number, batch=batch, words="", **row))
    _count_sizes(tx, sending)


def _count_sizes(tx: Tx, sending: ledger.Sending) -> None:
    count = sa.select(sa.func.count()).select_from(tables.outcomes).where(_O.batch == _B.id).scalar_subquery()
    tx.execute(sa.update(tables.batches).where(_B.number == sending.number).values(size=count))
    ledger.account(tx, sending.number)
