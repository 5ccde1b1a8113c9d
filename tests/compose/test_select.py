from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from pipeline.compose.schedule import at_once
from pipeline.compose.select import Known, Waiting, allot, select, slug, standing
from pipeline.compose.subject import preheader, subject
from pipeline.config import ComposeSettings, Schedule
from pipeline.model import Book, Issue, IssueNumber, Links, Origin, Pick, Post, PostId, Source, SourceName
from tests.render import issues as sample

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = IssueNumber(1)
SETTINGS = ComposeSettings(
    sources=(),
    schedule=Schedule(),
    title="Kind Words",
    timezone=ZoneInfo("UTC"),
    texts="lead",
    events=Path("sources/events.toml"),
    per_post=2,
    per_issue=4,
    repeat_after=6,
    issues=Path("outbox/issues"),
)


def post(number: int, *, days: float = 3, **changes: object) -> Post:
    when = NOW - timedelta(days=days)
    known = sample.issue().items[0].post
    article = replace(known.article, published=when, updated=None, title=f"Post {number}")
    return replace(known, id=PostId(number), article=article, settled_from=when, first_seen=when, **changes)


def pick(title: str, origin: Origin = "matched", isbn: str | None = None) -> Pick:
    links = Links(email="https://e.example/", web="https://w.example/", feed="https://f.example/")
    return Pick(book=Book(title=title, isbn=isbn), origin=origin, score=0.5, reason="Because.", matched=(), links=links)


def known(*posts: Post, **changes: object) -> Known:
    empty = Known(posts=posts, picks={}, choices={}, placed={}, shown={})
    return replace(empty, **changes)


def chosen(of: Known, settings: ComposeSettings = SETTINGS) -> Issue:
    made = select(of, at_once(NOW), settings, number=ONE, created=NOW)
    assert isinstance(made, Issue)
    return made


def titles(picks: tuple[Pick, ...]) -> list[str]:
    return [one.book.title for one in picks]


def test_the_newest_post_leads_and_surplus_waits_with_the_oldest_first() -> None:
    settings = replace(SETTINGS, schedule=Schedule(max_posts=2))
    made = chosen(known(post(1, days=1), post(2, days=2), post(3, days=3)), settings)
    assert [item.post.id for item in made.items] == [2, 3]


def test_a_post_that_is_edited_stays_in_the_draft_that_holds_it() -> None:
    edited = replace(post(1), settled_from=NOW - timedelta(minutes=1))
    assert isinstance(select(known(edited), at_once(NOW), SETTINGS, number=ONE, created=NOW), Waiting)
    held = known(edited, drafted=frozenset([PostId(1)]))
    assert [item.post.id for item in chosen(held).items] == [1]


def test_who_is_in_a_hurry_mails_nothing_that_is_dated_ahead_unless_the_author_keeps_it() -> None:
    fresh, ahead = post(1, days=0), post(2, days=-90)
    hurried = partial(select, slot=at_once(NOW), settings=SETTINGS, number=ONE, created=NOW, impatient=True)
    made = hurried(known(fresh, ahead))
    assert isinstance(made, Issue)
    assert [item.post.id for item in made.items] == [1]
    assert hurried(known(ahead)) == Waiting(reason="no post is new")
    kept = hurried(known(ahead, choices={PostId(2): "keep"}))
    assert isinstance(kept, Issue)
    assert [item.post.id for item in kept.items] == [2]


def test_a_post_that_is_dated_ahead_says_so() -> None:
    told = standing(post(1, days=-90), known(), SETTINGS, NOW)
    assert told.state == "settling"
    assert told.reason.startswith("its day has not come; free from ")


def test_too_few_posts_make_no_issue_and_say_so() -> None:
    settings = replace(SETTINGS, schedule=Schedule(min_posts=2))
    made = select(known(post(1)), at_once(NOW), settings, number=ONE, created=NOW)
    assert made == Waiting(reason="1 new post is too few; min_posts is 2")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "new"),
        ({"before": True}, "before"),
        ({"held": "it looks old"}, "held"),
        ({"fault": "it has no text"}, "quarantined"),
        ({"settled_from": NOW - timedelta(minutes=10)}, "settling"),
    ],
)
def test_a_post_s_state_has_a_reason_in_words(changes: dict[str, object], state: str) -> None:
    told = standing(replace(post(1), **changes), known(post(1)), SETTINGS, NOW)
    assert told.state == state
    assert told.reason


def test_the_author_s_word_comes_before_every_rule_but_a_fault() -> None:
    kept = known(post(1), choices={PostId(1): "keep"})
    assert standing(post(1, before=True, held="old"), kept, SETTINGS, NOW).state == "new"
    assert standing(post(1, fault="no text"), kept, SETTINGS, NOW).state == "quarantined"
    assert standing(post(1), known(post(1), choices={PostId(1): "skip"}), SETTINGS, NOW).state == "skipped"


def test_a_source_may_exclude_by_tag_or_title() -> None:
    source = Source(name=post(1).source, url="https://x.example/", exclude=("post *",))
    assert standing(post(1), known(post(1)), replace(SETTINGS, sources=(source,)), NOW).state == "skipped"
    other = Source(name=SourceName("other"), url="https://x.example/", exclude=("*",))
    assert standing(post(1), known(post(1)), replace(SETTINGS, sources=(other,)), NOW).state == "new"


def test_mentions_are_all_shown_first_and_matches_fill_what_is_left() -> None:
    picks = (*(pick(name, "mentioned") for name in "ABC"), pick("D"), pick("E"))
    made = chosen(known(post(1), picks={PostId(1): picks}))
    assert titles(made.items[0].picks) == ["A", "B", "C", "D"]


def test_more_mentions_than_an_issue_has_room_for_are_still_shown() -> None:
    picks = tuple(pick(name, "mentioned") for name in "ABCDEF")
    assert titles(chosen(known(post(1), picks={PostId(1): picks})).items[0].picks) == list("ABCDEF")


def test_the_post_with_the_fewest_books_is_served_first() -> None:
    picks = {PostId(1): (pick("A", "mentioned"), pick("B", "mentioned"), pick("C")), PostId(2): (pick("D"), pick("E"))}
    made = chosen(known(post(1, days=1), post(2, days=2), picks=picks))
    assert [titles(item.picks) for item in made.items] == [["A", "B"], ["D", "E"]]


def test_a_book_is_never_shown_twice_in_an_issue_whatever_its_edition() -> None:
    picks = {
        PostId(1): (pick("The Dot", "mentioned", "9780763619619"),),
        PostId(2): (pick("Dot", "matched", "9781416979265"), pick("Other", "matched", "9780763619619"), pick("New")),
    }
    made = chosen(known(post(1, days=1), post(2, days=2), picks=picks))
    assert [titles(item.picks) for item in made.items] == [["The Dot"], ["New"]]


def test_a_matched_book_rests_and_a_mentioned_one_need_not() -> None:
    picks = {PostId(1): (pick("A", "mentioned"), pick("B"), pick("C"))}
    shown = {pick(name).book.key: IssueNumber(3) for name in "AB"}
    of = known(post(1), picks=picks, shown=shown)
    assert titles(allot([post(1)], of, SETTINGS, IssueNumber(5))[PostId(1)]) == ["A", "C"]
    assert titles(allot([post(1)], of, SETTINGS, IssueNumber(10))[PostId(1)]) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("World Kindness Day", "world-kindness-day"),
        ("../../etc/passwd", "etc-passwd"),
        ("Über Gefühle", "uber-gefuhle"),
        ("Die Größe der Gefühle", "die-grosse-der-gefuhle"),
        ("Don’t worry", "dont-worry"),
        ("مرحبا", "issue"),
        ("", "issue"),
        ("a\0b\n/c", "a-b-c"),
        ("word " * 50, "word-word-word-word-word-word-word-word-word-word-word-word"),
    ],
)
def test_a_slug_is_safe_as_a_folder(title: str, name: str) -> None:
    assert slug(title) == name
    assert len(slug(title)) <= 60


def test_the_inbox_line_says_no_more_than_the_posts_do() -> None:
    assert subject(["A", "B", "C"]) == "A · B"
    assert subject(["A long title that fills the line on its own, nearly", "B is another"]).startswith("A long title")
    assert len(preheader("word " * 100)) <= 110


def photograph(words: str) -> Post:
    """A post that is newest, and little but a picture."""
    picture = post(1, days=1)
    return replace(picture, article=replace(picture.article, title="First snow", excerpt=words))


@pytest.mark.parametrize("words", ["First snow", "First  snow!", "first snow", "Snow.", ""])
def test_the_second_line_of_an_inbox_stays_empty_rather_than_say_the_first_again(words: str) -> None:
    assert chosen(known(photograph(words))).preheader == ""
    assert chosen(known(photograph(words), post(2))).preheader == ""


@pytest.mark.parametrize("words", ["First snow of the year", "Snow, at last", "☃"])
def test_words_that_say_more_than_the_title_stand_there(words: str) -> None:
    assert chosen(known(photograph(words))).preheader == words


EVERGREEN = replace(SETTINGS, schedule=Schedule(evergreen=True))


def of_a_turn(of: Known, settings: ComposeSettings = EVERGREEN) -> list[str]:
    made = select(of, at_once(NOW), settings, number=ONE, created=NOW)
    return [item.post.article.title for item in made.items] if isinstance(made, Issue) else []


def test_a_turn_without_a_new_post_takes_an_old_one_of_this_season_if_the_author_likes() -> None:
    old = known(post(1, days=365 + 4, before=True), post(2, days=730 + 1, before=True), post(3, days=180, before=True))
    assert of_a_turn(old) == ["Post 2"]
    assert of_a_turn(old, SETTINGS) == []


def test_a_new_post_goes_before_any_old_one() -> None:
    assert of_a_turn(known(post(1, days=365, before=True), post(2))) == ["Post 2"]


@pytest.mark.parametrize(
    "changes",
    [{"placed": {PostId(1): IssueNumber(3)}}, {"choices": {PostId(1): "skip"}}],
    ids=["it was mailed", "she skipped it"],
)
def test_an_old_post_is_not_taken_when(changes: dict[str, object]) -> None:
    assert of_a_turn(known(post(1, days=365, before=True), **changes)) == []


def test_an_old_post_that_is_gone_or_of_another_season_is_not_taken() -> None:
    assert of_a_turn(known(post(1, days=365, before=True, gone=NOW))) == []
    assert of_a_turn(known(post(1, days=365 + 40, before=True))) == []
    assert of_a_turn(known(post(1, days=8, before=True))) == []


def test_of_two_books_nearly_as_good_the_one_by_another_author_comes() -> None:
    same = [replace(pick(title), score=score, book=Book(title=title, author=author)) for title, author, score in (
        ("First", "Ann", 0.9), ("Second", "Ann", 0.8), ("Third", "Bea", 0.75))]  # fmt: skip
    made = chosen(known(post(1), picks={PostId(1): tuple(same)}))
    assert titles(made.items[0].picks) == ["First", "Third"]


def test_full_texts_are_shown_as_far_as_a_mail_has_room() -> None:
    settings = replace(SETTINGS, texts="full")
    long = [
        replace(one, article=replace(one.article, html=f"<p>{'x' * 25_000}</p>")) for one in (post(1), post(2), post(3))
    ]
    assert [item.form for item in chosen(known(*long), settings).items] == ["full", "full", "excerpt"]
    assert [item.form for item in chosen(known(*long), replace(settings, texts="excerpt")).items] == ["excerpt"] * 3


@pytest.mark.parametrize("html", ["<p>" + "字" * 25_000 + "</p>", "<p>x</p>" * 2_500])
def test_room_is_counted_in_bytes_as_a_mail_has_them(html: str) -> None:
    wordy = post(1)
    heavy = replace(wordy, article=replace(wordy.article, html=html))
    (item,) = chosen(known(heavy), replace(SETTINGS, texts="full")).items
    assert item.form == "excerpt"
