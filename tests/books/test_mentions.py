from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.books.mentions import found_in, mentions
from tests.books.articles import BE_KIND, BOOKS, DOT, RABBIT, WAITING, article, shelf

SHELF = shelf(*BOOKS)
EMPTY = shelf()


def titles(html: str) -> list[str]:
    return [book.title for book in mentions(article(html), SHELF)]


@pytest.mark.parametrize(
    "address",
    [
        "https://bookshop.org/a/123/9780763619619",
        "https://bookshop.org/p/books/the-dot/123?ean=9780763619619",
        "https://www.amazon.com/Dot-Peter/dp/0763619612/ref=sr_1_1?tag=x-20",
        "https://www.amazon.co.uk/gp/product/0763619612",
        "https://www.barnesandnoble.com/w/the-dot/1?ean=9780763619619",
        "https://www.indiebound.org/book/9780763619619",
        "https://openlibrary.org/isbn/0763619612",
        "https://www.waterstones.com/book/the-dot/9780763619619",
        "https://press.example.org/catalogue/978-0-7636-1961-9",
        "https://go.example.net/?to=https%3A%2F%2Fbookshop.org%2Fbook%2F9780763619619",
    ],
)
def test_a_shop_link_names_its_book_whatever_its_words(address: str) -> None:
    assert titles(f'<p>I love <a href="{address}">this one</a>.</p>') == ["The Dot"]


@pytest.mark.parametrize(
    "address",
    [
        "https://bookshop.org/a/123/9780763619618",
        "https://www.amazon.com/dp/B00ABCDEFG",
        "https://www.amazon.com/dp/0763619613",
        "https://blog.example.org/dp/0763619612",
        "http://[broken",
    ],
)
def test_an_address_without_a_valid_isbn_names_nothing(address: str) -> None:
    assert titles(f'<p>I love <a href="{address}">this one</a>.</p>') == []


def test_a_linked_cover_gives_title_and_author_by_its_alternative_text() -> None:
    html = '<figure><a href="https://bookshop.org/a/0/9781626723214"><img src="c.jpg" alt="{}"/></a></figure>'
    with_author, alone = (
        mentions(article(html.format(alt)), EMPTY)[0] for alt in ("Be Kind by Pat Zietlow Miller", "Be Kind?")
    )
    assert (with_author.title, with_author.author, with_author.isbn) == (
        "Be Kind",
        "Pat Zietlow Miller",
        "9781626723214",
    )
    assert (alone.title, alone.author) == ("Be Kind?", None)


def test_a_caption_names_the_book_of_a_linked_cover() -> None:
    html = (
        '<figure><a href="https://bookshop.org/a/0/9780763619619"><img src="c.jpg" alt=""/></a>'
        "<figcaption>The Dot by Peter H. Reynolds</figcaption></figure>"
    )
    (book,) = mentions(article(html), EMPTY)
    assert (book.title, book.author, book.isbn) == ("The Dot", "Peter H. Reynolds", "9780763619619")


@pytest.mark.parametrize(
    "html",
    [
        "<p>Read <em>Small Hours</em> by Ida Brook tonight.</p>",
        "<p>Read <cite>Small Hours</cite>, written by Ida Brook.</p>",
        "<p>Try \u201cSmall Hours,\u201d by Ida Brook.</p>",
        "<p>We loved Ida Brook\u2019s <em>Small Hours</em>.</p>",
        "<h3>2. Small Hours by Ida Brook</h3>",
        "<ul><li>Small Hours by Ida Brook, illustrated by Ann Lee</li></ul>",
        "<p><strong>Small Hours</strong><br/>by Ida Brook</p>",
        "<h2>SMALL HOURS by Ida Brook</h2>",
        "<ol><li>Read <i>Small Hours</i> by Ida Brook. A book inspired by Real Hens.</li></ol>",
    ],
)
def test_title_by_author_is_a_book_even_when_the_shelf_does_not_know_it(html: str) -> None:
    (book,) = mentions(article(html), EMPTY)
    assert (book.title, book.author, book.isbn) == ("Small Hours", "Ida Brook", None)


@pytest.mark.parametrize(
    "html",
    [
        "<p>I <em>really</em> mean it. <em>Waiting</em> is hard; <em>be kind</em>. <strong>You are not alone</strong>.</p>",
        "<p>We watched <em>Be Kind</em> on Friday and sang <em>The Dot</em>.</p>",
        "<p>My podcast <em>Quiet Hour</em> by Ann Lee is back. The <em>Be Kind</em> training is full.</p>",
        "<p>\u201cBe the change you wish to see\u201d by Mahatma Gandhi</p>",
        "<p><em>Photo by Jane Doe</em></p><figure><img src='a' alt=''/><figcaption>Art by Jane Doe</figcaption></figure>",
        "<h2>Self-Compassion Workshop by Lisa Ferentz</h2><h2>Guest post by Ann Lee</h2>",
        "<p><em>Finish the Draft</em> by Friday, please.</p>",
        "<ul><li>Waiting</li><li>Kindness</li></ul><h2>How to Be Kind Every Day</h2>",
        '<p><strong>Buy it here</strong> <a href="https://bookshop.org/book/9780439287197">Bookshop</a></p>',
        "<table><tr><td>Waiting</td></tr><tr><th>Title</th><th>Author</th></tr></table>",
        "<p>the rabbit listened to us</p>",
    ],
)
def test_stress_films_talks_quotations_and_credits_are_no_books(html: str) -> None:
    assert titles(html) == []


def test_titles_of_the_shelf_are_found_in_emphasis_lists_and_plain_words() -> None:
    assert titles("<p>On the table: <em>Be Kind</em> and <cite>Waiting</cite>.</p>") == ["Be Kind", "Waiting"]
    assert titles("<ul><li>The Dot \u2013 Peter H. Reynolds</li><li>Be Kind</li></ul>") == ["The Dot", "Be Kind"]
    assert titles("<p>Last week I opened The Rabbit Listened again.</p>") == ["The Rabbit Listened"]
    assert titles("<p>Last week I opened Be Kind by Pat Zietlow Miller.</p>") == ["Be Kind"]


def test_a_book_is_completed_from_the_shelf() -> None:
    assert mentions(article("<p>Read <em>the dot</em> or <em>The Dot</em>.</p>"), SHELF) == (DOT,)


def test_an_isbn_in_the_post_is_added_to_a_book_of_the_shelf_that_has_none() -> None:
    (book,) = mentions(
        article('<p><a href="https://bookshop.org/book/9780735229358"><em>The Rabbit Listened</em></a></p>'), SHELF
    )
    assert (book.isbn, book.themes) == ("9780735229358", RABBIT.themes)


def test_a_title_by_another_author_is_another_book() -> None:
    (book,) = mentions(article("<p><em>Waiting</em> by Ann Lee</p>"), SHELF)
    assert (book.author, book.themes) == ("Ann Lee", ())


def test_cover_title_and_buttons_are_one_book() -> None:
    html = (
        '<div><a href="https://www.amazon.com/gp/product/0763619612/"><img alt="The Dot book cover" src="a"/></a>'
        '<p><a href="https://amzn.to/3x"><em>The Dot</em></a> by Peter H. Reynolds</p>'
        '<p><a href="https://bookshop.org/a/1/9780763619619">Bookshop</a> | <a href="https://www.amazon.com/dp/0763619612">Amazon</a></p></div>'
    )
    for known in (SHELF, EMPTY):
        (book,) = mentions(article(html), known)
        assert (book.title, book.author, book.isbn) == ("The Dot", "Peter H. Reynolds", "9780763619619")


def test_buttons_below_a_title_give_it_their_isbn() -> None:
    html = '<h3>Small Hours by Ida Brook</h3><p><a href="https://bookshop.org/book/9780763619619">Buy it</a></p>'
    (book,) = mentions(article(html), EMPTY)
    assert (book.title, book.isbn) == ("Small Hours", "9780763619619")


def test_a_button_far_below_gives_its_isbn_to_nobody() -> None:
    html = (
        "<h3>Small Hours by Ida Brook</h3><p>One.</p><p>Two.</p>"
        '<p>Also <a href="https://bookshop.org/book/9780763619619">here</a>.</p>'
    )
    (book,) = mentions(article(html), EMPTY)
    assert book.isbn is None


def test_rows_of_a_table_with_isbns_are_books() -> None:
    html = "<table><tr><td>Small Hours</td><td>Ida Brook</td><td>ISBN 978-0-7636-1961-9</td></tr></table>"
    (book,) = mentions(article(html), EMPTY)
    assert (book.title, book.author, book.isbn) == ("Small Hours", "Ida Brook", "9780763619619")


def test_the_order_is_that_of_the_post() -> None:
    html = (
        "<p><em>Waiting</em> by Kevin Henkes, then The Rabbit Listened, "
        'then <a href="https://bookshop.org/a/1/9780763619619">one more</a>.</p><p><em>Be Kind</em>, <em>The Dot</em></p>'
    )
    assert titles(html) == ["Waiting", "The Rabbit Listened", "The Dot", "Be Kind"]


def test_a_book_that_the_author_advises_against_is_refused_and_the_other_one_kept() -> None:
    html = "<p>Many love <em>Be Kind</em>. I no longer use it. Read <em>The Dot</em> instead.</p>"
    found = found_in(article(html), SHELF)
    assert [mention.book for mention in found.mentions] == [DOT]
    assert found.refused == {BE_KIND.key}


def test_do_not_skip_is_praise() -> None:
    assert titles("<p>Do not skip <em>Waiting</em> by Kevin Henkes.</p>") == [WAITING.title]


def test_the_link_of_an_unknown_book_is_kept_but_not_a_short_one() -> None:
    html = '<p><a href="{}"><em>Small Hours</em></a> by Ida Brook</p>'
    kept, hidden = (
        mentions(article(html.format(url)), EMPTY)[0].links
        for url in ("https://press.example.org/small-hours", "https://amzn.to/3x")
    )
    assert kept == (("own", "https://press.example.org/small-hours"),)
    assert hidden == ()


def test_a_layout_table_is_read_like_any_other_text() -> None:
    html = f"<table><tr><td><p>{'Words upon words. ' * 30}</p><p>Read <em>The Dot</em> tonight.</p></td></tr></table>"
    assert titles(html) == ["The Dot"]


PIECES = st.sampled_from(
    [
        "<em>", "</em>", "<a href='https://bookshop.org/a/0/9780763619619'>", "<a href='http://[x'>", "</a>", "<li>", "<tr>",
        "<td>", "</td>", "<br/>", "<h2>", "</h2>", "<figure>", "</figure>", "<img alt='The Dot'>", "The Dot", " by ",
        "Peter H. Reynolds", "\u201c", "\u201d", "1. ", "\x00", "<!-- x -->", "<![CDATA[", "&nbsp;", "ISBN 0763619612", "\ud800",
    ]
)  # fmt: skip


@hypothesis_settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=25).map("".join))
def test_no_html_makes_it_fail_and_no_book_comes_twice(html: str) -> None:
    found = mentions(article(html), SHELF)
    assert len({book.isbn or book.key for book in found}) == len(found)


def test_deep_nesting_is_no_trouble() -> None:
    assert titles("<div>" * 200 + "<em>Be Kind</em>") == ["Be Kind"]
    assert isinstance(titles("<div>" * 50_000 + "<em>Be Kind</em>"), list)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "piece",
    [
        "<em>Aa Bb</em> by Cc Dd. ",
        "<a href='https://bookshop.org/a/0/9780763619619'>Aa</a> ",
        "by Aa Bb ",
        "\u201cA ",
        "<li>Aa{at} by Cc Dd</li>",
        "- ( ",
        "ISBN 97",
        "<i>",
    ],
)
def test_a_megabyte_of_anything_is_read_in_seconds(piece: str) -> None:
    assert (
        len(
            mentions(
                article("<li>" + "".join(piece.replace("{at}", str(at)) for at in range(1_000_000 // len(piece)))),
                SHELF,
            )
        )
        <= 201
    )
