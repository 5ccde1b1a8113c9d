"""The author's own words for themes, the starter shelf behind her books, and advice on what to buy."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.books import advice
from pipeline.books.shelf import Shelf, whole
from pipeline.errors import FetchFault, ShelfError
from pipeline.model import Book, Fetched, Validators
from tests.books.articles import WORRY, article, fitting, shelf
from tests.books.test_covers import picture

EVERYONE = (0, 18)


def laid_out(folder: Path, books: str, themes: str = "") -> Shelf:
    (folder / "books.toml").write_text(books, "utf-8")
    if themes:
        (folder / "themes.toml").write_text(themes, "utf-8")
    return whole(folder / "books.toml", folder / "themes.toml")


OWN = 'starter = false\n[[book]]\ntitle = "The Leaving Morning"\nauthor = "Angela Johnson"\nthemes = ["goodbyes"]\n'


def test_words_of_the_author_s_make_a_theme_of_her_own(tmp_path: Path) -> None:
    post = article(
        text="We practise the last wave at the gate. The last wave is a ritual, and rituals help.",
        title="The last wave",
    )
    assert fitting(post, laid_out(tmp_path, OWN), EVERYONE) == ()
    themes = '[goodbyes]\nlabel = "saying goodbye"\nstrong = "last wave, waving goodbye"\n'
    (found,) = fitting(post, laid_out(tmp_path, OWN, themes), EVERYONE)
    assert found.themes == ("saying goodbye",)
    assert "last wave" in found.matched


def test_words_are_added_to_a_known_theme_and_taken_from_it(tmp_path: Path) -> None:
    books = 'starter = false\n[[book]]\ntitle = "Wemberly Worried"\nthemes = ["anxiety"]\n'
    post = article(
        text="The wobblies came back. When the wobblies come we sit down, and they go.", title="The wobblies"
    )
    nerves = article(text="A nervous dog. So nervous, the neighbours say.", title="The nervous dog")
    plain = laid_out(tmp_path, books)
    assert not fitting(post, plain, EVERYONE)
    assert fitting(nerves, plain, EVERYONE)
    own = laid_out(tmp_path, books, '[anxiety]\nstrong = "wobblies"\nagainst = "nervous"\n')
    assert fitting(post, own, EVERYONE)
    assert not fitting(nerves, own, EVERYONE)


def test_faults_in_the_file_of_themes_are_named_by_line(tmp_path: Path) -> None:
    themes = 'x = 1\n[anxiety]\nstrong = ["a"]\ncolour = "red"\n[anxeity]\nstrong = "b"\n'
    faults = laid_out(tmp_path, OWN, themes).faults
    assert len(faults) == 4
    assert "themes.toml:1: A theme is a table" in faults[0]
    assert 'strong = "one, two"' in faults[1]
    assert "colour is no part of a theme" in faults[2]
    assert "Did you mean [anxiety]?" in faults[3]


def test_a_file_of_themes_that_is_no_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(ShelfError):
        laid_out(tmp_path, OWN, "[anxiety\n")


def test_the_starter_shelf_stands_behind_the_author_s_and_hers_wins(tmp_path: Path) -> None:
    borrowed = laid_out(tmp_path, "")
    assert len(borrowed.books) >= 150
    assert all(book.starter and book.description and book.themes for book in borrowed.books)
    known = {theme for book in borrowed.books for theme in book.themes}
    assert known <= set(borrowed.vocabulary.themes)
    first = borrowed.books[0]
    both = laid_out(tmp_path, f'[[book]]\ntitle = "{first.title}"\nauthor = "{first.author}"\nnever = true\n')
    assert both.books[0].never
    assert not both.books[0].starter
    assert [book.key for book in both.books].count(first.key) == 1


def test_the_starter_shelf_can_be_left_out(tmp_path: Path) -> None:
    assert [book.title for book in laid_out(tmp_path, OWN).books] == ["The Leaving Morning"]


def test_a_theme_that_nobody_knows_is_named_with_the_nearest_that_is_known() -> None:
    (said,) = advice.unknown_themes(shelf(WORRY, Book(title="A", themes=("anxeity",))))
    assert "Did you mean anxiety?" in said


def test_themes_with_few_books_are_a_shopping_list_the_emptiest_first() -> None:
    on_shelf = shelf(
        *(Book(title=f"Worry {at}", themes=("anxiety",)) for at in range(3)), Book(title="Kind", themes=("kindness",))
    )
    wanted = {each.theme: each.titles for each in advice.shopping_list(on_shelf)}
    assert "worry" not in wanted
    assert wanted["kindness"] == ("Kind",)
    assert advice.shopping_list(on_shelf)[0].titles == ()


def test_a_cover_that_is_gone_or_no_picture_is_named() -> None:
    def fetch(url: str, *, validators: Validators | None = None) -> Fetched:
        if "gone" in url:
            raise FetchFault("There is no such page (404).", where=url, gone=True)
        body = picture(300, 400) if "good" in url else b"<svg/>" if "drawing" in url else b"x"
        return Fetched(url=url, status=200, headers={"content-type": "image/jpeg"}, body=body)

    books = [Book(title=name, cover=f"https://x.example/{name}.jpg") for name in ("good", "gone", "page", "drawing")]
    said = list(advice.dead_covers(shelf(*books, Book(title="none")), fetch))
    assert [one.split(" can't be had: ")[0] for one in said] == [
        f"The cover of {name}" for name in ("gone", "page", "drawing")
    ]
