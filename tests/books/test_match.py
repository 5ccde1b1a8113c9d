from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.books import themes
from pipeline.books.match import ranked
from pipeline.books.shelf import whole
from pipeline.model import Book
from tests.books.articles import BOOKS, SLEEPY, WORRY, article, fitting, shelf
from tests.books.off_topic import OFF_TOPIC

SHELF = shelf(*BOOKS)
BIG = shelf(
    *(
        Book(title=f"{theme.label} {at}", themes=(theme.id,), description=f"About {theme.label}.")
        for at, theme in enumerate(themes.built_in().themes.values())
        if not theme.practical
    )
)
EVERYONE = (0, 18)
STARTER = whole(Path("no/books.toml"), Path("no/themes.toml"))
NERVES = "Many children are nervous before the first day of school. Their worries show in the tummy. Name the worry together."


def titles(
    text: str, *, title: str = "A post", tags: tuple[str, ...] = (), ages: tuple[int, int] = EVERYONE
) -> list[str]:
    return [match.book.title for match in fitting(article(text=text, title=title, tags=tags), SHELF, ages)]


def test_a_post_about_worry_gets_the_book_about_worry_and_says_why() -> None:
    best = fitting(article(text=NERVES, title="School jitters"), SHELF, EVERYONE)[0]
    assert best.book == WORRY
    assert set(best.themes) == {"worry", "starting school"}
    assert {"worries", "first day of school"} & set(best.matched)
    assert 0 < best.score <= 1


def test_the_best_comes_first() -> None:
    scores = [
        match.score
        for match in fitting(article(text=NERVES + " Patience and kindness help. Be kind."), SHELF, EVERYONE)
    ]
    assert len(scores) > 1
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("title", OFF_TOPIC)
def test_a_post_about_practical_matters_gets_no_books(title: str) -> None:
    found = fitting(article(text=OFF_TOPIC[title], title=title), BIG, EVERYONE)
    assert [(match.book.title, match.matched) for match in found] == []


def test_the_starter_shelf_is_as_silent() -> None:
    spoken = [title for title, text in OFF_TOPIC.items() if fitting(article(text=text, title=title), STARTER, EVERYONE)]
    assert len(spoken) * 10 <= len(OFF_TOPIC), spoken


def test_a_sentence_that_retells_a_book_brings_it_forward() -> None:
    tells = Book(
        title="The Jar",
        themes=("anxiety",),
        description="A hedgehog keeps her worries in a jar of buttons on the window sill.",
    )
    other = Book(title="Another Worry", themes=("anxiety",), description="A fish fears the deep end of the pond.")
    text = NERVES + " In one story a hedgehog collects buttons in a jar on the window sill."
    best, second = (match for match in fitting(article(text=text), shelf(other, tells), EVERYONE))
    assert (best.book, second.book) == (tells, other)
    assert {"hedgehog", "buttons"} & set(best.matched)


def test_a_book_that_comes_near_is_ranked_with_the_reason_why_it_is_not_suggested() -> None:
    old = replace(WORRY, title="For Teens", ages=(13, 17))
    never = replace(WORRY, title="Not This One", never=True)
    found = {match.book.title: match.unfit for match in ranked(article(text=NERVES), shelf(WORRY, old, never), (0, 8))}
    assert found == {
        "Wemberly Worried": None,
        "For Teens": "it is for ages 13 to 17",
        "Not This One": "you marked it never",
    }


def test_a_hint_of_school_weighs_more_in_august() -> None:
    post = article(text="Soon the bus comes again. A new teacher waits, and so do worries.", title="Almost September")
    in_august, in_march = (
        max(match.score for match in ranked(post, BIG, EVERYONE, day) if match.book.themes == ("school-start",))
        for day in (date(2026, 8, 20), date(2026, 3, 20))
    )
    assert in_august > in_march


def test_books_about_winter_wait_for_it_unless_the_post_speaks_of_winter() -> None:
    snow = Book(title="Snow Day Hug", themes=("winter", "friendship"))
    hug = Book(title="Summer Hug", themes=("friendship", "nature"))
    friends = article(
        text="A new friend at the pond. Friendship takes time, and a good friend waits.", title="Making friends"
    )
    both = shelf(snow, hug)
    july, january = (
        {match.book.title: match.score for match in ranked(friends, both, EVERYONE, date(2026, month, 10))}
        for month in (7, 1)
    )
    assert july["Snow Day Hug"] < january["Snow Day Hug"]
    assert july["Summer Hug"] == january["Summer Hug"]
    sledding = article(
        text="Snow at last! The friends go sledding; winter is here, and a snowman too.", title="Winter friends"
    )
    scores = [
        next(match.score for match in ranked(sledding, both, EVERYONE, date(2026, month, 10)) if match.book == snow)
        for month in (7, 1)
    ]
    assert scores[0] > 0.8 * scores[1]


def test_the_author_s_own_books_come_before_the_starter_shelf_s() -> None:
    borrowed = replace(WORRY, title="A Borrowed Worry", starter=True)
    found = fitting(article(text=NERVES), shelf(borrowed, WORRY), EVERYONE)
    assert [match.book.title for match in found] == ["Wemberly Worried", "A Borrowed Worry"]


def test_one_passing_word_is_not_enough() -> None:
    assert (
        titles(
            "I was worried that the bus would be late, and it was. " + "The town has a new bridge over the river. " * 8
        )
        == []
    )


def test_a_word_in_the_title_counts_more_than_one_in_the_text() -> None:
    assert titles("Some thoughts on an old subject, written on a train.", title="On worry") == ["Wemberly Worried"]
    assert titles("Some thoughts on an old subject, and one worry, written on a train.") == []


def test_tags_speak_like_the_title() -> None:
    assert titles("Some thoughts on an old subject.", tags=("Anxiety",)) == ["Wemberly Worried"]


def test_a_look_alike_phrase_is_not_the_theme() -> None:
    assert titles("What kind of tea do you drink? All kinds of tea are kind of fine. Any kind will do.") == []


def test_other_names_of_a_theme_are_understood_on_the_shelf() -> None:
    assert titles("Bedtime is hard. A bedtime routine helps children fall asleep.") == [SLEEPY.title]


def test_a_theme_of_the_authors_own_is_matched_by_its_word() -> None:
    dragons = shelf(Book(title="Ember", themes=("dragons",)))
    (match,) = fitting(article(text="He drew three.", title="A dragon on every page"), dragons, EVERYONE)
    assert match.themes == ("dragons",)


def test_a_book_for_other_ages_or_marked_never_is_left_out() -> None:
    assert titles(NERVES, ages=(9, 12)) == []
    assert titles(NERVES, ages=(8, 12)) == ["Wemberly Worried"]
    never = shelf(replace(WORRY, never=True))
    assert fitting(article(text=NERVES), never, EVERYONE) == ()


def test_a_post_in_another_language_has_no_matches() -> None:
    assert fitting(article(text=NERVES, language="de-AT"), SHELF, EVERYONE) == ()
    assert fitting(article(text=NERVES, language="en-GB"), SHELF, EVERYONE)
    assert fitting(article(text=NERVES, language=None), SHELF, EVERYONE)


def test_of_two_books_on_a_theme_the_one_that_shares_rare_words_comes_first() -> None:
    hens = Book(title="Night Hens", themes=("sleep",), description="Lanterns hang above the harbour.")
    bears = Book(title="Night Bears", themes=("sleep",), description="A cave under the mountain.")
    others = [Book(title=f"Other {at}", themes=("winter",)) for at in range(8)]
    text = "Bedtime again. We sleep well after a walk to the mountain cave."
    assert fitting(article(text=text), shelf(hens, bears, *others), EVERYONE)[0].book == bears


@pytest.mark.parametrize(
    "forms",
    [("worry", "worries", "worried", "worrying"), ("share", "shares", "shared", "sharing"), ("hug", "hugs", "hugged", "hugging"),
     ("baby", "babies", "baby's"), ("bully", "bullies", "bullied", "bullying"), ("kiss", "kisses", "kissing")],
)  # fmt: skip
def test_endings_do_not_matter(forms: tuple[str, ...]) -> None:
    assert len({themes.stem(form) for form in forms}) == 1


def test_every_theme_has_a_label_and_strong_words_and_no_two_share_a_name() -> None:
    listed = list(themes.built_in().themes.values())
    assert len(listed) > 70
    assert all(theme.label and theme.strong for theme in listed)
    assert all(
        themes.built_in().called(theme.id) == theme and themes.built_in().called(theme.label) == theme
        for theme in listed
        if not theme.practical
    )


@hypothesis_settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=40))
def test_any_text_is_matched_without_failing_and_scores_stay_within_bounds(text: str, title: str) -> None:
    assert all(
        0 < match.score <= 1 and match.themes for match in fitting(article(text=text, title=title), SHELF, EVERYONE)
    )
