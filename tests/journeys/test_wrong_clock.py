"""A machine whose clock was a year ahead for a run, as one without a battery is until it has asked for the time."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from pipeline import review, run
from pipeline.errors import FetchFault, PaperroundError
from pipeline.feedback import choosing
from pipeline.store import dumping, people, posts, sources
from tests.journeys import steps
from tests.world import World

ANN, BEN = "ann@example.org", "ben@example.org"
WEEKS = 7


@pytest.fixture
def world(on_both: World) -> World:
    on_both.blog.posts.clear()
    steps.subscribe(on_both, ANN)
    return on_both


def time_passes(world: World, days: float) -> None:
    """Then a run, her yes to whatever there is, and another run; the blog's server has the right date."""
    world.pass_time(days=days)
    world.blog.date = world.now
    steps.cron(world)
    with world.project() as project:
        for line in review.overview(project.store, project.settings.review):
            if line.state == "draft":
                with suppress(PaperroundError):
                    review.approve(line.issue.number, project.store, project.settings.review, by="Lisa", now=world.now)
    steps.cron(world)


def a_run_with_the_clock_ahead(world: World, **length: float) -> None:
    world.pass_time(**length)
    steps.cron(world)
    world.pass_time(**{unit: -number for unit, number in length.items()})


def got(world: World, address: str) -> list[str]:
    """The subjects of what a reader got."""
    found = []
    with world.project() as project:
        lines = review.overview(project.store, project.settings.review)
    for line in sorted(lines, key=lambda line: line.issue.number):
        found += [mail["Subject"] for mail in steps.mails(world, line.issue.number) if mail["To"] == address]
    return found


def known(world: World) -> list[bytes]:
    """What it knows of its sources, posts, issues and readers."""
    with world.project(alone=False) as project, project.store.reading() as tx:
        return [
            line for table in dumping.names() if table not in ("outputs", "runs") for line in dumping.rows(tx, table)
        ]


def public(world: World) -> dict[str, bytes]:
    """What readers find on the web, by its place there."""
    root = world.folder / "outbox/public"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("cadence", ["each", "weekly", "monthly"])
def test_every_post_is_mailed_in_its_time_after_a_run_a_year_ahead(world: World, cadence: str) -> None:
    world.set('cadence = "each"', f'cadence = "{cadence}"')
    world.blog.publish("first", "First", world.now - timedelta(hours=3))
    steps.cron(world)
    a_run_with_the_clock_ahead(world, days=400)
    for week in range(WEEKS):
        world.blog.publish(f"week-{week}", f"Week {week}", world.now)
        time_passes(world, 3.5)
        time_passes(world, 3.5)
    assert len(got(world, ANN)) == {"each": WEEKS + 1, "weekly": WEEKS, "monthly": 2}[cadence]
    if cadence != "monthly":
        assert {standing.state for standing in steps.standings(world).values()} == {"issue"}
    with world.project() as project, project.store.reading() as tx:
        assert all(health.next_check < world.now + timedelta(days=2) for health in sources.all_health(tx).values())


@pytest.mark.parametrize("down", [False, True])
def test_who_pulls_by_hand_after_a_run_a_year_ahead_has_nothing_wait_either(world: World, *, down: bool) -> None:
    world.set('cadence = "each"', 'cadence = "weekly"')
    world.blog.publish("first", "First", world.now - timedelta(hours=3))
    steps.cron(world)
    a_run_with_the_clock_ahead(world, days=400)
    world.blog.broken = FetchFault("no answer", where="blog") if down else None
    with world.project() as project:
        run.perform(project, "pull", lambda: ["source/blog"])
    world.blog.broken = None
    for week in range(WEEKS):
        world.blog.publish(f"week-{week}", f"Week {week}", world.now)
        time_passes(world, 3.5)
        time_passes(world, 3.5)
    assert len(got(world, ANN)) == WEEKS


def test_it_is_said_once_that_the_clock_ran_ahead(world: World) -> None:
    steps.cron(world)
    a_run_with_the_clock_ahead(world, days=400)
    world.blog.date = world.now
    (words,) = [words for words in steps.cron(world).attention if "clock" in words]
    assert words == (
        "This machine's clock ran ahead: sources were to be visited again on 28 December 2027, and today is "
        "23 November 2026. Nothing waits for that day any more."
    )
    assert not any("clock" in words for words in steps.cron(world).attention)


def test_a_clock_that_is_behind_changes_nothing_and_is_told_until_it_is_right(world: World) -> None:
    world.blog.publish("first", "First", world.now - timedelta(hours=3))
    time_passes(world, 1)
    right, before = world.now, known(world)
    world.now = right.replace(year=2000)
    for _ in range(2):
        (words,) = [words for words in steps.cron(world).attention if "clock" in words]
        assert words == (
            "By this machine's clock it is 24 November 2000, and sources were to be visited again on 24 November 2026; "
            "by your blog's server it is 24 November 2026. Set the clock; until it is right, new posts may wait."
        )
    assert known(world) == before
    world.now = right
    assert not any("clock" in words for words in steps.cron(world).attention)


def test_a_clock_that_is_behind_takes_nothing_out_of_the_feeds_and_pages(world: World) -> None:
    for day in range(3):
        world.blog.publish(f"day-{day}", f"Day {day}", world.now - timedelta(days=day, hours=3))
    time_passes(world, 1)
    right, before = world.now, public(world)
    assert all(f"Day {day}".encode() in before[name] for name in ("rss.xml", "index.html") for day in range(3))
    world.now = right.replace(year=2000)
    steps.cron(world)
    assert public(world) == before
    world.now = right
    steps.cron(world)
    assert public(world) == before


def test_a_date_out_of_a_cache_is_no_sign_of_a_wrong_clock(world: World) -> None:
    steps.cron(world)
    a_run_with_the_clock_ahead(world, days=400)
    world.blog.date = world.now - timedelta(days=10)
    assert any("clock ran ahead" in words for words in steps.cron(world).attention)


def test_where_no_server_tells_the_date_nothing_is_believed(world: World) -> None:
    steps.cron(world)
    a_run_with_the_clock_ahead(world, days=400)
    (words,) = [words for words in steps.cron(world).attention if "clock" in words]
    assert "nobody could be asked for the date. Set the clock" in words


def test_who_has_no_source_but_a_folder_is_believed(world: World) -> None:
    (world.folder / "posts").mkdir()
    (world.folder / "posts/one.md").write_text("---\ntitle: One\ndate: 2026-11-20\n---\nSome words.\n", "utf-8")
    world.set('url = "https://blog.example.org/feed/"\n', 'url = "posts"\nkind = "markdown"\n')
    steps.cron(world)
    a_run_with_the_clock_ahead(world, days=400)
    (world.folder / "posts/two.md").write_text("---\ntitle: Two\ndate: 2026-11-23\n---\nOther words.\n", "utf-8")
    steps.cron(world)
    assert {"One", "Two"} <= steps.standings(world).keys()


def test_a_post_that_is_dated_ahead_stays_so(world: World) -> None:
    world.blog.publish("party", "Party", world.now + timedelta(days=60))
    steps.cron(world)
    a_run_with_the_clock_ahead(world, days=30)
    world.blog.date = world.now
    steps.cron(world)
    assert steps.standings(world)["Party"].state == "settling"
    with world.project() as project, project.store.reading() as tx:
        (party,) = posts.outlines(tx)
    assert party.settled_from == party.article.published


def test_who_wants_one_mail_a_month_gets_it_although_the_last_one_went_out_on_a_day_to_come(world: World) -> None:
    steps.subscribe(world, BEN)
    with world.project() as project:
        with project.store.reading() as tx:
            reader = people.by_address(tx, BEN)
        assert reader is not None
        choosing.choose(reader.token, project.store, every="month", topics=(), now=world.now)
    world.set('approval = "required"', 'approval = "automatic"')
    world.blog.publish("first", "First", world.now - timedelta(hours=3))
    a_run_with_the_clock_ahead(world, days=400)
    assert got(world, BEN) == ["First"]
    world.blog.publish("second", "Second", world.now)
    time_passes(world, 1)
    assert got(world, BEN) == ["First", "Second"]
