"""One book of the author's shelf changed where she changed it: her file keeps its comments and its order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.books.shelf import ALIASES, READERS, same_author
from pipeline.errors import ShelfError
from pipeline.model import Book, isbn13, title_key

_OTHER_NAMES = {
    part: tuple(alias for alias, meant in ALIASES.items() if meant == part) for part in ("themes", "note", "isbn")
} | {"ages": ("age_min", "age_max")}


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
        document = tomlkit.parse(shelf.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, TOMLKitError) as fault:
        raise ShelfError(f"The shelf can't be changed: {fault}.", where=shelf.name) from None
    table = _table(document, book)
    for part, value in values.items():
        _put(table, part, value)
    return files.rewrite(shelf, tomlkit.dumps(document).encode())


def _table(document: Any, book: Book) -> Any:
    """Of several books with its title the one with its ISBN, or else by its author."""
    tables = [table for name in ("book", "books") for table in document.get(name, ())]
    called = [table for table in tables if title_key(_said(table, "title")) == title_key(book.title)]
    if not called:
        raise ShelfError(f"“{book.title}” is not on your shelf any more.", next_step="Look at it again.")
    return max(called, key=lambda table: (_isbn(table) == book.isbn, same_author(_said(table, "author"), book.author)))


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
