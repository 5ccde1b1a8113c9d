from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.books.links import isbn_in, links
from pipeline.config import Shops
from pipeline.model import Book
from pipeline.model.affiliate import untagged
from tests.books.articles import DOT, RABBIT

TAGGED = "https://www.amazon.com/dp/0763619612?tag=quiet-20&psc=1"


def test_a_bookshop_link_carries_the_authors_id_only_when_she_has_one() -> None:
    plain, earning = (links(DOT, Shops(), accounts) for accounts in ({}, {"bookshop": "77"}))
    assert (plain.email, plain.affiliate) == ("https://bookshop.org/book/9780763619619", ())
    assert earning.web == "https://bookshop.org/a/77/9780763619619"
    assert earning.affiliate == ("email", "web", "feed")


def test_a_book_without_isbn_is_searched_for_by_title_and_author() -> None:
    found = links(RABBIT, Shops(email="worldcat", feed="openlibrary"), {"bookshop": "77"})
    assert found.web == "https://bookshop.org/search?keywords=The+Rabbit+Listened+Cori+Doerrfeld"
    assert found.email == "https://search.worldcat.org/search?q=The+Rabbit+Listened+Cori+Doerrfeld"
    assert found.feed == "https://openlibrary.org/search?q=The+Rabbit+Listened+Cori+Doerrfeld"
    assert found.affiliate == ()


def test_each_channel_has_its_own_shop() -> None:
    found = links(DOT, Shops(email="worldcat", web="bookshop", feed="openlibrary"), {"bookshop": "77"})
    assert found.email == "https://search.worldcat.org/search?q=bn:9780763619619"
    assert found.feed == "https://openlibrary.org/isbn/9780763619619"
    assert found.affiliate == ("web",)


def test_a_shop_of_the_authors_own_is_used_where_the_book_has_it() -> None:
    book = Book(title="Hens", links=(("corner", "https://corner.example.org/hens"),))
    assert links(book, Shops(email="corner"), {}).email == "https://corner.example.org/hens"
    assert links(DOT, Shops(email="corner"), {}).email == "https://bookshop.org/book/9780763619619"


def test_the_authors_own_link_is_taken_when_asked_for_or_when_there_is_no_isbn() -> None:
    own = (("own", "https://press.example.org/x"),)
    assert links(Book(title="Hens", links=own), Shops(), {}).web == "https://press.example.org/x"
    with_isbn = Book(title="Hens", isbn=DOT.isbn, links=own)
    assert links(with_isbn, Shops(), {}).web == "https://bookshop.org/book/9780763619619"
    assert links(with_isbn, Shops(web="publisher"), {}).web == "https://press.example.org/x"
    assert links(DOT, Shops(web="publisher"), {}).web.startswith("https://search.worldcat.org/")


def test_amazon_tags_stay_out_of_mail_and_feed() -> None:
    found = links(Book(title="Hens", links=(("own", TAGGED),)), Shops(), {})
    assert found.email == found.feed == "https://www.amazon.com/dp/0763619612?psc=1"
    assert (found.web, found.affiliate) == (TAGGED, ("web",))


def test_an_id_that_is_not_plain_is_quoted() -> None:
    assert links(DOT, Shops(), {"bookshop": "a/b?c"}).web == "https://bookshop.org/a/a%2Fb%3Fc/9780763619619"


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://www.amazon.com/x/dp/1/ref=sr_1?tag=a-20&linkCode=ll1", "https://www.amazon.com/x/dp/1"),
        ("https://bookshop.org/a/1/9780763619619?tag=x", "https://bookshop.org/a/1/9780763619619?tag=x"),
        ("https://notamazon.com/?tag=x", "https://notamazon.com/?tag=x"),
    ],
)
def test_only_amazon_addresses_lose_their_tags(url: str, bare: str) -> None:
    assert untagged(url) == bare


@given(st.text())
def test_any_address_can_be_asked_for_its_isbn(url: str) -> None:
    assert isbn_in(url) is None or len(str(isbn_in(url))) == 13
