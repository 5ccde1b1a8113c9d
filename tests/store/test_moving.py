"""A project moves from its file into PostgreSQL."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipeline import config
from pipeline.errors import StoreFault, UserError
from pipeline.projects import moving
from pipeline.store import moving as rows
from pipeline.store import open_store, tables
from tests import postgres
from tests.journeys import killing, steps
from tests.world import World, lay_out

ROOT = Path(__file__).parents[2]
READERS = ["ann@example.org", "ben@example.org"]


@pytest.fixture
def used(tmp_path: Path) -> World:
    """A project in its file that has sent an issue and has lost a reader."""
    world = lay_out(tmp_path / "project")
    steps.subscribe(world, *READERS)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    steps.cron(world)
    return world


@pytest.fixture
def url(postgresql: postgres.Server) -> Iterator[str]:
    with postgresql.database() as name:
        yield postgresql.url(name)


def with_password(url: str) -> str:
    return url.replace("@", f":{postgres.PASSWORD}@")


def move(world: World, url: str, name: str = "kind_words") -> moving.Moved:
    return moving.move(config.load(world.folder, {}), with_password(url), name, world.said.append)


def next_issue(world: World) -> None:
    world.pass_time(days=1)
    world.blog.publish("second", "A Second Post", world.now)
    world.pass_time(hours=2)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world, number=2)  # type: ignore[arg-type]
    steps.send(world, number=2)  # type: ignore[arg-type]


def test_a_project_that_moved_goes_on_as_if_nothing_had_happened(used: World, url: str) -> None:
    before = steps.account(used)
    (used.folder / config.FILE).write_text((used.folder / config.FILE).read_text("utf-8") + "# my note\n", "utf-8-sig")
    moved = move(used, url)
    assert moved.rows["subscribers"] == 2
    text = (used.folder / config.FILE).read_text("utf-8")
    assert url in text
    assert "# my note" in text
    assert postgres.PASSWORD not in text
    assert (used.folder / ".env").stat().st_mode & 0o077 == 0
    assert steps.account(used) == before
    assert steps.cron(used).done == ()
    steps.subscribe(used, "cleo@example.org")
    next_issue(used)
    assert len(steps.mails(used, 1)) == 2
    assert len(steps.mails(used, 2)) == 3


def test_a_forgotten_cron_line_does_nothing_with_the_old_file(used: World, url: str) -> None:
    old = (used.folder / config.FILE).read_text("utf-8")
    move(used, url)
    (used.folder / config.FILE).write_text(old, "utf-8")
    with pytest.raises(UserError, match=f"has moved to {url}"):
        steps.cron(used)


def test_it_may_be_said_twice_but_not_for_two_places(used: World, url: str, postgresql: postgres.Server) -> None:
    old = (used.folder / config.FILE).read_text("utf-8")
    first = move(used, url)
    (used.folder / config.FILE).write_text(old, "utf-8")
    assert move(used, url).rows == first.rows
    (used.folder / config.FILE).write_text(old, "utf-8")
    with postgresql.database() as other, pytest.raises(UserError, match="has moved to"):
        move(used, postgresql.url(other))


def test_a_place_where_something_is_already_is_not_touched(used: World, url: str, tmp_path: Path) -> None:
    other = lay_out(tmp_path / "other")
    steps.subscribe(other, "somebody@example.org")
    move(other, url)
    with pytest.raises(UserError, match="another newsletter's state"):
        move(used, url)
    steps.cron(used)
    with closing(open_store(url, tmp_path, name="third", password=postgres.PASSWORD)) as store, store.writing() as tx:
        tx.execute(sa.insert(tables.outputs).values(name="x", inputs=""))
    with pytest.raises(UserError, match="in the table outputs"):
        move(used, url, "third")
    steps.cron(used)


def test_a_move_that_does_not_add_up_is_taken_back(used: World, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_added_up", lambda *_: rows.Sum(1, 2, 3))
    with pytest.raises(StoreFault, match="does not add up"):
        move(used, url)
    steps.cron(used)
    monkeypatch.undo()
    move(used, url)


def test_a_database_that_is_not_there_leaves_all_as_it_was(used: World) -> None:
    with pytest.raises(StoreFault, match="Connection refused") as fault:
        moving.move(config.load(used.folder, {}), "postgresql://me:secret@127.0.0.1:1/x", "x", used.said.append)
    assert "secret" not in str(fault.value)
    steps.cron(used)


@pytest.mark.timeout(300)
def test_a_move_that_was_killed_anywhere_is_finished_when_said_again(
    used: World, postgresql: postgres.Server, tmp_path: Path
) -> None:
    number, stride, came_so_far = 1, killing.stride(ci=199, desk=499), True
    while came_so_far:
        copy = World(folder=tmp_path / "copy", blog=used.blog, now=used.now)
        shutil.copytree(used.folder, copy.folder)
        with postgresql.database() as database:
            deed = killed_move(copy, postgresql.url(database))
            came_so_far = killing.at_statement(number, ("store/moving", "projects/moving", "files"), deed)
            if config.load(copy.folder, {}).store.url.startswith("sqlite"):
                move(copy, postgresql.url(database))
            assert steps.cron(copy).done == ()
            next_issue(copy)
            assert [len(steps.mails(copy, issue)) for issue in (1, 2)] == [2, 2]
        shutil.rmtree(copy.folder)
        copy.blog.posts.pop("second")
        number += stride
    assert number > 200


def killed_move(world: World, url: str) -> Callable[[], object]:
    return lambda: move(world, url)


def test_the_command_says_what_it_did(used: World, url: str) -> None:
    words = [
        sys.executable,
        "-m",
        "pipeline.cli.main",
        "--project",
        str(used.folder),
        "migrate-store",
        with_password(url),
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert f'url = "{url}"' in done.stdout
    assert postgres.PASSWORD not in done.stdout + done.stderr
