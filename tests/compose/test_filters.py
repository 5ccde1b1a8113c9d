"""Posts that the settings left out: what becomes of them when the settings change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import compose
from pipeline.model import PostId
from tests.journeys import steps
from tests.world import PARAGRAPHS, World

MINE = '[[source]]\nurl = "https://blog.example.org/feed/"\nname = "blog"\nexclude = ["Recipe*"]\n'


@pytest.fixture
def world(world: World) -> World:
    """A weekly newsletter that has no place for recipes, of which the blog has had three for some weeks."""
    world.set('cadence = "each"', 'cadence = "weekly"\nday = "tuesday"\nat = "09:00"')
    world.set('approval = "required"', 'approval = "automatic"')
    world.set('[[source]]\nurl = "https://blog.example.org/feed/"\nname = "blog"\n', MINE)
    steps.subscribe(world, "ann@example.org")
    steps.cron(world)
    for name in ("Soup", "Bread", "Cake"):
        cook(world, name)
        world.pass_time(days=1)
        steps.cron(world)
    world.now = datetime(2026, 12, 9, 12, tzinfo=UTC)
    steps.cron(world)
    world.pass_time(hours=2)
    return world


def cook(world: World, name: str) -> None:
    body = "".join(f"<p>{name}: {text}</p>" for text in PARAGRAPHS)
    world.blog.publish(name.lower(), f"Recipe for {name}", world.now - timedelta(hours=1), body)


def state(world: World, name: str) -> str:
    return steps.standings(world)[f"Recipe for {name}"].state


def take_away(world: World) -> None:
    (world.folder / "sources/posts").mkdir()
    world.set(MINE, '[[source]]\nurl = "sources/posts"\nname = "mine"\nkind = "markdown"\n')


CHANGES: dict[str, Callable[[World], None]] = {
    "the line is taken away": lambda world: world.set('\nexclude = ["Recipe*"]', ""),
    "another one takes its place": lambda world: world.set('exclude = ["Recipe*"]', 'include = ["*e*"]'),
    "the source is renamed": lambda world: world.set('name = "blog"', 'name = "Lisa"'),
    "the source is taken away": take_away,
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_old_is_mailed_when_what_kept_it_out_is_gone(world: World, change: str) -> None:
    CHANGES[change](world)
    report = steps.cron(world)
    assert any("3 posts that your settings left out stay out" in line for line in report.done)
    for _ in range(3):
        world.pass_time(days=7)
        report = steps.cron(world)
        assert not report.done or "composed" not in " ".join(report.done)
    assert {state(world, name) for name in ("Soup", "Bread", "Cake")} == {"skipped"}


@pytest.mark.parametrize("change", CHANGES)
def test_who_looks_before_the_next_run_sees_what_it_will_do(world: World, change: str) -> None:
    cook(world, "Tea")
    steps.cron(world)
    CHANGES[change](world)
    foreseen = planned(world)
    assert {state(world, name) for name in ("Soup", "Bread", "Cake")} == {"skipped"}
    steps.cron(world)
    assert foreseen == planned(world)


@pytest.mark.parametrize("change", CHANGES)
def test_where_each_post_has_its_own_mail_those_that_stay_out_are_not_tried(world: World, change: str) -> None:
    world.set('cadence = "weekly"', 'cadence = "each"')
    CHANGES[change](world)
    assert planned(world)[0] == "no post is new"
    assert steps.cron(world).waiting == ()


def planned(world: World) -> tuple[object, ...]:
    """What the next issue is said to hold, how posts stand there, and how many wait for it."""
    with world.project(alone=False) as project:
        store, settings = project.store, project.settings.compose
        plan, (due, waiting) = compose.plan(store, settings, world.now), compose.turn(store, settings, world.now)
    held = [item.post.article.title for item in plan.issue.items] if plan.issue else plan.waiting
    return held, {post.id: standing.state for post, standing in plan.posts}, due, waiting


def test_what_missed_no_turn_goes_out(world: World) -> None:
    cook(world, "Tea")
    steps.cron(world)
    assert state(world, "Tea") == "skipped"
    CHANGES["the line is taken away"](world)
    steps.cron(world)
    assert (state(world, "Tea"), state(world, "Soup")) == ("new", "skipped")


def test_a_line_that_is_put_in_and_taken_out_again_costs_no_post_its_turn(world: World) -> None:
    world.blog.publish("play", "Time to play", world.now - timedelta(hours=1))
    steps.cron(world)
    world.set('["Recipe*"]', '["*"]')
    steps.cron(world)
    assert steps.standings(world)["Time to play"].state == "skipped"
    world.pass_time(hours=2)
    world.set('["*"]', '["Recipe*"]')
    steps.cron(world)
    assert steps.standings(world)["Time to play"].state == "new"


def test_a_person_who_builds_at_once_gets_nothing_old_either(world: World) -> None:
    CHANGES["the line is taken away"](world)
    world.blog.publish("play", "Time to play", world.now - timedelta(hours=1))
    steps.pull(world)
    steps.build_now(world)
    with world.project() as project:
        (item,) = compose.plan(project.store, project.settings.compose, world.now).issue.items  # type: ignore[union-attr]
    assert item.post.article.title == "Time to play"


def test_the_author_may_keep_one_and_take_it_back(world: World) -> None:
    CHANGES["the line is taken away"](world)
    steps.cron(world)
    with world.project() as project:
        settings, store = project.settings.compose, project.store
        soup = next(one.id for one, _ in compose.outlines(store, settings, world.now) if "Soup" in one.article.title)
        compose.decide(store, settings, PostId(soup), "keep", by="Lisa", now=world.now)
        assert state_of(world, soup) == "new"
        compose.undo(store, settings, compose.plan(store, settings, world.now).number, now=world.now)
    assert state(world, "Soup") == "skipped"


def state_of(world: World, post: PostId) -> str:
    with world.project(alone=False) as project:
        known = compose.outlines(project.store, project.settings.compose, world.now)
    return next(standing.state for one, standing in known if one.id == post)


KITCHEN = '\n[[source]]\nurl = "https://blog.example.org/feed/"\nname = "kitchen"\n'


def test_a_post_that_one_of_two_sources_wants_goes_out_whichever_had_it_first(world: World) -> None:
    world.set(MINE, MINE + KITCHEN + 'include = ["*Tea*"]\n')
    steps.cron(world)
    world.pass_time(minutes=11)
    for name in ("Tea", "Salad"):
        cook(world, name)
    steps.cron(world)
    assert (state(world, "Tea"), state(world, "Salad")) == ("new", "skipped")
    world.pass_time(days=7)
    steps.cron(world)
    assert (state(world, "Tea"), state(world, "Salad")) == ("issue", "skipped")
    assert {state(world, name) for name in ("Soup", "Bread", "Cake")} == {"skipped"}


def test_a_source_that_is_added_brings_back_nothing_that_another_left_out(world: World) -> None:
    world.set(MINE, MINE + KITCHEN)
    steps.cron(world)
    assert {state(world, name) for name in ("Soup", "Bread", "Cake")} == {"skipped"}
    world.pass_time(days=7)
    steps.cron(world)
    assert {state(world, name) for name in ("Soup", "Bread", "Cake")} == {"skipped"}


def test_what_a_source_that_is_taken_away_left_out_and_another_wants_is_not_left_out(world: World) -> None:
    world.set(MINE, MINE + KITCHEN)
    steps.cron(world)
    world.pass_time(minutes=11)
    cook(world, "Tea")
    steps.cron(world)
    world.set(MINE, "")
    steps.cron(world)
    assert state(world, "Tea") == "new"
    assert {state(world, name) for name in ("Soup", "Bread", "Cake")} == {"skipped"}


def test_a_source_that_is_renamed_with_its_line_still_leaves_out_the_newest(world: World) -> None:
    world.blog.posts.clear()
    cook(world, "Tea")
    steps.cron(world)
    world.set('name = "blog"', 'name = "Lisa"')
    steps.cron(world)
    assert state(world, "Tea") == "skipped"
    world.pass_time(days=7)
    steps.cron(world)
    assert state(world, "Tea") == "skipped"
