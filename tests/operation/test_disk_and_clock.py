"""Full and read-only disks, damaged states, and clocks that jump: said in words, and nobody is mailed twice."""

from __future__ import annotations

import ctypes
import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import compose, review
from pipeline import run as whole
from pipeline.errors import PaperroundError, StoreFault
from pipeline.model import IssueNumber, Report, edit
from pipeline.store import dumping, edits, people, sqlite
from pipeline.store import issues as kept
from pipeline.store import postgres as on_server
from tests import postgres
from tests.journeys import steps
from tests.world import World, lay_out

READERS = ["ann@example.org", "ben@example.org"]
BUG = "a fault of Paperround's own"
in_a_file = pytest.mark.parametrize("kept_in", ["sqlite"], indirect=True)
on_a_server = pytest.mark.parametrize("kept_in", ["postgresql"], indirect=True)


@pytest.fixture
def world(on_both: World) -> World:
    return on_both


@contextmanager
def full_after(path: Path, pages: int) -> Iterator[None]:
    """The disk has room for so many more pages of the database."""
    real = sqlite._prepare
    with closing(sqlite3.connect(path)) as database:
        now = database.execute("PRAGMA page_count").fetchone()[0]

    def prepare(connection: Any, record: object) -> None:
        real(connection, record)
        connection.execute(f"PRAGMA max_page_count={now + pages}")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sqlite, "_prepare", prepare)
        yield


def tried(deed: Callable[[], Report]) -> list[str]:
    """What it says when it goes wrong."""
    try:
        return list(deed().errors)
    except PaperroundError as fault:
        return [str(fault), *([] if fault.exit_code == 1 else [BUG])]


def goes_out_to_everybody(world: World) -> None:
    """There is room again: the issue reaches each of the 62 once."""
    steps.send(world)
    steps.cron(world)
    account = steps.account(world)
    assert account is not None
    assert (account.accepted, account.pending, account.unknown) == (62, 0, 0)
    assert len(steps.mails(world)) == 62


@in_a_file
@pytest.mark.parametrize("pages", [0, 1, 2, 3])
def test_a_disk_that_fills_up_in_the_middle_of_an_issue_costs_nobody_a_copy_and_gives_nobody_two(
    world: World, pages: int
) -> None:
    steps.subscribe(world, *READERS, *(f"reader{at}@example.org" for at in range(60)))
    with full_after(world.folder / "outbox/paperround.sqlite3", pages):
        said = tried(lambda: steps.pull(world)) + tried(lambda: steps.build_now(world))
    assert not any(BUG in words for words in said)
    assert pages > 2 or any("full" in words for words in said)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    with full_after(world.folder / "outbox/paperround.sqlite3", pages):
        said = tried(lambda: steps.send(world))
    assert not any(BUG in words for words in said)
    goes_out_to_everybody(world)


def test_files_that_find_no_room_are_said_in_words_and_made_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.pull(world)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.files.os.fsync", full)
        report = steps.build_now(world)
    assert any("No space left on device" in words and "Make room" in words for words in report.errors)
    assert not any(BUG in words for words in report.errors)
    assert report.exit_code == 1
    assert list((world.folder / "outbox").rglob("*.tmp")) == []
    steps.build_now(world)
    assert (steps.folder(world) / "email.html").stat().st_size > 1000


def as_an_ordinary_user() -> None:
    """Root may write everywhere, unless it gives that up (CAP_DAC_OVERRIDE) before it starts the program."""
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


def run(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.cli.main", "--project", str(world.folder), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, preexec_fn=as_an_ordinary_user)


@contextmanager
def only_to_be_read(folder: Path) -> Iterator[None]:
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folder.glob("paperround.*"):
        path.chmod(0o444)
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in folders:
            path.chmod(0o755)


@in_a_file
@pytest.mark.parametrize("words", ["run", "pull", "subscribers add cal@example.org"])
def test_who_must_write_where_nothing_can_be_written_is_told_so_with_exit_code_1(world: World, words: str) -> None:
    steps.subscribe(world, *READERS)
    with only_to_be_read(world.folder / "outbox"):
        done = run(world, *words.split())
    assert done.returncode == 1, done.stderr
    assert done.stderr == (
        "outbox/paperround.sqlite3: The state can't be written: Permission denied. Say it as the user to whom the "
        "folder belongs, or give the folder to yours. Commands that only look, as `status` and `plan`, still do.\n"
    )


@in_a_file
@pytest.mark.parametrize("by_a_killed_run", [False, True])
@pytest.mark.parametrize("words", ["status", "status 1", "plan", "posts", "subscribers list", "report", "backup FILE"])
def test_who_only_looks_does_so_where_nothing_can_be_written(
    world: World, tmp_path: Path, words: str, *, by_a_killed_run: bool
) -> None:
    steps.subscribe(world, *READERS)
    steps.pull(world)
    steps.build_now(world)
    outbox, command = world.folder / "outbox", words.replace("FILE", f"{tmp_path}/kept.zip").split()
    with closing(sqlite3.connect(outbox / "paperround.sqlite3")) as other:
        if by_a_killed_run:  # what was written last lies beside the file still
            other.execute("UPDATE subscribers SET name = 'Ann'")
            other.commit()
            assert list(outbox.glob("*-wal"))
        before = files_in(outbox)
        with only_to_be_read(outbox):
            done = run(world, *command)
        assert done.returncode == 0, done.stderr
        assert done.stdout
        assert files_in(outbox) == before


@in_a_file
@pytest.mark.parametrize("words", ["status", "posts"])
def test_what_was_written_last_and_can_not_be_read_where_nothing_can_be_written_is_told(
    world: World, words: str
) -> None:
    steps.subscribe(world, *READERS)
    outbox = world.folder / "outbox"
    with closing(sqlite3.connect(outbox / "paperround.sqlite3")) as other:
        other.execute("UPDATE subscribers SET name = 'Ann'")
        other.commit()
        (outbox / "paperround.sqlite3-shm").unlink()
        with only_to_be_read(outbox):
            done = run(world, words)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "outbox/paperround.sqlite3: What was written last lies in paperround.sqlite3-wal beside the state, and its "
        "-shm is gone: SQLite can put it in its place only where it may write. Say it once as somebody who"
    )


def files_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".sqlite3-shm"}


@in_a_file
def test_a_report_that_can_not_be_left_as_a_page_is_printed_all_the_same(world: World) -> None:
    steps.subscribe(world, *READERS)
    with only_to_be_read(world.folder / "outbox"):
        done = run(world, "report")
    assert done.returncode == 0, done.stderr
    assert "Readers: 2" in done.stdout
    assert "The same with plots can't be left at outbox/report/index.html: Permission denied." in done.stdout


@in_a_file
def test_a_state_that_others_hold_is_said_and_not_waited_for_without_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps.pull(world)
    monkeypatch.setattr(sqlite, "PATIENCE", 50)
    with closing(sqlite3.connect(world.folder / "outbox/paperround.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFault, match="locked") as fault:
            steps.subscribe(world, *READERS)
    assert fault.value.exit_code == 1


@in_a_file
def test_a_damaged_state_is_refused_in_words_wherever_it_is_damaged(world: World) -> None:
    steps.subscribe(world, *READERS)
    steps.pull(world)
    steps.build_now(world)
    path = world.folder / "outbox/paperround.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    good, refused, codes = path.read_bytes(), 0, set()
    for at in range(0, len(good), len(good) // 40):
        path.write_bytes(good[:at] + bytes(byte ^ 0x55 for byte in good[at : at + 700]) + good[at + 700 :])
        for name in ("paperround.sqlite3-wal", "paperround.sqlite3-shm"):
            path.with_name(name).unlink(missing_ok=True)
        try:
            with world.project() as project:
                review.overview(project.store, project.settings.review)
                with project.store.reading() as tx:
                    for table in dumping.names():
                        list(dumping.rows(tx, table))
        except PaperroundError as fault:
            refused += 1
            codes.add(fault.exit_code)
    assert refused > 3
    assert codes == {1}
    path.write_bytes(good)
    with world.project() as project:
        assert review.overview(project.store, project.settings.review)


@in_a_file
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sendings SET message = '{'",
        "UPDATE sendings SET message = CAST(x'7bff' AS TEXT)",
        "UPDATE edits SET change = '{\"words\": 7}'",
        "UPDATE edits SET kind = 'Sabject'",
        "UPDATE renders SET message = '[[[['",
        "UPDATE issues SET issue = 'null'",
        "UPDATE posts SET article = 'x'",
        "UPDATE subscribers SET since = 'then'",
        "UPDATE subscribers SET since = x'00'",
        (
            "UPDATE sqlite_master SET sql = replace(sql, 'article TEXT NOT NULL', 'article TEXT') WHERE name = 'posts'; "
            "PRAGMA writable_schema = RESET; UPDATE posts SET article = NULL, outline = NULL"
        ),
        "UPDATE sqlite_master SET sql = CAST(x'ff' AS TEXT), name = CAST(x'ff' AS TEXT) WHERE name = 'edits'",
    ],
)
def test_a_damaged_value_is_told_as_damage_and_not_as_a_fault_of_ours(world: World, damage: str) -> None:
    steps.subscribe(world, *READERS)
    steps.pull(world)
    with world.project() as project:
        compose.change(
            project.store, project.settings.compose, IssueNumber(1), edit.Subject(words="New"), by="Lisa", now=world.now
        )
    steps.build_now(world)
    steps.approve(world)
    with world.project() as project:
        whole.perform(project, "deliver", lambda: ["freeze/1"])
    with closing(sqlite3.connect(world.folder / "outbox/paperround.sqlite3")) as database:
        database.execute("PRAGMA writable_schema = ON")
        assert all(database.execute(step).rowcount for step in damage.split("; "))
        database.commit()

    def look() -> Report:
        with world.project() as project, project.store.reading() as tx:
            edits.of(tx, IssueNumber(1))
            list(people.every(tx))
            kept.rendering(tx, IssueNumber(1))
        return Report()

    said = tried(lambda: steps.cron(world)) + tried(lambda: steps.send(world)) + tried(lambda: steps.build_now(world))
    said += tried(look)
    assert any("damaged" in words or "can't be used" in words for words in said)
    assert not any(BUG in words for words in said)


@on_a_server
@pytest.mark.parametrize("at_commit", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 30, 80])
def test_a_server_whose_disk_fills_up_in_the_middle_of_an_issue_costs_nobody_a_copy_and_gives_nobody_two(
    world: World, kept_in: postgres.Server, rows: int, at_commit: bool
) -> None:
    steps.subscribe(world, *READERS, *(f"reader{at}@example.org" for at in range(60)))
    database = str(world.database)
    with kept_in.full_after(database, rows, at_commit=at_commit):
        said = tried(lambda: steps.pull(world)) + tried(lambda: steps.build_now(world))
    assert not any(BUG in words for words in said)
    assert rows > 1 or any("No space left on device" in words for words in said)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    with kept_in.full_after(database, rows, at_commit=at_commit):
        said = tried(lambda: steps.send(world))
    assert not any(BUG in words for words in said)
    goes_out_to_everybody(world)


def test_a_server_that_may_only_be_read_is_said_with_exit_code_1_and_nothing_leaves(
    tmp_path: Path, own_server: postgres.Server
) -> None:
    world = lay_out(tmp_path / "project")
    world.keep_in(own_server.url(), postgres.PASSWORD)
    steps.subscribe(world, *READERS)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    standby = own_server.folder / "data/standby.signal"
    own_server.stop()
    standby.touch()
    own_server.start()
    done = run(world, "send", "1")
    assert done.returncode == 1, done.stderr
    assert "read-only" in done.stderr or "during recovery" in done.stderr
    assert "Traceback" not in done.stderr
    assert steps.mails(world) == []
    assert run(world, "status").returncode in (0, 3)
    own_server.stop()
    standby.unlink()
    own_server.start()
    steps.send(world)
    assert len(steps.mails(world)) == 2


@on_a_server
def test_a_user_who_may_only_read_is_told_so(world: World, kept_in: postgres.Server) -> None:
    steps.subscribe(world, *READERS)
    database, role = str(world.database), f"reader_{world.database}"
    kept_in.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{postgres.PASSWORD}'")
    kept_in.execute(f"GRANT USAGE ON SCHEMA paperround TO {role}", database=database)
    kept_in.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA paperround TO {role}", database=database)
    world.set(f"{postgres.USER}@", f"{role}@")
    with pytest.raises(StoreFault, match="permission denied"):
        steps.subscribe(world, "cleo@example.org")


@on_a_server
def test_tables_that_others_hold_are_said_and_not_waited_for_without_end(
    world: World, kept_in: postgres.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    steps.pull(world)
    monkeypatch.setattr(on_server, "LONGEST_LOCK", 0.2)
    url = kept_in.url(str(world.database))
    with closing(psycopg.connect(url, password=postgres.PASSWORD)) as other:
        other.execute("LOCK TABLE paperround.subscribers IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreFault, match="lock timeout") as fault:
            steps.subscribe(world, *READERS)
    assert fault.value.exit_code == 1
    steps.subscribe(world, *READERS)


@pytest.mark.parametrize("table", ["batches", "outcomes", "subscribers", "facts"])
def test_a_damaged_table_is_refused_in_words_and_nothing_leaves(
    tmp_path: Path, own_server: postgres.Server, table: str
) -> None:
    world = lay_out(tmp_path / "project")
    world.keep_in(own_server.url(), postgres.PASSWORD)
    steps.subscribe(world, *READERS)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    with world.project() as project:
        whole.perform(project, "deliver", lambda: ["freeze/1"])
    ((path,),) = own_server.execute(f"SELECT pg_relation_filepath('paperround.{table}')")
    own_server.stop()
    file = own_server.folder / "data" / path
    good = file.read_bytes()
    file.write_bytes(good[:100] + bytes(byte ^ 0x55 for byte in good[100:4000]) + good[4000:])
    own_server.start()
    said = tried(lambda: steps.send(world))
    assert any("invalid page" in words for words in said), said
    assert BUG not in said
    assert steps.mails(world) == []
    own_server.stop()
    file.write_bytes(good)
    own_server.start()
    steps.send(world)
    assert len(steps.mails(world)) == 2


def issues(world: World) -> int:
    with world.project() as project:
        return len(review.overview(project.store, project.settings.review))


def test_a_clock_that_goes_back_or_far_ahead_sends_nothing_twice(world: World) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    steps.subscribe(world, *READERS)
    steps.cron(world)
    world.pass_time(hours=2)
    steps.cron(world)
    assert len(steps.mails(world)) == 2
    made = {path: path.stat().st_mtime_ns for path in (world.folder / "outbox/mail").rglob("*.eml")}
    for hours in (-1, -48, 24 * 365, -24 * 365, 24 * 400):
        world.pass_time(hours=hours)
        steps.cron(world)
        assert issues(world) == 1
        assert {path: path.stat().st_mtime_ns for path in (world.folder / "outbox/mail").rglob("*.eml")} == made


def test_what_was_approved_before_the_clock_jumped_a_year_ahead_does_not_go_by_itself(world: World) -> None:
    steps.subscribe(world, *READERS)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    world.pass_time(days=365)
    report = steps.cron(world)
    assert report.exit_code == 3
    assert steps.mails(world) == []


@pytest.mark.parametrize(
    ("day", "at", "turns"),
    [
        ("2026-11-01", "01:30", 1),  # New York has 01:30 twice on this night
        ("2026-03-08", "02:30", 1),  # and no 02:30 on this one
    ],
)
def test_an_hour_that_comes_twice_or_never_makes_one_issue(world: World, day: str, at: str, turns: int) -> None:
    world.set('cadence = "each"', f'cadence = "daily"\nat = "{at}"')
    world.set('public_url = "https://news.example.org/"', 'timezone = "America/New_York"')
    world.now = datetime.fromisoformat(f"{day}T03:00:00").replace(tzinfo=UTC)
    steps.pull(world)
    for post in range(3):
        world.blog.publish(f"p{post}", f"Post {post}", world.now)
    before = issues(world)
    for _ in range(16):
        world.pass_time(minutes=30)
        steps.pull(world)
        report = steps.cron(world)
        assert not any(BUG in words for words in report.errors)
        if issues(world) > before:
            with world.project() as project:
                newest = review.overview(project.store, project.settings.review)[0]
                if newest.state == "draft":
                    number = IssueNumber(newest.issue.number)
                    review.approve(number, project.store, project.settings.review, by="L", now=world.now)
            world.blog.publish(f"q{world.now:%H%M}", f"Post of {world.now:%H:%M}", world.now)
    assert issues(world) - before == turns
