"""Two things that SQL makes harder than they are: insert or update, and a long list of keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa


def among(
    tx: sa.Connection, asked: sa.Table | sa.Select[Any], column: sa.ColumnElement[Any], keys: Iterable[Any]
) -> Iterator[sa.Row[Any]]:
    """The rows whose `column` is one of `keys`, however many: a statement takes only so many values."""
    chosen = asked.select() if isinstance(asked, sa.Table) else asked
    for some in in_parts(keys):
        yield from tx.execute(chosen.where(column.in_(some)))


def in_parts(keys: Iterable[Any]) -> Iterator[list[Any]]:
    """The same keys, as many at a time as one statement should take."""
    every = list(keys)
    for at in range(0, len(every), 500):
        yield every[at : at + 500]


def bare(found: sa.CursorResult[Any]) -> Sequence[tuple[Any, ...]]:
    """All rows as the database's own tuples, where there are so many that SQLAlchemy's would cost as much again.

    For columns of whole numbers and text only: nothing is made of their values.
    """
    assert found.cursor
    rows = found.cursor.fetchall()
    found.close()
    return rows


def upsert(tx: sa.Connection, table: sa.Table, key: Sequence[str], values: Mapping[str, Any]) -> None:
    """One row of `table`: made, or its other columns set when `key` is there already."""
    tx.execute(_statement(tx.dialect.name, table, tuple(key), tuple(values)), dict(values))


def upsert_many(tx: sa.Connection, table: sa.Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Many rows of `table`, all with the same columns; of two with the same `key` the last counts."""
    if rows:
        tx.execute(_statement(tx.dialect.name, table, tuple(key), tuple(rows[0])), [dict(row) for row in rows])


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
