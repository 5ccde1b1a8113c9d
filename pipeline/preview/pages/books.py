"""The shelf with its covers: what is on it, what issues have shown of it, and what it lacks."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache, partial
from urllib.parse import quote

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from pipeline import books
from pipeline.books import advice, catalogues, changing, exchange, uses
from pipeline.books.shelf import Shelf
from pipeline.errors import NeedsPerson, UserError
from pipeline.model import Book, isbn13
from pipeline.preview.ask import Ask
from pipeline.preview.pages import Page
from pipeline.preview.slices import slice_of
from pipeline.store import issues

WHICH = {"mine": "Yours", "starter": "Starter shelf", "shown": "Shown in issues", "bare": "Yours without themes"}


def _show(ask: Ask) -> Response:
    shelf = books.shelf_at(ask.settings.books)
    which, words = ask.asked("which"), ask.asked("words").strip()
    with ask.store.reading() as tx:
        shown = issues.every_shown(tx)
    found = [book for book in shelf.books if _matches(book, words)]
    groups = {
        "mine": [book for book in found if not book.starter],
        "starter": [book for book in found if book.starter],
        "shown": [book for book in found if book.key in shown],
        "bare": [book for book in found if not book.starter and not book.themes],
    }
    chosen = groups.get(which, found)
    part = slice_of(ask, len(chosen), 48)
    return ask.page(
        "books.html",
        title="Books",
        shelf=shelf,
        total=len(found),
        mine=sum(not book.starter for book in shelf.books),
        groups={name: len(group) for name, group in groups.items()},
        labels=WHICH,
        which=which,
        words=words,
        shown=shown,
        here_now=chosen[part.start : part.end],
        covers=_covers(ask, chosen[part.start : part.end]),
        part=part,
        few=advice.shopping_list(shelf)[:12],
        unknown=advice.unknown_themes(shelf)[:12],
        address=partial(_address, shelf=shelf),
    )


def _matches(book: Book, words: str) -> bool:
    text = f"{book.title} {book.author or ''} {book.isbn or ''} {' '.join(book.themes)}".casefold()
    return all(word in text for word in words.casefold().split())


def _address(book: Book, shelf: Shelf) -> str:
    return f"/books/one/{quote(_name(book, shelf), safe='')}"


def _name(book: Book, shelf: Shelf) -> str:
    """What a book is called in addresses: two may have one title, and then their authors differ."""
    return book.isbn or (f"{book.key}, {book.author}" if book.key in _shared(shelf) else book.key)


@lru_cache(maxsize=4)
def _shared(shelf: Shelf) -> frozenset[str]:
    """What several books are called that no ISBN tells apart."""
    keys = Counter(book.key for book in shelf.books if not book.isbn)
    return frozenset(key for key, count in keys.items() if count > 1)


def _covers(ask: Ask, wanted: Iterable[Book]) -> set[str]:
    """Those of the books' covers that stand in the public folder."""
    folder = ask.settings.outbox / "public" / "books"
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return {book.cover_file for book in wanted if book.cover_file in there}


def _cover(ask: Ask) -> Response:
    """A cover from the public folder; never one from elsewhere."""
    name = ask.request.path_params["name"]
    path = ask.settings.outbox / "public" / "books" / name
    if not re.fullmatch(r"[a-z0-9-]{1,80}\.jpg", name) or not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, media_type="image/jpeg")


def _book(ask: Ask) -> Book:
    key, shelf = ask.request.path_params["key"], books.shelf_at(ask.settings.books)
    found = [book for book in shelf.books if key in (_name(book, shelf), book.key)]
    if not found:
        raise UserError("This book is not on your shelf any more.")
    return min(found, key=lambda book: key != _name(book, shelf))


def _one(ask: Ask) -> Response:
    book = _book(ask)
    shelf = books.shelf_at(ask.settings.books)
    with ask.store.reading() as tx:
        shown = issues.every_shown(tx).get(book.key, ())
    return ask.page(
        "book.html",
        title=book.title,
        book=book,
        shown=shown,
        cover=bool(_covers(ask, [book])),
        address=_address(book, shelf),
        themes=sorted(theme.id for theme in shelf.vocabulary.themes.values()),
        now=_now(book),
        mark=_seen(book),
        used=() if book.starter else uses.of(book, ask.store),
    )


def _now(book: Book) -> dict[str, str]:
    """What the form shows of a book."""
    ages = "-".join(map(str, book.ages)) if book.ages else ""
    return {"themes": ", ".join(book.themes), "ages": ages, "note": book.note or ""}


def _change(ask: Ask) -> Response:
    """A book of the starter shelf becomes the author's own by being changed.

    Only what she wrote is written: the shelf may have been changed elsewhere since the form was shown.
    """
    book, shelf = _book(ask), ask.settings.books.shelf
    now = _now(book)
    given, shown = ({part: _joined(ask.word(f"{name}{part}", now[part])) for part in now} for name in ("", "was-"))
    mine = [part for part in now if given[part] != shown[part]]
    if lost := [part for part in mine if shown[part] != _joined(now[part])]:
        raise UserError(
            f"Meanwhile the {' and '.join(lost)} of “{book.title}” changed on your shelf, so nothing was written.",
            next_step="Copy what you wrote, and go back to the book as it is now.",
        )
    themes = [one.strip() for one in given["themes"].split(",") if one.strip()]
    values = {part: (themes if part == "themes" else given[part]) or None for part in mine}
    changing.check(values)
    if values and book.starter:
        exchange.add(shelf, [book])
    ask.say("Written to your shelf." if values and changing.change(shelf, book, values) else "Nothing has changed.")
    return ask.back(_address(book, books.shelf_at(ask.settings.books)))


def _remove(ask: Ask) -> Response:
    book = _book(ask)
    if book.starter or ask.word("sure") != "yes":
        raise UserError("Nothing was taken off: say that you want it, on the page of a book that is yours.")
    if "seen" in ask.form and ask.word("seen") != _seen(book):
        raise NeedsPerson(
            f"“{book.title}” has changed on your shelf since this page was loaded, so it was not taken off.",
            next_step="Look at it again.",
        )
    changing.remove(ask.settings.books.shelf, book)
    ask.say(
        " ".join((f"“{book.title}” is off your shelf.", *uses.left(book, books.shelf_at(ask.settings.books).books)))
    )
    return ask.back("/books")


def _seen(book: Book) -> str:
    """Changes with everything that the shelf says of a book."""
    return hashlib.sha256(msgspec.json.encode(book)).hexdigest()


def _joined(text: str) -> str:
    return " ".join(text.split())


def _add(ask: Ask) -> Response:
    number = isbn13(ask.word("isbn"))
    if number is None:
        raise UserError(f"{ask.word('isbn') or 'Nothing'} is no ISBN: it has 10 or 13 digits, and the last is a check.")
    settings = ask.settings
    if there := books.own(settings.books, number):
        ask.say(f"“{there.title}” is on your shelf already.")
        return ask.back(_address(there, books.shelf_at(settings.books)))
    with ask.project() as project:
        found = catalogues.remembered(number, settings.outbox / "catalogues", project.out.fetch)
    new = exchange.add(settings.books.shelf, [found.book])
    mine = next(book for book in books.shelf_at(settings.books).books if exchange.is_same(book, found.book))
    said = f"added, from {' and '.join(found.sources)}. Give it themes and ages" if new else "on your shelf already"
    ask.say(f"“{mine.title}” is {said}.")
    return ask.back(_address(mine, books.shelf_at(settings.books)))


PAGE = Page(
    title="Books",
    address="/books",
    show=_show,
    parts={"one/{key:path}": _one, "cover/{name}": _cover},
    does={"add": _add, "change/{key:path}": _change, "remove/{key:path}": _remove},
    place=40,
)
