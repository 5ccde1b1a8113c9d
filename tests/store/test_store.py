from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa

from pipeline.errors import Busy, PaperroundError, UserError
from pipeline.model import EntryId, SourceName
from pipeline.store import Store, Tx, entries, migrations, open_store, sources, sqlite, tables
from tests import postgres

URL = "sqlite:///state.sqlite3"
Opens = Callable[[], Store]


@pytest.fixture(params=["sqlite", "postgresql"])
def opens(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Opens]:
    """Opens the same store whenever it is called, of each kind of database."""
    if request.param == "sqlite":
        yield lambda: open_store(URL, tmp_path)
        return
    server: postgres.Server = request.getfixturevalue("postgresql")
    with server.database() as name:
        yield lambda: open_store(server.url(name), tmp_path, password=postgres.PASSWORD)


def test_a_new_database_is_durable_to_the_last_commit(tmp_path: Path) -> None:
    with closing(open_store(URL, tmp_path)) as store, store.reading() as tx:
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_new_state_is_for_its_owner_alone_to_read_and_an_old_one_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite3"
    with closing(open_store(URL, tmp_path)) as store, store.writing():
        assert {path.name: path.stat().st_mode & 0o077 for path in tmp_path.glob("state.sqlite3*")} == {
            "state.sqlite3": 0, "state.sqlite3-wal": 0, "state.sqlite3-shm": 0
        }  # fmt: skip
    file.chmod(0o640)
    with closing(open_store(URL, tmp_path)):
        assert file.stat().st_mode & 0o777 == 0o640


def test_the_salt_is_made_once(opens: Opens) -> None:
    salts = set()
    for _ in range(2):
        with closing(opens()) as store, store.reading() as tx:
            salts.add(store.secret(tx))
    assert len(salts) == 1


def test_what_a_failing_block_wrote_was_never_written(opens: Opens) -> None:
    with closing(opens()) as store:
        with contextlib.suppress(ZeroDivisionError), store.writing() as tx:
            tx.exec_driver_sql("DELETE FROM facts")
            _ = 1 / 0
        with store.reading() as tx:
            assert store.secret(tx)


def test_a_migration_that_fails_leaves_nothing_behind(opens: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    real, before = migrations.upgrade, []

    def broken(tx: Tx) -> None:
        before.append(sa.inspect(tx).get_table_names())
        real(tx)
        raise PaperroundError("the power went")

    monkeypatch.setattr(migrations, "upgrade", broken)
    for _ in range(2):
        with pytest.raises(PaperroundError, match="the power went"):
            opens()
    assert before == [[], []]
    monkeypatch.undo()
    opens().close()


def test_a_database_of_the_first_release_is_brought_up_to_date_with_all_it_holds(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "HEAD", "0001")
        open_store(URL, tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "state.sqlite3")) as plain:
        plain.execute(
            "INSERT INTO sources (name, url, address, next_check, failures)"
            " VALUES ('blog', 'https://blog.example.org/', 'https://blog.example.org/feed/', '2026-11-01T00:00:00.000000Z', 2)"
        )
        plain.commit()
    with closing(open_store(URL, tmp_path)) as store, store.reading() as tx:
        assert migrations.current(tx) == migrations.HEAD
        kept = sources.health(tx, SourceName("blog"))
    assert kept is not None
    assert (kept.address, kept.failures, kept.moves, kept.kind) == ("https://blog.example.org/feed/", 2, 0, None)


def test_a_database_of_a_newer_program_is_left_alone(opens: Opens) -> None:
    with closing(opens()) as store, store.writing() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(PaperroundError, match="newer Paperround"):
        opens()


def test_what_is_looked_up_before_it_is_written_stays_true_until_then(opens: Opens) -> None:
    def count(store: Store) -> None:
        for _ in range(20):
            with store.writing() as tx:
                number = tx.execute(sa.select(sa.func.count()).select_from(tables.outputs)).scalar_one()
                tx.execute(sa.insert(tables.outputs).values(name=f"{number:03}", inputs=""))

    with closing(opens()) as one, closing(opens()) as two:
        threads = [Thread(target=count, args=[store]) for store in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with one.reading() as tx:
            names = tx.execute(sa.select(tables.outputs.c.name).order_by(tables.outputs.c.name)).scalars().all()
    assert names == [f"{number:03}" for number in range(40)]


def test_who_reads_sees_one_moment(opens: Opens) -> None:
    with closing(opens()) as one, closing(opens()) as two, one.reading() as tx:
        count = sa.select(sa.func.count()).select_from(tables.outputs)
        assert tx.execute(count).scalar() == 0
        with two.writing() as other:
            other.execute(sa.insert(tables.outputs).values(name="x", inputs=""))
        assert tx.execute(count).scalar() == 0


def test_a_source_of_more_entries_than_a_statement_takes_values_is_kept_like_others(opens: Opens) -> None:
    many = [EntryId(number) for number in range(1, 70_001)]
    with closing(opens()) as store, store.writing() as tx:
        entries.mark_listed(tx, many, many)
        entries.mark_gone(tx, many, datetime(2026, 11, 28, tzinfo=UTC))
        assert entries.some(tx, many) == {}
        assert entries.several(tx, many) == []
        assert entries.revisions(tx, many) == {}


def test_a_damaged_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite3").write_bytes(b"not a database at all " * 100)
    with pytest.raises(PaperroundError, match="The state can't be used"):
        open_store(URL, tmp_path)


@pytest.mark.parametrize(
    "url", ["mysql://localhost/x", "postgresql://localhost", "sqlite://", "nonsense", "", "a://b:c/d"]
)
def test_an_address_that_is_no_file_of_ours_is_refused_in_words(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match=r"\[store\] url"):
        open_store(url, tmp_path)


def test_one_run_at_a_time_holds_the_project(opens: Opens) -> None:
    with closing(opens()) as one, closing(opens()) as two:
        with one.locked(), pytest.raises(Busy, match="Another run is at work"), two.locked():
            pass
        with two.locked():
            pass


def test_what_is_written_goes_into_the_file_that_lies_there(tmp_path: Path) -> None:
    file, other = tmp_path / "state.sqlite3", tmp_path / "other.sqlite3"
    open_store(f"sqlite:///{other}", tmp_path).close()
    with closing(open_store(URL, tmp_path)) as store:
        with store.reading() as tx:
            before = store.secret(tx)
        sqlite.set_aside(file, "then")
        other.rename(file)
        with closing(open_store(URL, tmp_path)) as anew, store.writing() as tx, anew.reading() as seen:
            assert store.secret(tx) == anew.secret(seen) != before
