"""The author sees at a glance whether all is well, and what is not, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from pipeline import run
from pipeline.carrying import signed
from pipeline.errors import FetchFault
from pipeline.feedback import readers, reports
from pipeline.model import IssueNumber, Run, Signal
from pipeline.plots import stacked
from pipeline.preview.pages.health import rhythm
from tests.journeys import steps
from tests.preview.author import Author, at_her_page
from tests.world import START, World


@pytest.fixture
def world(on_both: World) -> World:
    return on_both


@pytest.fixture
def author(world: World) -> Iterator[Author]:
    with at_her_page(world) as lisa:
        yield lisa


def cron(world: World) -> None:
    with world.project() as project:
        run.remember(project, run.walk(project), world.now)


def test_before_anything_ran_she_is_told_so(author: Author) -> None:
    said = author.reads("/health")
    assert "blog not asked yet" in said
    assert "The last runs None yet" in said
    assert "Nothing yet" in said


def test_a_source_that_fails_is_told_with_the_reason_and_the_next_try(author: Author, world: World) -> None:
    cron(world)
    assert "blog well" in author.reads("/health")
    for _ in range(2):
        world.blog.broken = FetchFault("The blog's machine does not answer.", where="https://blog.example.org/feed/")
        world.pass_time(days=2)
        cron(world)
    said = author.reads("/health")
    assert "blog failing" in said
    assert "The blog's machine does not answer" in said
    assert "Failures in a row 2" in said
    assert "something waits for you" in said


def test_a_folder_of_posts_of_which_one_can_not_be_read_is_told_with_the_line(author: Author, world: World) -> None:
    (world.folder / "posts").mkdir()
    (world.folder / "posts/two.md").write_text("---\ntitle: [\n---\nWords.\n", "utf-8")
    world.set('url = "https://blog.example.org/feed/"\n', 'url = "posts"\nkind = "markdown"\n')
    for _ in range(2):
        cron(world)
        world.pass_time(days=1)
    said = author.reads("/health")
    assert "blog read in part" in said
    assert "two.md:2: The head can't be read" in said


def test_what_a_notice_would_say_stands_there_too(author: Author, world: World) -> None:
    cron(world)
    assert "1 post is held" not in author.reads("/health")
    world.blog.publish("old", "An old letter", world.now - timedelta(days=400))
    world.pass_time(days=1)
    cron(world)
    assert "1 post is held until you decide: 2 “An old letter”." in author.reads("/health")


def test_a_host_that_refuses_an_issue_by_policy_is_told_with_its_words(author: Author, world: World) -> None:
    addresses = [f"reader{at}@mail.example" for at in range(4)]
    steps.subscribe(world, *addresses)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    assert "refused the copies" not in author.reads("/health")
    world.pass_time(hours=2)
    told = [
        signed.signal("bounced", id=one, at=world.now, address=one, words="550 5.7.1 blocked", marks={"issue": 1})
        for one in addresses
    ]
    with world.project() as project:
        reports.take("postmark", told, project.store, world.now)
    assert "mail.example refused the copies of 4 of 4 readers by policy" in author.reads("/health")


def test_each_run_has_its_account(author: Author, world: World) -> None:
    cron(world)
    said = author.reads("/health")
    assert "Monday, 23 November" in said
    assert "1 new" in said or "entr" in said


def test_a_run_that_is_missing_is_missed() -> None:
    one = Run(began=START, ended=START, what="run", code=0, words="Nothing was due.")
    latest = [replace(one, began=START - timedelta(minutes=15 * at)) for at in range(6)]
    told = rhythm(latest, START + timedelta(minutes=10))
    assert told.every == timedelta(minutes=15)
    assert told.expected == START + timedelta(minutes=15)
    assert not told.late
    assert rhythm(latest, START + timedelta(hours=1)).late
    assert rhythm(latest[:2], START).every is None


def test_what_waits_and_how_mail_fared_is_shown(author: Author, world: World) -> None:
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(hours=1))
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    steps.pull(world)
    steps.build_now(world)
    assert "Issue 1, “A jar of kind words”" in author.reads("/health")
    steps.approve(world)
    steps.send(world)
    bounce = Signal(
        kind="bounced", permanent=True, id="1", address="ann@example.org", provider_id=None, issue=IssueNumber(1),
        subscriber=None, at=world.now, words="5.1.1 nobody here",
    )  # fmt: skip
    with world.project() as project:
        reports.take("postmark", [bounce], project.store, world.now)
        readers.unsubscribe(project.store, "ben@example.org", evidence="told me", now=world.now)
    page = author.look("/health")
    assert "Issue 1 to 1: 2 taken by the provider in all." in page
    assert "0 refused, 1 bounced, 0 called spam" in page
    assert '<th scope="row">2026-11</th><td class="number">1</td>' in page
    assert "<script>" not in page


def test_bars_stand_on_each_other_and_add_up() -> None:
    plot = stacked("x", "Title", "Issue", ["one", "two"], [("1", (3, 1)), ("2", (0, 0)), ("3", (6, 2))])
    first, second, *_ = plot.bars
    assert first.y == pytest.approx(second.y + second.height, abs=0.2)
    tallest = sum(bar.height for bar in plot.bars[2:])
    assert tallest == pytest.approx(2 * (first.height + second.height), abs=0.5)
    assert len(plot.bars) == 4
    assert stacked("x", "Title", "Issue", ["one"], []).empty
