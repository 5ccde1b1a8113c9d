"""Somebody reads our feeds in an app: each post is news to her once, and what its author took down is taken down."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser

from pipeline import compose, config, run
from pipeline.projects import backup
from tests.journeys import steps
from tests.world import PARAGRAPHS, START, World

OTHER = "".join(f"<p>{words.upper()} And kites?</p>" for words in PARAGRAPHS)


def goes_on(world: World, **length: float) -> None:
    world.pass_time(**length)
    with world.project() as project:
        report = run.walk(project, "pull", "clean", "books", "syndicate")
    assert not [words for words in report.errors if "Paperround" in words]


def read(world: World) -> dict[str, str]:
    """What an app knows by which guid; the three formats say the same."""
    public = world.folder / "outbox/public"
    items = json.loads((public / "feed.json").read_bytes())["items"]
    told = {one["id"]: str(one["title"]) for one in items}
    for name in ("rss.xml", "atom.xml"):
        entries: list[Any] = feedparser.parse(io.BytesIO((public / name).read_bytes())).entries
        assert {one.id: one.title for one in entries} == told
    assert len(told) == len(items)
    return told


def issues(world: World) -> set[str]:
    entries = feedparser.parse(io.BytesIO((world.folder / "outbox/public/issues.xml").read_bytes())).entries
    return {one.id for one in entries}


def test_nothing_is_news_again_when_the_site_gets_another_address(world: World) -> None:
    world.set('public_url = "https://news.example.org/"\n', "")
    goes_on(world)
    steps.build_now(world)
    steps.approve(world)
    goes_on(world)
    before, agreed = read(world), issues(world)
    assert before
    assert agreed
    for home in ("https://news.example.org/", "https://letters.example.net/lisa/"):
        world.set("[newsletter]\n", f'[newsletter]\npublic_url = "{home}"\n')
        goes_on(world, hours=1)
        assert f'{home}rss.xml"' in (world.folder / "outbox/public/rss.xml").read_text("utf-8")
        assert (read(world), issues(world)) == (before, agreed)
        world.set(f'public_url = "{home}"\n', "")


def test_a_changed_post_is_the_same_one(world: World) -> None:
    goes_on(world)
    (before,) = read(world)
    post = world.blog.posts.pop("worries")
    world.blog.publish("worries-at-night", "Worries at Night", post.when, post.html, post.guid)
    goes_on(world, hours=1)
    assert read(world) == {before: "Worries at Night"}


def test_what_a_state_has_lost_is_not_news_when_it_is_met_again(world: World) -> None:
    goes_on(world)
    kept = world.folder.parent / "backup.zip"
    with world.project() as project:
        backup.back_up(project.settings, project.store, kept, world.now)
    world.blog.publish("kites", "Kites", world.now)
    goes_on(world, hours=1)
    world.blog.publish("tides", "Tides", world.now)
    goes_on(world, hours=1)
    before = read(world)
    assert len(before) == 3
    world.pass_time(days=2)
    world.set('url = "https://blog.example.org/feed/"', 'url = "https://lisa.example.net/feed/"')
    world.blog.home = "https://lisa.example.net/"
    backup.put_back(world.folder, kept, {}, world.now, force=True)
    goes_on(world)
    assert read(world) == before


def test_two_posts_that_share_address_and_title_are_two(world: World) -> None:
    world.blog.one_page = "https://blog.example.org/episodes/"
    world.blog.publish("kites", "Worries at Bedtime", world.now, body=OTHER)
    goes_on(world)
    assert [*read(world).values()] == ["Worries at Bedtime"] * 2


def test_what_she_takes_down_leaves_the_feeds_and_the_front_page(world: World) -> None:
    for at in range(4):
        world.blog.publish(f"day-{at}", f"Day {at}", world.now - timedelta(days=3 + at))
    goes_on(world)
    before, front = read(world), world.folder / "outbox/public/index.html"
    post = world.blog.posts.pop("worries")
    goes_on(world, hours=1)
    assert "Worries at Bedtime" not in read(world).values()
    assert "Worries at Bedtime" not in front.read_text("utf-8")
    world.blog.posts["worries"] = post
    goes_on(world, hours=1)
    assert read(world) == before


def test_what_is_taken_down_after_its_source_got_another_name_leaves_the_feeds_and_is_not_mailed(world: World) -> None:
    world.blog.publish("kites", "Kites", world.now - timedelta(days=9))
    goes_on(world)
    world.set('name = "blog"', 'name = "journal"')
    goes_on(world, hours=1)
    assert sorted(read(world).values()) == ["Kites", "Worries at Bedtime"]
    del world.blog.posts["worries"]
    goes_on(world, hours=1)
    assert [*read(world).values()] == ["Kites"]
    assert steps.standings(world)["Worries at Bedtime"].state == "held"


def test_what_she_keeps_after_it_was_taken_down_stands_in_the_feeds(world: World) -> None:
    world.blog.publish("kites", "Kites", world.now - timedelta(days=9))
    goes_on(world)
    del world.blog.posts["worries"]
    goes_on(world, hours=1)
    assert [*read(world).values()] == ["Kites"]
    with world.project() as project:
        found = compose.outlines(project.store, project.settings.compose, world.now)
        (gone,) = [post.id for post, _ in found if post.article.title == "Worries at Bedtime"]
        compose.choose(project.store, gone, "keep", world.now)
    goes_on(world, hours=1)
    assert sorted(read(world).values()) == ["Kites", "Worries at Bedtime"]


def test_posts_that_were_in_feeds_before_an_update_are_called_as_they_were(world: World) -> None:
    text = (world.folder / config.FILE).read_text("utf-8").partition("\n[store]")[0]
    (world.folder / config.FILE).write_text(text, "utf-8")
    earlier = (Path(__file__).parents[1] / "data/state-0018.sql").read_text("utf-8")
    (world.folder / "outbox").mkdir(exist_ok=True)
    with closing(sqlite3.connect(world.folder / "outbox/paperround.sqlite3")) as database:
        database.executescript(earlier)
    called = {"tag:news.example.org,2026-11-23:post/1"}
    goes_on(world, hours=1)
    assert {*read(world)} == called
    assert issues(world) == {"tag:news.example.org,2026-11-23:issue/1"}
    world.set("https://news.example.org/", "https://letters.example.net/")
    world.blog.publish("kites", "Kites", world.now)
    goes_on(world, hours=1)
    assert called < {*read(world)}
    assert issues(world) == {"tag:news.example.org,2026-11-23:issue/1"}


def test_an_excerpt_whose_page_stays_away_for_a_day_stands_in_the_feeds_with_a_link(world: World) -> None:
    world.blog.excerpts = world.blog.pages_gone = True
    for _ in range(5):
        goes_on(world, hours=7)
        assert bool(read(world)) == (world.now - START >= timedelta(days=1, hours=7))
    content = (world.folder / "outbox/public/rss.xml").read_text("utf-8")
    assert "Some children lie awake" in content
    assert '&lt;a href="https://blog.example.org/worries/"&gt;Read on at the blog&lt;/a&gt;' in content
    assert "count the breaths aloud" not in content
    before = read(world)
    world.blog.pages_gone = False
    goes_on(world, days=2)
    content = (world.folder / "outbox/public/rss.xml").read_text("utf-8")
    assert "count the breaths aloud" in content
    assert "Read on at the blog" not in content
    assert read(world) == before


def test_a_post_whose_guid_changed_and_that_is_too_old_for_its_feed_by_now_is_not_taken_down(world: World) -> None:
    for at in range(6):
        world.blog.publish(f"day-{at}", f"Day {at}", world.now - timedelta(hours=1 + at))
    goes_on(world)
    before = read(world)
    post = world.blog.posts["worries"]
    world.blog.publish("worries", post.title, post.when, post.html, "another-guid")
    goes_on(world, hours=1)
    world.blog.window = 4
    goes_on(world, hours=1)
    assert read(world) == before
