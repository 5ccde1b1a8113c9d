"""The one statement that SQL left to its dialects: insert or, where the key is known, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def upsert(tx: sa.Connection, table: sa.Table, key: Sequence[str], values: Mapping[str, Any]) -> None:
    """One row of `table`: made, or its other columns set when `key` is there already."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    rest = {name: value for name, value in values.items() if name not in key}
    statement = insert(table).values(**values)
    if rest:
        tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=rest))
    else:
        tx.execute(statement.on_conflict_do_nothing(index_elements=list(key)))
