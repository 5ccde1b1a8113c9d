"""Shelves come in from others and go out to them, and nothing on the author's own is ever rewritten."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.books.exchange import add, as_toml, read_csv, write_csv
from pipeline.books.shelf import read
from pipeline.errors import ShelfError
from pipeline.model import Book

DOT = Book(
    title="The Dot",
    author="Peter H. Reynolds",
    isbn="9780763619619",
    year=2003,
    ages=(4, 8),
    themes=("creativity", "courage"),
    note='For the child who says "I can\'t draw".',
    cover="https://lisa.example/dot.jpg",
    links=(("own", "https://lisa.example/dot"),),
    pinned_for=("art",),
    never=True,
)
GOODREADS = '''Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding,\
Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,Bookshelves with positions,\
Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies
1,"The Rabbit Listened",Cori Doerrfeld,"Doerrfeld, Cori",,"=""073522935X""","=""9780735229358""",5,4.6,Dial,Hardcover,40,\
2018,2018,,2020/01/01,"grief, to-read, big-feelings",,read,"Listening <br/>is enough.",,,1,0
2,"Dog Man (Dog Man, #1)",Dav Pilkey,"Pilkey, Dav","Jose Garibaldi","=""""","=""9780545581608""",0,4,x,y,240,2016,2016,,,,,read,,,,0,0
3,"Wrong",Someone,"x",,"=""""","=""9780735229359""",0,4,x,y,1,2018,,,,,,read,,,,0,0
'''
LIBRARYTHING = (
    "Book Id\tTitle\tPrimary Author\tPrimary Author Role\tPublication\tDate\tReview\tRating\tTags\tISBN\tISBNs\n"
    "7\tWaiting\tHenkes, Kevin\t\tNew York, 2015\t2015\tQuiet.\t5\tpatience, Your library\t[0062368435]\t0062368435\n"
)


def file(folder: Path, text: str | bytes, name: str = "shelf.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_goodreads_export_is_read_with_shelves_as_themes(tmp_path: Path) -> None:
    found = read_csv(file(tmp_path, GOODREADS))
    rabbit, dog, wrong = found.books
    assert (rabbit.isbn, rabbit.year, rabbit.themes) == ("9780735229358", 2018, ("grief", "big feelings"))
    assert rabbit.note == "Listening is enough."
    assert (dog.title, dog.author) == ("Dog Man", "Dav Pilkey and Jose Garibaldi")
    assert wrong.isbn is None
    (fault,) = found.faults
    assert fault.startswith("shelf.csv:4: isbn can't be")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_librarything_export_is_read_in_its_encodings(tmp_path: Path, encoding: str) -> None:
    (book,) = read_csv(file(tmp_path, LIBRARYTHING.encode(encoding))).books
    assert (book.title, book.author, book.year) == ("Waiting", "Kevin Henkes", 2015)
    assert (book.isbn, book.themes, book.note) == ("9780062368430", ("patience",), "Quiet.")


def test_a_spreadsheet_of_one_s_own_needs_only_titles(tmp_path: Path) -> None:
    found = read_csv(file(tmp_path, "Title;Author\nThe Dot;Peter H. Reynolds\n;Nobody\n;\n"))
    assert found.books == (Book(title="The Dot", author="Peter H. Reynolds"),)
    assert found.faults == ("shelf.csv:3: This row has no title, so it is left out.",)


@pytest.mark.parametrize("end", ["", '"Owl Moon",Jane Yolen\n', 'Owl "the" Moon,Jane Yolen\n', '"Owl Moon,Jane Yolen'])
@pytest.mark.parametrize("many", [3, 9000])  # with many, the mark's words are longer than any cell may be
def test_a_quotation_mark_that_is_never_closed_costs_no_book_behind_it(tmp_path: Path, end: str, many: int) -> None:
    rows = "".join(f"Book {at},Author {at}\n" for at in range(many))
    found = read_csv(file(tmp_path, f'title,author\nThe Dot,"Peter H. Reynolds\n{rows}{end}'))
    assert found.faults == ()
    assert len(found.books) == 1 + many + bool(end)
    assert found.books[: many + 1] == (
        Book(title="The Dot", author="Peter H. Reynolds"),
        *(Book(title=f"Book {at}", author=f"Author {at}") for at in range(many)),
    )


@pytest.mark.parametrize("end", ["", 'Owl Moon,"Jane Yolen"\n', 'Owl Moon,"Jane Yolen\n'])
@pytest.mark.parametrize(
    ("row", "title", "author"),
    [
        ('"The Dot,Peter H. Reynolds', "The Dot", "Peter H. Reynolds"),
        ('"The Dot,"Peter H. Reynolds"', "The Dot", "Peter H. Reynolds"),
        ('"The ""Dot"",Peter H. Reynolds', 'The "Dot"', "Peter H. Reynolds"),
        ('"Dot, the,Peter H. Reynolds', "Dot, the,Peter H. Reynolds", None),  # nobody can tell where its title ends
        ('"Dot, the",Peter H. Reynolds', "Dot, the", "Peter H. Reynolds"),
    ],
)
def test_a_quotation_mark_that_is_never_closed_costs_no_cell_beside_it(
    tmp_path: Path, row: str, title: str, author: str | None, end: str
) -> None:
    found = read_csv(file(tmp_path, f"title,author\n{row}\n{end}"))
    assert found.faults == ()
    assert (found.books[0].title, found.books[0].author) == (title, author)
    assert len(found.books) == 1 + bool(end)


def test_titles_each_with_a_mark_that_is_never_closed_are_books_of_their_own(tmp_path: Path) -> None:
    found = read_csv(file(tmp_path, 'title,author\n"The Dot,Peter H. Reynolds\n"Owl Moon,Jane Yolen\n'))
    assert [(book.title, book.author) for book in found.books] == [
        ("The Dot", "Peter H. Reynolds"), ("Owl Moon", "Jane Yolen"),
    ]  # fmt: skip


def test_a_note_of_several_lines_is_no_books(tmp_path: Path) -> None:
    note = "Quiet, always.\nLisa, 5, loves it.\nAgain, again"
    (dot, waiting) = read_csv(file(tmp_path, f'title,note\nThe Dot,"{note}"\nWaiting,x\n')).books
    assert (dot.title, waiting.title) == ("The Dot", "Waiting")
    assert dot.note
    assert dot.note.startswith("Quiet, always.")


def test_a_row_without_end_is_told_and_costs_no_other_book(tmp_path: Path) -> None:
    found = read_csv(file(tmp_path, f'title,note\nThe Dot,"{"x" * 200_000}"\nWaiting,x\n'))
    assert [book.title for book in found.books] == ["Waiting"]
    assert found.faults == (
        "shelf.csv:2: This row can't be read: field larger than field limit (131072). It is left out.",
    )


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_file_that_is_no_list_of_books_is_refused_in_words(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(ShelfError, match="names no columns that are known"):
        read_csv(file(tmp_path, text))


def test_what_goes_out_as_csv_comes_back_the_same(tmp_path: Path) -> None:
    plain = Book(title="=SUM(A1)", note="-1 is no note")
    text = write_csv([DOT, plain])
    assert "'=SUM(A1)" in text
    assert "'-1 is" in text
    assert read_csv(file(tmp_path, text)).books == (DOT, plain)


def test_books_are_added_at_the_end_and_what_stood_there_stays(tmp_path: Path) -> None:
    mine = '# my shelf\n[[book]]\ntitle = "Waiting"   # love it\nauthor = "Kevin Henkes"'
    path = file(tmp_path, mine, "books.toml")
    waiting = Book(title="Waiting", author="Kevin Henkes", isbn="9780062368430")
    assert add(path, [waiting, DOT, replace(DOT, year=2004)]) == (DOT,)
    assert path.read_text().startswith(f'{mine}\n\n[[book]]\ntitle = "The Dot"')
    assert [book.title for book in read(path).books] == ["Waiting", "The Dot"]
    before = path.read_bytes()
    assert add(path, [DOT]) == ()
    assert path.read_bytes() == before


def test_a_shelf_that_would_not_be_one_any_more_is_left_alone(tmp_path: Path) -> None:
    path = file(tmp_path, 'book = [ { title = "Waiting" } ]\n', "books.toml")
    before = path.read_bytes()
    with pytest.raises(ShelfError, match="nothing was written"):
        add(path, [DOT])
    assert path.read_bytes() == before


def test_a_shelf_that_lies_elsewhere_stays_there_and_who_may_write_it_stays_so(tmp_path: Path) -> None:
    """Two newsletters share a shelf by a link; a second author of the same group writes it too."""
    elsewhere = file(tmp_path, '[[book]]\ntitle = "Waiting"\n', "elsewhere.toml")
    elsewhere.chmod(0o664)
    path = tmp_path / "books.toml"
    path.symlink_to(elsewhere)
    add(path, [DOT])
    assert path.is_symlink()
    assert [book.title for book in read(elsewhere).books] == ["Waiting", "The Dot"]
    assert elsewhere.stat().st_mode & 0o777 == 0o664


def test_a_shelf_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    add(tmp_path / "sources/books.toml", [DOT])
    assert read(tmp_path / "sources/books.toml").books == (DOT,)


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=30).map(
    lambda text: " ".join(text.split())
).filter(bool)  # fmt: skip
_BOOKS = st.builds(
    Book,
    title=_WORDS,
    author=st.none() | _WORDS,
    year=st.none() | st.integers(1400, 2200),
    ages=st.none() | st.tuples(st.integers(0, 9), st.integers(9, 99)),
    themes=st.lists(_WORDS, max_size=3).map(tuple),
    note=st.none() | _WORDS,
    never=st.booleans(),
)


@settings(deadline=None)
@given(_BOOKS)
def test_any_book_written_into_a_shelf_is_read_back_the_same(book: Book) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "books.toml"
        path.write_text(as_toml([book]), "utf-8")
        found = read(path)
    assert found.faults == ()
    assert found.books == (book,)
