"""A post is mailed once, whatever happens to its address, guid or date; and a new one is never taken for an old one."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline import compose, run
from pipeline.errors import FetchFault
from pipeline.model import Fetched, Post, PostId, Validators
from pipeline.store import posts as stored
from tests.journeys.steps import approve, build_now, cron, mails, pull, standings, subscribe
from tests.pull.web import WordPress
from tests.world import PARAGRAPHS, START, Article, World, lay_out

HOUSES = (
    "lamp",
    "garden",
    "kitchen",
    "river",
    "window",
    "mountain",
    "harbour",
    "library",
    "bakery",
    "station",
    "attic",
)


def body(subject: str) -> str:
    """A post of its own: eight sentences that no other has."""
    things = [f"{subject} {house}" for house in HOUSES[:8]]
    return "".join(
        f"<p>The {thing} was full of {thing}s that nobody but the {thing} keeper had seen.</p>" for thing in things
    )


def keep(world: World, title: str) -> None:
    with world.project() as project:
        known = compose.outlines(project.store, project.settings.compose, world.now)
        (wanted,) = (post.id for post, _ in known if post.article.title == title)
        compose.choose(project.store, wanted, "keep", world.now)


def posts(world: World) -> list[Post]:
    with world.project() as project:
        return [post for post, _ in compose.outlines(project.store, project.settings.compose, world.now)]


def states(world: World) -> list[str]:
    return sorted(standing.state for standing in standings(world).values())


@pytest.fixture(scope="module")
def a_year(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Twelve posts were mailed, one by one."""
    world = lay_out(tmp_path_factory.mktemp("year") / "project")
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org")
    world.blog.posts.clear()
    for at in range(12):
        world.blog.publish(f"post-{at}", f"Letter {at} from the {at}", world.now, body(f"number{at}"))
        world.pass_time(days=1)
        cron(world)
    assert len(list((world.folder / "outbox/mail").iterdir())) == 12
    return world


@pytest.fixture
def mailed(a_year: World, tmp_path: Path) -> World:
    """The same, for a test to change as it likes."""
    folder = tmp_path / "project"
    shutil.copytree(a_year.folder, folder)
    return dataclasses.replace(
        a_year, folder=folder, blog=dataclasses.replace(a_year.blog, posts=dict(a_year.blog.posts)), said=[]
    )


def everywhere(change: Callable[[str, Article], tuple[str, Article]]) -> Callable[[World], None]:
    def apply(world: World) -> None:
        changed = [change(slug, post) for slug, post in world.blog.posts.items()]
        world.blog.posts = dict(changed)

    return apply


FLOODS: dict[str, Callable[[World], None]] = {
    "all guids change": everywhere(lambda slug, post: (slug, replace(post, guid=f"urn:uuid:{slug}"))),
    "guids lose their meaning": everywhere(lambda slug, post: (slug, replace(post, guid="0"))),
    "all slugs are renamed": everywhere(lambda slug, post: (f"{slug}-renamed", post)),
    "slugs and guids change": everywhere(lambda slug, post: (f"new-{slug}", replace(post, guid=f"new-{slug}"))),
    "slugs, guids and titles change": everywhere(
        lambda slug, post: (f"new-{slug}", replace(post, guid=f"new-{slug}", title=f"Renamed: {post.title}"))
    ),
    "all dates change to today": everywhere(lambda slug, post: (slug, replace(post, when=START + timedelta(days=30)))),
    "slugs, guids and dates change": everywhere(
        lambda slug, post: (f"x-{slug}", replace(post, guid=f"x-{slug}", when=post.when + timedelta(days=200)))
    ),
    "tracking parameters appear": everywhere(
        lambda slug, post: (f"{slug}/?utm_source=rss&amp;utm_medium=feed#x", post)
    ),
    "the texts are edited under new addresses": everywhere(
        lambda slug, post: (f"e-{slug}", replace(post, guid=f"e-{slug}", html=post.html + f"<p>{PARAGRAPHS[0]}</p>"))
    ),
}


@pytest.mark.parametrize("what", FLOODS)
def test_nothing_is_mailed_again_when(mailed: World, what: str) -> None:
    FLOODS[what](mailed)
    for _ in range(3):
        mailed.pass_time(days=1)
        cron(mailed)
    assert len(list((mailed.folder / "outbox/mail").iterdir())) == 12
    mailed.blog.publish("a-true-novelty", "A True Novelty", mailed.now, body("novelty"))
    mailed.pass_time(days=1)
    cron(mailed)
    assert [mail["Subject"] for mail in mails(mailed, 13)] == ["A True Novelty"]


def test_a_blog_that_moves_to_another_domain_mails_nothing_again(mailed: World) -> None:
    mailed.blog.home = "https://lisa.example.net/"
    for slug, post in mailed.blog.posts.items():
        mailed.blog.posts[slug] = replace(post, guid=f"https://lisa.example.net/{slug}/")
    mailed.set("https://blog.example.org/feed/", "https://lisa.example.net/feed/")
    mailed.pass_time(days=1)
    cron(mailed)
    assert len(list((mailed.folder / "outbox/mail").iterdir())) == 12
    mailed.blog.publish("after", "After the Move", mailed.now, body("mover"))
    mailed.pass_time(days=1)
    cron(mailed)
    assert [mail["Subject"] for mail in mails(mailed, 13)] == ["After the Move"]


def test_the_first_posts_of_a_blog_that_was_empty_at_first_are_all_new_and_older_ones_are_not(world: World) -> None:
    world.blog.posts.clear()
    pull(world)
    world.pass_time(hours=6)
    world.blog.publish("old", "An old one that was put there", world.now - timedelta(days=90))
    for at in range(3):
        world.blog.publish(
            f"day-{at}", f"Day {at}", world.now - timedelta(hours=1 + at), f"<p>{'So it is. ' * 9}{at}</p>"
        )
    pull(world)
    assert {title: one.state for title, one in standings(world).items()} == {
        "Day 0": "new",
        "Day 1": "new",
        "Day 2": "new",
        "An old one that was put there": "before",
    }


def test_many_old_posts_that_nobody_knew_are_held_and_asked_about(mailed: World) -> None:
    for at in range(5):
        when = mailed.now - timedelta(days=3 + at)
        mailed.blog.publish(f"import-{at}", f"Imported {at}", when, body(f"imported{at}"))
    mailed.pass_time(days=1)
    report = cron(mailed)
    assert len(list((mailed.folder / "outbox/mail").iterdir())) == 12
    held = [standing for title, standing in standings(mailed).items() if title.startswith("Imported")]
    assert {standing.state for standing in held} == {"held"}
    assert "together with others" in held[0].reason
    assert report.exit_code == 3
    assert any("5 posts are held until you decide" in sentence for sentence in report.attention)


def test_held_posts_go_out_when_she_keeps_them(mailed: World) -> None:
    for at in range(3):
        when = mailed.now - timedelta(days=3 + at)
        mailed.blog.publish(f"import-{at}", f"Imported {at}", when, body(f"imported{at}"))
    mailed.pass_time(days=1)
    cron(mailed)
    with mailed.project() as project:
        (wanted,) = (post for post in posts_in(project) if post.article.title == "Imported 1")
        compose.choose(project.store, wanted.id, "keep", mailed.now)
    cron(mailed)
    assert [mail["Subject"] for mail in mails(mailed, 13)] == ["Imported 1"]


def posts_in(project: run.Project) -> list[Post]:
    return [post for post, _ in compose.outlines(project.store, project.settings.compose, project.out.clock())]


def test_one_back_dated_post_goes_out(mailed: World) -> None:
    mailed.blog.publish("yesterday", "Written Yesterday", mailed.now - timedelta(days=3), body("yesterday"))
    mailed.pass_time(days=1)
    cron(mailed)
    assert [mail["Subject"] for mail in mails(mailed, 13)] == ["Written Yesterday"]


def test_a_busy_month_while_nobody_looked_is_no_flood(mailed: World) -> None:
    for at in range(6):
        mailed.pass_time(days=3)
        mailed.blog.publish(f"busy-{at}", f"Busy {at}", mailed.now, body(f"busy{at}"))
    mailed.pass_time(days=1)
    cron(mailed)
    assert {standing.state for standing in standings(mailed).values()} <= {"issue", "before"}
    assert mails(mailed, 13)[0]["Subject"].startswith("Busy 5"), "late posts share a mail"


def test_a_post_dated_ahead_waits_for_its_day_and_goes_out_once(world: World) -> None:
    world.set('approval = "required"', 'approval = "automatic"')
    subscribe(world, "ann@example.org")
    cron(world)
    world.blog.publish("ahead", "Written Ahead", world.now + timedelta(days=5), body("ahead"))
    world.pass_time(days=1)
    cron(world)
    assert standings(world)["Written Ahead"].state == "settling"
    feed = world.folder / "outbox/public/rss.xml"
    assert "Written Ahead" not in feed.read_text("utf-8")
    world.pass_time(days=5)
    cron(world)
    assert "Written Ahead" in feed.read_text("utf-8")
    world.pass_time(days=5)
    cron(world)
    assert len(mails(world, 2)) == 1


def test_a_post_dated_to_the_day_waits_from_when_it_was_seen(world: World) -> None:
    pull(world)
    midnight = START.replace(hour=0) + timedelta(days=1)
    world.pass_time(days=1)
    world.blog.publish("day", "On the Day", midnight, body("day"))
    pull(world)
    assert standings(world)["On the Day"].state == "settling"
    world.pass_time(minutes=31)
    assert standings(world)["On the Day"].state == "new"


@pytest.mark.parametrize("when", ["", "Thu, 01 Jan 1970 00:00:00 +0000", "Sat, 01 Jan 9999 00:00:00 +0000", "soon"])
def test_a_post_without_a_date_that_can_be_true_goes_out_after_its_time_to_settle(world: World, when: str) -> None:
    pull(world)
    world.blog.publish("undated", "Undated", START, body("undated"))
    world.blog.spoken["undated"] = when
    world.pass_time(days=1)
    pull(world)
    assert standings(world)["Undated"].state == "settling"
    world.pass_time(hours=1)
    assert standings(world)["Undated"].state == "new"


def test_a_post_edited_after_it_was_sent_is_not_mailed_again_and_the_list_says_so(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    approve(world)
    post = world.blog.posts["worries"]
    world.pass_time(days=1)
    world.blog.posts["worries"] = replace(post, html=post.html + "<p>One more thing that I forgot to say.</p>")
    pull(world)
    assert "in issue 1; edited since" in standings(world)["Worries at Bedtime"].reason


def test_of_a_post_edited_before_the_yes_nobody_says_that_the_mail_lacks_it(world: World) -> None:
    subscribe(world, "ann@example.org")
    pull(world)
    build_now(world)
    post = world.blog.posts["worries"]
    world.pass_time(days=1)
    world.blog.posts["worries"] = replace(post, html=post.html + "<p>One more thing that I forgot to say.</p>")
    pull(world)
    assert standings(world)["Worries at Bedtime"].reason == "in issue 1"
    build_now(world)
    world.pass_time(minutes=1)
    approve(world)
    assert standings(world)["Worries at Bedtime"].reason == "in issue 1"


def test_a_post_taken_down_before_it_was_sent_is_held_and_comes_back_when_it_does(world: World) -> None:
    for at in range(4):
        world.blog.publish(f"old-{at}", f"Old {at}", START - timedelta(days=30 + at), body(f"old{at}"))
    pull(world)
    post = world.blog.posts.pop("worries")
    world.pass_time(days=1)
    assert any("no longer on the blog" in sentence for sentence in pull(world).done)
    assert standings(world)["Worries at Bedtime"].state == "held"
    world.blog.posts["worries"] = post
    world.pass_time(days=1)
    pull(world)
    assert standings(world)["Worries at Bedtime"].state == "new"


def test_a_post_that_was_kept_and_then_taken_down_leaves_the_draft_until_it_is_kept_again(world: World) -> None:
    for at in range(4):
        world.blog.publish(f"old-{at}", f"Old {at}", START - timedelta(days=30 + at), body(f"old{at}"))
    pull(world)
    keep(world, "Worries at Bedtime")
    build_now(world)
    assert standings(world)["Worries at Bedtime"].reason == "in issue 1"
    del world.blog.posts["worries"]
    world.pass_time(days=1)
    pull(world)
    build_now(world)
    assert standings(world)["Worries at Bedtime"].state == "held"
    world.pass_time(minutes=1)
    keep(world, "Worries at Bedtime")
    assert standings(world)["Worries at Bedtime"].state == "new"


def test_a_post_taken_down_after_it_was_sent_is_only_noted(mailed: World) -> None:
    del mailed.blog.posts["post-10"]
    mailed.pass_time(days=1)
    cron(mailed)
    assert "in issue 11; it is no longer on your blog" in standings(mailed)["Letter 10 from the 10"].reason


def test_a_post_that_was_deleted_and_made_anew_waits_for_her(mailed: World) -> None:
    old = mailed.blog.posts.pop("post-3")
    added = "<p>PS: there was one more thing.</p>"
    mailed.blog.publish("letter-again", old.title, mailed.now, old.html + added, guid="quite-another")
    mailed.pass_time(days=1)
    cron(mailed)
    assert len(list((mailed.folder / "outbox/mail").iterdir())) == 12
    with mailed.project() as project:
        known = compose.outlines(project.store, project.settings.compose, mailed.now)
    (why,) = [standing.reason for _, standing in known if standing.state == "held"]
    assert why.startswith("it has the title and nearly all words of post 4, which is no longer on your blog;")


@pytest.mark.parametrize("named", [True, False], ids=["guids", "no guids"])
def test_episodes_that_all_lead_to_one_page_are_posts_of_their_own(world: World, named: bool) -> None:
    world.blog.posts.clear()
    world.blog.one_page = f"{world.blog.home}listen/"
    world.blog.publish("listen", "All episodes", START - timedelta(days=999), body("page"))
    world.blog.window = 5
    told = "<p>This week {} is our subject. Every Friday we talk with parents and teachers about small steps. Write to "
    told += "us with what you want to hear about, and leave a kind word wherever you listen.</p>"

    def publish(at: int) -> None:
        guid = f"episode-{at}" if named else ""
        world.blog.publish(
            f"e{at}", f"Episode {at}", START + timedelta(days=at - 4), told.format(HOUSES[at]), guid=guid
        )

    for at in range(4):
        publish(at)
    pull(world)
    for at in range(4, 7):
        world.pass_time(days=1)
        publish(at)
        pull(world)
    world.pass_time(hours=1)
    known = standings(world)
    assert [title for title, one in known.items() if one.state == "new"] == [f"Episode {at}" for at in (6, 5, 4, 3)]
    with world.project() as project, project.store.reading() as tx:
        said = {post.article.title: post.article.text for post in stored.some(tx, map(PostId, range(1, 9))).values()}
    assert all(f"This week {HOUSES[at]} is our subject" in said[f"Episode {at}"] for at in range(7))


SAID_EVERY_TIME = (
    "<p>Every Friday we talk with parents and teachers about small steps that help a child to be calm.</p>" * 5
)


def test_posts_that_say_the_same_every_time_are_posts_of_their_own(world: World) -> None:
    world.blog.posts.clear()
    world.blog.window = 3
    for at in range(9):
        world.blog.publish(f"e{at}", f"Episode {at}", world.now - timedelta(hours=1), SAID_EVERY_TIME)
        if at >= 2:
            pull(world)
        world.pass_time(days=7)
    states = {title: one.state for title, one in standings(world).items()}
    assert states == dict.fromkeys(["Episode 0", "Episode 1"], "before") | dict.fromkeys(
        [f"Episode {at}" for at in range(2, 9)], "new"
    )


def test_posts_whose_pages_all_say_the_same_wait_for_her(world: World) -> None:
    wall = "<p>" + "You have read all the articles that are free this month, so please sign in or subscribe to us. " * 8
    world.blog.excerpts = True
    for at in range(3):
        world.blog.publish(f"w{at}", f"Letter {at}", world.now - timedelta(hours=1), wall + "</p>")
        pull(world)
        world.pass_time(days=7)
    known = {title: one for title, one in standings(world).items() if title.startswith("Letter")}
    assert [one.state for one in known.values()] == ["held", "held", "new"]
    assert all("it has the very words of post" in one.reason for one in known.values() if one.state == "held")


def test_the_words_of_an_old_post_under_another_name_wait_for_her(mailed: World) -> None:
    mailed.blog.window = 5
    old = mailed.blog.posts.pop("post-0")
    mailed.blog.publish("quite-another", "Another title", mailed.now, old.html, guid="quite-another")
    mailed.pass_time(days=1)
    cron(mailed)
    assert standings(mailed)["Another title"].reason.startswith("it has the very words of post 1;")


def test_a_post_that_its_feed_lists_twice_is_one_post(world: World) -> None:
    world.blog.one_page = f"{world.blog.home}walk/"
    for guid in ("in-news", "in-outdoors"):
        world.blog.publish(guid, "A walk", world.now - timedelta(hours=1), "<p>We went for a walk.</p>", guid=guid)
    pull(world)
    assert [post.article.title for post in posts(world)].count("A walk") == 1


def test_a_post_that_was_taken_down_and_put_up_anew_within_days_is_the_same(world: World) -> None:
    world.blog.publish("old", "Oldest", START - timedelta(days=30), body("oldest"))
    world.blog.publish("first", "Patience", START - timedelta(hours=1), body("patience"))
    pull(world)
    world.pass_time(days=2)
    old = world.blog.posts.pop("first")
    pull(world)
    more = "<p>And one more paragraph, in which quite another thing is told at some length for all who read on.</p>" * 2
    world.blog.publish("second", "Being patient", world.now, old.html + more, guid="quite-another")
    world.pass_time(hours=1)
    pull(world)
    assert [post.article.title for post in posts(world)].count("Being patient") == 1
    assert "Patience" not in standings(world)


def test_news_of_one_thing_that_lead_to_its_page_are_posts_of_their_own(world: World) -> None:
    world.blog.one_page = f"{world.blog.home}camera/"
    world.blog.window = 1
    said = (
        "<p>The {} is here. It brings what many of you asked for, mends {} faults, and costs nothing for all who have "
    )
    said += "the camera already. Load it from the page of the camera, and tell us how you like it.</p>"
    for at in range(5):
        world.pass_time(days=1)
        told = said.format(f"{HOUSES[at]} update of the {HOUSES[at + 1]}", HOUSES[at + 2])
        world.blog.publish(f"u{at}", f"Update {at}", world.now - timedelta(hours=1), told)
        pull(world)
    world.pass_time(hours=1)
    states = {title: one.state for title, one in standings(world).items() if title.startswith("Update")}
    assert states == dict.fromkeys([f"Update {at}" for at in range(5)], "new")


def test_notes_that_have_their_places_on_one_page_do_not_get_the_whole_page(world: World) -> None:
    world.blog.posts.clear()
    for at in range(3):
        world.blog.publish(f"today/#{at}", "", START - timedelta(hours=9 - at), f"<p>A note on the {HOUSES[at]}.</p>")
    pull(world)
    world.blog.publish("today/#3", "", START + timedelta(hours=1), f"<p>A note on the {HOUSES[3]}.</p>")
    world.pass_time(hours=2)
    pull(world)
    assert not any("today" in url for url in world.blog.fetched)
    with world.project() as project, project.store.reading() as tx:
        found = stored.some(tx, map(PostId, range(1, 9))).values()
    assert [post.article.text for post in found] == [f"A note on the {HOUSES[at]}." for at in (2, 1, 0, 3)]


def test_a_note_of_twenty_words_that_was_made_anew_with_another_word_in_it_waits_for_her(world: World) -> None:
    note = (
        "<p>We are away until the first of May. Write to us whenever you like, and we will {} as soon as we are home "
        "again.</p>"
    )
    world.blog.publish("away", "Away", world.now, note.format("answer"))
    world.blog.publish("later", "Later", world.now, body("later"))
    pull(world)
    world.pass_time(days=9)
    del world.blog.posts["away"]
    world.blog.publish("away-again", "Away", world.now, note.format("reply"), guid="quite-another")
    pull(world)
    with world.project() as project:
        known = compose.outlines(project.store, project.settings.compose, world.now)
    (why,) = [standing.reason for post, standing in known if post.article.url.endswith("/away-again/")]
    assert why.startswith("it has the title and nearly all words of post")


def test_last_years_title_above_other_words_is_a_post_of_its_own(mailed: World) -> None:
    old = mailed.blog.posts.pop("post-3")
    mailed.blog.publish("letter-again", old.title, mailed.now, body("number99"), guid="quite-another")
    mailed.pass_time(days=1)
    cron(mailed)
    assert len(list((mailed.folder / "outbox/mail").iterdir())) == 13


def test_a_post_that_is_too_old_for_a_feed_of_ten_is_not_gone(mailed: World) -> None:
    mailed.blog.window = 10
    mailed.pass_time(days=1)
    cron(mailed)
    assert not any("no longer" in standing.reason for standing in standings(mailed).values())


@pytest.mark.parametrize("how", ["empty", "gone", "parked", "cut"])
def test_a_feed_that_is_broken_for_a_day_changes_nothing(mailed: World, how: str) -> None:
    before = standings(mailed)
    kept = dict(mailed.blog.posts)
    if how == "empty":
        mailed.blog.posts.clear()
    elif how == "cut":
        mailed.blog.posts = dict(list(kept.items())[:2])
    elif how == "gone":
        mailed.blog.broken = FetchFault("The server says it is gone for good (410).", gone=True, status=410)
    else:
        mailed.blog.parked = True
    mailed.pass_time(days=1)
    cron(mailed)
    mailed.blog.posts, mailed.blog.broken, mailed.blog.parked = kept, None, False
    mailed.pass_time(days=1)
    cron(mailed)
    assert standings(mailed) == before
    assert len(list((mailed.folder / "outbox/mail").iterdir())) == 12


def test_a_name_used_again_for_another_post_is_another_post(mailed: World) -> None:
    old = mailed.blog.posts.pop("post-3")
    mailed.pass_time(days=1)
    cron(mailed)
    mailed.blog.publish("post-3", "Christmas This Year", mailed.now, body("christmas"), guid="urn:new")
    mailed.pass_time(days=1)
    cron(mailed)
    assert [mail["Subject"] for mail in mails(mailed, 13)] == ["Christmas This Year"]
    assert old.title in standings(mailed)


def test_a_guid_used_again_for_another_post_is_another_post(mailed: World) -> None:
    guid = mailed.blog.posts["post-11"].guid
    mailed.blog.posts.pop("post-11")
    mailed.blog.publish("fresh", "A Fresh Start", mailed.now, body("fresh"), guid=guid)
    mailed.pass_time(days=1)
    cron(mailed)
    assert [mail["Subject"] for mail in mails(mailed, 13)] == ["A Fresh Start"]


def test_two_notes_with_the_same_title_are_two_posts(mailed: World) -> None:
    for at in range(2):
        mailed.blog.publish(f"note-{at}", "Weekly note", mailed.now + timedelta(hours=at), body(f"note{at}"))
    mailed.pass_time(days=1)
    cron(mailed)
    assert len(list((mailed.folder / "outbox/mail").iterdir())) == 14


@dataclass
class Truth:
    """What an author really did: her posts, each with everything that may happen to it."""

    site: WordPress = field(default_factory=lambda: WordPress(home="https://blog.example.org"))
    written: int = 0

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        found = self.site(url)
        if found is None:
            raise FetchFault("no such page (404)", where=url, gone=True, status=404)
        return Fetched(url=url, status=200, headers=found[0], body=found[1], validators=Validators())

    __hash__ = object.__hash__

    def write(self, now: datetime) -> None:
        self.written += 1
        words = " ".join(f"The {self.written}{house} keeper saw {self.written}{house} birds." for house in HOUSES)
        self.site.publish(self.written, f"Letter number {self.written}", f"{now:%Y-%m-%dT%H:%M:%S}", words)


CHANGES: dict[str, Callable[[dict[str, object], int], None]] = {
    "slug": lambda post, step: post.update(link=f"https://blog.example.org/renamed-{post['id']}-{step}/"),
    "guid": lambda post, step: post.update(guid={"rendered": f"urn:{post['id']}:{step}"}),
    "host": lambda post, step: post.update(link=str(post["link"]).replace("https://blog.", "http://www.blog.")),
    "tracking": lambda post, step: post.update(link=f"{str(post['link']).partition('?')[0]}?utm_source=x{step}"),
    "edit": lambda post, step: post.update(
        content={"rendered": f"{post['content']['rendered']}<p>Added at {step}.</p>", "protected": False}  # type: ignore[index]
    ),
}
step = st.one_of(
    st.just("write"),
    st.tuples(st.integers(0, 30), st.sets(st.sampled_from(sorted(CHANGES)), min_size=1)),
    st.tuples(st.integers(0, 30), st.just("take down")),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(step, min_size=1, max_size=8))
def test_every_post_is_known_as_one_post_whatever_happens_to_it(steps: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = lay_out(Path(folder) / "p")
        truth = Truth()
        world.blog = truth  # type: ignore[assignment]
        world.set(
            'url = "https://blog.example.org/feed/"', 'url = "https://blog.example.org/wp-json"\nkind = "wordpress"'
        )
        truth.write(world.now)
        for at, what in enumerate(["write", "write", *steps]):
            world.pass_time(days=1)
            if what == "write":
                truth.write(world.now)
            elif isinstance(what, tuple) and truth.site.posts:
                index = what[0] % len(truth.site.posts)
                if what[1] == "take down":
                    del truth.site.posts[index]
                else:
                    post = truth.site.posts[index]
                    for name in sorted(what[1]):
                        CHANGES[name](post, at)
                    post["modified"] = post["modified_gmt"] = f"{world.now:%Y-%m-%dT%H:%M:%S}"
            with world.project() as project:
                run.walk(project, "pull", "clean")
        known = posts(world)
    assert sorted(post.article.title for post in known) == sorted(
        f"Letter number {n + 1}" for n in range(truth.written)
    )


def test_a_slip_in_the_head_of_a_post_in_her_folder_takes_it_off_nothing(world: World) -> None:
    folder = world.folder / "posts"
    folder.mkdir()
    for name in ("one", "two", "three"):
        (folder / f"{name}.md").write_text(f"---\ntitle: {name}\ndate: 2026-11-20\n---\n{body(name)}\n", "utf-8")
    world.set('url = "https://blog.example.org/feed/"\n', 'url = "posts"\nkind = "markdown"\n')
    pull(world)
    sound = (folder / "two.md").read_text("utf-8")
    (folder / "two.md").write_text(sound.replace("title: ", 'title: "'), "utf-8")
    (folder / "three.md").unlink()
    world.pass_time(days=1)
    assert "no longer on the blog" not in " ".join(pull(world).done)
    (folder / "two.md").write_text(sound, "utf-8")
    world.pass_time(days=1)
    (told,) = [words for words in pull(world).done if "no longer on the blog" in words]
    assert "“three”" in told
