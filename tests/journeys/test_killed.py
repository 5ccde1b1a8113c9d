"""Killed anywhere, run again: nothing twice, nothing lost, no half-written file."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pipeline import folder as issue_folder
from tests.journeys import killing, steps
from tests.world import World, lay_out

READERS = [f"reader{number}@example.org" for number in range(5)]
PARTS = 4
"""The kill points are dealt out to this many tests, so that they run side by side."""

STRIDE = PARTS if os.environ.get("CI") else PARTS * 7
"""At a desk every seventh point is tried, so that the tests stay quick; CI=1 tries them all (six minutes)."""


def automatic(folder: Path) -> World:
    world = lay_out(folder)
    world.set('approval = "required"', 'approval = "automatic"')
    steps.subscribe(world, *READERS)
    return world


def whole(world: World) -> None:
    """Everything that must be true after the second run."""
    account = steps.account(world)
    assert account is not None
    assert (account.audience, account.accepted) == (5, 5)
    assert sorted(mail["To"] for mail in steps.mails(world)) == READERS
    issue = steps.folder(world)
    assert json.loads((issue / "issue.json").read_text())["state"] == "sent"
    assert issue_folder.sha(issue) is not None
    outbox = world.folder / "outbox"
    assert not list(outbox.rglob(".*.tmp"))
    for path in (outbox / "public").rglob("*.*"):
        assert path.stat().st_size > 50, path
    json.loads((outbox / "public/feed.json").read_text())


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_run_killed_at_any_step_on_disk_is_finished_by_the_next(tmp_path: Path, part: int) -> None:
    fresh = automatic(tmp_path / "fresh").folder
    number = 1 + part
    while True:
        world = World(folder=tmp_path / f"killed-{number}", blog=lay_out(tmp_path / f"blog-{number}").blog)
        shutil.copytree(fresh, world.folder)
        came_so_far = killing.at_step(number, lambda world=world: steps.cron(world))  # type: ignore[misc]
        world.pass_time(minutes=30)
        steps.cron(world)
        whole(world)
        shutil.rmtree(world.folder)
        if not came_so_far:
            break
        number += STRIDE
    assert number > 40


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_send_killed_at_any_statement_reaches_everybody_once(tmp_path: Path, part: int) -> None:
    ready = lay_out(tmp_path / "ready")
    steps.subscribe(ready, *READERS)
    steps.pull(ready)
    steps.build_now(ready)
    steps.approve(ready)
    number = 1 + part
    while True:
        world = World(folder=tmp_path / f"killed-{number}", blog=ready.blog)
        shutil.copytree(ready.folder, world.folder)
        rooms = ("deliver", "store/ledger", "store/open", "providers", "line", "files")
        came_so_far = killing.at_statement(number, rooms, lambda world=world: steps.send(world))  # type: ignore[misc]
        steps.send(world)
        steps.cron(world)
        whole(world)
        shutil.rmtree(world.folder)
        if not came_so_far:
            break
        number += STRIDE
    assert number > 100
