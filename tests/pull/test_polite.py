from __future__ import annotations

from datetime import timedelta

import pytest

from pipeline import pull, run
from pipeline.errors import FetchFault
from pipeline.model import Fetched, Health, Report, Validators
from pipeline.pull.listing import freshness
from pipeline.store import sources
from tests.pull.web import Web, feed
from tests.world import World

FEED = "https://blog.example.org/feed/"


@pytest.fixture
def web(world: World) -> Web:
    made = Web()
    made.put(FEED, feed("First", "Second", home="https://blog.example.org"), "application/rss+xml")
    world.blog = made  # type: ignore[assignment]
    return made


def visit(world: World) -> Report:
    with world.project() as project:
        return run.perform(project, "pull", lambda: ["source/blog"])


def health(world: World) -> Health:
    with world.project() as project, project.store.reading() as tx:
        found = sources.all_health(tx)
    return next(iter(found.values()))


def due(world: World) -> list[str]:
    with world.project() as project:
        return [key for key in pull.due(project.store, project.settings.pull, world.now) if key.startswith("source/")]


def test_an_unchanged_source_is_one_question_with_what_it_gave_us_to_ask_by(world: World, web: Web) -> None:
    visit(world)
    web.asked.clear()
    assert visit(world).unchanged == 1
    assert web.asked == [FEED]


def test_a_source_that_says_unchanged_for_ever_is_asked_for_everything_once_a_day(world: World, web: Web) -> None:
    asked: list[Validators | None] = []
    real = web.__call__

    def noting(url: str, *, validators: Validators | None = None) -> Fetched:
        asked.append(validators)
        return real(url, validators=validators)

    world.blog = noting  # type: ignore[assignment]
    for _ in range(3):
        visit(world)
        world.pass_time(hours=13)
    assert [validators is not None for validators in asked] == [False, True, False]


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("max-age=3600", 3600),
        ("public, max-age=600, stale-while-revalidate=60", 600),
        ("no-cache, max-age=600", 0),
        ("no-store", 0),
        ("max-age=99999999", 86400),
        ("max-age=-1", 0),
        ("", 0),
    ],
)
def test_a_source_is_left_alone_for_as_long_as_it_says(control: str, seconds: int) -> None:
    assert freshness({"cache-control": control}) == timedelta(seconds=seconds)


def test_cron_asks_again_only_when_the_answer_is_no_longer_fresh(world: World, web: Web) -> None:
    web.put(FEED, feed("First"), "application/rss+xml", cache_control="max-age=3600")
    visit(world)
    world.pass_time(minutes=30)
    assert due(world) == []
    world.pass_time(minutes=31)
    assert due(world) == ["source/blog"]


def test_a_feed_that_moved_for_good_is_asked_at_its_new_address_once_that_is_sure(world: World, web: Web) -> None:
    new = "https://blog.example.org/letters.xml"
    web.put(FEED, feed("First"), "application/rss+xml", moved=new)
    web.put(new, feed("First"), "application/rss+xml")
    for _ in range(2):
        visit(world)
    assert health(world).address == FEED
    visit(world)
    assert health(world).address == new
    web.asked.clear()
    visit(world)
    assert web.asked == [new]


def test_a_feed_that_moves_back_in_between_is_not_believed(world: World, web: Web) -> None:
    new = "https://blog.example.org/letters.xml"
    for moved in (new, None, new, None, new):
        headers = {"moved": moved} if moved else {}
        web.put(FEED, feed("First"), "application/rss+xml", **headers)
        visit(world)
    assert health(world).address == FEED


def test_the_pause_grows_with_every_failure_and_a_dead_source_is_called_dead(world: World, web: Web) -> None:
    web.pages.clear()
    pauses, told = [], ""
    for _ in range(9):
        told = visit(world).errors[0]
        pauses.append(health(world).next_check - world.now)
    assert pauses[0] == timedelta(minutes=20)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(days=1)
    assert "is the blog still there?" in told


def test_a_source_that_asks_for_time_gets_it(world: World, web: Web) -> None:
    def busy(url: str, *, validators: Validators | None = None) -> Fetched:
        raise FetchFault("The server asks to come back later (429).", where=url, retry_after=7200, status=429)

    world.blog = busy  # type: ignore[assignment]
    visit(world)
    assert health(world).next_check - world.now == timedelta(hours=2)


def test_one_dead_source_of_many_stops_none_of_the_others(world: World, web: Web) -> None:
    more = "".join(f'[[source]]\nurl = "https://b{at}.example.org/feed/"\nname = "b{at}"\n\n' for at in range(5))
    world.set("[schedule]", f"{more}[schedule]")
    for at in (0, 1, 3, 4):
        web.put(f"https://b{at}.example.org/feed/", feed(f"Post {at}", home=f"https://b{at}.example.org"), "text/xml")
    with world.project() as project:
        report = run.walk(project, "pull")
    assert len(report.done) == 5
    assert [error.partition(":")[0] for error in report.errors] == ["b2"]


def test_an_excerpt_whose_page_programs_must_not_read_stays_an_excerpt_and_says_why(world: World, web: Web) -> None:
    web.put(FEED, feed("First", excerpts=True, home="https://blog.example.org"), "application/rss+xml")
    web.put("https://blog.example.org/first/", "<p>All of it.</p>")
    web.put("https://blog.example.org/robots.txt", "User-agent: *\nDisallow: /*first\n", "text/plain")
    with world.project() as project:
        report = run.walk(project, "pull")
    assert any("robots.txt" in error for error in report.errors)
    assert "https://blog.example.org/first/" not in web.asked


def test_each_kind_that_comes_with_paperround_is_known_by_its_file(world: World) -> None:
    assert pull.kinds.names() == ("feed", "markdown", "page", "wordpress")


def test_a_password_in_a_feeds_address_goes_to_its_server_and_is_kept_and_said_nowhere(world: World, web: Web) -> None:
    signed_in = "https://lisa:hunter2@blog.example.org/feed/"
    world.set(FEED, signed_in)
    web.put(signed_in, feed("First", home="https://blog.example.org"), "application/rss+xml")
    report = visit(world)
    web.pages.clear()
    world.pass_time(days=1)
    report += visit(world)
    assert web.asked == [signed_in, signed_in]
    assert b"blog.example.org" in world.state()
    assert b"hunter2" not in world.state()
    assert not any("hunter2" in sentence for sentence in (*report.done, *report.errors, *world.said))
