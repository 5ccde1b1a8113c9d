"""The state in PostgreSQL: many machines, a schema for each newsletter.

Whoever writes takes an advisory lock of the newsletter first, so that a block that looks and then writes is as safe as
under SQLite's BEGIN IMMEDIATE, and never fails for another's sake when a provider's answer has to be written down.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipeline import whereabouts
from pipeline.errors import Busy, StoreShut, UserError
from pipeline.store.open import reason

if TYPE_CHECKING:
    import psycopg

PATIENCE = 3.0
"""Seconds to wait for the lock of a run."""

LONGEST_LOCK = 300.0
"""Seconds to wait for another's turn or for a table that an administrator holds."""

_CONNECTIONS: dict[str, Any] = {
    "pool_size": 8,
    "max_overflow": 56,
    "pool_pre_ping": True,
    "pool_recycle": 1800,
    "use_native_hstore": False,
}
# A machine that lost its power, or the way here, is found out in a minute, so that its locks are free again. Probes
# would take two hours without this; and while something is under way that nobody acknowledges there are none, and the
# system tries for a quarter of an hour.
_ALIVE = {
    "keepalives": "1",
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "4",
    "tcp_user_timeout": "60000",
    "connect_timeout": "10",
}
_SERVER_TOO = (
    "SET tcp_keepalives_idle = 20",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 4",
    "SET tcp_user_timeout = 60000",
    "SET idle_in_transaction_session_timeout = '15min'",
    # An answered "accepted" must survive a power cut, else the same mail would go out again.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)


def connect(url: sa.URL, name: str, password: str | None) -> Postgres:
    """The database that `url` names; nothing is asked of it yet. Raises UserError without psycopg or for a bad name."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise UserError(
            "[store] url names PostgreSQL, and what speaks to it is not installed.",
            where="sources/newsletter.toml",
            next_step="`pip install 'paperround[postgres]'`",
        ) from None
    if not re.fullmatch(whereabouts.NAME, name):
        raise UserError(
            f"[store] name can't be {name!r}: small letters, digits and _ are allowed, a letter first, 40 at most, and "
            "nothing that PostgreSQL or the workers' queue is called.",
            where="sources/newsletter.toml",
        )
    whole = url.set(drivername="postgresql+psycopg", password=password or url.password, query={**_ALIVE, **url.query})
    me = f"{socket.gethostname()[:30]} process {os.getpid()}"
    named = {"application_name": f"paperround {me}"}
    engine = sa.create_engine(whole, connect_args=named, hide_parameters=True, **_CONNECTIONS)
    sa.event.listen(engine, "connect", lambda connection, _record: _prepare(connection, name))
    where = f"{url.host or 'localhost'}/{url.database}, newsletter {name}"
    return Postgres(engine, name, where=where, me=f"{me} {secrets.token_hex(4)}")


class Postgres:
    """One newsletter's schema in one database."""

    def __init__(self, engine: sa.Engine, name: str, *, where: str, me: str) -> None:
        self.engine = engine
        self.where = where
        self._name = name
        self.me = f"{me}/"
        self._count = count()
        self._working: set[str] = set()
        self._presence: sa.Connection | None = None
        self._guard = Lock()
        self._proved = False

    def reader(self) -> sa.Connection:
        return self._connected().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def writer(self) -> sa.Connection:
        """READ COMMITTED: what is read after the turn was taken is what those before left behind."""
        return self._connected().execution_options(isolation_level="READ COMMITTED")

    def may_make(self, tx: sa.Connection) -> None:
        """See that this user may make tables in the newsletter's schema, or that schema."""
        name, user = self._name, tx.exec_driver_sql("SELECT quote_ident(current_user)").scalar()
        if self._is_made(tx):
            right = sa.and_(*(sa.func.has_schema_privilege(name, one) for one in ("USAGE", "CREATE")))
            lack = f"This user may not make tables in the database's schema {name}."
            order = f"GRANT USAGE, CREATE ON SCHEMA {name} TO {user};"
        else:
            right = sa.func.has_database_privilege(sa.func.current_database(), "CREATE")
            lack = f"The database has no schema {name}, and this user may not make one."
            order = f"CREATE SCHEMA {name} AUTHORIZATION {user};"
        if not tx.execute(sa.select(right)).scalar():
            raise StoreShut(lack, where=self.where, next_step=f"Let its owner say: {order}")

    def make(self, tx: sa.Connection) -> None:
        """The newsletter's schema; one that is there, whoever made it, stays as it is."""
        self.may_make(tx)
        if not self._is_made(tx):
            tx.exec_driver_sql(f"CREATE SCHEMA {self._name}")

    def _is_made(self, tx: sa.Connection) -> bool:
        there = sa.text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
        return tx.execute(there, {"name": self._name}).first() is not None

    def take_turn(self, tx: sa.Connection, *, beside: bool) -> None:
        turn = sa.func.pg_advisory_xact_lock_shared if beside else sa.func.pg_advisory_xact_lock
        tx.execute(sa.select(turn(_key("write", self._name))))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The server lets go of the lock when the connection of its holder ends."""
        with self._session() as session:
            if not self._taken(session):
                raise Busy(
                    f"Another run is at work in this newsletter ({_holder(session, _key('run', self._name))}); "
                    "nothing was done.",
                    next_step="It will finish by itself.",
                )
            try:
                yield
            finally:
                _let_go(session)

    def _taken(self, session: sa.Connection) -> bool:
        """A worker's look at the newsletter is over in a moment, so a person need not hear of it."""
        until = monotonic() + PATIENCE
        while not session.execute(sa.select(sa.func.pg_try_advisory_lock(_key("run", self._name)))).scalar():
            if monotonic() >= until:
                return False
            sleep(0.05)
        return True

    @contextmanager
    def at_work(self) -> Iterator[str]:
        """A lock by that name, held in a session that all blocks of this process share."""
        with self._guard:
            name = f"{self.me}{next(self._count)}"
            self._show(name)
            self._working.add(name)
        try:
            yield name
        finally:
            with self._guard:
                self._working.discard(name)
                self._hide(name)

    def _show(self, name: str) -> None:
        """Take the lock; when the session was cut, those of all other blocks too, in a new one."""
        if self._presence is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                _hold(self._presence, name)
                return
        self._forget_presence()
        self._presence = self._session()
        for one in (*self._working, name):
            _hold(self._presence, one)

    def _hide(self, name: str) -> None:
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            if self._presence is not None:
                self._presence.execute(sa.select(sa.func.pg_advisory_unlock(_key("alive", name))))

    def _forget_presence(self) -> None:
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            if self._presence is not None:
                self._presence.invalidate()
                self._presence.close()
        self._presence = None

    def alive(self, tx: sa.Connection, name: str) -> bool:
        return name in self._working or _holder(tx, _key("alive", name)) is not None

    def close(self) -> None:
        with self._guard:
            self._forget_presence()
        self.engine.dispose()

    def _session(self) -> sa.Connection:
        """A connection for locks that outlive transactions."""
        return self._connected().execution_options(isolation_level="AUTOCOMMIT")

    def _connected(self) -> sa.Connection:
        try:
            session = self.engine.connect()
            if not self._proved:
                self._proved = True
                self._prove(session)
        except sa.exc.OperationalError as fault:
            raise StoreShut(
                f"The database can't be reached: {reason(fault)}.",
                where=self.where,
                next_step="See that its address and PAPERROUND_STORE_PASSWORD are right and that the server is up.",
                cut=True,
            ) from None
        else:
            return session

    def _prove(self, session: sa.Connection) -> None:
        """Raises StoreShut where a pooler gives each transaction another session, as locks last in one session only.

        A pooler tells a number of its own in place of the session's, and hands out first what it got back last.
        """
        first, raw = _number(session), session.connection.driver_connection
        if raw is None or first == raw.info.backend_pid:
            return
        with self.engine.connect() as other, other.begin():
            other.exec_driver_sql("SELECT 1")
            last = _number(session)
        if first != last:
            session.close()
            raise StoreShut(
                "What stands between here and the database, a pooler, gives each transaction another session, and "
                "locks would not last; nothing was done.",
                where=self.where,
                next_step="Name the database itself in [store] url, or let the pooler keep sessions (PgBouncer: "
                "pool_mode = session; others have another port for that).",
            )


def _number(session: sa.Connection) -> int:
    with session.begin():
        return int(session.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def begun_in(schema: str) -> str:
    """What a session that works in `schema` says first: all in one piece, as the server may be far away."""
    mine = (f"SET search_path = {schema}", f"SET lock_timeout = '{LONGEST_LOCK:g}s'")
    return "; ".join((*mine, *_SERVER_TOO))


def _prepare(connection: Any, name: str) -> None:
    connection.adapters.register_dumper(str, _dumper())
    connection.autocommit = True
    connection.execute(begun_in(name))
    connection.autocommit = False


def _dumper() -> type[psycopg.abc.Dumper]:
    """PostgreSQL's text holds no NUL; a page on the web may."""
    from psycopg.types.string import StrDumper

    class WithoutNul(StrDumper):
        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)

    return WithoutNul


def _key(*words: str) -> int:
    """An advisory lock's number, of 64 bits with sign."""
    return int.from_bytes(hashlib.sha256("/".join(words).encode()).digest()[:8], "big", signed=True)


def _holder(session: sa.Connection, key: int) -> str | None:
    """Who holds an advisory lock: the name that its session gave itself; None when nobody does."""
    found = sa.text(
        "SELECT coalesce(nullif(activity.application_name, ''), 'unknown') FROM pg_locks AS held"
        " LEFT JOIN pg_stat_activity AS activity ON activity.pid = held.pid"
        " WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1"
        " AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND held.classid = :high AND held.objid = :low LIMIT 1"
    )
    unsigned = key & (1 << 64) - 1
    row = session.execute(found, {"high": unsigned >> 32, "low": unsigned & 0xFFFFFFFF}).first()
    return None if row is None else str(row[0]).removeprefix("paperround ")


def _hold(session: sa.Connection, name: str) -> None:
    session.execute(sa.select(sa.func.pg_advisory_lock(_key("alive", name))))


def _let_go(session: sa.Connection) -> None:
    """A session goes back to the pool without its locks; one that was cut has none any more."""
    with contextlib.suppress(sa.exc.SQLAlchemyError):
        session.exec_driver_sql("SELECT pg_advisory_unlock_all()")
