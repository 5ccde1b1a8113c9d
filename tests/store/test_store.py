from __future__ import annotations

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.errors import Busy, PaperroundError, UserError
from pipeline.model import SourceName
from pipeline.store import Tx, migrations, open_store, sources

URL = "sqlite:///state.sqlite3"


def test_a_new_database_is_durable_to_the_last_commit(tmp_path: Path) -> None:
    with closing(open_store(URL, tmp_path)) as store, store.reading() as tx:
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_the_salt_is_made_once(tmp_path: Path) -> None:
    salts = set()
    for _ in range(2):
        with closing(open_store(URL, tmp_path)) as store, store.reading() as tx:
            salts.add(store.secret(tx))
    assert len(salts) == 1


def test_what_a_failing_block_wrote_was_never_written(tmp_path: Path) -> None:
    with closing(open_store(URL, tmp_path)) as store:
        with contextlib.suppress(ZeroDivisionError), store.writing() as tx:
            tx.exec_driver_sql("DELETE FROM facts")
            _ = 1 / 0
        with store.reading() as tx:
            assert store.secret(tx)


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = migrations.upgrade

    def broken(tx: Tx) -> None:
        real(tx)
        raise PaperroundError("the power went")

    monkeypatch.setattr(migrations, "upgrade", broken)
    with pytest.raises(PaperroundError, match="the power went"):
        open_store(URL, tmp_path)
    with closing(sqlite3.connect(tmp_path / "state.sqlite3")) as plain:
        assert plain.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    monkeypatch.undo()
    open_store(URL, tmp_path).close()


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


def test_a_database_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    open_store(URL, tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "state.sqlite3")) as plain:
        plain.execute("UPDATE alembic_version SET version_num = '9999'")
        plain.commit()
    with pytest.raises(PaperroundError, match="newer Paperround"):
        open_store(URL, tmp_path)


def test_a_damaged_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite3").write_bytes(b"not a database at all " * 100)
    with pytest.raises(PaperroundError, match="The state can't be used"):
        open_store(URL, tmp_path)


@pytest.mark.parametrize("url", ["postgresql://localhost/x", "sqlite://", "nonsense", ""])
def test_an_address_that_is_no_file_of_ours_is_refused_in_words(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match=r"\[store\] url"):
        open_store(url, tmp_path)


def test_one_run_at_a_time_holds_the_project(tmp_path: Path) -> None:
    with closing(open_store(URL, tmp_path)) as one, closing(open_store(URL, tmp_path)) as two:
        with one.locked(), pytest.raises(Busy, match="Another run is at work"), two.locked():
            pass
        with two.locked():
            pass
