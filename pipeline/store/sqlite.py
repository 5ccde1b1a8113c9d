"""The state in a SQLite file: one machine, one writer at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

import sqlalchemy as sa

from pipeline.errors import Busy

PATIENCE = 10_000
"""Milliseconds to wait for another writer."""


def connect(url: sa.URL, folder: Path, _name: str, _password: str | None) -> SqliteFile:
    """The file that `url` names, relative to `folder`; made when there is none, for its owner alone to read."""
    path = folder / str(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # where it can't be made SQLite will say so
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return SqliteFile(_engine(url.set(database=str(path))), path.with_suffix(".lock"), where=str(url.database))


def nothing_yet(url: sa.URL, folder: Path) -> SqliteFile:
    """The state of a project that has none, in memory: who only looks leaves nothing on the disk."""
    memory = {"mode": "memory", "cache": "shared", "uri": "true"}
    named = url.set(database=f"file:nothing-yet-{token_hex(4)}", query=memory)
    return SqliteFile(_engine(named), (folder / str(url.database)).with_suffix(".lock"), where=str(url.database))


def _engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, poolclass=sa.pool.QueuePool, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def set_aside(url: str, folder: Path, mark: str) -> list[Path]:
    """Rename a damaged file and what belongs to it, so that a new one can take its place; returns the new names."""
    path = folder / str(sa.make_url(url).database)
    moved = []
    for suffix in ("-wal", "-shm", ""):
        old = path.with_name(path.name + suffix)
        if old.exists():
            moved.append(old.rename(path.with_name(f"{path.name}.damaged-{mark}{suffix}")))
    return moved


class SqliteFile:
    """One file, and beside it another that is locked while a run is at work."""

    def __init__(self, engine: sa.Engine, lock: Path, where: str) -> None:
        self.engine = engine
        self._lock = lock
        self.where = where
        self.me = f"process {os.getpid()}"

    def reader(self) -> sa.Connection:
        return self.engine.connect().execution_options(begin="BEGIN")

    def writer(self) -> sa.Connection:
        return self.engine.connect().execution_options(begin="BEGIN IMMEDIATE")

    def may_make(self, tx: sa.Connection) -> None:
        """Who may write to the file may make tables in it."""

    def make(self, tx: sa.Connection) -> None:
        """The file is there."""

    def take_turn(self, tx: sa.Connection, *, beside: bool) -> None:
        """BEGIN IMMEDIATE has waited already."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The kernel lets go of the lock when its holder dies."""
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

    @contextmanager
    def at_work(self) -> Iterator[str]:
        yield self.me

    def alive(self, tx: sa.Connection, name: str) -> bool:  # noqa: ARG002
        """Never: who asks holds the lock, so nobody else is at work."""
        return False

    def close(self) -> None:
        self.engine.dispose()


def _prepare(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: DDL must be in it too
    cursor = connection.cursor()
    # FULL: an answered "accepted" must survive a power cut, else the same mail would go out again.
    for pragma in (f"busy_timeout={PATIENCE}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
