"""States that earlier releases left are brought up to date with all that is in them, in place and from a backup.

`tests/data/state-NNNN.sql` was written by the program of that revision: an issue sent to two readers, one of whom left.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import config
from pipeline.feedback import readers
from pipeline.projects import backup
from pipeline.store import accounts, dumping, migrations
from tests import postgres
from tests.journeys import steps
from tests.world import World

DATA = Path(__file__).parents[1] / "data"
STATES = sorted(DATA.glob("state-*.sql"))


NEVER_LEFT = {"0008"}
"""Revisions that came in one piece of work with the next one."""


def test_a_state_of_every_revision_is_kept() -> None:
    revisions = {path.name[:4] for path in Path(migrations.__file__).parent.glob("versions/0*.py")}
    kept = {path.stem.removeprefix("state-") for path in STATES}
    assert revisions - kept <= {*NEVER_LEFT, migrations.HEAD}, "python -m tools.keep_state keeps one of today"


def left_by(path: Path, state: Path) -> None:
    state.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(state)) as database:
        database.executescript(path.read_text("utf-8"))


def all_is_there(world: World) -> None:
    """Nobody is forgotten, nothing is sent again, and the next issue goes to who is left."""
    with world.project() as project, project.store.reading() as tx:
        assert migrations.current(tx) == migrations.HEAD
        ((_, account),) = accounts.every(tx).values()
        assert (account.audience, account.accepted) == (2, 2)
    with world.project() as project:
        assert readers.add(project.store, "ben@example.org", name=None, consent="x", now=world.now) == "left"
        assert readers.add(project.store, "ann@example.org", name=None, consent="x", now=world.now) == "known"


def next_issue(world: World) -> None:
    world.now += timedelta(days=1)
    world.blog.publish("second", "A Second Post", world.now)
    world.now += timedelta(hours=2)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world, number=2)  # type: ignore[arg-type]
    steps.send(world, number=2)  # type: ignore[arg-type]
    assert [mail["To"] for mail in steps.mails(world, 2)] == ["ann@example.org"]
    assert steps.mails(world, 1) == []


@pytest.mark.parametrize("path", STATES, ids=lambda path: path.stem)
def test_a_state_of_an_earlier_release_goes_on_with_its_data(world: World, path: Path) -> None:
    text = (world.folder / config.FILE).read_text("utf-8").partition("\n[store]")[0]
    (world.folder / config.FILE).write_text(text, "utf-8")
    left_by(path, world.folder / "outbox/paperround.sqlite3")
    all_is_there(world)
    next_issue(world)


def old_backup(path: Path, world: World, tmp_path: Path) -> Path:
    """The backup that a program of that revision would have written."""
    left_by(path, tmp_path / "old.sqlite3")
    parts = {"files/sources/newsletter.toml": (world.folder / config.FILE).read_bytes()}
    with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as database:
        there = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for name in (one for one in dumping.names() if one in there):
            found = database.execute(f"SELECT * FROM {name}")
            columns = [column[0] for column in found.description]
            lines = [columns, *(list(row) for row in found)]
            parts[f"state/{name}.jsonl"] = b"".join(dumping._line([dumping._packed(v) for v in one]) for one in lines)
    listed = {name: {"size": len(one), "sha256": hashlib.sha256(one).hexdigest()} for name, one in parts.items()}
    manifest = {"format": backup.FORMAT, "revision": path.stem.removeprefix("state-"), "parts": listed}
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as zipped:
        for name, content in (parts | {"manifest.json": json.dumps(manifest).encode()}).items():
            zipped.writestr(name, content)
    return tmp_path / "old.zip"


@pytest.mark.parametrize("path", STATES, ids=lambda path: path.stem)
def test_a_backup_of_an_earlier_release_is_put_back_and_brought_up_to_date(
    world: World, path: Path, tmp_path: Path, postgresql: postgres.Server
) -> None:
    text = (world.folder / config.FILE).read_text("utf-8").partition("\n[store]")[0]
    (world.folder / config.FILE).write_text(text, "utf-8")
    file = old_backup(path, world, tmp_path)
    backup.put_back(world.folder, file, {}, world.now, force=False)
    all_is_there(world)
    with postgresql.database() as name:
        (world.folder / config.FILE).write_text(text, "utf-8")
        world.keep_in(postgresql.url(name), postgres.PASSWORD)
        backup.put_back(world.folder, file, {}, world.now, force=False)
        all_is_there(world)
