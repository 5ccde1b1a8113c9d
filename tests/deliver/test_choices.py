"""Whom an issue is for: what readers chose."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline import compose, lookback, review
from pipeline.feedback import choosing, readers
from pipeline.model import IssueNumber
from pipeline.store import people
from tests.journeys import steps
from tests.preview.author import at_her_page
from tests.world import World

ANN, BEN = "ann@example.org", "ben@example.org"


def choose(world: World, address: str, every: str = "issue", *topics: str) -> None:
    with world.project() as project:
        with project.store.reading() as tx:
            reader = people.by_address(tx, address)
        assert reader is not None
        assert choosing.choose(reader.token, project.store, every=every, topics=topics, now=world.now)


def issue(world: World, number: int) -> list[str]:
    """Write a post, send an issue of it; who got it."""
    world.blog.publish(f"post-{number}", f"Post number {number}", world.now - timedelta(hours=1))
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world, IssueNumber(number))
    steps.send(world, IssueNumber(number))
    return sorted(str(mail["To"]) for mail in steps.mails(world, number))


def correct(world: World, number: int) -> None:
    """Write the correction of an issue."""
    with world.project() as project:
        settings = project.settings.compose
        compose.correct(IssueNumber(number), project.store, settings, said="It is on Monday.", named="", now=world.now)


@pytest.fixture
def world(world: World) -> World:
    world.blog.posts.clear()
    steps.subscribe(world, ANN, BEN)
    return world


def test_who_wants_one_mail_a_month_gets_the_newest_issue_then(world: World) -> None:
    choose(world, BEN, "month")
    got = []
    for number in range(1, 7):
        got.append(BEN in issue(world, number))
        world.pass_time(days=7)
    assert got == [True, False, False, False, True, False]


def test_a_week_is_a_week_even_when_an_issue_is_an_hour_early(world: World) -> None:
    choose(world, BEN, "week")
    assert issue(world, 1) == [ANN, BEN]
    world.pass_time(days=2)
    assert issue(world, 2) == [ANN]
    world.pass_time(days=4, hours=23)
    assert issue(world, 3) == [ANN, BEN]


def test_an_issue_that_no_reader_wants_just_now_is_done_and_keeps_nothing_waiting(world: World) -> None:
    choose(world, ANN, "week")
    choose(world, BEN, "month")
    assert issue(world, 1) == [ANN, BEN]
    world.pass_time(days=2)
    assert issue(world, 2) == []
    with world.project() as project:
        lines = review.overview(project.store, project.settings.review)
        (two,) = [one for one in lines if one.issue.number == 2]
        assert (two.state, two.account and two.account.audience) == ("sent", 0)
        assert "Post number 2" in lookback.page(lookback.look(project.store, project.settings, world.now))
    assert "Issue 2 goes to no reader by mail: each had one lately, or chose other topics." in world.said
    with at_her_page(world) as author:
        assert "No reader was to get it by mail" in author.reads("/issue/2")
    world.pass_time(days=6)
    steps.cron(world)
    assert steps.mails(world, 2) == []
    world.pass_time(hours=3)
    assert issue(world, 3) == [ANN]


def test_what_nobody_got_by_mail_is_corrected_in_the_archive(world: World) -> None:
    choose(world, ANN, "week")
    choose(world, BEN, "week")
    issue(world, 1)
    world.pass_time(days=2)
    assert issue(world, 2) == []
    correct(world, 2)
    steps.approve(world, IssueNumber(3))
    report = steps.send(world, IssueNumber(3))
    assert "Issue 3 goes to no reader by mail: nobody who got issue 2 is a reader now." in report.done
    steps.cron(world)
    (page,) = (world.folder / "outbox/public/issues").glob("2-*/index.html")
    assert "It is on Monday." in page.read_text("utf-8")


def test_an_issue_waits_while_nobody_wants_any_mail(world: World) -> None:
    choose(world, ANN, "none")
    choose(world, BEN, "none")
    assert issue(world, 1) == []
    choose(world, BEN)
    steps.cron(world)
    assert [str(mail["To"]) for mail in steps.mails(world, 1)] == [BEN]


def test_a_correction_of_which_every_reader_has_left_is_done(world: World) -> None:
    issue(world, 1)
    steps.subscribe(world, "newcomer@example.org")
    with world.project() as project:
        for address in (ANN, BEN):
            readers.unsubscribe(project.store, address, evidence="told me so", now=world.now)
    correct(world, 1)
    steps.approve(world, IssueNumber(2))
    report = steps.send(world, IssueNumber(2))
    assert "Issue 2 goes to no reader by mail: nobody who got issue 1 is a reader now." in report.done
    assert steps.mails(world, 2) == []


def test_a_correction_costs_nobody_the_next_issue(world: World) -> None:
    choose(world, BEN, "week")
    issue(world, 1)
    world.pass_time(days=1)
    correct(world, 1)
    steps.approve(world, IssueNumber(2))
    steps.send(world, IssueNumber(2))
    world.pass_time(days=6)
    assert issue(world, 3) == [ANN, BEN]


def test_topics_decide_and_nothing_ticked_means_everything(world: World) -> None:
    world.set("[[source]]", '[readers]\ntopics = ["Sleep", "School"]\n\n[[source]]')
    choose(world, BEN, "issue", "School")
    assert issue(world, 1) == [ANN]


def test_a_topic_that_is_offered_no_more_holds_nothing_back(world: World) -> None:
    choose(world, BEN, "issue", "School")
    assert issue(world, 1) == [ANN, BEN]


def test_the_sum_still_adds_up(world: World) -> None:
    choose(world, BEN, "month")
    issue(world, 1)
    world.pass_time(days=3)
    issue(world, 2)
    account = steps.account(world, IssueNumber(2))
    assert account is not None
    assert (account.audience, account.accepted) == (1, 1)
