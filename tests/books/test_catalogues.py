"""Books by ISBN from Open Library and Google Books, whose answers are nobody's promise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.books.catalogues import look_up, remembered
from pipeline.errors import FetchFault, ShelfError
from pipeline.model import Fetched, Validators

DOT = "9780763619619"
OPEN_LIBRARY = {
    f"ISBN:{DOT}": {
        "url": "https://openlibrary.org/books/OL3569450M/The_dot",
        "title": "The dot",
        "authors": [{"url": "https://openlibrary.org/authors/OL1", "name": "Peter Reynolds"}],
        "publish_date": "September 2003",
        "cover": {"large": "https://covers.openlibrary.org/b/id/1-L.jpg"},
    }
}
GOOGLE: dict[str, Any] = {
    "kind": "books#volumes",
    "totalItems": 2,
    "items": [
        {
            "volumeInfo": {
                "title": "Another",
                "industryIdentifiers": [{"type": "ISBN_13", "identifier": "9780735229358"}],
            }
        },
        {
            "volumeInfo": {
                "title": "The Dot",
                "subtitle": "Make Your Mark",
                "authors": ["Peter H. Reynolds", "Somebody Else"],
                "publishedDate": "2003-09-15",
                "description": "<p>Vashti says she &amp; art do not mix.</p>",
                "industryIdentifiers": [{"type": "ISBN_10", "identifier": "0763619612"}],
                "imageLinks": {"thumbnail": "http://books.google.com/x?id=1"},
            }
        },
    ],
}


class Web:
    """Answers by host; a None is a failure."""

    def __init__(self, open_library: Any, google: Any) -> None:
        self.answers = {"openlibrary.org": open_library, "www.googleapis.com": google}
        self.asked: list[str] = []

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        self.asked.append(url)
        answer = self.answers[url.split("/")[2]]
        if answer is None:
            raise FetchFault("The server took too long.", where=url)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Fetched(url=url, status=200, headers={}, body=body)


def test_what_open_library_leaves_open_google_books_may_know() -> None:
    found = look_up(DOT, Web(OPEN_LIBRARY, GOOGLE))
    book = found.book
    assert (book.title, book.author, book.isbn, book.year) == ("The dot", "Peter Reynolds", DOT, 2003)
    assert book.description == "Vashti says she & art do not mix."
    assert book.cover == "https://covers.openlibrary.org/b/id/1-L.jpg"
    assert found.sources == ("Open Library", "Google Books")


def test_one_catalogue_that_fails_is_passed_over_and_said() -> None:
    found = look_up(DOT, Web(None, GOOGLE))
    assert found.book.title == "The Dot: Make Your Mark"
    assert found.book.author == "Peter H. Reynolds and Somebody Else"
    assert found.book.cover == "https://books.google.com/x?id=1"
    assert found.sources == ("Google Books",)
    assert "Open Library could not be asked" in found.problems[0]
    assert "://" not in found.problems[0]


def test_no_catalogue_is_asked_twice_for_a_book(tmp_path: Path) -> None:
    web = Web(OPEN_LIBRARY, GOOGLE)
    first = remembered(DOT, tmp_path, web)
    asked = len(web.asked)
    again = remembered(DOT, tmp_path, web)
    assert again.book == first.book
    assert len(web.asked) == asked


def test_what_a_failing_catalogue_may_have_known_is_asked_for_again(tmp_path: Path) -> None:
    remembered(DOT, tmp_path, Web(None, GOOGLE))
    assert remembered(DOT, tmp_path, Web(OPEN_LIBRARY, GOOGLE)).book.title == "The dot"


@pytest.mark.parametrize(
    ("open_library", "google"),
    [({}, {"totalItems": 0}), (b"<html>", b"[" * 100_000), ([], 7), ({}, {"items": GOOGLE["items"][:1]})],
)  # fmt: skip
def test_a_book_that_nobody_knows_is_written_by_hand(open_library: Any, google: Any) -> None:
    with pytest.raises(ShelfError, match=f"No catalogue knows the ISBN {DOT}") as caught:
        look_up(DOT, Web(open_library, google))
    assert "by hand" in str(caught.value.next_step)


@pytest.mark.parametrize(
    ("google", "who"),
    [(None, "No catalogue could be asked"), ({"totalItems": 0}, "Not every catalogue could be asked")],
)
def test_a_book_is_not_called_unknown_while_a_catalogue_could_not_be_asked(google: Any, who: str) -> None:
    with pytest.raises(ShelfError, match=f"{who} for the ISBN {DOT}. Open Library could not be asked") as caught:
        look_up(DOT, Web(None, google))
    assert str(caught.value.next_step).startswith("Try again later, or write the book")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inside: st.lists(inside, max_size=3)
    | st.dictionaries(
        st.sampled_from([f"ISBN:{DOT}", "title", "subtitle", "authors", "name", "publish_date", "cover", "large", "items",
                         "volumeInfo", "industryIdentifiers", "identifier", "description", "imageLinks", "thumbnail"]),
        inside,
        max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip


@given(_JSON, _JSON)
def test_no_answer_of_any_shape_ends_in_an_error_of_ours(one: Any, other: Any) -> None:
    try:
        found = look_up(DOT, Web({f"ISBN:{DOT}": one}, {"items": [{"volumeInfo": other}]}))
    except ShelfError:
        return
    assert found.book.title
    assert found.book.isbn == DOT
