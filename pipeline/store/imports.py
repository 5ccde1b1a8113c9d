"""Many readers at once: a few statements for a thousand rows of a file. Written by the feedback room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa

from pipeline.model import Consent, Reason, Suppression
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.people import WANTING, last_number, suppression_row
from pipeline.store.rows import upsert_many

T = TypeVar("T")
_READERS = tables.subscribers.c
_SUPPRESSED = tables.suppressions.c
_AT_ONCE = 500
"""Values in one IN list; databases bound them."""
# Put together once: a statement made for each list is a cycle that keeps the list until garbage is looked for.
_KNOWN = sa.select(_READERS.address_key, _READERS.id, _READERS.state).where(
    _READERS.address_key.in_(sa.bindparam("some", expanding=True))
)
_BARRED = sa.select(_SUPPRESSED.address_hash, _SUPPRESSED.reason).where(
    _SUPPRESSED.address_hash.in_(sa.bindparam("some", expanding=True))
)


def known(tx: Tx, keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Which of these mailboxes belong to readers: (id, state) by the mailbox's key."""
    found: dict[str, tuple[int, str]] = {}
    for some in _chunks(keys, _AT_ONCE):
        found |= {row.address_key: (row.id, row.state) for row in tx.execute(_KNOWN, {"some": some})}
    return found


def newest(tx: Tx) -> int:
    """The id of the reader who came last; whoever comes later has a higher one. 0 without any."""
    return tx.execute(sa.select(sa.func.max(_READERS.id))).scalar() or 0


def suppressed(tx: Tx, hashes: Sequence[str]) -> dict[str, Reason]:
    """Which of these addresses must not be mailed, and why."""
    found: dict[str, Reason] = {}
    for some in _chunks(hashes, _AT_ONCE):
        found |= {row.address_hash: row.reason for row in tx.execute(_BARRED, {"some": some})}
    return found


def add(
    tx: Tx,
    fresh: Sequence[Mapping[str, object]],
    consents: Sequence[Consent],
    now: datetime,
    topics: Sequence[Iterable[str]],
) -> None:
    """New readers, each with the evidence of her consent and the topics that she chose; `fresh` are their columns."""
    if not fresh:
        return
    first = last_number(tx) + 1
    ids = range(first, first + len(fresh))
    rows = [{"id": id_, "state": "active", "since": now, **one} for id_, one in zip(ids, fresh, strict=True)]
    tx.execute(sa.insert(tables.subscribers), rows)
    evidence = [
        {"subscriber": id_, "act": one.act, "words": one.words, "source": one.source, "at": one.at}
        for id_, one in zip(ids, consents, strict=True)
    ]
    tx.execute(sa.insert(tables.consents), evidence)
    chosen = [{"subscriber": id_, "topic": one} for id_, hers in zip(ids, topics, strict=True) for one in set(hers)]
    if chosen:
        tx.execute(sa.insert(tables.reader_topics), chosen)


def suppress(tx: Tx, suppressions: Mapping[str, Suppression]) -> None:
    """Mailboxes that must not be mailed from now on, by their keys; change the states of their readers first."""
    wants = {key for key, (_, state) in known(tx, list(suppressions)).items() if state in WANTING}
    rows = [suppression_row(one, unmatched=key in wants) for key, one in suppressions.items()]
    upsert_many(tx, tables.suppressions, ["address_hash"], rows)


def _chunks(values: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
