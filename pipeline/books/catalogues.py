"""Facts of a book by its ISBN, from catalogues that anybody may ask: Open Library, then Google Books for the rest.

Whatever they answer is untrusted: other shapes, other books, HTML in titles. A catalogue that fails is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from pipeline import files
from pipeline.books.exchange import as_toml
from pipeline.books.shelf import NEWEST, OLDEST, is_address, read
from pipeline.errors import FetchFault, ShelfError
from pipeline.model import Book, Fetch, isbn13
from pipeline.model.text import legal

LONGEST = 600
"""Characters of a description that are kept."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A book as catalogues know it; `sources` are those that knew something, `problems` those that failed."""

    book: Book
    sources: tuple[str, ...]
    problems: tuple[str, ...]


def look_up(isbn: str, fetch: Fetch) -> Found:
    """What is known of the book with these 13 digits. Raises ShelfError when no catalogue that answered knows it."""
    book = Book(title="", isbn=isbn)
    sources: list[str] = []
    problems: list[str] = []
    for name, ask in CATALOGUES.items():
        if book.title and book.author and book.description and book.cover:
            break
        try:
            facts = ask(isbn, fetch)
        except FetchFault as fault:
            problems.append(f"{name} could not be asked: {fault.what}")
            continue
        gaps = {key: value for key, value in facts.items() if value and not getattr(book, key)}
        if gaps:
            book = replace(book, **gaps)
            sources.append(name)
    if not book.title:
        what = f"No catalogue knows the ISBN {isbn}."
        if problems:
            nobody = "No catalogue" if len(problems) == len(CATALOGUES) else "Not every catalogue"
            what = f"{nobody} could be asked for the ISBN {isbn}. {' '.join(problems)}"
        by_hand = "rite the book into sources/books.toml by hand: [[book]], title, author, and this isbn."
        raise ShelfError(what, next_step=f"Try again later, or w{by_hand}" if problems else f"W{by_hand}")
    return Found(book=book, sources=tuple(sources), problems=tuple(problems))


def remembered(isbn: str, folder: Path, fetch: Fetch) -> Found:
    """As `look_up`, but no catalogue is asked twice for a book: what was found stands in `folder`."""
    path = folder / f"{isbn}.toml"
    if known := read(path).books if path.is_file() else ():
        return Found(book=known[0], sources=("what was found before",), problems=())
    found = look_up(isbn, fetch)
    if not found.problems:
        files.write(path, as_toml([found.book]).encode())
    return found


def _open_library(isbn: str, fetch: Fetch) -> dict[str, Any]:
    """https://openlibrary.org/dev/docs/api/books: an object by "ISBN:…", empty when the book is not known."""
    key = f"ISBN:{isbn}"
    answer = fetch(f"https://openlibrary.org/api/books?bibkeys={key}&format=json&jscmd=data")
    found = _object(_decoded(answer.body).get(key))
    title, subtitle = _line(found.get("title")), _line(found.get("subtitle"))
    return {
        "title": f"{title}: {subtitle}" if title and subtitle else title,
        "author": _people(_line(one.get("name")) for one in _objects(found.get("authors"))),
        "year": _year(found.get("publish_date")),
        "description": _prose(found.get("notes") if isinstance(found.get("notes"), str) else None),
        "cover": _web(_object(found.get("cover")).get("large")),
    }


def _google_books(isbn: str, fetch: Fetch) -> dict[str, Any]:
    """https://developers.google.com/books/docs/v1/using: the first volume that says it has this very ISBN."""
    answer = fetch(f"https://www.googleapis.com/books/v1/volumes?q=isbn:{isbn}")
    volumes = (_object(one.get("volumeInfo")) for one in _objects(_decoded(answer.body).get("items")))
    found = next((one for one in volumes if isbn in _isbns(one)), {})
    title, subtitle = _line(found.get("title")), _line(found.get("subtitle"))
    names = found.get("authors")
    return {
        "title": f"{title}: {subtitle}" if title and subtitle else title,
        "author": _people(map(_line, names if isinstance(names, list) else ())),
        "year": _year(found.get("publishedDate")),
        "description": _prose(found.get("description")),
        "cover": _web(_object(found.get("imageLinks")).get("thumbnail")),
    }


CATALOGUES: Mapping[str, Callable[[str, Fetch], dict[str, Any]]] = {
    "Open Library": _open_library,
    "Google Books": _google_books,
}
"""Each gives what it knows as parts of a Book."""


def _isbns(volume: Mapping[str, Any]) -> set[str | None]:
    return {isbn13(str(one.get("identifier"))) for one in _objects(volume.get("industryIdentifiers"))}


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return _object(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError):
        return {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value[:20] if isinstance(one, dict)] if isinstance(value, list) else []


def _line(value: Any) -> str | None:
    """Words without tags, on one line, 200 characters at most."""
    if not isinstance(value, str):
        return None
    plain = unescape(re.sub(r"<[^<>]{0,200}>", " ", legal(value[:2000])))
    return " ".join(plain.split())[:200] or None


def _people(names: Iterator[str | None]) -> str | None:
    every = list(dict.fromkeys(name for name in names if name))[:6]
    return f"{', '.join(every[:-1])} and {every[-1]}" if len(every) > 1 else next(iter(every), None)


def _year(value: Any) -> int | None:
    found = re.search(r"\b(\d{4})\b", value[:100]) if isinstance(value, str) else None
    year = int(found[1]) if found else 0
    return year if OLDEST <= year <= NEWEST else None


def _prose(value: Any) -> str | None:
    """A description as plain sentences, cut at a sentence's end."""
    if not isinstance(value, str):
        return None
    plain = " ".join(unescape(re.sub(r"<[^<>]{0,200}>", " ", legal(value[:10_000]))).split())
    if len(plain) <= LONGEST:
        return plain or None
    end = plain.rfind(". ", 0, LONGEST)
    return plain[: end + 1] if end > 0 else f"{plain[:LONGEST].rsplit(' ', 1)[0]}…"


def _web(value: Any) -> str | None:
    """An https address; Google still writes http."""
    address = re.sub(r"^http://", "https://", value) if isinstance(value, str) else ""
    return address if is_address(address) else None
