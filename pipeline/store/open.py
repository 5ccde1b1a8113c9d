"""From an address to a store that is migrated, durable and locked by one run at a time."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from importlib import import_module
from itertools import chain, repeat
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol, TypeVar

import sqlalchemy as sa

from pipeline import whereabouts
from pipeline.errors import StoreFault, StoreShut, UserError
from pipeline.store import migrations, tables
from pipeline.store.rows import upsert

Tx = sa.Connection
"""A transaction; rooms hand it to the store's queries and never look inside."""

T = TypeVar("T")

MOVING = "moved"
"""The fact that says where a state has moved to; with "? " before it until it is all there."""

RESTORING = "restoring"
"""The fact that says that a backup was put back but for its files."""

LONGEST_CUT = 600.0
"""Seconds that a database may be away before an answer that was heard is given up as not written down."""


_SALT = sa.select(tables.facts.c.value).where(tables.facts.c.name == "salt")


class Database(Protocol):
    """What a kind of database does in its own way."""

    engine: sa.Engine
    where: str
    """The database in a few words, without its password."""
    me: str
    """A name for this process that no other has."""

    def reader(self) -> sa.Connection:
        """A connection whose next transaction sees one moment of the state."""

    def writer(self) -> sa.Connection:
        """A connection whose next transaction writes."""

    def may_make(self, tx: Tx) -> None:
        """Nothing is in the way of making the tables. Raises StoreShut."""

    def make(self, tx: Tx) -> None:
        """What must be there before the tables. Raises StoreShut."""

    def take_turn(self, tx: Tx, *, beside: bool) -> None:
        """Wait until nobody else writes in this newsletter; with `beside`, until nobody does who writes alone."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the newsletter for one run. Raises Busy."""

    def at_work(self) -> AbstractContextManager[str]:
        """A name that `alive` knows until the block ends or this process dies."""

    def alive(self, tx: Tx, name: str) -> bool:
        """Whether the block that got that name is still at it."""

    def close(self) -> None:
        """Let go of every connection."""


class Store:
    """The project's state: transactions, and the lock that one run at a time holds.

    What goes wrong with the database itself is a StoreFault, in words.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def shared(self) -> bool:
        """Whether several machines may work on it at once."""
        return self._database.engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A transaction that sees one moment of the state and writes nothing."""
        with _in_words(self._database.where), self._database.reader() as tx, tx.begin():
            yield tx

    @contextmanager
    def writing(self) -> Iterator[Tx]:
        """A transaction that is durable on disk when the block ends, or never was; no other one runs meanwhile."""
        with self._writing(beside=False) as tx:
            yield tx

    @contextmanager
    def writing_beside(self) -> Iterator[Tx]:
        """The same for rows that nobody but this block touches: other such blocks may run meanwhile."""
        with self._writing(beside=True) as tx:
            yield tx

    def written(self, deed: Callable[[Tx], T], *, beside: bool = False) -> T:
        """What `deed` returns, once it is written down: after a cut line it is done again, for ten minutes.

        The line may have been cut just after the end of the block, so `deed` must know its own traces.
        """
        until = monotonic() + LONGEST_CUT
        for pause in chain((0.1, 0.3, 1.0), repeat(3.0)):
            try:
                with self._writing(beside=beside) as tx:
                    return deed(tx)
            except StoreFault as fault:
                if not fault.cut or monotonic() > until:
                    raise
            sleep(pause)
        raise AssertionError

    @contextmanager
    def _writing(self, *, beside: bool) -> Iterator[Tx]:
        with _in_words(self._database.where), self._database.writer() as tx, tx.begin():
            self._database.take_turn(tx, beside=beside)
            yield tx

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the project for one run; who dies lets go of it. Raises Busy."""
        with ExitStack() as held:
            with _in_words(self._database.where):
                held.enter_context(self._database.locked())
            yield

    def present(self) -> str:
        """A name for this process, with which every name that `at_work` gives begins."""
        return self._database.me

    @contextmanager
    def at_work(self) -> Iterator[str]:
        """A name to claim work by: until the block ends, or this process dies, `alive` knows it."""
        with ExitStack() as held:
            with _in_words(self._database.where):
                name = held.enter_context(self._database.at_work())
            yield name

    def alive(self, tx: Tx, name: str | None) -> bool:
        """Whether whoever claimed work by that name may still be at it."""
        return name is not None and self._database.alive(tx, name)

    def may_make(self, tx: Tx) -> None:
        """Nothing is in the way of making the tables. Raises StoreShut."""
        self._database.may_make(tx)

    def make(self, tx: Tx) -> None:
        """What the database needs before its first table. Raises StoreShut."""
        self._database.make(tx)

    def belong_to(self, title: str, url: str, *, looks: bool = False) -> None:
        """Note whose state this is; who only `looks` leaves no note.

        Raises UserError when it is another's: title and address both differ from those of the last time.
        """
        with self.reading() as tx:
            known = self.insist_on(tx, title, url)
        if known != f"{title}\n{url}" and not looks:
            with self.writing() as tx:
                upsert(tx, tables.facts, ["name"], {"name": "newsletter", "value": f"{title}\n{url}"})

    def insist_on(self, tx: Tx, title: str, url: str) -> str | None:
        """Whose state this was known to be, as `belong_to` wrote it down. Raises UserError as that does."""
        fact = tables.facts.c
        known: str | None = tx.execute(sa.select(fact.value).where(fact.name == "newsletter")).scalar()
        if known is not None and title not in known.split("\n") and url not in known.split("\n"):
            new = (
                "Give this one a `name` of its own in [store]"
                if self.shared
                else "If its folder was copied to begin this one, move outbox/ out of the way: the other's readers and "
                "issues are in there"
            )
            raise UserError(
                f"This place holds the state of “{known.partition(chr(10))[0]}”, another newsletter; nothing was done.",
                where=self._database.where,
                next_step=f"{new}. If it is the same with a new title and a new address, change one of them, say "
                "`paperround pull`, then change the other.",
            )
        return known

    def address(self) -> str:
        """The database's address with its password and how long a line to it is waited for, for the worker's queue."""
        return self._database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def pulse(self) -> str | None:
        """What differs after somebody wrote to a shared database, whoever it was; None for a file."""
        if not self.shared:
            return None
        with self.reading() as tx:
            return str(tx.execute(sa.select(sa.cast(sa.func.pg_current_snapshot(), sa.Text))).scalar_one())

    def secret(self, tx: Tx) -> bytes:
        """The project's own random salt, made with the database and never shown."""
        value: str = tx.execute(_SALT).scalar_one()
        return bytes.fromhex(value)

    def close(self) -> None:
        """Let go of every connection."""
        self._database.close()


@contextmanager
def _in_words(where: str) -> Iterator[None]:
    """A fault of the database, not of a query, is told as a sentence."""
    try:
        yield
    except (sa.exc.DBAPIError, sa.exc.TimeoutError) as fault:
        if _lacks_a_right(fault):
            raise StoreShut(
                f"The state can't be used: {reason(fault)}.",
                where=where,
                next_step="Let the database's owner give its user this right, or name another user in [store].",
            ) from None
        if _lacks_a_table(fault):
            raise StoreFault(
                "The newsletter's tables are not in the database any more.",
                where=where,
                next_step="If it was given up, start workers without it; if not, `paperround restore FILE --force`.",
            ) from None
        if _is_of_the_query(fault):
            raise
        raise StoreFault(
            f"The state can't be used: {reason(fault)}.",
            where=where,
            next_step="Nothing stays half-written. See docs/operations.md, 'When the state can't be used'.",
            cut=isinstance(fault, sa.exc.DBAPIError) and _is_cut(fault),
        ) from None


def _lacks_a_right(fault: sa.exc.SQLAlchemyError) -> bool:
    """PostgreSQL's 42501, which no query can help."""
    return _sqlstate(fault) == "42501"


def _lacks_a_table(fault: sa.exc.SQLAlchemyError) -> bool:
    """PostgreSQL's 42P01: somebody dropped what every state has, while it was in use."""
    return _sqlstate(fault) == "42P01"


def _sqlstate(fault: sa.exc.SQLAlchemyError) -> str | None:
    return getattr(getattr(fault, "orig", None), "sqlstate", None)


def _is_of_the_query(fault: sa.exc.SQLAlchemyError) -> bool:
    return isinstance(fault, sa.exc.IntegrityError | sa.exc.ProgrammingError | sa.exc.DataError)


def _is_cut(fault: sa.exc.DBAPIError) -> bool:
    """Whether a server ended the session, is held up, or not there; a wrong password is no reason to try again."""
    server = getattr(fault.orig, "sqlstate", None)
    lost = fault.connection_invalidated or (server or "").startswith(("08", "57P", "55P03"))
    return lost or (type(fault.orig).__module__.startswith("psycopg") and server is None)


def reason(fault: sa.exc.SQLAlchemyError) -> str:
    """The first line of what a database says, without the query and its rows."""
    own = getattr(fault, "orig", None) or fault
    return (str(own).strip().splitlines() or ["it gives no reason"])[0].strip().rstrip(".")[:300]


def open_store(
    url: str,
    folder: Path,
    *,
    name: str = "paperround",
    password: str | None = None,
    even_moved: bool = False,
    looks: bool = False,
) -> Store:
    """The store at `url`, relative to the project's `folder`; made or migrated first when need be.

    Who only `looks` makes no file and no tables: where there are none yet, an empty state stands for them.
    `name` tells newsletters in one PostgreSQL database apart; `password` goes before one in the address. Raises
    UserError for an address that is none of ours or whose state has moved, StoreFault when the database can't be used,
    StoreShut when it can't be reached or lets its user do too little.
    """
    database = _database(url, folder, name, password, looks=looks)
    store = Store(database)
    try:
        with store.reading() as tx:
            step = migrations.current(tx)
        if step is None and looks and store.shared:
            store.close()
            store = Store(import_module("pipeline.store.sqlite").nothing_yet(folder, where=database.where))
        if step != migrations.HEAD:
            _bring_up_to_date(store)
        if not even_moved:
            _still_here(store)
    except BaseException as fault:
        store.close()
        if isinstance(fault, sa.exc.ProgrammingError):
            raise StoreFault(f"The tables can't be made: {reason(fault)}.", where=database.where) from None
        raise
    return store


def look(url: str, folder: Path, *, name: str, password: str | None, whose: tuple[str, str]) -> None:
    """Whether the state can be read by this program, and is that of the newsletter with this title and address.

    Nothing is made or changed. Raises as `open_store` and `belong_to` do.
    """
    file = whereabouts.file_of(url, folder)
    if file is not None and not file.exists():
        return
    with closing(Store(_database(url, folder, name, password))) as store, store.reading() as tx:
        step = migrations.current(tx)
        if step is not None and step > migrations.HEAD:
            raise migrations.newer()
        if step != migrations.HEAD:
            store.may_make(tx)
        else:
            store.insist_on(tx, *whose)


def _database(url: str, folder: Path, name: str, password: str | None, *, looks: bool = False) -> Database:
    whereabouts.check(url, "[store] url")
    parsed, file = sa.make_url(url), whereabouts.file_of(url, folder)
    if file is not None:
        from pipeline.store import sqlite

        return sqlite.to_look(parsed, file) if looks else sqlite.connect(parsed, file)
    server: Database = import_module("pipeline.store.postgres").connect(parsed, name, password)
    return server


def _still_here(store: Store) -> None:
    """A cron line that was forgotten must not send from a state that others carry on elsewhere."""
    with store.reading() as tx:
        moved = tx.execute(sa.select(tables.facts.c.value).where(tables.facts.c.name == MOVING)).scalar()
        half = tx.execute(sa.select(tables.facts.c.value).where(tables.facts.c.name == RESTORING)).scalar()
    if half is not None:
        raise UserError(
            "A backup was being put back here when that was stopped; its files are not all there.",
            next_step="Say `paperround restore FILE --force` again.",
        )
    if moved is not None and moved.startswith("? "):
        raise UserError(
            f"This state is being moved to {moved[2:]}.",
            next_step="Wait until that is done; if it was stopped, say `paperround migrate-store` again.",
        )
    if moved is not None:
        raise UserError(
            f"This state has moved to {moved}; nothing was done.",
            where="sources/newsletter.toml",
            next_step=f'Set url = "{moved}" in [store].',
        )


def _bring_up_to_date(store: Store) -> None:
    with store.writing() as tx:
        store.make(tx)
        migrations.upgrade(tx)
        if tx.execute(sa.select(tables.facts.c.value).where(tables.facts.c.name == "salt")).first() is None:
            tx.execute(sa.insert(tables.facts).values(name="salt", value=secrets.token_hex(32)))
