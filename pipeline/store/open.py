"""From an address to a store that is migrated, durable and locked by one run at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from pipeline.errors import Busy, PaperroundError, UserError
from pipeline.store import migrations, tables

Tx = sa.Connection
"""A transaction; rooms hand it to the store's queries and never look inside."""


class Store:
    """The project's state: transactions, and the lock that one run at a time holds."""

    def __init__(self, engine: sa.Engine, lock: Path) -> None:
        self._engine = engine
        self._lock = lock

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A transaction that sees one moment of the state and writes nothing."""
        with self._engine.connect().execution_options(begin="BEGIN") as tx, tx.begin():
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """A transaction that is durable on disk when the block ends, or never was."""
        with self._engine.connect().execution_options(begin="BEGIN IMMEDIATE") as tx, tx.begin():
            yield tx

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the project for one run; the kernel lets go of it when the holder dies. Raises Busy."""
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
                raise Busy(
                    f"Another run is at work in this project (process {holder}); nothing was done.",
                    next_step="It will finish by itself.",
                ) from None
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(handle)

    def secret(self, tx: Tx) -> bytes:
        """The project's own random salt, made with the database and never shown."""
        value = tx.execute(sa.select(tables.facts.c.value).where(tables.facts.c.name == "salt")).scalar_one()
        return bytes.fromhex(value)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def open_store(url: str, folder: Path) -> Store:
    """The store at `url`, relative to the project's `folder`; made or migrated first when need be.

    Raises UserError for an address that is none of ours, PaperroundError when the database can't be used.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise UserError(
            f"[store] url can't be {url!r}: this release keeps its state in a SQLite file.",
            where="sources/newsletter.toml",
            next_step='Use "sqlite:///outbox/paperround.sqlite3".',
        )
    path = folder / parsed.database
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(parsed.set(database=str(path)), poolclass=sa.pool.QueuePool, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    store = Store(engine, path.with_suffix(".lock"))
    try:
        _bring_up_to_date(store)
    except sa.exc.DatabaseError as fault:
        raise PaperroundError(
            f"The state can't be used: {fault.orig}.",
            where=str(parsed.database),
            next_step="Nothing was sent or changed. See docs/operations.md, 'When the state is damaged'.",
        ) from None
    return store


def _parse(url: str) -> sa.URL:
    try:
        return sa.make_url(url)
    except sa.exc.ArgumentError:
        raise UserError(f"[store] url can't be {url!r}.", where="sources/newsletter.toml") from None


def _prepare(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: DDL must be in it too
    cursor = connection.cursor()
    # FULL: an answered "accepted" must survive a power cut, else the same mail would go out again.
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _bring_up_to_date(store: Store) -> None:
    with store.reading() as tx:
        if migrations.current(tx) == migrations.HEAD:
            return
    with store.writing() as tx:
        migrations.upgrade(tx)
        if tx.execute(sa.select(tables.facts.c.value).where(tables.facts.c.name == "salt")).first() is None:
            tx.execute(sa.insert(tables.facts).values(name="salt", value=secrets.token_hex(32)))
