"""The author looks back: every issue, what became of it, and its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from pipeline import compose
from pipeline.model import IssueNumber
from tests.journeys import steps
from tests.preview.author import Author, at_her_page
from tests.world import World


@pytest.fixture
def author(world: World) -> Iterator[Author]:
    """Lisa at her page, with one draft and two readers."""
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(hours=1))
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    steps.pull(world)
    steps.build_now(world)
    with at_her_page(world) as lisa:
        yield lisa


def test_a_draft_is_listed_without_numbers(author: Author) -> None:
    said = author.reads("/issues")
    assert "1 issue so far" in said
    assert "draft A jar of kind words" in said
    assert "accepted" not in said


def test_a_sent_issue_is_listed_with_its_sum_and_its_correction(author: Author, world: World) -> None:
    steps.approve(world)
    steps.send(world)
    with world.project() as project:
        compose.correct(
            IssueNumber(1), project.store, project.settings.compose, said="It is Friday.", named=None, now=world.now
        )
    page = author.look("/issues")
    said = author.reads("/issues")
    assert "2 = 2 written + 0 refused + 0 left out + 0 unknown + 0 to go" in said
    assert "corrects issue 1" in said
    assert "Corrected by issue 2" in said
    assert 'href="/issue/1"' in page
    assert "https://news.example.org/issues/1-a-jar-of-kind-words/" in page


def test_the_list_tells_of_each_issue_what_its_page_tells(author: Author, world: World) -> None:
    from pipeline import review
    from pipeline.store import issues

    for deed in (lambda: None, lambda: steps.approve(world), lambda: steps.send(world)):
        deed()
        with world.project() as project:
            section = project.settings.review
            with project.store.reading() as tx:
                whole = {issue.number: review.state(tx, issue, section) for issue in issues.every(tx)}
            told = {line.issue.number: (line.state, line.next_step) for line in review.overview(project.store, section)}
        assert told == whole
