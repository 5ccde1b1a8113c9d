"""Killed anywhere, run again: nothing twice, nothing lost, no half-written file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline import folder as issue_folder
from tests import postgres
from tests.drawing.test_drawing import saved, stripes
from tests.journeys import killing, steps
from tests.world import Blog, World, laid_out

READERS = [f"reader{number}@example.org" for number in range(5)]
PARTS = 4
"""The kill points are dealt out to this many tests, so that they run side by side."""

STORE = ("store/ledger", "store/freezing", "store/claims", "store/carriers", "store/open", "store/postgres")


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
def test_a_run_killed_at_any_step_on_disk_is_finished_by_the_next(
    kept_in: postgres.Server | None, tmp_path: Path, part: int
) -> None:
    stride = killing.stride(ci=3, desk=7, server=kept_in)
    number = killing.first() + part * stride
    with laid_out(tmp_path / "original", kept_in) as fresh:
        illustrated(fresh.blog)
        fresh.set('approval = "required"', 'approval = "automatic"')
        steps.subscribe(fresh, *READERS)
        came_so_far = True
        while came_so_far:
            with fresh.copied(tmp_path / "copy", kept_in) as world:
                came_so_far = killing.at_step(number, lambda world=world: steps.cron(world))  # type: ignore[misc]
                world.pass_time(minutes=30)
                steps.cron(world)
                whole(world)
            number += PARTS * stride
    assert number > 40


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_send_killed_at_any_statement_reaches_everybody_once(
    kept_in: postgres.Server | None, tmp_path: Path, part: int
) -> None:
    # Fewer: tests/deliver/test_killed_hand_over.py tries the same statements with eight kinds of provider.
    stride = killing.stride(ci=9, desk=21, server=kept_in)
    number = killing.first() + part * stride
    with laid_out(tmp_path / "original", kept_in) as ready:
        steps.subscribe(ready, *READERS)
        steps.pull(ready)
        steps.build_now(ready)
        steps.approve(ready)
        rooms = ("deliver", *STORE, "providers", "line", "files")
        came_so_far = True
        while came_so_far:
            with ready.copied(tmp_path / "copy", kept_in) as world:
                came_so_far = killing.at_statement(number, rooms, lambda world=world: steps.send(world))  # type: ignore[misc]
                steps.send(world)
                steps.cron(world)
                whole(world)
            number += PARTS * stride
    assert number > 100


def test_a_mail_that_asks_to_confirm_goes_at_most_once_wherever_the_program_is_killed(
    kept_in: postgres.Server | None, tmp_path: Path
) -> None:
    """Whoever gets none because of it asks again; nobody is asked twice by one form."""
    from pipeline import feedback
    from pipeline.feedback import signup
    from pipeline.store import signups

    def work(world: World) -> None:
        with world.project(alone=False) as project:
            feedback.work("signup/1", project.store, project.settings.feedback, project.out)

    with laid_out(tmp_path / "original", kept_in) as ready:
        with ready.project() as project:
            about = {"name": None, "topics": (), "words": "yes", "source": "form", "now": ready.now}
            signup.ask(project.store, "ann@example.org", **about)  # type: ignore[arg-type]
        number = killing.first()
        while True:
            with ready.copied(tmp_path / "copy", kept_in) as world:
                rooms = ("feedback/asking", "store/signups")
                came_so_far = killing.at_statement(number, rooms, lambda world=world: work(world))  # type: ignore[misc]
                steps.cron(world)
                with world.project() as project, project.store.reading() as tx:
                    found = signups.by_address(tx, "ann@example.org")
                assert found is not None
                assert (found.mail, found.mails) == (None, 1)
            if not came_so_far:
                break
            number += killing.stride(ci=12, desk=28, server=kept_in)
    assert number > 20


def test_who_is_kept_out_by_a_hash_alone_is_gone_wherever_the_program_that_finds_her_is_killed(
    kept_in: postgres.Server | None, tmp_path: Path
) -> None:
    from pipeline import feedback
    from pipeline.store import dumping, people

    def work(world: World) -> None:
        with world.project(alone=False) as project:
            feedback.work("unmatched", project.store, project.settings.feedback, project.out)

    with laid_out(tmp_path / "original", kept_in) as ready:
        steps.subscribe(ready, *READERS)
        with ready.project() as project, project.store.writing() as tx:
            hashed = people.address_hash(project.store.secret(tx), READERS[0])
            row = {"address_hash": hashed, "reason": "unsubscribed", "evidence": "a click", "at": ready.now}
            dumping.keep_out(tx, [row])
        number = killing.first()
        came_so_far = True
        while came_so_far:
            with ready.copied(tmp_path / "copy", kept_in) as world:
                rooms = ("feedback", "store/people")
                came_so_far = killing.at_statement(number, rooms, lambda world=world: work(world))  # type: ignore[misc]
                steps.cron(world)
                with world.project() as project, project.store.reading() as tx:
                    assert not people.any_unmatched(tx)
                    assert people.count_active(tx) == len(READERS) - 1
            number += killing.stride(ci=4, desk=12, server=kept_in)
    assert number > 12
