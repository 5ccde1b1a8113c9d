"""How the sources have been doing. Written by the pull room."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from msgspec.structs import asdict

from pipeline.model import Health, SourceName, Validators
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert_many


def health(tx: Tx, name: SourceName) -> Health | None:
    """What is known of a source, None before the first contact."""
    row = tx.execute(sa.select(tables.sources).where(tables.sources.c.name == name)).first()
    return None if row is None else _health(row)


def all_health(tx: Tx) -> dict[SourceName, Health]:
    """Every source ever contacted, by name."""
    return {row.name: _health(row) for row in tx.execute(sa.select(tables.sources))}


def record(tx: Tx, seen: Iterable[Health]) -> None:
    """Keep what visits showed."""
    upsert_many(tx, tables.sources, ["name"], [_values(health) for health in seen])


def _values(health: Health) -> dict[str, Any]:
    values = asdict(health)
    del values["validators"]
    return values | asdict(health.validators)


def _health(row: sa.Row[tuple[object, ...]]) -> Health:
    values = dict(row._mapping)
    validators = Validators(etag=values.pop("etag"), last_modified=values.pop("last_modified"))
    return Health(validators=validators, **values)
