"""What the last runs did. Written by run.py, for the author to look back."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from msgspec.structs import asdict

from pipeline.model import Run
from pipeline.store import tables
from pipeline.store.open import Tx

_T = tables.runs.c
_RUNS = sa.select(*(column for column in tables.runs.c if column.name != "id"))
KEPT = 1000
"""Ten days of a run each quarter of an hour."""


def keep(tx: Tx, run: Run) -> None:
    """Keep the account of a run; the oldest of too many goes."""
    made = tx.execute(sa.insert(tables.runs).values(**asdict(run)).returning(_T.id)).scalar_one()
    tx.execute(sa.delete(tables.runs).where(_T.id <= made - KEPT))


def begun(tx: Tx) -> datetime | None:
    """When the oldest run that is kept began."""
    return tx.execute(sa.select(_T.began).order_by(_T.id).limit(1)).scalar()


def last(tx: Tx, limit: int) -> list[Run]:
    """The newest runs, newest first."""
    return [_run(row) for row in tx.execute(_RUNS.order_by(_T.id.desc()).limit(limit))]


def failing(tx: Tx) -> list[Run]:
    """The newest runs if they met a fault of ours or of a setting, newest first: twenty, and the first of them all."""
    well = sa.select(sa.func.coalesce(sa.func.max(_T.id), 0)).where(_T.code.not_in((1, 2))).scalar_subquery()
    since = _RUNS.where(_T.id > well)
    rows = [*tx.execute(since.order_by(_T.id.desc()).limit(20)), *tx.execute(since.order_by(_T.id).limit(1))]
    return [_run(row) for row in rows]


def _run(row: sa.Row[tuple[object, ...]]) -> Run:
    return Run(**row._mapping)
