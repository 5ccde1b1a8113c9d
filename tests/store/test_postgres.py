"""What only PostgreSQL has: several machines, several newsletters, and a line that can be cut."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from pipeline.errors import Busy, StoreFault, StoreShut, UserError
from pipeline.store import Store, Tx, carriers, open_store, tables
from pipeline.store.open import look
from tests import postgres

ROOT = Path(__file__).parents[2]


@pytest.fixture
def database(postgresql: postgres.Server) -> Iterator[str]:
    """A new database's address."""
    with postgresql.database() as name:
        yield postgresql.url(name)


def opened(url: str, name: str = "paperround", password: str = postgres.PASSWORD) -> Store:
    return open_store(url, Path("/nowhere"), name=name, password=password)


def looked(url: str, name: str, password: str) -> None:
    look(url, Path("/nowhere"), name=name, password=password, whose=("Kind Words", "https://blog.example.org/"))


def put_out(store: Store, name: str) -> None:
    with store.writing() as tx:
        tx.execute(sa.insert(tables.outputs).values(name=name, inputs=""))


def outputs(store: Store) -> list[str]:
    with store.reading() as tx:
        return list(tx.execute(sa.select(tables.outputs.c.name).order_by(tables.outputs.c.name)).scalars())


def cut(server: postgres.Server, url: str) -> None:
    """An administrator ends every session of a database."""
    database = url.rpartition("/")[2]
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", database)


def lose(store: Store, cutting: Callable[[], None]) -> None:
    with store.writing() as tx:
        tx.execute(sa.insert(tables.outputs).values(name="lost", inputs=""))
        cutting()
        tx.execute(sa.insert(tables.outputs).values(name="never", inputs=""))


SERVER_S = ("tcp_user_timeout", "tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")


def patience_here(session: Any) -> tuple[int, ...]:
    """Milliseconds that nothing may be acknowledged for; seconds until the first probe, between two; how many."""
    names = (socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    with socket.socket(fileno=os.dup(session.fileno())) as line:
        return tuple(line.getsockopt(socket.IPPROTO_TCP, name) for name in names)


def test_the_migrations_make_exactly_the_tables_of_today(database: str) -> None:
    with closing(opened(database)) as store, store.reading() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": False})
        assert compare_metadata(context, tables.metadata) == []


def test_a_commit_is_on_the_disk_even_where_the_database_says_otherwise(
    postgresql: postgres.Server, database: str
) -> None:
    postgresql.execute(f"ALTER DATABASE {database.rpartition('/')[2]} SET synchronous_commit = off")
    with closing(opened(database)) as store, store.writing() as tx:
        assert tx.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_newsletters_in_one_database_know_nothing_of_each_other(database: str) -> None:
    with closing(opened(database, "kind_words")) as one, closing(opened(database, "long_reads")) as two:
        put_out(one, "a")
        put_out(two, "b")
        with one.reading() as tx, two.reading() as other:
            assert one.secret(tx) != two.secret(other)
        assert (outputs(one), outputs(two)) == (["a"], ["b"])
        with one.locked(), two.locked():
            pass


def test_who_only_looks_at_a_new_newsletter_makes_no_schema_and_no_tables(
    postgresql: postgres.Server, database: str
) -> None:
    def made() -> list[Any]:
        told = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information)'"
        schemas = "SELECT nspname, '' FROM pg_namespace"
        return sorted(postgresql.execute(f"{told} UNION {schemas}", database=database.rpartition("/")[2]))

    before = made()
    with closing(open_store(database, Path("/nowhere"), name="new_one", password=postgres.PASSWORD, looks=True)) as one:
        assert outputs(one) == []
    postgresql.execute("CREATE SCHEMA half_made", database=database.rpartition("/")[2])
    with closing(
        open_store(database, Path("/nowhere"), name="half_made", password=postgres.PASSWORD, looks=True)
    ) as one:
        assert outputs(one) == []
    assert [one for one in made() if one not in before] == [("half_made", "")]
    with closing(opened(database, "new_one")) as one:
        put_out(one, "a")
    with closing(open_store(database, Path("/nowhere"), name="new_one", password=postgres.PASSWORD, looks=True)) as one:
        assert outputs(one) == ["a"]


def test_a_newsletter_that_was_dropped_while_in_use_is_told_in_words(
    postgresql: postgres.Server, database: str
) -> None:
    with closing(opened(database, "kind_words")) as store:
        postgresql.execute("DROP SCHEMA kind_words CASCADE", database=database.rpartition("/")[2])
        with pytest.raises(StoreFault, match="newsletter kind_words: The newsletter's tables are not in the database"):
            outputs(store)


@pytest.mark.parametrize("name", ["", "Kind Words", "a;drop", 'a"b', "x" * 41, "1a"])
def test_a_newsletter_s_name_is_a_plain_word(database: str, name: str) -> None:
    with pytest.raises(UserError, match=r"\[store\] name"):
        opened(database, name)


def test_many_that_start_at_once_make_the_tables_once(database: str) -> None:
    def salt(_: int) -> bytes:
        with closing(opened(database)) as store, store.reading() as tx:
            return store.secret(tx)

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(salt, range(6)))) == 1


def test_a_wrong_password_is_told_in_words_that_do_not_hold_it(database: str) -> None:
    with pytest.raises(StoreShut, match="password authentication failed") as fault:
        opened(database, password="not-this-one")
    assert fault.value.exit_code == 2
    with pytest.raises(UserError) as other:
        opened("mysql://user:a-secret@host/x")
    assert "not-this-one" not in str(fault.value)
    assert "a-secret" not in str(other.value)


def test_the_password_may_stand_in_the_address(database: str) -> None:
    whole = database.replace("@", f":{postgres.PASSWORD}@")
    open_store(whole, Path("/nowhere")).close()


def test_a_database_that_is_not_there_is_told_in_words() -> None:
    with pytest.raises(StoreShut, match="Connection refused"):
        opened("postgresql://paperround@127.0.0.1:1/x")


def test_a_user_who_may_not_make_a_schema_is_told_what_to_ask_for(postgresql: postgres.Server, database: str) -> None:
    role = f"r{database.rpartition('/')[2]}"
    postgresql.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'plain'")
    mine = database.replace("paperround@", f"{role}@")
    with pytest.raises(StoreShut, match=f"CREATE SCHEMA kind_words AUTHORIZATION {role}"):
        looked(mine, "kind_words", "plain")
    with pytest.raises(StoreShut, match=f"CREATE SCHEMA kind_words AUTHORIZATION {role}"):
        opened(mine, "kind_words", "plain")


def test_a_user_who_may_not_make_tables_is_told_what_to_ask_for(postgresql: postgres.Server, database: str) -> None:
    name = database.rpartition("/")[2]
    role = f"r{name}"
    postgresql.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'plain'")
    postgresql.execute("CREATE SCHEMA kind_words", database=name)
    mine = database.replace("paperround@", f"{role}@")
    for deed in (looked, opened):
        with pytest.raises(StoreShut, match=f"GRANT USAGE, CREATE ON SCHEMA kind_words TO {role};") as fault:
            deed(mine, "kind_words", "plain")
        assert fault.value.exit_code == 2
    postgresql.execute(f"GRANT USAGE, CREATE ON SCHEMA kind_words TO {role}", database=name)
    looked(mine, "kind_words", "plain")
    opened(mine, "kind_words", "plain").close()
    postgresql.execute(f"REVOKE UPDATE, INSERT ON ALL TABLES IN SCHEMA kind_words FROM {role}", database=name)
    with closing(opened(mine, "kind_words", "plain")) as store, pytest.raises(StoreShut, match="permission denied"):
        put_out(store, "a")


def test_a_line_that_is_cut_loses_the_block_and_not_the_program(postgresql: postgres.Server, database: str) -> None:
    with closing(opened(database)) as store:
        put_out(store, "before")
        with pytest.raises(StoreFault, match="The state can't be used"):
            lose(store, lambda: cut(postgresql, database))
        put_out(store, "after")
        cut(postgresql, database)
        assert outputs(store) == ["after", "before"]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux tells how long it waits")
def test_a_machine_that_is_gone_is_found_out_in_a_minute_on_both_sides(database: str) -> None:
    with closing(opened(database)) as store, store.writing() as tx:
        assert patience_here(tx.connection.driver_connection) == (60_000, 20, 10, 4)
        assert [tx.exec_driver_sql(f"SHOW {name}").scalar() for name in SERVER_S] == ["60000", "20", "10", "4"]


def test_a_pooler_that_keeps_no_sessions_is_refused_with_what_to_do(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PgBouncer with pool_mode = transaction: the number that it told at first is nobody's, and each time another's."""
    numbers = itertools.count()
    monkeypatch.setattr("pipeline.store.postgres._number", lambda _: next(numbers))
    with pytest.raises(StoreShut, match="gives each transaction another session") as refused:
        opened(database)
    assert "pool_mode = session" in str(refused.value)


def test_a_pooler_that_keeps_sessions_will_do(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number that it told at first is its own, and then the same all the time."""
    monkeypatch.setattr("pipeline.store.postgres._number", lambda _: -1)
    with closing(opened(database)) as store:
        put_out(store, "a")


def test_blocks_that_touch_only_rows_of_their_own_run_side_by_side_and_others_wait_for_them(database: str) -> None:
    with closing(opened(database)) as store:
        first_is_in, done = Event(), []

        def whole() -> None:
            with store.writing():
                done.append("whole")

        with store.writing_beside():
            first_is_in.set()
            with store.writing_beside():
                done.append("beside")
            waiting = Thread(target=whole)
            waiting.start()
            waiting.join(0.2)
            done.append("end")
        waiting.join()
        assert done == ["beside", "end", "whole"]


def test_the_lock_of_a_run_tells_who_has_it_and_is_free_again_when_the_holder_is_killed(database: str) -> None:
    with holding(database, "with store.locked(): ready()") as (child, _), closing(opened(database)) as store:
        with pytest.raises(Busy, match=f"process {child.pid}"), store.locked():
            pass
        child.kill()
        child.wait()
        eventually_free(store)


def test_who_claimed_work_is_known_to_live_until_killed(database: str) -> None:
    deed = "with store.at_work() as name: print(name, flush=True); ready()"
    with holding(database, deed) as (child, name), closing(opened(database)) as store:
        with store.reading() as tx:
            assert store.alive(tx, name)
            assert not store.alive(tx, "somebody else")
            assert not store.alive(tx, None)
        child.send_signal(signal.SIGKILL)
        child.wait()
        for _ in range(1000):
            with store.reading() as tx:
                if not store.alive(tx, name):
                    return
        raise AssertionError("still alive")


def test_work_that_ended_is_nobody_s_even_while_its_process_lives(database: str) -> None:
    with closing(opened(database)) as one, closing(opened(database)) as two:
        with one.at_work() as first, one.at_work() as second, two.reading() as tx:
            assert first != second
            assert two.alive(tx, first)
            assert one.alive(tx, second)
        with two.reading() as tx:
            assert not two.alive(tx, first)
            assert not one.alive(tx, second)


def test_who_lost_the_line_says_again_of_all_work_that_it_goes_on(postgresql: postgres.Server, database: str) -> None:
    with closing(opened(database)) as one, closing(opened(database)) as two, one.at_work() as first:
        cut(postgresql, database)
        with one.at_work() as second, two.reading() as tx:
            assert two.alive(tx, first)
            assert two.alive(tx, second)


def test_an_answer_is_written_down_as_soon_as_the_database_is_back(postgresql: postgres.Server, database: str) -> None:
    tries = []

    def deed(tx: Tx) -> str:
        tries.append(tx)
        tx.execute(sa.insert(tables.outputs).values(name="answer", inputs=""))
        if len(tries) < 3:
            cut(postgresql, database)
            tx.exec_driver_sql("SELECT 1")
        return "written"

    with closing(opened(database)) as store:
        assert store.written(deed) == "written"
        assert outputs(store) == ["answer"]
        with pytest.raises(ZeroDivisionError):
            store.written(lambda _: 1 / 0)


def test_machines_share_a_provider_s_pace(database: str) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    with closing(opened(database)) as one, closing(opened(database)) as two:

        def wait(store: Store) -> float:
            with store.writing() as tx:
                return round(carriers.reserve(tx, "double", 2, 10, noon), 3)

        with ThreadPoolExecutor(8) as threads:
            waits = sorted(threads.map(wait, [one, two] * 10))
    assert waits == [round(turn * 0.2, 3) for turn in range(20)]


def test_a_page_with_a_nul_in_it_can_be_kept(database: str) -> None:
    with closing(opened(database)) as store:
        put_out(store, "a\0b")
        assert outputs(store) == ["a\ufffdb"]


class holding:  # noqa: N801
    """Another process that has the store open and does as told until it is killed."""

    def __init__(self, url: str, deed: str) -> None:
        script = (
            "import sys; from pathlib import Path; from pipeline.store import open_store\n"
            f"store = open_store({url!r}, Path('/'), password={postgres.PASSWORD!r})\n"
            "ready = lambda: (print('ready', flush=True), sys.stdin.read())\n" + deed
        )
        self.child = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def __enter__(self) -> tuple[subprocess.Popen[str], str]:
        assert self.child.stdout
        said = []
        while (line := self.child.stdout.readline().strip()) != "ready":
            assert line, "the other process failed"
            said.append(line)
        return self.child, said[-1] if said else ""

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.communicate()


def eventually_free(store: Store) -> None:
    for _ in range(1000):
        try:
            with store.locked():
                return
        except Busy:
            continue
    raise AssertionError("the lock is still held")
