"""Every row of the state as lines of JSON, and back again: the same from and into either kind of database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa

from pipeline.errors import UserError
from pipeline.model import graver
from pipeline.store import migrations, tables
from pipeline.store.moving import ARRIVED, CHUNK, go_on_counting, plain
from pipeline.store.open import MOVING, RESTORING, Store, Tx
from pipeline.store.rows import upsert_many

_F = tables.facts.c
_BYTES = "base64"


def revision(tx: Tx) -> str:
    """The step of the tables' history that a dump belongs to."""
    return migrations.current(tx) or ""


def names() -> list[str]:
    """The tables, in the order in which they refer to each other."""
    return [table.name for table in tables.metadata.sorted_tables]


def rows(tx: Tx, name: str) -> Iterator[bytes]:
    """A table: its columns on the first line, a row on each other one."""
    table = tables.metadata.tables[name]
    columns = [column.name for column in table.c]
    yield _line(columns)
    chosen = sa.select(sa.table(name, *(sa.column(column.name, plain(column)) for column in table.c)))
    if table is tables.facts:
        chosen = chosen.where(sa.column("name").not_in([MOVING, RESTORING, ARRIVED]))
    for part in tx.execute(chosen, execution_options={"yield_per": CHUNK}).partitions():
        for row in part:
            yield _line([_packed(value) for value in row])


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _packed(value: Any) -> Any:
    return {_BYTES: base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _unpacked(value: Any) -> Any:
    return base64.b64decode(value[_BYTES], validate=True) if isinstance(value, dict) else value


def is_used(tx: Tx) -> bool:
    """Whether the state knows of anything: a source, a post, a reader."""
    noted = (tables.facts, tables.metadata.tables["runs"])
    every = [table for table in tables.metadata.sorted_tables if table not in noted]
    return any(tx.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() for table in every)


def replace(tx: Tx, store: Store, step: str, dumped: Iterable[tuple[str, Iterable[bytes]]]) -> dict[str, int]:
    """Put a dump in the place of all there is, and bring it up to date; returns the rows of each table.

    `step` is the revision it belongs to, which may be an earlier release's. All of it happens in the caller's
    transaction. Raises UserError for a dump that does not fit its revision, PaperroundError for a newer program's.
    """
    tables.metadata.drop_all(tx)
    tx.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    store.make(tx)
    migrations.upgrade(tx, step)
    count = {name: _filled(tx, name, iter(lines)) for name, lines in dumped}
    migrations.upgrade(tx)
    if tx.dialect.name == "postgresql":
        for table in tables.metadata.sorted_tables:
            go_on_counting(tx, table)
    return count


def _filled(tx: Tx, name: str, lines: Iterator[bytes]) -> int:
    there = {column["name"]: column["type"] for column in _columns(tx, name)}
    try:
        columns = json.loads(next(lines))
        if not set(columns) <= there.keys():
            raise UserError(f"The backup's table {name} has columns that this Paperround does not know.")
        table = sa.table(name, *(sa.column(column, there[column]) for column in columns))
        count = 0
        while part := list(islice(lines, CHUNK)):
            values = [dict(zip(columns, map(_unpacked, json.loads(line)), strict=True)) for line in part]
            tx.execute(sa.insert(table), values)
            count += len(values)
    except (ValueError, TypeError, KeyError, StopIteration, sa.exc.DataError, sa.exc.IntegrityError) as fault:
        raise UserError(f"The backup's table {name} does not fit ({type(fault).__name__}).") from None
    return count


def _columns(tx: Tx, name: str) -> list[Any]:
    """A dump of a newer or foreign program names tables that we do not know."""
    if name not in tables.metadata.tables or not sa.inspect(tx).has_table(name):
        raise UserError(f"The backup has a table {name!r}, which this Paperround does not know.")
    return list(sa.inspect(tx).get_columns(name))


def kept_out(tx: Tx) -> list[dict[str, Any]]:
    """Who must not be mailed, and who has left: what a restore may not forget. Rows of `suppressions`, by address."""
    return [dict(row._mapping) for row in tx.execute(sa.select(tables.suppressions))]


def salt(tx: Tx) -> str:
    """By which addresses are hashed."""
    value: str = tx.execute(sa.select(_F.value).where(_F.name == "salt")).scalar_one()
    return value


def keep_out(tx: Tx, wanted: list[dict[str, Any]]) -> int:
    """Suppress who was suppressed in the state that was there before; returns how many were not so in the backup.

    Of two reasons the graver one is kept: who had bounced when it was made may have left or complained since.
    """
    columns = tables.suppressions.c
    known = {row[0]: row[1] for row in tx.execute(sa.select(columns.address_hash, columns.reason))}
    fresh = [{**row, "unmatched": True} for row in wanted if graver(row["reason"], known.get(row["address_hash"]))]
    upsert_many(tx, tables.suppressions, ["address_hash"], fresh)
    return sum(row["address_hash"] not in known for row in fresh)


def begin(tx: Tx) -> None:
    """Note that files are still to follow: until `end` nothing but another restore uses the state."""
    tx.execute(sa.insert(tables.facts).values(name=RESTORING, value=""))


def end(tx: Tx) -> None:
    """All of it is there."""
    tx.execute(sa.delete(tables.facts).where(_F.name == RESTORING))
