"""Shelves of others: CSV in (ours, Goodreads, LibraryThing) and out, and books written into books.toml."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipeline import files
from pipeline.books.shelf import READERS, read, same_author
from pipeline.books.written import called
from pipeline.errors import ShelfError
from pipeline.model import Book, isbn13
from pipeline.records import records

PARTS = ("isbn", "title", "author", "illustrator", "year", "ages", "themes", "note", "description", "cover", "links",
         "pinned_for", "never")  # fmt: skip
"""The columns of our own CSV, and the order in which a book is written into books.toml."""
_LISTS = ("themes", "pinned_for")
_FORMULA = re.compile(r"^'?[=+\-@\t\r]")
_SHELVES = frozenset(["read", "to-read", "currently-reading", "owned", "favorites", "books-i-own", "your library"])
"""Shelves of Goodreads and collections of LibraryThing that say nothing of a book."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """Books from a file, and sentences about the rows that were not wholly understood, with their lines."""

    books: tuple[Book, ...]
    faults: tuple[str, ...]


def read_csv(path: Path) -> Imported:
    """The books in a CSV file of Paperround, Goodreads or LibraryThing. Raises ShelfError for any other file."""
    text = _decoded(path)
    rows = records(io.StringIO(text, newline=""), _delimiter(text), _is_book, sure=False)
    header = next((_columns(cells) for _, cells, _ in rows), [])
    parts = next((shape for mark, shape in _SHAPES if mark <= set(header)), None)
    if parts is None:
        raise ShelfError(
            "The first line names no columns that are known.",
            where=path.name,
            next_step='Give it a line of column names with at least "title", or export it from Goodreads again.',
        )
    books: list[Book] = []
    faults: list[str] = []
    for line, cells, fault in rows:
        plain = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        if fault:
            faults.append(f"{path.name}:{line}: This row can't be read: {fault}. It is left out.")
        elif any(plain.values()):
            _add(parts(plain), f"{path.name}:{line}", books, faults)
    return Imported(books=tuple(books), faults=tuple(faults))


def _columns(header: Iterable[str]) -> list[str]:
    return [name.strip().strip("'\"").lower() for name in header]


def _is_book(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a line may be a book's row; one of a note may look like that, too."""
    titles = (cell for name, cell in zip(_columns(header), cells, strict=False) if name == "title")
    return len(cells) == len(header) and any(map(str.strip, titles))


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise ShelfError(f"The file can't be read: {fault.strerror}.", where=str(path)) from None
    for encoding in ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "windows-1252"):
        try:
            return raw.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1").replace("\0", "")


def _delimiter(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max(",;\t", key=head.count)


def _add(parts: dict[str, Any], where: str, books: list[Book], faults: list[str]) -> None:
    """Read each part as the shelf does; a part that makes no sense is left out and said, a book without title too."""
    fields: dict[str, Any] = {}
    for name, value in parts.items():
        if value in ("", None, [], {}):
            continue
        try:
            fields[name] = READERS[name](value)
        except ValueError as fault:
            faults.append(f"{where}: {name} can't be {value!r}: {fault}. It is left out.")
    if "title" in fields:
        books.append(Book(**fields))
    else:
        faults.append(f"{where}: This row has no title, so it is left out.")


def _our_own(row: Mapping[str, str]) -> dict[str, Any]:
    parts: dict[str, Any] = {name: _without_guard(row.get(name, "")) for name in PARTS}
    parts |= {name: _listed(parts[name], "|") for name in _LISTS}
    parts["links"] = dict(pair.split("=", 1) for pair in _listed(parts["links"], "|") if "=" in pair)
    parts["never"] = parts["never"].lower() in ("yes", "true", "1")
    return parts


def _goodreads(row: Mapping[str, str]) -> dict[str, Any]:
    """https://help.goodreads.com/s/article/How-do-I-import-or-export-my-books: ISBNs stand as ="9780…"."""
    isbns = (re.sub(r'[="]', "", row.get(name, "")) for name in ("isbn13", "isbn"))
    shelves = [name for name in _listed(row.get("bookshelves", ""), ",") if name not in _SHELVES]
    return {
        "title": re.sub(r"\s*\((?:[^()]*#[^()]*|[^()]*,\s*Book \d+)\)$", "", row.get("title", "")),
        "author": _names([row.get("author", ""), *_listed(row.get("additional authors", ""), ",")]),
        "isbn": next(filter(None, isbns), ""),
        "year": row.get("original publication year") or row.get("year published", ""),
        "themes": [name.replace("-", " ") for name in shelves],
        "note": _prose(row.get("my review", "")),
    }


def _librarything(row: Mapping[str, str]) -> dict[str, Any]:
    """https://www.librarything.com/export.php: names stand as "Last, First", ISBNs as [0735229358]."""
    isbns = re.findall(r"[\dXx-]{10,17}", row.get("isbn", "") or row.get("isbns", ""))
    last, _, first = row.get("primary author", "").partition(", ")
    tags = [name for name in _listed(row.get("tags", ""), ",") if name.lower() not in _SHELVES]
    year = re.search(r"\d{4}", row.get("date", "") or row.get("publication", ""))
    return {
        "title": row.get("title", ""),
        "author": f"{first} {last}".strip(),
        "isbn": next((one for one in isbns if isbn13(one)), next(iter(isbns), "")),
        "year": year[0] if year else "",
        "themes": tags,
        "note": _prose(row.get("review", "")),
    }


_SHAPES: tuple[tuple[set[str], Callable[[Mapping[str, str]], dict[str, Any]]], ...] = (
    ({"title", "isbn13", "bookshelves"}, _goodreads),
    ({"title", "primary author"}, _librarything),
    ({"title"}, _our_own),
)
"""By the columns that tell a file's origin, the most particular first."""


def _listed(text: str, sign: str) -> list[str]:
    return [part.strip() for part in text.split(sign) if part.strip()]


def _names(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(" ".join(name.split()) for name in names if name.strip()))


def _prose(html: str) -> str:
    return " ".join(re.sub(r"<[^<>]{0,200}>", " ", html).split())[:1000]


def write_csv(books: Iterable[Book]) -> str:
    """The books as CSV with our own columns; a cell that a spreadsheet would take for a formula gets a ' before it."""
    made = io.StringIO()
    out = csv.writer(made, lineterminator="\n")
    out.writerow(PARTS)
    out.writerows([_guarded(_cell(book, name)) for name in PARTS] for book in books)
    return made.getvalue()


def _cell(book: Book, name: str) -> str:
    value = getattr(book, name)
    if name == "ages":
        return f"{value[0]}-{value[1]}" if value else ""
    if name == "links":
        return " | ".join(f"{shop}={url}" for shop, url in value)
    if name in _LISTS:
        return " | ".join(value)
    return "yes" if value is True else "" if value in (None, False) else str(value)


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _without_guard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def as_toml(books: Iterable[Book]) -> str:
    """The books as an author would write them into books.toml; what the shelf reads there is the same books."""
    return "\n".join("\n".join(["[[book]]", *_lines(book)]) + "\n" for book in books)


def _lines(book: Book) -> Iterator[str]:
    first = ("title", "author", "illustrator")
    for name in (*first, *(part for part in PARTS if part not in first)):
        value = getattr(book, name)
        if value in (None, (), False):
            continue
        if name == "ages":
            value = f"{value[0]}-{value[1]}"
        yield f"{name} = {_inline(value) if name == 'links' else _toml(value)}"


def _inline(pairs: tuple[tuple[str, str], ...]) -> str:
    return "{ " + ", ".join(f"{json.dumps(shop, ensure_ascii=False)} = {_toml(url)}" for shop, url in pairs) + " }"


def _toml(value: Any) -> str:
    """A TOML value; its strings escape as JSON's do (https://toml.io/en/v1.0.0#string), but for DEL."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool | int):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def add(path: Path, books: Iterable[Book]) -> tuple[Book, ...]:
    """Write the books that are not on the shelf yet at its end; what stands there is not touched. Returns those added.

    Raises ShelfError when the file can't be read, or takes no more books as it is written.
    """
    known = list(read(path).books)
    added: list[Book] = []
    for book in books:
        if not any(is_same(one, book) for one in (*known, *added)):
            added.append(book)
    if added:
        before = path.read_bytes() if path.exists() else b""
        gap = b"\n" * (2 - min(len(before) - len(before.rstrip(b"\n")), 2)) if before else b""
        after = before + gap + as_toml(added).encode()
        if not _readable(after):
            raise ShelfError(
                "New books can't be put behind the last line of your shelf; nothing was written.",
                where=called(path),
                next_step="Write each book with a line [[book]] of its own.",
            )
        files.rewrite(path, after)
    return tuple(added)


def _readable(content: bytes) -> bool:
    """A list in brackets, `book = [ … ]`, takes no [[book]] behind it."""
    try:
        tomllib.loads(content.decode("utf-8-sig"))
    except tomllib.TOMLDecodeError:
        return False
    return True


def is_same(one: Book, other: Book) -> bool:
    """Whether two entries are one book: the same ISBN, or the same title by what can be the same author."""
    if one.isbn and one.isbn == other.isbn:
        return True
    return one.key == other.key and same_author(one.author, other.author)
