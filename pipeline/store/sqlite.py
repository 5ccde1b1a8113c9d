"""The state in a SQLite file: one machine, one writer at a time."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from secrets import token_hex

import sqlalchemy as sa

from pipeline import files
from pipeline.errors import Busy, StoreFault
from pipeline.store.tables import damaged

PATIENCE = 10_000
"""Milliseconds to wait for another writer."""
DURABLE = ("synchronous=FULL", "fullfsync=ON", "checkpoint_fullfsync=ON")
"""An answered "accepted" must survive a power cut, else the same mail would go out again."""


def connect(url: sa.URL, path: Path) -> SqliteFile:
    """The file that `url` names, which lies at `path`; made when there is none, for its owner alone to read.

    Raises StoreFault where nothing can be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        _insist_on_room_beside(path)
    except OSError as fault:
        looks = " Commands that only look, as `status` and `plan`, still do." if os.access(path, os.R_OK) else ""
        raise _told(f"The state can't be written: {fault.strerror}.", fault, url, looks) from None
    return _file(url.set(database=str(path)), path, str(url.database))


def to_look(url: sa.URL, path: Path) -> SqliteFile:
    """The same for who only looks: nothing is made, and nothing need be writable.

    Where there is no state yet, an empty one in memory stands for it. Raises StoreFault where there is nothing to read.
    """
    try:
        if not path.exists():
            return nothing_yet(path, where=str(url.database))
        path.open("rb").close()
    except OSError as fault:
        raise _told(f"The state can't be read: {fault.strerror}.", fault, url) from None
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return connect(url, path)
    # SQLite wants to make files beside a state even to read it, unless it is told that nobody else is at it.
    log = path.with_name(f"{path.name}-wal")
    alone = {} if log.exists() and log.stat().st_size else {"immutable": "1"}
    if not alone and not path.with_name(f"{path.name}-shm").exists():
        raise StoreFault(
            f"What was written last lies in {log.name} beside the state, and its -shm is gone: SQLite can put it in "
            "its place only where it may write.",
            where=str(url.database),
            next_step="Say it once as somebody who may write there, or copy both files to where you may write.",
        )
    return _file(url.set(database=path.as_uri(), query={"mode": "ro", "uri": "true"} | alone), path, str(url.database))


def nothing_yet(path: Path, *, where: str) -> SqliteFile:
    """An empty state in memory, for one that is not made yet."""
    memory = {"mode": "memory", "cache": "shared", "uri": "true"}
    url = sa.URL.create("sqlite", database=f"file:nothing-yet-{token_hex(4)}", query=memory)
    return _file(url, path, where)


def _insist_on_room_beside(path: Path) -> None:
    """SQLite makes files beside the state. Raises OSError where it may not."""
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _told(words: str, fault: OSError, url: sa.URL, more: str = "") -> StoreFault:
    step = "See that the disk may be written to, and has room."
    if isinstance(fault, PermissionError):
        step = "Say it as the user to whom the folder belongs, or give the folder to yours."
    return StoreFault(words, where=str(url.database), next_step=f"{step}{more}")


def _file(url: sa.URL, path: Path, where: str) -> SqliteFile:
    engine = sa.create_engine(url, poolclass=sa.pool.QueuePool, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "checkout", partial(_same_file, path))
    sa.event.listen(engine, "begin", _begin)
    return SqliteFile(engine, path.with_suffix(".lock"), where=where)


def set_aside(path: Path, mark: str) -> list[Path]:
    """Rename a damaged file and what belongs to it, so that a new one can take its place; returns the new names."""
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
        self.me = f"process {os.getpid()} {token_hex(4)}"  # in a container each process has the same number

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
    try:
        for pragma in (f"busy_timeout={PATIENCE}", "journal_mode=WAL", *DURABLE, "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
    except UnicodeDecodeError:  # what SQLite says of damaged tables is no text
        raise damaged("what its tables are") from None
    cursor.close()


def _same_file(path: Path, _connection: object, record: sa.pool.ConnectionPoolEntry, _proxy: object) -> None:
    """What is written to a file that lies there no more, as it was put aside for another, would be lost."""
    found = files.identity(path)
    if record.info.setdefault("file", found) != found:
        raise sa.exc.DisconnectionError  # the pool connects anew


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
