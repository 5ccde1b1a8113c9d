"""Killed anywhere, run again: nothing twice, nothing lost, no half-written file."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import folder as issue_folder
from tests import postgres
from tests.drawing.test_drawing import saved, stripes
from tests.journeys import killing, steps
from tests.world import Blog, World, lay_out

READERS = [f"reader{number}@example.org" for number in range(5)]
PARTS = 4
"""The kill points are dealt out to this many tests, so that they run side by side."""

STRIDE = PARTS * killing.stride(ci=3, desk=7)

SPARSE = 3 if killing.stride(ci=3, desk=7) < 7 else 9
"""With PostgreSQL fewer of those: the code between two commits is the same."""


class Copies:
    """Copies of a project, each with a copy of its state, in whatever database that is."""

    def __init__(self, at: Path, server: postgres.Server | None) -> None:
        self.at = at
        self.server = server
        self.stride = STRIDE * (SPARSE if server else 1)

    @contextmanager
    def original(self) -> Iterator[World]:
        world = lay_out(self.at / "original")
        if self.server is None:
            yield world
            return
        with self.server.database() as self.database:
            world.keep_in(self.server.url(self.database), postgres.PASSWORD)
            yield world

    @contextmanager
    def copy(self, world: World) -> Iterator[World]:
        other = World(folder=self.at / "copy", blog=world.blog)
        shutil.copytree(world.folder, other.folder)
        if self.server is None:
            yield other
        else:
            with self.server.database(like=self.database) as database:
                other.set(self.database, database)
                yield other
        shutil.rmtree(other.folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def copies(tmp_path: Path, request: pytest.FixtureRequest) -> Copies:
    on_server = request.param == "postgresql"
    return Copies(tmp_path, request.getfixturevalue("postgresql") if on_server else None)


def illustrated(blog: Blog) -> Blog:
    """The same blog, its post with a picture."""
    blog.pictures["https://blog.example.org/lamp.jpg"] = saved(stripes(800, 400), "JPEG")
    blog.posts["worries"] = replace(
        blog.posts["worries"],
        html=blog.posts["worries"].html + '<p><img src="https://blog.example.org/lamp.jpg" alt="A lamp"/></p>',
    )
    return blog


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
    for name in re.findall(r"https://news.example.org/(pictures/[^\"]+)", (issue / "email.html").read_text()):
        assert (outbox / "public" / name).is_file(), name


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_run_killed_at_any_step_on_disk_is_finished_by_the_next(copies: Copies, part: int) -> None:
    number = 1 + part
    with copies.original() as fresh:
        illustrated(fresh.blog)
        fresh.set('approval = "required"', 'approval = "automatic"')
        steps.subscribe(fresh, *READERS)
        came_so_far = True
        while came_so_far:
            with copies.copy(fresh) as world:
                came_so_far = killing.at_step(number, lambda world=world: steps.cron(world))  # type: ignore[misc]
                world.pass_time(minutes=30)
                steps.cron(world)
                whole(world)
            number += copies.stride
    assert number > 40


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_send_killed_at_any_statement_reaches_everybody_once(copies: Copies, part: int) -> None:
    number = 1 + part
    with copies.original() as ready:
        steps.subscribe(ready, *READERS)
        steps.pull(ready)
        steps.build_now(ready)
        steps.approve(ready)
        rooms = ("deliver", "store/ledger", "store/open", "providers", "line", "files")
        came_so_far = True
        while came_so_far:
            with copies.copy(ready) as world:
                came_so_far = killing.at_statement(number, rooms, lambda world=world: steps.send(world))  # type: ignore[misc]
                steps.send(world)
                steps.cron(world)
                whole(world)
            # Every third: tests/deliver/test_killed_hand_over.py tries the same statements with eight kinds of provider.
            number += copies.stride * 3
    assert number > 100


def test_a_mail_that_asks_to_confirm_goes_at_most_once_wherever_the_program_is_killed(copies: Copies) -> None:
    """Whoever gets none because of it asks again; nobody is asked twice by one form."""
    from pipeline import feedback
    from pipeline.feedback import signup
    from pipeline.store import signups

    def work(world: World) -> None:
        with world.project(alone=False) as project:
            feedback.work("signup/1", project.store, project.settings.feedback, project.out)

    with copies.original() as ready:
        with ready.project() as project:
            about = {"name": None, "topics": (), "words": "yes", "source": "form", "now": ready.now}
            signup.ask(project.store, "ann@example.org", **about)  # type: ignore[arg-type]
        number = 1
        while True:
            with copies.copy(ready) as world:
                rooms = ("feedback/asking", "store/signups")
                came_so_far = killing.at_statement(number, rooms, lambda world=world: work(world))  # type: ignore[misc]
                steps.cron(world)
                with world.project() as project, project.store.reading() as tx:
                    found = signups.by_address(tx, "ann@example.org")
                assert found is not None
                assert (found.mail, found.mails) == (None, 1)
            if not came_so_far:
                break
            number += copies.stride
    assert number > 20
