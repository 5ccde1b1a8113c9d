from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from pipeline import notices, run
from pipeline.model import Entry, Fetched, Report, SourceName, Validators
from pipeline.pull import calling, kinds
from pipeline.pull.listing import Ask, Listing, Visit
from pipeline.store import entries, sources
from tests.journeys import steps
from tests.pull.web import Web, feed
from tests.world import World

MANY = 40


@pytest.fixture
def web(world: World) -> Web:
    """Many blogs beside the world's own, all of them at hand."""
    made = Web()
    more = ""
    for at in range(MANY):
        made.put(
            address(at), feed(f"First {at}", f"Second {at}", home=f"https://{at}.example.org"), "application/rss+xml"
        )
        more += f'[[source]]\nname = "{at}"\nurl = "{address(at)}"\n\n'
    world.set("[schedule]", f"{more}[schedule]")
    world.blog = made  # type: ignore[assignment]
    return made


def address(at: int) -> str:
    return f"https://{at}.example.org/feed/"


def visit(world: World, chosen: Iterable[int] = range(MANY)) -> Report:
    with world.project() as project:
        return run.perform(project, "pull", lambda: [f"source/{at}" for at in chosen])


def kept(world: World) -> dict[str, int]:
    with world.project() as project, project.store.reading() as tx:
        return {str(at): len(entries.states(tx, SourceName(str(at)))) for at in range(MANY)}


def test_many_sources_are_told_in_their_order_and_written_in_one_transaction(
    world: World, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    real = calling.write

    def noting(tx: object, calls: list[calling.Call]) -> list[Report]:
        written.append(len(calls))
        return real(tx, calls)  # type: ignore[arg-type]

    monkeypatch.setattr(calling, "write", noting)
    told = visit(world)
    assert [line.partition(":")[0] for line in told.done] == [str(at) for at in range(MANY)]
    assert set(kept(world).values()) == {2}
    assert visit(world).unchanged == MANY
    assert written == [MANY, MANY]


def test_while_news_is_written_the_other_sources_are_asked(
    world: World, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, everyone, waited = list[str](), threading.Event(), list[bool]()
    real_write, real_fetch = calling.write, web.__call__

    def fetching(url: str, *, validators: Validators | None = None) -> Fetched:
        asked.append(url)
        if len(asked) == MANY:
            everyone.set()
        return real_fetch(url, validators=validators)

    def waiting(tx: object, calls: list[calling.Call]) -> list[Report]:
        waited.append(everyone.wait(20))
        return real_write(tx, calls)  # type: ignore[arg-type]

    monkeypatch.setattr(calling, "MOST_ENTRIES", 2 * (MANY - 10))
    monkeypatch.setattr(calling, "write", waiting)
    world.blog = fetching  # type: ignore[assignment]
    visit(world)
    assert waited == [True, True]
    assert set(kept(world).values()) == {2}


def test_sources_that_fail_cost_the_others_nothing(world: World, web: Web) -> None:
    del web.pages[address(3)]
    real = web.__call__

    def failing(url: str, *, validators: Validators | None = None) -> Fetched:
        if url == address(7):
            raise RuntimeError("a bug")
        return real(url, validators=validators)

    world.blog = failing  # type: ignore[assignment]
    told = visit(world)
    gone, broken = told.errors
    assert "The server has no such page (404)" in gone
    assert gone.startswith("3: ")
    assert broken.startswith("pull failed on source/7: RuntimeError: a bug.")
    assert told.codes == (1,)
    assert {name for name, count in kept(world).items() if count != 2} == {"3", "7"}


@dataclass(frozen=True)
class Odd:
    """A kind of source of which one gives what can't be written down."""

    real: kinds.Kind

    def visit(self, ask: Ask) -> Visit:
        if ask.source.name != "2":
            return self.real.visit(ask)
        entry = Entry(source=ask.source.name, guid="1", link=None, title="\ud800")
        return Visit(kind="feed", address=ask.address, listing=Listing(entries=(entry,)))


def test_what_can_not_be_written_is_told_of_its_own_source_only(
    world: World, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(world, range(5))
    for at in range(5):
        web.put(
            address(at),
            feed(f"Third {at}", f"First {at}", f"Second {at}", home=f"https://{at}.example.org"),
            "application/rss+xml",
        )
    real = kinds.load
    monkeypatch.setattr(kinds, "load", lambda name: Odd(real(name)))
    told = visit(world, range(5))
    (error,) = told.errors
    assert error.startswith("pull failed on source/2: StatementError")
    assert len(told.done) == 4
    assert [kept(world)[str(at)] for at in range(5)] == [3, 3, 2, 3, 3]


def test_a_state_that_can_not_be_written_is_told_and_asked_again(
    world: World, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(sources, "record", full)
        assert len(visit(world, range(3)).errors) == 3
    assert set(kept(world).values()) == {0}
    assert len(visit(world, range(3)).done) == 3


def test_a_feed_that_has_lost_all_its_posts_is_told_and_asked_again_until_they_are_back(world: World) -> None:
    write(world, 4)
    there = dict(world.blog.posts)
    world.blog.posts.clear()
    for _ in range(3):
        world.pass_time(days=1)
        (words,) = steps.pull(world).errors
        assert "blog: https://blog.example.org/feed/: The feed has no posts any more." in words
        assert "Its posts are kept" in words
    with world.project() as project:
        (matter,) = notices.matters(project.store, project.settings, world.now)
    assert "The source blog has not answered since 2026-11-23" in matter.words
    world.blog.posts.update(there)
    world.blog.publish("fresh", "Fresh", world.now)
    world.pass_time(days=1)
    report = steps.pull(world)
    assert report.errors == ()
    assert "New post: Fresh" in report.done


def write(world: World, number: int) -> None:
    """So many posts on the blog, which are known."""
    world.blog.posts.clear()
    for at in range(number):
        world.blog.publish(f"day-{at}", f"Day {at}", world.now - timedelta(days=at))
    steps.pull(world)


def test_a_feed_of_the_last_days_runs_empty_while_a_blog_pauses_which_is_said_once_and_no_fault(world: World) -> None:
    write(world, 8)
    for left in (5, 2, 0):
        world.pass_time(days=3)
        world.blog.posts = dict(list(world.blog.posts.items())[:left])
        report = steps.pull(world)
        assert report.errors == ()
    assert any("blog: The feed has run empty" in words for words in report.done)
    for _ in range(3):
        world.pass_time(days=1)
        assert steps.pull(world) == Report(unchanged=1)
    with world.project() as project:
        assert notices.matters(project.store, project.settings, world.now) == []
    assert {standing.state for standing in steps.standings(world).values()} == {"new", "before"}
    world.blog.publish("fresh", "Fresh", world.now)
    world.pass_time(days=1)
    assert "New post: Fresh" in steps.pull(world).done


def test_a_feed_that_never_had_a_post_is_no_fault(world: World) -> None:
    world.blog.posts.clear()
    for _ in range(3):
        assert steps.pull(world).errors == ()
        world.pass_time(days=1)
