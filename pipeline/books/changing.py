"""One book of the author's shelf changed or taken out: her file keeps its comments and its order."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, dropwhile, islice, takewhile
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.books.shelf import ALIASES, READERS, same_author
from pipeline.books.written import called
from pipeline.errors import ShelfError, UserError
from pipeline.model import Book, isbn13, title_key

_OTHER_NAMES = {
    part: tuple(alias for alias, meant in ALIASES.items() if meant == part) for part in ("themes", "note", "isbn")
} | {"ages": ("age_min", "age_max")}


CANDIDATES = 8
TRIES, ENDS = 10, 60


def meant(words: str, on_shelf: Sequence[Book]) -> Book:
    """The author's own book by its ISBN, its title, or "title, author" as lists have it.

    Raises UserError that names the candidates when it is not clear which one, or when there is none.
    """
    isbn, said = isbn13(words), _plain(words)
    own = [book for book in on_shelf if not book.starter]
    ways: tuple[Callable[[Book], bool], ...] = (
        lambda book: isbn is not None and isbn == book.isbn,
        lambda book: said == _plain(named(book)),
        lambda book: bool(said) and title_key(words) == title_key(book.title),
    )
    called_so = next((found for way in ways if (found := [book for book in own if way(book)])), [])
    if len(called_so) == 1:
        return called_so[0]
    near = called_so or [book for book in own if all(word in _plain(named(book)) for word in said.split())]
    names = "; ".join(f"{named(book)}{f' ({book.isbn})' if book.isbn else ''}" for book in near[:CANDIDATES])
    if called_so:
        step = "Name it by its ISBN, or as it stands in this list, with its author."
        raise UserError(f"{len(near)} of your books are called so: {names}.", next_step=step)
    if any(way(book) for way in ways for book in on_shelf):
        step = "Write `starter = false` at the top of your shelf to leave all of them out, or add it with never = true."
        raise UserError(f"{words} is not yours but the starter shelf's.", next_step=step)
    hint = f"Is it one of these? {names}." if near and said else "`paperround books list --own` shows them."
    raise UserError(f"None of your books is called {words!r}.", next_step=hint)


def named(book: Book) -> str:
    """A book in a list: its title, and its author behind it."""
    return f"{book.title}, {book.author}" if book.author else book.title


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())


def check(values: Mapping[str, Any]) -> None:
    """Raises ShelfError when a value of a part makes no sense."""
    for part, value in values.items():
        try:
            _ = value is None or READERS[part](value)
        except ValueError as fault:
            raise ShelfError(f"{part} can't be {value!r}: {fault}. Nothing was written.") from None


def change(shelf: Path, book: Book, values: Mapping[str, Any]) -> bool:
    """Write parts of a book (themes, ages, note) into the shelf; None takes a part out. False when all was so already.

    Raises ShelfError when a value makes no sense, or when the file has no such book any more.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    check(values)
    try:
        text = shelf.read_bytes().decode("utf-8-sig")
        document = tomlkit.parse(text)
    except (OSError, UnicodeDecodeError, TOMLKitError) as fault:
        raise ShelfError(f"The shelf can't be changed: {fault}.", where=shelf.name) from None
    name, at = _place(document, book)
    table = document[name][at]
    for part, value in values.items():
        _put(table, part, value)
    return files.rewrite(shelf, files.ended_like(text, tomlkit.dumps(document)).encode())


def remove(shelf: Path, book: Book) -> str:
    """Take a book's lines out of the shelf, and give them back; what stands between books stays.

    Raises ShelfError when the file has no such book any more, or has it in a way that can't be told from the rest.
    """
    try:
        text = shelf.read_bytes().decode("utf-8-sig")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ShelfError(f"The shelf can't be changed: {fault}.", where=called(shelf)) from None
    name, at = _place(document, book)
    own = document[name].pop(at)
    wanted = {key: value for key, value in document.items() if value != []}
    lines = text.splitlines(keepends=True)
    heads = [n for n, line in enumerate(lines) if re.match(rf"\s*\[\[\s*{name}\s*\]\]", line)]
    # Words of several lines may hold what looks like a head: then those behind it are tried as well.
    for start in heads[at : at + TRIES]:
        for end in islice(_ends(lines, start), ENDS):
            gone, left = "".join(lines[start:end]), _joined(lines[:start], lines[end:])
            if _says(gone, {name: [own]}) and _says(left, wanted):
                files.rewrite(shelf, left.encode())
                return gone
    raise ShelfError(
        f"The lines of “{book.title}” can't be told from those around them; nothing was written.",
        where=called(shelf),
        next_step="Take them out by hand.",
    )


def _ends(lines: Sequence[str], start: int) -> Iterator[int]:
    """Where a book may end that begins on this line: before a head, and best before what is remarked above that."""
    for end in chain((n for n in range(start + 1, len(lines)) if re.match(r"\s*\[", lines[n])), [len(lines)]):
        remarked = takewhile(lambda line: re.match(r"\s*(#|$)", line), reversed(lines[start + 1 : end]))
        yield from range(end - len(list(remarked)), end + 1)


def _joined(before: Sequence[str], after: Sequence[str]) -> str:
    """Both parts, with no more empty lines between them than there were before."""
    blank = not before or not before[-1].strip()
    return "".join([*before, *(dropwhile(lambda line: not line.strip(), after) if blank else after)])


def _says(text: str, document: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == document
    except tomllib.TOMLDecodeError:
        return False


def _place(document: Any, book: Book) -> tuple[str, int]:
    """Where a book stands in the file: of several with its title the one with its ISBN, or else by its author."""
    titled = [
        (name, at)
        for name in ("book", "books")
        if isinstance(tables := document.get(name), list)
        for at, table in enumerate(tables)
        if isinstance(table, Mapping) and title_key(_said(table, "title")) == title_key(book.title)
    ]
    if not titled:
        raise ShelfError(f"“{book.title}” is not on your shelf any more.", next_step="Look at it again.")

    def near(place: tuple[str, int]) -> tuple[bool, bool]:
        table = document[place[0]][place[1]]
        return _isbn(table) == book.isbn, same_author(_said(table, "author"), book.author)

    return max(titled, key=near)


def _isbn(table: Any) -> str | None:
    return next((found for part in ("isbn", *_OTHER_NAMES["isbn"]) if (found := isbn13(_said(table, part)))), None)


def _said(table: Any, part: str) -> str:
    return " ".join(str(table.get(part, "")).split())


def _put(table: Any, part: str, value: Any) -> None:
    import tomlkit

    written = table.get(part)
    if hasattr(written, "unwrap"):
        written = written.unwrap()
    if written == value and not any(other in table for other in _OTHER_NAMES[part]):
        return
    for other in _OTHER_NAMES[part]:
        if other in table:
            del table[other]
    if value is None:
        if part in table:
            del table[part]
    elif isinstance(value, list):
        table[part] = tomlkit.array()
        table[part].extend(value)
    else:
        table[part] = value
