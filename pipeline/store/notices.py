"""What the author was told, and when she is told again. Written by notices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import in_parts, upsert

_T = tables.notices.c


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was to be said; `tries` counts those since it last arrived."""

    words: str
    said: datetime | None
    next_at: datetime
    tries: int


def every(tx: Tx) -> dict[str, Notice]:
    """All that are remembered, by key."""
    rows = tx.execute(sa.select(tables.notices))
    return {row.key: Notice(words=row.words, said=row.said, next_at=row.next_at, tries=row.tries) for row in rows}


def tried(tx: Tx, key: str, words: str, next_at: datetime, tries: int) -> None:
    """It is about to be said; if nobody tells that it arrived, it is said again at `next_at`."""
    upsert(tx, tables.notices, ["key"], {"key": key, "words": words, "next_at": next_at, "tries": tries})


def said(tx: Tx, keys: Iterable[str], now: datetime, again: datetime) -> None:
    """These have arrived."""
    for part in in_parts(keys):
        tx.execute(sa.update(tables.notices).where(_T.key.in_(part)).values(said=now, next_at=again, tries=0))


def forget(tx: Tx, keys: Iterable[str]) -> None:
    """These are over."""
    for part in in_parts(keys):
        tx.execute(sa.delete(tables.notices).where(_T.key.in_(part)))
