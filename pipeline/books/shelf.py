"""The shelf: the author's books in a TOML file, read so that one bad book never spoils the others."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from pipeline import toml
from pipeline.books import own_words
from pipeline.books.themes import Vocabulary, built_in, extended
from pipeline.books.written import STARTER, called, sha
from pipeline.errors import SettingsError, ShelfError, did_you_mean
from pipeline.model import Book, isbn13

OLDEST, NEWEST = 1400, 2200
"""Years that a book can be from."""
GROWN = 99
"""The upper age of "8+"."""
MOST_FAULTS = 50
"""So many faults are named; more at once are of no use to anybody."""

Faults = list[tuple[toml.KeyPath, str]]


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """The author's books, in her order, then the starter shelf's; `faults` are sentences with file and line.

    `sha` is the hash of all that it was read from. `vocabulary` are the themes that its books and posts can have.
    `starter` tells whether the starter shelf stands behind the author's own.
    """

    books: tuple[Book, ...]
    faults: tuple[str, ...]
    sha: str
    vocabulary: Vocabulary = msgspec.field(default_factory=built_in)
    starter: bool = True

    def __hash__(self) -> int:
        return hash(self.sha)


def whole(path: Path, own_words_at: Path) -> Shelf:
    """The shelf in the file at `path`, with the author's own words for themes, and the starter shelf after hers.

    A book that the author has too is hers alone, with all that she says of it; `starter = false` in her file leaves the
    others out. Raises ShelfError.
    """
    made_from = sha(path, own_words_at)  # first: what changes meanwhile must not pass for what was read
    own = read(path)
    words, faults = own_words.read(own_words_at)
    borrowed = _borrowed() if own.starter else None
    return replace(
        own,
        books=(*own.books, *(_missing(own, borrowed) if borrowed else ())),
        faults=(*own.faults, *faults),
        sha=made_from,
        vocabulary=extended(words) if words else built_in(),
    )


def _missing(own: Shelf, borrowed: Shelf) -> Iterator[Book]:
    mine: dict[str, list[Book]] = {}
    for book in own.books:
        mine.setdefault(book.key, []).append(book)
    for book in borrowed.books:
        if not any(same_author(one.author, book.author) for one in mine.get(book.key, ())):
            yield replace(book, starter=True)


@cache
def _borrowed() -> Shelf:
    return read(STARTER)


def read(path: Path) -> Shelf:
    """The shelf in the file at `path`.

    What is wrong with a book is a fault; the book stays when it still makes sense. A missing file is an empty shelf.
    Raises ShelfError when the file can't be read or is not TOML.
    """
    file = called(path)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        return Shelf(books=(), faults=(_how_to_begin(file),), sha=hashlib.sha256().hexdigest())
    except UnicodeDecodeError:
        raise ShelfError("The shelf is not UTF-8 text.", where=file, next_step="Save it as UTF-8.") from None
    except OSError as fault:
        raise ShelfError(f"The shelf can't be read: {fault.strerror}.", where=file) from None
    faults: Faults = []
    raw = _parsed(text, file)
    starter = raw.get("starter", True)
    if not isinstance(starter, bool):
        faults.append((("starter",), "starter can be true or false, without quotes."))
    books = _unique(_books({name: value for name, value in raw.items() if name != "starter"}, faults), faults)
    return Shelf(
        books=books,
        faults=tuple(_sentences(faults, text, file)),
        sha=hashlib.sha256(content).hexdigest(),
        starter=starter is not False,
    )


def same_author(one: str | None, other: str | None) -> bool:
    """Whether two bylines can be one person's: the last names agree, accents apart, or one is not known."""
    return not one or not other or one == other or bool(_surnames(one) & _surnames(other))


def _surnames(byline: str) -> set[str]:
    letters = unicodedata.normalize("NFKD", byline).casefold()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    people = re.split(r",|&|;|\band\b|\bwith\b", plain)
    return {names[-1] for person in people if (names := re.findall(r"(?:[^\W\d_]|['-])+", person))}


def _how_to_begin(file: str) -> str:
    return (
        f"{file}: There are no books of yours yet, only the starter shelf's. "
        'Make the file and give each book three lines: [[book]], title = "..." and author = "...".'
    )


def _parsed(text: str, file: str) -> Mapping[str, Any]:
    try:
        return toml.loads(text, file=file)
    except SettingsError as fault:
        raise ShelfError(fault.what, where=fault.where, next_step=fault.next_step) from None


def _sentences(faults: Faults, text: str, file: str) -> Iterator[str]:
    for path, words in faults[:MOST_FAULTS]:
        yield f"{file}:{toml.line(text, path)}: {words}"
    if len(faults) > MOST_FAULTS:
        yield f"{file}: There are {len(faults) - MOST_FAULTS} more faults; mend these first."


def _books(raw: Mapping[str, Any], faults: Faults) -> Iterator[tuple[toml.KeyPath, Book]]:
    for table, members in raw.items():
        if table not in ("book", "books"):
            hint = did_you_mean(table.lower(), ("book",))
            faults.append(((table,), f"{table} is not known here.{hint} A book begins with [[book]]."))
        elif not isinstance(members, list):
            faults.append(((table,), f"Write [[{table}]] with two brackets, once for each book."))
        else:
            for at, member in enumerate(members):
                book = _book(member, (table, at), faults)
                if book is not None:
                    yield (table, at), book


def _book(raw: Any, path: toml.KeyPath, faults: Faults) -> Book | None:
    if not isinstance(raw, dict):
        faults.append((path, f"A book is a table of its own, begun with [[{path[0]}]]; this one is left out."))
        return None
    fields = _fields(raw, path, faults)
    if "title" not in fields:
        faults.append((path, 'This book has no title, so it is left out. Add title = "...".'))
        return None
    return Book(**fields)


def _fields(raw: dict[str, Any], path: toml.KeyPath, faults: Faults) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in _with_ages(raw).items():
        part = ALIASES.get(key, key)
        if part not in READERS:
            hint = did_you_mean(key.lower(), KNOWN)
            faults.append(((*path, key), f"{key} is no part of a book.{hint} Known: {', '.join(READERS)}."))
            continue
        try:
            fields[part] = READERS[part](value)
        except ValueError as fault:
            written = key if key in raw else "age_min" if "age_min" in raw else "age_max"
            faults.append(((*path, written), f"{written} can't be {_shown(raw[written])}: {fault}. It is left out."))
    return fields


def _with_ages(raw: dict[str, Any]) -> dict[str, Any]:
    """`raw` with age_min and age_max joined to ages."""
    if not raw.keys() & {"age_min", "age_max"}:
        return raw
    rest = {key: value for key, value in raw.items() if key not in ("age_min", "age_max")}
    return {"ages": [raw.get("age_min", 0), raw.get("age_max", GROWN)]} | rest


def _unique(made: Iterator[tuple[toml.KeyPath, Book]], faults: Faults) -> tuple[Book, ...]:
    """The books without the second of two equals; an ISBN stays with the first book that has it."""
    kept: list[Book] = []
    isbns: dict[str, Book] = {}
    titles: dict[str, list[Book]] = {}
    for path, found in made:
        book = found
        twins = titles.setdefault(book.key, [])
        if any(same_author(twin.author, book.author) for twin in twins):
            faults.append((path, f"{book.title} is on the shelf twice; this second one is left out."))
            continue
        if book.isbn in isbns:
            faults.append(
                ((*path, "isbn"), f"The ISBN {book.isbn} is {isbns[book.isbn].title}'s already; it is left out.")
            )
            book = replace(book, isbn=None)
        twins.append(book)
        kept.append(book)
        isbns |= {book.isbn: book} if book.isbn else {}
    return tuple(kept)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected words in quotes")
    return " ".join(value.split())


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(each) for each in (value if isinstance(value, list) else [value]))


def _names(value: Any) -> str:
    *others, last = _texts(value) or ("",)
    return f"{', '.join(others)} and {last}" if others else _text(last)


def _isbn(value: Any) -> str:
    found = isbn13(str(value)) if isinstance(value, str | int) else None
    if found is None:
        raise ValueError("it has not 10 or 13 digits, or a digit is wrong (the last one is a check)")
    return found


def _year(value: Any) -> int:
    found = int(value) if re.fullmatch(r"\d{4}", str(value)) else 0
    if not OLDEST <= found <= NEWEST:
        raise ValueError("expected a year like 2018")
    return found


def _ages(value: Any) -> tuple[int, int]:
    written = f"{value[0]}-{value[1]}" if isinstance(value, list) and len(value) == 2 else str(value)
    found = re.fullmatch(r"(\d{1,2})\s*(?:[-\u2013]\s*(\d{1,2})|(\+)|to\s*(\d{1,2}))?(?:\s*years)?", written.strip())
    low, high = (int(found[1]), int(found[2] or found[4] or (GROWN if found[3] else found[1]))) if found else (1, 0)
    if low > high:
        raise ValueError('expected ages like "4-8", [4, 8] or "4+"')
    return low, high


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false, without quotes")  # noqa: TRY004 - a fault of the file, not of types
    return value


def _address(value: Any) -> str:
    text = _text(value)
    if not is_address(text):
        raise ValueError('expected a web address like "https://shop.example.org/book"')
    return text


def is_address(text: str) -> bool:
    """Whether the text is an absolute http or https address that can be put in a link."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s<>\"]", text)


def _links(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError('expected { shop = "https://..." }')  # noqa: TRY004 - a fault of the file, not of types
    return tuple((shop.strip().lower(), _address(url)) for shop, url in value.items())


READERS: dict[str, Callable[[Any], Any]] = {
    "title": _text,
    "author": _names,
    "isbn": _isbn,
    "illustrator": _names,
    "year": _year,
    "ages": _ages,
    "themes": _texts,
    "note": _text,
    "description": _text,
    "cover": _address,
    "links": _links,
    "pinned_for": _texts,
    "never": _flag,
}
"""How each part of a book is read; a ValueError's words complete "... can't be ...:"."""

ALIASES = {
    "isbn13": "isbn",
    "isbn10": "isbn",
    "authors": "author",
    "illustrators": "illustrator",
    "theme": "themes",
    "why": "note",
    "words": "note",
    "blurb": "description",
}
"""Other names that a part may have."""

KNOWN = (*READERS, *ALIASES, "age_min", "age_max")


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
