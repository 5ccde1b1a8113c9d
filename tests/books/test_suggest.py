from __future__ import annotations

from msgspec.structs import replace

from pipeline.books.suggest import suggest
from pipeline.model import Book
from tests.books.articles import BE_KIND, BOOKS, DOT, RABBIT, WAITING, WORRY, article, settings, shelf

NERVES = "Many children are nervous before the first day of school. Worries come at night. Name the worry together. Be kind; kindness helps."


def test_mentioned_books_come_first_then_pinned_then_matched() -> None:
    on_shelf = shelf(DOT, RABBIT, BE_KIND, WORRY, replace(WAITING, pinned_for=("worry",)))
    html = f"<p>{NERVES} Read <em>The Dot</em> too, and The Rabbit Listened.</p>"
    picks = suggest(article(html, text=NERVES, title="School jitters"), on_shelf, settings())
    assert [(pick.book.title, pick.origin) for pick in picks[:4]] == [
        ("The Dot", "mentioned"),
        ("The Rabbit Listened", "mentioned"),
        ("Waiting", "pinned"),
        ("Wemberly Worried", "matched"),
    ]


def test_no_book_is_suggested_twice() -> None:
    on_shelf = shelf(replace(WORRY, pinned_for=("worry",)), *BOOKS[:3])
    html = f"<p>{NERVES}</p><p><em>Wemberly Worried</em> by Kevin Henkes</p>"
    picks = suggest(article(html, text=NERVES), on_shelf, settings())
    assert [pick.book.title for pick in picks].count("Wemberly Worried") == 1
    assert picks[0].origin == "mentioned"


def test_reasons_are_sentences_for_readers() -> None:
    html = '<p><a href="https://bookshop.org/a/0/9780763619619">The Dot</a>, and <em>Be Kind</em>.</p>'
    on_shelf = shelf(DOT, BE_KIND, WORRY, replace(WAITING, pinned_for=("worry",)))
    post = article(html, text=NERVES, title="The first day of school")
    reasons = {pick.book.title: pick.reason for pick in suggest(post, on_shelf, settings())}
    assert reasons["The Dot"] == "Recommended in this post."
    assert reasons["Be Kind"] == "Mentioned in this post by the author."
    assert reasons["Waiting"] == "The author keeps this one for posts about worry."
    assert reasons["Wemberly Worried"] == "Because this post speaks of starting school and worry."


def test_a_book_that_the_post_advises_against_is_not_matched_either() -> None:
    html = f"<p>{NERVES}</p><p>I would skip <em>Wemberly Worried</em> for now.</p>"
    assert "Wemberly Worried" not in [
        pick.book.title for pick in suggest(article(html, text=NERVES), shelf(*BOOKS), settings())
    ]


def test_matched_books_are_three_times_what_a_post_may_have() -> None:
    many = shelf(*(Book(title=f"Nerves {at}", themes=("anxiety",)) for at in range(9)))
    assert len(suggest(article(text=NERVES), many, settings(per_post=1))) == 3
    assert suggest(article(text=NERVES), many, settings(per_post=0)) == ()


def test_a_pinned_word_of_no_theme_is_looked_for_in_the_post() -> None:
    on_shelf = shelf(replace(WAITING, pinned_for=("ruby slippers",)))
    (pick,) = suggest(article(text="Find your ruby slippers."), on_shelf, settings())
    assert (pick.origin, pick.matched) == ("pinned", ("ruby slippers",))
    assert suggest(article(text="Find your slippers."), on_shelf, settings()) == ()


def test_a_post_in_another_language_has_only_mentions_and_pins() -> None:
    on_shelf = shelf(*BOOKS[:4], replace(WAITING, pinned_for=("Geduld",)))
    html = f"<p>{NERVES} <em>The Dot</em> by Peter H. Reynolds</p>"
    for language, usual in (("de", "en"), (None, "de")):
        post = article(html, text=NERVES + " Geduld!", language=language)
        picks = suggest(post, on_shelf, settings(language=usual))
        assert [pick.origin for pick in picks] == ["mentioned", "pinned"]


def test_links_follow_the_settings() -> None:
    (pick,) = suggest(article("<p><em>The Dot</em></p>"), shelf(DOT), settings(affiliate={"bookshop": "7"}))
    assert pick.links.email == "https://bookshop.org/a/7/9780763619619"
