"""Books: which of the author's books go with a post, and why.

does     finds the books a post names, then those pinned for it, then those whose themes fit
reads    posts, the shelf (sources/books.toml)
writes   picks, and covers into outbox/public/books/
never    changes the shelf, nor decides what an issue has room for
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipeline import files
from pipeline.books.written import sha
from pipeline.config import BooksSettings
from pipeline.errors import ShelfError, did_you_mean
from pipeline.model import Book, Outside, Pick, Post, PostId, Report
from pipeline.store import Store, Tx, feeds, issues, picks, posts

if TYPE_CHECKING:
    from pipeline.books.shelf import Shelf

__all__ = ["RULES", "candidates", "due", "found", "ready", "shelf_at", "unknown_shops", "work"]

RULES = 2
"""The version of the rules for finding books; raising it looks at every post anew."""
HANDFUL = 50
IN_FEEDS = 100
"""Of the posts that feeds may show so many have their books ready: more than a feed holds, as one may be taken out."""
AHEAD = 100
"""Covers are there for so many of the oldest posts that wait for an issue, and of the newest; an issue holds fewer."""


def due(store: Store, settings: BooksSettings, now: datetime) -> Iterable[str]:
    """Handfuls of posts ("12,13") that want picks, or whose words, shelf, settings or rules have changed since theirs.

    Picks are wanted for what an issue may take and feeds may show. A blog's old posts, which nobody asked for, go
    without until somebody does (`ready`). Then "cover/<file>" for each cover that an issue may show and nobody has
    asked for lately.
    """
    with store.reading() as tx:
        in_feeds = None if settings.evergreen else feeds.shown(tx, IN_FEEDS, now)
        wanted = [str(post) for post in picks.stale(tx, _made_from(_sha(settings), settings), in_feeds)]
        chosen = _shown(tx, settings) if settings.covers else []
    yield from (",".join(wanted[at : at + HANDFUL]) for at in range(0, len(wanted), HANDFUL))
    if chosen:
        from pipeline.books import covers

        yield from (f"cover/{book.cover_file}" for book in covers.missing(chosen, settings, now))


def ready(store: Store, settings: BooksSettings, post: PostId) -> None:
    """Have the picks of a post that a person is about to put into an issue, whose draft follows at once.

    What is wrong with the shelf keeps nobody from it: the next run tells.
    """
    with suppress(ShelfError):
        with store.reading() as tx:
            wanted = post in picks.stale(tx, _made_from(_sha(settings), settings), [post])
        if wanted:
            _suggest([post], store, settings)


def work(key: str, store: Store, settings: BooksSettings, out: Outside) -> Report:
    """Suggest books for some posts, or fetch one cover; one that can't be had is no fault, the card shows a title."""
    if key.startswith("cover/"):
        return _fetch_cover(key.removeprefix("cover/"), store, settings, out)
    return _suggest([PostId(int(number)) for number in key.split(",")], store, settings)


def _suggest(chosen: Sequence[PostId], store: Store, settings: BooksSettings) -> Report:
    from pipeline.books.suggest import suggest

    on_shelf = shelf_at(settings)
    with store.reading() as tx:
        found = posts.some(tx, chosen)
        shas = posts.shas(tx, found)
    made: list[tuple[Post, tuple[Pick, ...]]] = []
    faults: list[str] = []
    for post in found.values():
        try:
            made.append((post, suggest(post.article, on_shelf, settings)))
        except Exception as fault:  # noqa: BLE001 - a bug met by one post must not cost the others their books
            words = (
                f"Paperround itself fails to find books for “{post.article.title}” ({type(fault).__name__}: {fault})."
            )
            faults.append(f"{words}; please report it.")
    with store.writing() as tx:
        for post, suggested in made:
            picks.suggest(tx, post.id, _made_from(on_shelf.sha, settings), shas[post.id], suggested)
    shops = tuple(f"{words} `paperround check` names the line." for _, words in unknown_shops(settings, on_shelf.books))
    return Report(errors=tuple(faults), codes=(1,) if faults else (), attention=shops if made else ())


def _fetch_cover(name: str, store: Store, settings: BooksSettings, out: Outside) -> Report:
    from pipeline.books import covers

    with store.reading() as tx:
        book = next((book for book in _shown(tx, settings) if book.cover_file == name), None)
    if book:
        covers.keep(book, settings, out.fetch, out.clock())
    return Report(unchanged=1)


def _shown(tx: Tx, settings: BooksSettings) -> list[Book]:
    """The books that an issue has shown and the shelf still has, and those that the next ones will choose from."""
    mailed, waiting = issues.shown(tx), posts.eligible(tx)
    suggested = picks.some(tx, {*waiting[:AHEAD], *waiting[-AHEAD:]})
    drafted = (pick.book for one in issues.unsettled(tx) for item in one.items for pick in item.picks)
    return [
        *(book for book in (shelf_at(settings).books if mailed else ()) if book.key in mailed),
        *drafted,
        *(pick.book for post in sorted(suggested, reverse=True) for pick in suggested[post]),
    ]


def candidates(post: Post, settings: BooksSettings, most: int = 12) -> tuple[Pick, ...]:
    """The books that could stand with a post, best first, each with its reason."""
    from pipeline.books.suggest import suggest

    return suggest(post.article, shelf_at(settings), settings, most)


def found(words: str, settings: BooksSettings, most: int = 12) -> tuple[Pick, ...]:
    """The books of the shelf whose title, author or ISBN has all of `words`, as the author's own choice."""
    from pipeline.books.suggest import chosen

    wanted = words.casefold().replace("-", "").split()
    books = shelf_at(settings).books if wanted else ()
    hits = (book for book in books if all(word in _said_of(book) for word in wanted))
    return tuple(chosen(book, settings) for book in islice(hits, most))


def _said_of(book: Book) -> str:
    return " ".join((book.title, book.author or "", book.isbn or "")).casefold().replace("-", "")


def shelf_at(settings: BooksSettings) -> Shelf:
    """The author's shelf and the starter shelf behind it, read again only when a file of hers has changed."""
    hers = (settings.shelf, settings.themes)
    return _read(*hers, *(files.stamp(path) for path in hers))


def unknown_shops(settings: BooksSettings, books: Iterable[Book]) -> list[tuple[tuple[str, str, str], str]]:
    """Shops that the settings name and neither we nor any book's `links` know: where, and a sentence about each."""
    from pipeline.books.links import SHOPS

    known = sorted({*SHOPS, *(name for book in books for name, _ in book.links)})
    named = [(("books", "shops", channel), getattr(settings.shops, channel)) for channel in ("email", "web", "feed")]
    named += [(("books", "affiliate", shop), shop) for shop in settings.affiliate]
    words = "There is no shop called {0!r}.{1} Known: {2}; or a name from a book's links."
    return [
        (place, words.format(shop, did_you_mean(shop, known), ", ".join(known)))
        for place, shop in named
        if shop not in known
    ]


def own(settings: BooksSettings, isbn: str) -> Book | None:
    """The author's own book with this ISBN of 13 digits."""
    return next((book for book in shelf_at(settings).books if book.isbn == isbn and not book.starter), None)


@lru_cache(maxsize=4)
def _read(path: Path, themes: Path, _shelf: object, _themes: object) -> Shelf:
    from pipeline.books.shelf import whole

    return whole(path, themes)


def _sha(settings: BooksSettings) -> str:
    return sha(settings.shelf, settings.themes)


def _made_from(shelf: str, settings: BooksSettings) -> str:
    """What suggestions depend on besides the post, hashed; `shelf` is the hash of the shelf. No path is in it."""
    return hashlib.sha256(msgspec.json.encode((RULES, shelf, str(settings)))).hexdigest()
