"""The whole state, from a file into PostgreSQL: every row or none, counted on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from pipeline.errors import StoreFault, UserError
from pipeline.plural import many
from pipeline.store import tables
from pipeline.store.open import MOVING, Store, Tx, reason
from pipeline.store.rows import upsert

CHUNK = 2000
ARRIVED = "arrived"
_F = tables.facts.c


class Sum(msgspec.Struct, frozen=True):
    """A table, added up: its rows, its whole numbers, and the length of its texts and pictures."""

    rows: int = 0
    numbers: int = 0
    letters: int = 0


def move(source: Store, target: Store, address: str, say: Callable[[str], None]) -> dict[str, int]:
    """Copy all of `source` to `target`, which `address` names in words; returns the rows of each table.

    From the first moment on the source refuses to be used, so it can be done again after a kill: what is there already
    is only counted again. Raises UserError when the target holds something else, StoreFault when it does not add up;
    then the source is in use again.
    """
    with source.writing() as tx:
        name = _name(tx, source)
        before = tx.execute(sa.select(_F.value).where(_F.name == MOVING)).scalar()
        if before not in (None, address, f"? {address}"):
            raise UserError(f"This state has moved to {before.removeprefix('? ')} already; nothing was done.")
        _mark(tx, f"? {address}")
    try:
        with target.writing() as there, source.reading() as here:
            copied = _copied(here, there, name, say)
    except BaseException as fault:
        with source.writing() as tx:
            _mark(tx, before)
        if isinstance(fault, sa.exc.DBAPIError):
            raise StoreFault(f"A row can't be copied: {reason(fault)}. Nothing was moved.") from None
        raise
    with source.writing() as tx:
        _mark(tx, address)
    return copied


def _name(tx: Tx, store: Store) -> str:
    return store.secret(tx).hex()[:16]


def _mark(tx: Tx, value: str | None) -> None:
    if value is None:
        tx.execute(sa.delete(tables.facts).where(_F.name == MOVING))
        return
    upsert(tx, tables.facts, ["name"], {"name": MOVING, "value": value})


def _copied(here: Tx, there: Tx, name: str, say: Callable[[str], None]) -> dict[str, int]:
    """Every table, in the order in which they refer to each other."""
    before = there.execute(sa.select(_F.value).where(_F.name == ARRIVED)).scalar()
    if before is None:
        _must_be_empty(there)
        there.execute(sa.delete(tables.facts))
    elif before != name:
        raise UserError("There is another newsletter's state already.", next_step="Choose another --name.")
    rows = {}
    for table in tables.metadata.sorted_tables:
        wanted = _copy(here, there, table, write=before is None)
        found = _added_up(there, table)
        if wanted != found:
            words = f"The table {table.name} does not add up: {wanted} here, {found} there."
            raise StoreFault(words, next_step="Nothing was moved.")
        rows[table.name] = wanted.rows
        if wanted.rows > CHUNK:
            say(f"{table.name}: {many(wanted.rows, 'row')}.")
    if before is None:
        for table in tables.metadata.sorted_tables:
            go_on_counting(there, table)
        there.execute(sa.insert(tables.facts).values(name=ARRIVED, value=name))
    return rows


def _must_be_empty(there: Tx) -> None:
    for table in tables.metadata.sorted_tables:
        if table is not tables.facts and there.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise UserError(
                f"There is something in it already (in the table {table.name}); nothing was moved.",
                next_step="Choose another --name, or an empty database.",
            )


def _copy(here: Tx, there: Tx, table: sa.Table, *, write: bool) -> Sum:
    """Rows in chunks, as they are: no document is unpacked and packed again."""
    wanted = Sum()
    raw = sa.table(table.name, *(sa.column(column.name, plain(column)) for column in table.c))
    for chunk in _chunks(here, raw, table):
        if write:
            there.execute(sa.insert(raw), chunk)
        for row in chunk:
            wanted = _plus(wanted, row)
    return wanted


def _chunks(here: Tx, raw: sa.TableClause, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    chosen = sa.select(raw)
    if table is tables.facts:
        chosen = chosen.where(raw.c.name.not_in([MOVING, ARRIVED]))
    for part in here.execute(chosen, execution_options={"yield_per": CHUNK}).partitions():
        yield [dict(row._mapping) for row in part]


def plain(column: sa.Column[Any]) -> Any:
    """The column's type as the database has it, without what the model makes of it."""
    return column.type.impl if isinstance(column.type, sa.types.TypeDecorator) else column.type


def _plus(before: Sum, row: Mapping[str, Any]) -> Sum:
    numbers = sum(int(value) for value in row.values() if isinstance(value, int))
    letters = sum(len(value) for value in row.values() if isinstance(value, str | bytes))
    return Sum(before.rows + 1, before.numbers + numbers, before.letters + letters)


def _added_up(there: Tx, table: sa.Table) -> Sum:
    """The same, asked of the database."""
    numbers, letters = list[Any](), list[Any]()
    for column in table.c:
        match plain(column):
            case sa.String():
                letters.append(sa.func.char_length(sa.type_coerce(column, sa.Text)))
            case sa.LargeBinary():
                letters.append(sa.func.octet_length(column))
            case _:
                numbers.append(sa.cast(column, sa.Integer))
    sums = [sa.func.coalesce(sa.func.sum(sa.cast(part, sa.BigInteger)), 0) for part in (*numbers, *letters)]
    chosen = sa.select(sa.func.count(), *sums).select_from(table)
    if table is tables.facts:
        chosen = chosen.where(_F.name.not_in([MOVING, ARRIVED]))
    count, *parts = (int(value) for value in there.execute(chosen).one())
    return Sum(count, sum(parts[: len(numbers)]), sum(parts[len(numbers) :]))


def go_on_counting(there: Tx, table: sa.Table) -> None:
    """The next row's number follows the greatest that there is."""
    (key, *others) = table.primary_key.columns
    if others or not isinstance(key.type, sa.Integer) or key.foreign_keys:
        return
    sequence = sa.func.pg_get_serial_sequence(table.name, key.name)
    greatest = there.execute(sa.select(sa.func.max(key))).scalar()
    if greatest is not None:
        there.execute(sa.select(sa.func.setval(sequence, greatest)))
