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

    `keys` are the batches' idempotency keys, those of the canary first.
    """
    carriers.begin(tx)
    names = [column.name for column in _S]
    tx.execute(sa.insert(tables.sendings).values(**{name: getattr(sending, name) for name in names}))
    first = -(-sending.canary // size) if sending.canary else 0
    fresh = {"number": sending.number, "attempts": 0, "words": ""}
    held = "held" if sending.canary else "pending"
    rows = [
        fresh | {"key": key, "place": at, "state": "pending" if at < first else held} for at, key in enumerate(keys)
    ]
    tx.execute(sa.insert(tables.batches), rows)
    tx.execute(_audience(sending, first, size, who))
    _count_sizes(tx, sending)


def _audience(sending: ledger.Sending, first: int, size: int, who: people.Who) -> sa.Insert:
    readers = people.audience(who).subquery()
    rank = sa.func.row_number().over(order_by=readers.c.id) - 1
    canary = sending.canary or 0
    place = sa.case((rank < canary, rank // size), else_=first + (rank - canary) // size)
    placed = sa.select(readers, place.label("place")).subquery()
    values = {
        "number": sa.literal(sending.number),
        "subscriber": placed.c.id,
        "batch": _B.id,
        "address": placed.c.address,
        "name": placed.c.name,
        "unsubscribe": placed.c.token,
        "message_id": sa.literal(""),
        "fate": sa.literal("pending"),
        "words": sa.literal(""),
    }
    here = sa.and_(_B.number == sending.number, _B.place == placed.c.place)
    chosen = sa.select(*values.values()).select_from(placed.join(tables.batches, here))
    return sa.insert(tables.outcomes).from_select(list(values), chosen)


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
