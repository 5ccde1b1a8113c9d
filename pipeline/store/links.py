"""Whether addresses lead somewhere. Written by the links room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from pipeline.model import Check
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import among, upsert


def of(tx: Tx, urls: Iterable[str]) -> dict[str, Check]:
    """What is known of addresses, those that were asked alone."""
    return {row.url: Check(**row._mapping) for row in among(tx, tables.links, tables.links.c.url, urls)}


def record(tx: Tx, check: Check) -> None:
    """Keep whether an address leads somewhere."""
    values = {"url": check.url, "asked": check.asked, "verdict": check.verdict, "words": check.words}
    upsert(tx, tables.links, ["url"], values)


def has_older(tx: Tx, before: datetime) -> bool:
    """Whether an address was last asked before then."""
    old = tables.links.c.asked < before
    return tx.execute(sa.select(tables.links.c.url).where(old).limit(1)).first() is not None


def clear(tx: Tx, before: datetime) -> None:
    """Addresses last asked before then are forgotten."""
    tx.execute(sa.delete(tables.links).where(tables.links.c.asked < before))
