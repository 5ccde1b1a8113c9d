"""A look at every issue without opening the store: it says the same, or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipeline import compose, deliver, review, run, standing
from pipeline.cli.issues import _looked_up
from pipeline.model import IssueNumber
from pipeline.store import carriers, glance, tables
from tests.journeys import steps
from tests.world import World

ONE = IssueNumber(1)


@pytest.fixture
def world(world: World) -> World:
    """A project with a draft and three readers."""
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(hours=1))
    steps.subscribe(world, "ann@example.org", "ben@example.org", "cem@example.org")
    steps.pull(world)
    steps.build_now(world)
    return world


def look(world: World) -> list[standing.Stands] | None:
    with world.project() as project:
        return standing.at_a_glance(project.settings)


def looked_up(world: World) -> list[standing.Stands]:
    with world.project() as project:
        return _looked_up(project)


def edit(world: World) -> None:
    (steps.folder(world) / "email.txt").write_text("Other words.", "utf-8")


def expire(world: World) -> None:
    with world.project() as project, project.store.writing() as tx:
        carriers.expire(tx, ONE, expired=True)


def canary(world: World) -> None:
    with world.project() as project:
        section = project.settings.deliver
        deliver.ask(ONE, project.store, section, world.now, canary=1)
        run.perform(project, "deliver", lambda: deliver.due(project.store, section, world.now, ONE))


def withdraw(world: World) -> None:
    with world.project() as project:
        review.withdraw(ONE, project.store, by="Lisa", now=world.now)


def correct(world: World) -> None:
    with world.project() as project:
        section = project.settings.compose
        compose.correct(ONE, project.store, section, said="It is Friday.", named=None, now=world.now)


def older(world: World) -> None:
    with world.project() as project, project.store.writing() as tx:
        tx.execute(sa.update(tables.issues).values(outline=None))


WAYS: dict[str, tuple[tuple[Callable[[World], object], ...], str]] = {
    "a draft": ((), "draft"),
    "approved": ((steps.approve,), "approved"),
    "edited after the yes": ((steps.approve, edit), "draft"),
    "the yes taken back": ((steps.approve, withdraw), "draft"),
    "too old": ((steps.approve, expire), "expired"),
    "held after the first": ((steps.approve, canary), "held"),
    "about to go again": ((steps.approve, steps.wait_for_an_answer), "sending"),
    "about to go again, and too old": ((steps.approve, steps.wait_for_an_answer, expire), "expired"),
    "too old on its way": ((steps.approve, canary, expire), "expired"),
    "sent": ((steps.approve, steps.send), "sent"),
    "sent by an older program": ((steps.approve, steps.send, older), "sent"),
    "corrected": ((steps.approve, steps.send, correct), "sent"),
}


@pytest.mark.parametrize(("deeds", "state"), WAYS.values(), ids=WAYS)
def test_it_tells_of_each_issue_what_the_store_tells(
    world: World, deeds: tuple[Callable[[World], object], ...], state: str
) -> None:
    for deed in deeds:
        deed(world)
    told = look(world)
    assert told is not None
    assert told == looked_up(world)
    assert told[0].state == state


def change(world: World, statement: str) -> None:
    with closing(sqlite3.connect(world.folder / "outbox/paperround.sqlite3")) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alembic_version SET version_num = '0009'",
        "DELETE FROM alembic_version",
        "INSERT INTO facts VALUES ('moved', 'postgresql://db.example.org/newsletters')",
        "INSERT INTO facts VALUES ('restoring', '')",
        "INSERT INTO carriers (provider, stopped) VALUES ('smtp', 'it refuses us')",
        "UPDATE issues SET outline = 'no document'",
        "UPDATE sendings SET audience = audience + 1",
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_store(world: World, statement: str) -> None:
    steps.approve(world)
    steps.send(world)
    with world.project() as project:
        settings = project.settings
    change(world, statement)
    assert standing.at_a_glance(settings) is None


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert glance.look("sqlite:///outbox/paperround.sqlite3", tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["postgresql://user@host/name", "sqlite://", "sqlite:///x?mode=memory", "no address"])
def test_other_addresses_are_for_the_store(tmp_path: Path, url: str) -> None:
    assert glance.look(url, tmp_path) is None


def test_a_file_that_is_no_database_is_left_to_the_store(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"no database" * 1000)
    assert glance.look("sqlite:///state", tmp_path) is None
