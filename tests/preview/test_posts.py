"""The author looks through her posts: how each stands, why, and what was taken out of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.journeys import steps
from tests.preview.author import Author, at_her_page
from tests.world import PARAGRAPHS, World


@pytest.fixture
def author(world: World) -> Iterator[Author]:
    """Lisa at her page, with one post from before she started and one new post."""
    body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS) + '<div class="sharedaddy">Share this: Facebook</div>'
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(days=1), body=body)
    steps.pull(world)
    with at_her_page(world) as lisa:
        yield lisa


def number_of(page: str, title: str) -> str:
    found = re.search(rf'href="/posts/(\d+)">{re.escape(title)}', page)
    assert found
    return found[1]


def test_every_post_is_listed_with_its_state_and_why(author: Author) -> None:
    said = author.reads("/posts")
    assert "2 posts of your blog" in said
    assert re.search(r"A jar of kind words .* new It is new", said)
    assert re.search(r"Worries at Bedtime .* from before It was there before you started", said)
    assert "posts keep" not in said


def test_posts_are_found_by_their_words_and_by_their_state(author: Author) -> None:
    assert "Worries at Bedtime" not in author.reads("/posts?words=JAR+kind")
    assert "A jar of kind words" not in author.reads("/posts?state=before")
    assert "No post is like that" in author.reads("/posts?words=unheard")


def test_a_post_is_shown_beside_what_its_blog_gave_with_what_was_taken_out(author: Author) -> None:
    page = author.look(f"/posts/{number_of(author.look('/posts'), 'A jar of kind words')}")
    assert re.search(r"<del>Share this: Facebook</del>", page)
    assert page.count("A worried child needs company before advice") == 2


def test_an_unknown_post_is_said_to_be_none(author: Author) -> None:
    assert "There is no post 99" in author.post("/posts/99/keep", status=400)
    author.look("/posts/99", status=400)


def test_what_she_decides_about_a_post_is_in_the_next_issue_at_once(author: Author) -> None:
    old = number_of(author.look("/posts"), "Worries at Bedtime")
    assert "“Worries at Bedtime” may go into the next issue" in author.post(f"/posts/{old}/keep")
    assert "you kept it" in author.reads("/posts?words=worries").lower()
    author.post(f"/posts/{old}/skip")
    assert "you skipped it" in author.reads("/posts?words=worries").lower()


def test_a_draft_follows_what_she_decides(author: Author, world: World) -> None:
    old = number_of(author.look("/posts"), "Worries at Bedtime")
    new = number_of(author.look("/posts"), "A jar of kind words")
    steps.build_now(world)
    author.post(f"/posts/{old}/pin")
    assert inside(world) == ["Worries at Bedtime", "A jar of kind words"]
    author.post(f"/posts/{new}/skip")
    assert inside(world) == ["Worries at Bedtime"]


@pytest.mark.parametrize("form", ["/posts/{0}/pin", "/issue/1/pin"])
def test_an_old_post_that_she_puts_into_a_draft_has_its_books_at_once(world: World, form: str) -> None:
    steps.write_for_years(world)
    steps.pull(world)
    steps.build_now(world)
    with at_her_page(world) as lisa:
        old = number_of(lisa.look("/posts?words=worries"), "Worries at Bedtime")
        lisa.post(form.format(old), post=old)
        lisa.post("/issue/1/later", post=number_of(lisa.look("/posts?words=day+0"), "Day 0"))
    assert inside(world) == ["Worries at Bedtime"]
    assert books_inside(world) == ["The Invisible String"]


def books_inside(world: World) -> list[str]:
    from pipeline.store import issues

    with world.project() as project, project.store.reading() as tx:
        (issue,) = issues.every(tx)
    return [pick.book.title for item in issue.items for pick in item.picks]


def inside(world: World) -> list[str]:
    from pipeline.model import IssueNumber
    from pipeline.store import issues

    with world.project() as project, project.store.reading() as tx:
        issue = issues.get(tx, IssueNumber(1))
    assert issue is not None
    return [item.post.article.title for item in issue.items]


def test_a_post_that_was_sent_is_decided_about_no_more(author: Author, world: World) -> None:
    new = number_of(author.look("/posts"), "A jar of kind words")
    steps.build_now(world)
    steps.approve(world)
    assert "approved or sent" in author.post(f"/posts/{new}/skip", status=400)


def test_thousands_come_a_page_at_a_time(author: Author, world: World) -> None:
    for number in range(60):
        world.blog.publish(f"old-{number}", f"An old post, number {number}", world.now - timedelta(days=30 + number))
    world.pass_time(hours=2)
    steps.pull(world)
    first, second = author.reads("/posts"), author.reads("/posts?page=2")
    assert "1–50 of 62 Page 1 of 2 After Last" in first
    assert "number 59" not in first
    assert "number 59" in second
    assert "Page 2 of 2" in author.reads("/posts?page=99999999")
