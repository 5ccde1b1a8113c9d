"""The one statement that SQL left to its dialects: insert or, where the key is known, update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa


def upsert(tx: sa.Connection, table: sa.Table, key: Sequence[str], values: Mapping[str, Any]) -> None:
    """One row of `table`: made, or its other columns set when `key` is there already."""
    tx.execute(_statement(tx.dialect.name, table, tuple(key), tuple(values)), dict(values))


@lru_cache(maxsize=64)
def _statement(dialect: str, table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    """Built once: to put a statement together costs more than to run it, and a dialect 50 milliseconds to load."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as of_postgresql

        return _or_update(of_postgresql(table), key, names)
    from sqlalchemy.dialects.sqlite import insert as of_sqlite

    return _or_update(of_sqlite(table), key, names)


def _or_update(insert: Any, key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    rest = {name: insert.excluded[name] for name in names if name not in key}
    if rest:
        return insert.on_conflict_do_update(index_elements=list(key), set_=rest)
    return insert.on_conflict_do_nothing(index_elements=list(key))
