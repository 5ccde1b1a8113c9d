"""Many entries are cleaned in child processes: the same posts come of it, and whatever happens to a child."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import child, clean, run
from pipeline.clean import apart
from pipeline.errors import ChildFault
from pipeline.model import Post, Report
from pipeline.store import entries, posts
from tests.journeys import killing
from tests.world import World, lay_out

POSTS = 130


@pytest.fixture
def busy(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A blog with so many posts that they are cleaned in children, on a machine with two processors at least."""
    monkeypatch.setattr(apart, "MANY", 100)
    monkeypatch.setattr(clean, "HANDFUL", 50)
    monkeypatch.setattr(child, "AT_ONCE", 2)
    fill(world)
    return world


def fill(world: World) -> None:
    world.blog.window = 200
    for at in range(POSTS):
        world.blog.publish(f"day-{at}", f"Day {at}", world.now - timedelta(hours=1 + at))


def pulled(world: World) -> Report:
    with world.project() as project:
        return run.walk(project, "pull", "clean")


def made(world: World) -> list[Post]:
    with world.project(alone=False) as project, project.store.reading() as tx:
        assert not entries.uncleaned(tx, 2)
        return posts.every(tx)


@contextmanager
def one_by_one() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apart, "MANY", 10_000)
        yield


def test_the_same_posts_come_of_it_as_one_by_one(busy: World, tmp_path: Path) -> None:
    other = lay_out(tmp_path / "other")
    fill(other)
    said = pulled(busy).done
    with one_by_one():
        assert pulled(other).done == said
    assert made(busy) == made(other)
    assert len(made(busy)) == POSTS + 1


def test_an_entry_that_ends_its_child_costs_only_itself(busy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = child.run

    def run_but_for_one(module: str, given: bytes, *, seconds: float, megabytes: int, what: str) -> bytes:
        if module == "pipeline.clean.making" and b"Day 7 " in given.replace(b'Day 7"', b"Day 7 "):
            raise ChildFault(f"{what} took longer than {seconds:g} seconds and was stopped.")
        return real(module, given, seconds=seconds, megabytes=megabytes, what=what)

    monkeypatch.setattr(child, "run", run_but_for_one)
    pulled(busy)
    faults = {post.article.title: post.fault for post in made(busy) if post.fault}
    assert faults == {"Day 7": "Cleaning it took longer than 60 seconds and was stopped."}


def test_where_no_child_can_work_entries_are_cleaned_as_ever(busy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = child.run

    def run_but_for_cleaning(module: str, given: bytes, *, seconds: float, megabytes: int, what: str) -> bytes:
        if module == "pipeline.clean.making":
            raise ChildFault(f"{what} failed: ModuleNotFoundError: No module named 'pipeline'.")
        return real(module, given, seconds=seconds, megabytes=megabytes, what=what)

    monkeypatch.setattr(child, "run", run_but_for_cleaning)
    pulled(busy)
    assert not any(post.fault for post in made(busy))


def test_a_handful_that_can_not_be_written_costs_no_other_its_turn(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with busy.project() as project:
        run.walk(project, "pull")
    real = posts.were_cleaned

    def broken_for_the_first(tx: object, cleaned: list[posts.Cleaned], *, rules: int) -> None:
        if cleaned[0].entry == 1:
            raise ZeroDivisionError
        real(tx, cleaned, rules=rules)  # type: ignore[arg-type]

    monkeypatch.setattr(posts, "were_cleaned", broken_for_the_first)
    report = pulled(busy)
    assert len(report.errors) == 1
    monkeypatch.setattr(posts, "were_cleaned", real)
    with busy.project(alone=False) as project, project.store.reading() as tx:
        assert len(entries.uncleaned(tx, 2)) == 50


@pytest.mark.parametrize("step", [3, 9, 14])
def test_a_run_killed_while_children_clean_is_finished_by_the_next(busy: World, step: int) -> None:
    with busy.project() as project:
        run.walk(project, "pull")
    assert killing.at_step(step, lambda: pulled(busy))
    pulled(busy)
    assert len(made(busy)) == POSTS + 1
