"""What she does at a page that stays open for days is kept in the state that there is by then."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.store import people
from tests.journeys import steps
from tests.preview.author import at_her_page
from tests.world import World, lay_out


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One that keeps its state in a file."""
    return lay_out(tmp_path / "project")


def state_of(world: World) -> Path:
    return world.folder / "outbox/paperround.sqlite3"


def readers(world: World) -> int:
    with world.project(alone=False) as project, project.store.reading() as tx:
        return people.count_active(tx)


def test_a_state_that_was_put_in_the_place_of_another_is_the_one_she_sees_and_changes(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    with at_her_page(world) as lisa:
        assert "1 reader wants" in lisa.reads("/subscribers")
        state_of(world).rename(state_of(world).with_suffix(".aside"))
        steps.subscribe(world, "bob@example.org", "cyd@example.org")
        assert "2 readers want" in lisa.reads("/subscribers")
        lisa.post("/subscribers/add", address="dan@example.org")
    assert readers(world) == 3


def test_where_the_state_was_taken_away_the_page_begins_anew_as_a_run_would(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    with at_her_page(world) as lisa:
        lisa.look()
        state_of(world).unlink()
        assert "Nobody yet." in lisa.reads("/subscribers")
        lisa.post("/subscribers/add", address="dan@example.org")
    assert readers(world) == 1
