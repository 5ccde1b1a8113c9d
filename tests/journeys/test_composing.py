"""What an issue is made of, as an author sees it: pins, surplus, thin weeks, and numbers that are nobody else's."""

from __future__ import annotations

import json
import multiprocessing
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from pipeline import books, compose, run
from pipeline.errors import UserError
from pipeline.model import IssueNumber, Pick, PostId, Report
from pipeline.store import issues, picks, posts
from tests.journeys.steps import (
    approve,
    build_now,
    cron,
    folder,
    mails,
    pull,
    send,
    standings,
    subscribe,
    write_for_years,
)
from tests.world import World


def pin(world: World, title: str) -> Report:
    with world.project() as project:
        section = project.settings.compose
        books.ready(project.store, project.settings.books, number_of(world, title))
        return compose.pin(project.store, section, number_of(world, title), by="Lisa", now=world.now)[1]


def number_of(world: World, title: str) -> PostId:
    with world.project(alone=False) as project, project.store.reading() as tx:
        return next(post.id for post in posts.every(tx) if post.article.title == title)


def titles(world: World, number: int = 1) -> list[str]:
    with world.project() as project, project.store.reading() as tx:
        (found,) = [issue for issue in issues.every(tx) if issue.number == number]
    return [item.post.article.title for item in found.items]


def weekly(world: World, *, most: int = 6, fewest: int = 1) -> None:
    world.set('cadence = "each"', f'cadence = "weekly"\nmax_posts = {most}\nmin_posts = {fewest}')


def write(world: World, *names: str) -> None:
    for at, name in enumerate(names):
        world.blog.publish(name.lower(), name, world.now - timedelta(minutes=60 - at))


def test_an_issue_names_no_earlier_post_that_is_off_the_blog_or_whose_day_has_not_come(world: World) -> None:
    for days in (10, 20, 30, 40, 50):
        world.blog.publish(f"old-{days}", f"{days} Days Ago", world.now - timedelta(days=days))
        world.blog.publish(f"ahead-{days}", f"In {days} Days", world.now + timedelta(days=days))
    pull(world)
    del world.blog.posts["old-10"]
    world.pass_time(days=1)
    world.blog.publish("new", "New", world.now)
    pull(world)
    build_now(world)
    earlier = [post["title"] for post in json.loads((folder(world) / "issue.json").read_text())["related"]]
    assert earlier == ["Worries at Bedtime", "20 Days Ago", "30 Days Ago"]


def test_a_pinned_post_leads_the_next_issue_though_it_is_old_and_there_are_many(world: World) -> None:
    weekly(world, most=2)
    world.blog.publish("old", "Old and good", world.now - timedelta(days=400))
    pull(world)
    write(world, "One", "Two", "Three")
    pull(world)
    pin(world, "Old and good")
    world.pass_time(days=1)
    cron(world)
    assert titles(world) == ["Old and good", "Worries at Bedtime"]
    assert folder(world).name == "1-old-and-good"


def test_a_pinned_post_that_is_taken_off_the_blog_leaves_the_draft_and_waits_for_her(world: World) -> None:
    weekly(world, most=4)
    world.blog.publish("old", "Old and good", world.now - timedelta(days=400))
    pull(world)
    world.pass_time(days=1)
    write(world, "One", "Two")
    pull(world)
    pin(world, "One")
    build_now(world)
    assert "One" in titles(world)
    del world.blog.posts["one"]
    world.pass_time(hours=2)
    pull(world)
    build_now(world)
    assert "One" not in titles(world)
    standing = standings(world)["One"]
    assert (standing.state, "no longer on your blog" in standing.reason) == ("held", True)


def test_a_post_pinned_while_its_issue_is_a_draft_leads_it_and_the_last_pin_leads_all(world: World) -> None:
    weekly(world)
    write(world, "One", "Two")
    pull(world)
    build_now(world)
    pin(world, "Worries at Bedtime")
    assert titles(world)[0] == "Worries at Bedtime"
    pin(world, "One")
    assert titles(world)[:2] == ["One", "Worries at Bedtime"]


def test_a_blogs_old_posts_get_books_when_somebody_asks_for_them(world: World) -> None:
    weekly(world)
    write_for_years(world)
    pull(world)
    assert books_of(world, "Day 0")
    assert not books_of(world, "Worries at Bedtime")
    build_now(world)
    assert shown(world) == {"Day 0": ["The Invisible String"]}
    pin(world, "Worries at Bedtime")
    build_now(world)
    assert shown(world) == {"Worries at Bedtime": ["The Invisible String"], "Day 0": []}


def test_every_post_that_a_feed_shows_has_its_books_and_so_has_one_that_comes_in_for_another(world: World) -> None:
    write_for_years(world)
    pull(world)
    with world.project() as project:
        compose.choose(project.store, number_of(world, "Day 7"), "skip", world.now)
        run.walk(project, "syndicate")
    feed = json.loads((world.folder / "outbox/public/feed.json").read_text("utf-8"))
    assert [item["title"] for item in feed["items"]] == [f"Day {at}" for at in range(51) if at != 7]
    assert all(item["_books"] for item in feed["items"])


def test_a_date_that_was_mended_at_the_source_reaches_the_feeds(world: World) -> None:
    def newest() -> dict[str, object]:
        pull(world)
        with world.project() as project:
            run.walk(project, "syndicate")
        return dict(json.loads((world.folder / "outbox/public/feed.json").read_text("utf-8"))["items"][0])

    before = newest()
    slug = max(world.blog.posts, key=lambda slug: world.blog.posts[slug].when)
    world.blog.spoken[slug] = "Sat, 21 Nov 2026 08:00:00 +0000"
    world.pass_time(hours=1)
    after = newest()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"date_published", "date_modified"}
    assert after["date_published"] == "2026-11-21T08:00:00+00:00"


def test_old_posts_have_books_where_an_issue_may_take_any_of_them(world: World) -> None:
    world.set('cadence = "each"', 'cadence = "weekly"\nevergreen = true')
    write_for_years(world)
    pull(world)
    assert books_of(world, "Worries at Bedtime")


def test_what_is_wrong_with_the_shelf_keeps_no_post_from_being_pinned(world: World) -> None:
    write_for_years(world)
    pull(world)
    (world.folder / "sources/books.toml").write_text("[[book", "utf-8")
    pin(world, "Worries at Bedtime")
    assert not books_of(world, "Worries at Bedtime")


def books_of(world: World, title: str) -> tuple[Pick, ...]:
    with world.project(alone=False) as project, project.store.reading() as tx:
        return picks.of(tx).get(number_of(world, title), ())


def shown(world: World) -> dict[str, list[str]]:
    with world.project() as project, project.store.reading() as tx:
        (found,) = issues.every(tx)
    return {item.post.article.title: [pick.book.title for pick in item.picks] for item in found.items}


def test_a_pin_is_used_up_by_its_issue(world: World) -> None:
    weekly(world)
    subscribe(world, "ann@example.org")
    pull(world)
    pin(world, "Worries at Bedtime")
    build_now(world)
    approve(world)
    send(world)
    write(world, "One")
    world.pass_time(days=8)
    cron(world)
    assert titles(world, 2) == ["One"]
    with pytest.raises(UserError, match="is in issue 1"):
        pin(world, "Worries at Bedtime")


def test_a_post_that_nobody_knows_can_not_be_pinned(world: World) -> None:
    pull(world)
    with world.project() as project, pytest.raises(UserError, match="There is no post 99"):
        compose.pin(project.store, project.settings.compose, PostId(99), by="Lisa", now=world.now)


def test_a_thin_week_is_skipped_and_said_and_its_posts_go_into_the_next(world: World) -> None:
    weekly(world, fewest=2)
    pull(world)
    world.pass_time(days=1)
    report = cron(world)
    assert "No issue now: 1 new post is too few; min_posts is 2." in report.waiting
    write(world, "One")
    world.pass_time(days=7)
    cron(world)
    assert titles(world) == ["One", "Worries at Bedtime"]


def test_what_has_no_room_waits_for_the_next_issue_and_none_is_dropped(world: World) -> None:
    weekly(world, most=2)
    subscribe(world, "ann@example.org")
    world.set('approval = "required"', 'approval = "automatic"')
    pull(world)
    write(world, "One", "Two", "Three", "Four")
    seen: list[str] = []
    for number in (1, 2, 3):
        world.pass_time(days=7 if number > 1 else 1)
        cron(world)
        seen += titles(world, number)
    assert sorted(seen) == ["Four", "One", "Three", "Two", "Worries at Bedtime"]


def test_two_processes_that_compose_at_the_same_moment_take_different_numbers(world: World) -> None:
    pull(world)
    write(world, "One", "Two", "Three", "Four", "Five")
    world.pass_time(hours=2)
    pull(world)
    context = multiprocessing.get_context("fork")
    together = context.Barrier(2)
    workers = [context.Process(target=compose_all, args=(world, together, turn)) for turn in (False, True)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    with world.project() as project, project.store.reading() as tx:
        every = issues.every(tx)
    assert [issue.number for issue in every] == [1, 2, 3, 4, 5, 6]
    assert len({item.post.id for issue in every for item in issue.items}) == 6


def compose_all(world: World, together: Barrier, backwards: bool) -> None:
    with world.project(alone=False) as project:
        section = project.settings.compose
        keys = list(compose.due(project.store, section, world.now))
        together.wait(30)
        for key in reversed(keys) if backwards else keys:
            compose.work(key, project.store, section, project.out)


def test_pinning_survives_being_killed(tmp_path: Path) -> None:
    import shutil

    from tests.journeys import killing
    from tests.world import lay_out

    ready = lay_out(tmp_path / "ready")
    weekly(ready)
    write(ready, "One", "Two")
    pull(ready)
    number = 1
    while True:
        world = World(folder=tmp_path / f"killed-{number}", blog=ready.blog)
        shutil.copytree(ready.folder, world.folder)
        came_so_far = killing.at_step(number, lambda world=world: pin(world, "Worries at Bedtime"))  # type: ignore[misc]
        pin(world, "Worries at Bedtime")
        build_now(world)
        assert titles(world)[0] == "Worries at Bedtime"
        shutil.rmtree(world.folder)
        if not came_so_far:
            break
        number += 1
    assert number > 2


def test_a_shop_that_nobody_knows_is_told_when_books_are_found_and_again_only_when_they_are(world: World) -> None:
    world.set("[schedule]", '[books]\nshops = { email = "bokshop" }\n\n[schedule]')
    (words,) = pull(world).attention
    assert words.startswith("There is no shop called 'bokshop'. Did you mean bookshop?")
    assert words.endswith("`paperround check` names the line.")
    assert not pull(world).attention
    world.set('"bokshop"', '"worldcat"')
    assert not pull(world).attention


def test_readers_filters_know_the_list_whatever_its_title_and_home_become(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    send(world)
    world.set('title = "Kind Words"\n', 'title = "Kinder Words"\n')
    world.set("https://news.example.org/", "https://letters.example.net/")
    world.blog.publish("kites", "Kites", world.now)
    world.pass_time(days=1)
    pull(world)
    build_now(world)
    approve(world, IssueNumber(2))
    send(world, IssueNumber(2))
    named = [str(mail["List-Id"]) for number in (1, 2) for mail in mails(world, number)]
    assert named == [f'"{title}" <kind-words.news.example.org>' for title in ("Kind Words", "Kinder Words")]


@pytest.mark.parametrize(
    ("days", "mails"), [(10, [["Day 6", "Day 5", "Day 4"], ["Day 3", "Day 2", "Day 1"]]), (2, None)]
)
def test_posts_that_waited_for_days_share_a_mail_where_each_has_its_own(
    world: World, days: int, mails: list[list[str]] | None
) -> None:
    subscribe(world, "ann@example.org")
    world.set('approval = "required"', 'approval = "automatic"\nmax_posts = 3')
    cron(world)
    world.pass_time(days=days)
    for day in range(1, 7):
        world.blog.publish(f"day-{day}", f"Day {day}", world.now - timedelta(days=day * days / 7))
    cron(world)
    world.pass_time(hours=2)
    cron(world)
    cron(world)
    with world.project() as project, project.store.reading() as tx:
        made = [[item.post.article.title for item in issue.items] for issue in issues.every(tx)[1:]]
    assert [sorted(titles) for titles in made] == [
        sorted(titles) for titles in (mails or [[f"Day {day}"] for day in range(6, 0, -1)])
    ]
