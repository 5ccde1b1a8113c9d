"""The one statement that SQL left to its dialects: insert or, where the key is known, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa


def upsert(tx: sa.Connection, table: sa.Table, key: Sequence[str], values: Mapping[str, Any]) -> None:
    """One row of `table`: made, or its other columns set when `key` is there already."""
    rest = {name: value for name, value in values.items() if name not in key}
    statement = _insert(tx)(table).values(**values)
    if rest:
        tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=rest))
    else:
        tx.execute(statement.on_conflict_do_nothing(index_elements=list(key)))


def _insert(tx: sa.Connection) -> Any:
    """Each dialect has its own, and costs 50 milliseconds to load."""
    if tx.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as of_postgresql

        return of_postgresql
    from sqlalchemy.dialects.sqlite import insert as of_sqlite

    return of_sqlite
