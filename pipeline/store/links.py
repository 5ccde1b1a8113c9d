"""Whether addresses lead somewhere. Written by the links room."""

from __future__ import annotations

from collections.abc import Iterable

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
