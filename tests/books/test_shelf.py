from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.books.shelf import Shelf, read
from pipeline.errors import ShelfError


def written(folder: Path, text: str) -> Shelf:
    path = folder / "sources" / "books.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return read(path)


def test_a_book_is_read_with_everything_the_author_said_of_it(tmp_path: Path) -> None:
    shelf = written(
        tmp_path,
        """
[[book]]
isbn = "0-7636-1961-2"
title = "The  Dot"
authors = ["Peter H. Reynolds", "A Friend"]
year = 2003
ages = "4-8"
themes = ["creativity", "perfectionism"]
why = "For the child who can't draw."
links = { Publisher = "https://press.example.org/dot" }
pinned_for = "mistakes"
never = false
""",
    )
    (book,) = shelf.books
    assert shelf.faults == ()
    assert (book.title, book.author, book.isbn) == ("The Dot", "Peter H. Reynolds and A Friend", "9780763619619")
    assert (book.year, book.ages, book.themes) == (2003, (4, 8), ("creativity", "perfectionism"))
    assert book.note == "For the child who can't draw."
    assert book.links == (("publisher", "https://press.example.org/dot"),)
    assert book.pinned_for == ("mistakes",)


@pytest.mark.parametrize(
    ("line", "ages"),
    [
        ('ages = "4+"', (4, 99)),
        ("ages = [2, 5]", (2, 5)),
        ('ages = "6\u20139"', (6, 9)),
        ("age_min = 3\nage_max = 7", (3, 7)),
        ("age_max = 7", (0, 7)),
        ("ages = 5", (5, 5)),
    ],
)
def test_ages_may_be_written_in_many_ways(tmp_path: Path, line: str, ages: tuple[int, int]) -> None:
    shelf = written(tmp_path, f'[[book]]\ntitle = "Hens"\n{line}\n')
    assert shelf.faults == ()
    assert shelf.books[0].ages == ages


def test_a_wrong_isbn_is_named_by_its_line_and_the_book_stays_without_it(tmp_path: Path) -> None:
    shelf = written(tmp_path, '[[book]]\ntitle = "Hens"\n\n[[book]]\ntitle = "The Dot"\nisbn = "9780763619618"\n')
    assert [book.isbn for book in shelf.books] == [None, None]
    (fault,) = shelf.faults
    assert fault.startswith('sources/books.toml:6: isbn can\'t be "9780763619618"')


def test_a_misspelt_key_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    shelf = written(tmp_path, '[[book]]\ntitle = "Hens"\nilustrator = "Ida"\n')
    assert shelf.faults[0].startswith(
        "sources/books.toml:3: ilustrator is no part of a book. Did you mean illustrator?"
    )
    assert [book.title for book in shelf.books] == ["Hens"]


def test_a_book_without_title_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    shelf = written(tmp_path, '[[book]]\nauthor = "Nobody"\n[[book]]\ntitle = "Hens"\n')
    assert [book.title for book in shelf.books] == ["Hens"]
    assert shelf.faults[0].startswith("sources/books.toml:1: This book has no title")


@pytest.mark.parametrize(
    "line",
    [
        'ages = "8-4"',
        'year = "soon"',
        'never = "yes"',
        'cover = "cover.jpg"',
        "themes = [1]",
        'links = "x"',
        "author = []",
    ],
)
def test_what_makes_no_sense_is_left_out_of_the_book_and_named(tmp_path: Path, line: str) -> None:
    shelf = written(tmp_path, f'[[book]]\ntitle = "Hens"\n{line}\n')
    assert len(shelf.books) == 1
    assert shelf.faults[0].startswith(f"sources/books.toml:3: {line.split(maxsplit=1)[0]} can't be ")


def test_bad_ages_in_two_keys_are_named_at_the_first_of_them(tmp_path: Path) -> None:
    shelf = written(tmp_path, '[[book]]\ntitle = "Hens"\nage_min = 9\nage_max = 4\n')
    assert shelf.books[0].ages is None
    assert shelf.faults[0].startswith("sources/books.toml:3: age_min can't be 9")


def test_the_second_of_two_equal_books_is_left_out(tmp_path: Path) -> None:
    text = '[[book]]\ntitle = "The Dot"\nauthor = "Peter Reynolds"\n[[book]]\ntitle = "Dot!"\n'
    shelf = written(tmp_path, text)
    assert [book.title for book in shelf.books] == ["The Dot"]
    assert shelf.faults == ("sources/books.toml:4: Dot! is on the shelf twice; this second one is left out.",)


@pytest.mark.parametrize("author", ["村上春樹", "Лев Толстой", "نجيب محفوظ", "김애란", "7"])
def test_an_author_s_name_counts_in_any_script(tmp_path: Path, author: str) -> None:
    book = f'[[book]]\ntitle = "The Dot"\nauthor = "{author}"\n'
    assert len(written(tmp_path, book + book).books) == 1
    assert len(written(tmp_path, book + book.replace(author, "Пётр Чайковский")).books) == 2


def test_two_books_of_one_title_by_two_authors_both_stay(tmp_path: Path) -> None:
    text = '[[book]]\ntitle = "Courage"\nauthor = "A Waber"\n[[book]]\ntitle = "Courage"\nauthor = "B Other"\n'
    shelf = written(tmp_path, text)
    assert (len(shelf.books), shelf.faults) == (2, ())


def test_titles_of_signs_alone_are_two_books(tmp_path: Path) -> None:
    shelf = written(tmp_path, '[[book]]\ntitle = "?"\n[[book]]\ntitle = "!"\n[[book]]\ntitle = "?"\n')
    assert [book.title for book in shelf.books] == ["?", "!"]


def test_an_isbn_stays_with_the_first_book_that_has_it(tmp_path: Path) -> None:
    text = '[[book]]\ntitle = "A"\nisbn = "9780763619619"\n[[book]]\ntitle = "B"\nisbn13 = "978-0-7636-1961-9"\n'
    shelf = written(tmp_path, text)
    assert [book.isbn for book in shelf.books] == ["9780763619619", None]
    assert "A's already" in shelf.faults[0]


def test_a_missing_shelf_is_empty_and_says_how_to_begin(tmp_path: Path) -> None:
    shelf = read(tmp_path / "sources" / "books.toml")
    assert shelf.books == ()
    assert "[[book]]" in shelf.faults[0]


def test_a_file_that_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ShelfError) as caught:
        written(tmp_path, "[[book]]\ntitle = Hens\n")
    assert caught.value.where == "sources/books.toml:2"


@pytest.mark.parametrize(
    ("written", "advice"),
    [("[[book]", "[[name]] for one of several"), ("title = “The Dot”", 'in straight quotes, "like this"')],
)
def test_a_line_that_is_not_toml_is_told_with_what_to_write(tmp_path: Path, written: str, advice: str) -> None:
    (tmp_path / "books.toml").write_text(f"{written}\n", "utf-8")
    with pytest.raises(ShelfError) as caught:
        read(tmp_path / "books.toml")
    assert advice in str(caught.value)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "books.toml"
    path.write_bytes(b'[[book]]\ntitle = "\xff"\n')
    with pytest.raises(ShelfError, match="not UTF-8"):
        read(path)


def test_books_may_be_called_books_but_nothing_else(tmp_path: Path) -> None:
    shelf = written(tmp_path, '[[books]]\ntitle = "Hens"\n[[boook]]\ntitle = "Ducks"\n')
    assert [book.title for book in shelf.books] == ["Hens"]
    assert "Did you mean book?" in shelf.faults[0]


def test_one_bracket_too_few_is_named(tmp_path: Path) -> None:
    shelf = written(tmp_path, '[book]\ntitle = "Hens"\n')
    assert shelf.faults == ("sources/books.toml:1: Write [[book]] with two brackets, once for each book.",)


def test_a_thousand_faults_are_not_all_recited(tmp_path: Path) -> None:
    shelf = written(tmp_path, "".join(f'[[book]]\ntitle = "Hens {at}"\nprice = 1\n' for at in range(80)))
    assert len(shelf.books) == 80
    assert shelf.faults[-1].endswith("There are 30 more faults; mend these first.")


def test_the_hash_changes_with_the_file(tmp_path: Path) -> None:
    assert written(tmp_path, '[[book]]\ntitle = "A"\n').sha != written(tmp_path, '[[book]]\ntitle = "B"\n').sha


VALUES = st.one_of(
    st.text("ab\u00e9 -'", max_size=8).map(lambda text: f'"{text}"'),
    st.integers(-5, 99999).map(str),
    st.sampled_from(["true", "[]", "[1, 2]", '["a", "b"]', "{ a = 1 }", "1.5", "2020-01-01"]),
)


@hypothesis_settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "title",
                "author",
                "isbn",
                "year",
                "ages",
                "age_min",
                "themes",
                "links",
                "never",
                "cover",
                "colour",
                "note",
            ]
        ),
        VALUES,
    )
)
def test_any_value_under_any_key_is_a_book_or_a_fault(tmp_path: Path, table: dict[str, str]) -> None:
    shelf = written(tmp_path, "[[book]]\n" + "\n".join(f"{key} = {value}" for key, value in table.items()))
    assert shelf.books or shelf.faults
