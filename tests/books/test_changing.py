"""A book taken off the shelf: its lines go, and everything else stays, comments and order included."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.books import changing, shelf
from pipeline.errors import ShelfError, UserError
from pipeline.model import Book

SHELF = """\
# My shelf
starter = false

# Picture books

[[book]]
title = "The Dot"     # my favourite
author = "Peter H. Reynolds"
isbn = "9780763619619"
# themes may grow
themes = [
  "art",
  "courage",
]
[book.links]
own = "https://shop.example/dot"

# Stories of hares
# and rabbits

[[book]]
title = "Guess How Much I Love You"
note = '''
[[book]]
# no remark'''

[[book]]
title = "Circle"
author = "Mac Barnett"

[[book]]
title = "Circle"
author = "Jeannie Baker"

# The end
"""


def file(folder: Path, text: str = SHELF) -> Path:
    path = folder / "books.toml"
    path.write_bytes(text.encode())
    return path


def take(path: Path, words: str) -> str:
    return changing.remove(path, changing.meant(words, shelf.read(path).books))


def test_a_book_goes_with_its_lines_and_all_that_stands_around_it_stays(tmp_path: Path) -> None:
    path = file(tmp_path)
    gone = take(path, "9780763619619")
    assert gone.startswith('[[book]]\ntitle = "The Dot"')
    assert gone.endswith('dot"\n')
    left = path.read_text("utf-8")
    assert left == SHELF.replace(f"{gone}\n", "")
    assert "# Picture books\n\n# Stories of hares\n# and rabbits\n\n[[book]]" in left


@pytest.mark.parametrize(
    "words", ["The Dot", "dot", "  the   DOT ", "The Dot, Peter H. Reynolds", "0763619612", "978-0-7636-1961-9"]
)
def test_it_is_known_by_title_or_isbn_however_they_are_written(tmp_path: Path, words: str) -> None:
    path = file(tmp_path)
    assert "The Dot" in take(path, words)


def test_words_of_several_lines_are_no_head_of_another_book(tmp_path: Path) -> None:
    path = file(tmp_path)
    take(path, "Guess How Much I Love You")
    assert [book.title for book in shelf.read(path).books] == ["The Dot", "Circle", "Circle"]
    assert "no remark" not in path.read_text("utf-8")


def test_of_two_with_one_title_none_goes_unless_it_is_clear_which(tmp_path: Path) -> None:
    path = file(tmp_path)
    with pytest.raises(UserError, match="2 of your books are called so: Circle, Mac Barnett; Circle, Jeannie Baker"):
        take(path, "Circle")
    assert path.read_text("utf-8") == SHELF
    take(path, "Circle, Jeannie Baker")
    assert path.read_text("utf-8").endswith('Mac Barnett"\n\n# The end\n')


@pytest.mark.parametrize(
    ("words", "said"),
    [("Guess", "Is it one of these? Guess How Much"), ("Frog", "list --own"), ("", "list --own"), ("-", "list --own")],
)
def test_what_is_no_book_of_hers_takes_none_off(tmp_path: Path, words: str, said: str) -> None:
    path = file(tmp_path)
    with pytest.raises(UserError, match="None of your books is called") as fault:
        take(path, words)
    assert said in str(fault.value)
    assert path.read_text("utf-8") == SHELF


def test_a_book_of_the_starter_shelf_is_not_hers_to_take_off() -> None:
    with pytest.raises(UserError, match="not yours but the starter shelf"):
        changing.meant("The Dot", [Book(title="The Dot", starter=True)])


@pytest.mark.parametrize("text", ['book = [{ title = "A" }, { title = "B" }]\n', "[[book]]\r\ntitle = 'A'\r\n"])
def test_a_shelf_in_another_hand_is_left_alone_or_changed_rightly(tmp_path: Path, text: str) -> None:
    path = file(tmp_path, text)
    if "{" in text:
        with pytest.raises(ShelfError, match="Take them out by hand"):
            take(path, "A")
        assert path.read_bytes() == text.encode()
    else:
        take(path, "A")
        assert path.read_bytes() == b""


LINES = st.sampled_from(
    ["# remark", "", "  # remark", "[[book]]", 'title = "A"', 'title = "B"', 'note = "[x]"', "ages = [4, 8]",
     "themes = [", '"[[book]]",', "]", "[book.links]", 'own = "https://x.example/"', "note = '''", "'''",
     "starter = false", "[other]"]
)  # fmt: skip


@given(st.lists(LINES, max_size=30))
def test_whatever_the_file_looks_like_only_that_book_goes_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    path = file(tmp_path_factory.mktemp("shelf"), "\n".join(lines))
    try:
        before = shelf.read(path).books
    except ShelfError:
        return
    raw = path.read_bytes()
    remarks = [line for line in lines if line.strip() == "# remark"]
    for book in before:
        try:
            gone = changing.remove(path, book)
        except ShelfError:
            assert path.read_bytes() == raw
            continue
        after = tomllib.loads(path.read_text("utf-8"))
        had = tomllib.loads(raw.decode())
        assert len(after.get("book", [])) == len(had["book"]) - 1
        assert all(one in had["book"] for one in after.get("book", []))
        kept = [line for line in path.read_text("utf-8").split("\n") if line.strip() == "# remark"]
        assert len(kept) + gone.count("# remark") == len(remarks)
        path.write_bytes(raw)
