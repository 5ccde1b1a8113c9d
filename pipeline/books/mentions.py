"""Which books a post names: by a shop's link, by "title by author", or by a title that is on the shelf.

A wrong book is worse than a missed one: stressed words, films, songs and trainings are no books, and neither is a book
that the author advises against.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec
from msgspec.structs import replace

from pipeline.books.blocks import blocks
from pipeline.books.bylines import bare_title, begins_large
from pipeline.books.links import is_short, sells_books
from pipeline.books.named import Known, Named, named_in
from pipeline.books.shelf import Shelf, is_address, same_author
from pipeline.model import Article, Book, title_key

MOST_BOOKS = 200
"""A post that names more is a catalogue; the rest is left out."""


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """A book as a post names it.

    `said` are the post's words for it, `linked` tells whether a shop's link leads to it, `at` counts the blocks before.
    """

    book: Book
    said: str
    linked: bool
    at: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a post names, in its order, and the `Book.key` of each book that it advises against."""

    mentions: tuple[Mention, ...]
    refused: frozenset[str]


def mentions(article: Article, shelf: Shelf) -> tuple[Book, ...]:
    """The books that a post names, each once, in the order of the post, completed from the shelf."""
    return tuple(mention.book for mention in found_in(article, shelf).mentions)


def found_in(article: Article, shelf: Shelf) -> Found:
    """What a post names and what it advises against; `article.html` is read, whatever its shape."""
    known = _known(shelf)
    every = blocks(article.html)
    plain = _plain_titles("\n".join(block.text for block in every), shelf)
    kept: list[Mention] = []
    refused: set[str] = set()
    for at in range(len(every)):
        if len(kept) >= MOST_BOOKS:
            break
        for named in named_in(at, every, known, plain):
            _keep(named, known, kept, refused)
    return Found(
        mentions=tuple(mention for mention in kept if mention.book.key not in refused), refused=frozenset(refused)
    )


@lru_cache(maxsize=4)
def _known(shelf: Shelf) -> Known:
    titles: dict[str, list[Book]] = {}
    for book in shelf.books:
        titles.setdefault(title_key(book.title), []).append(book)
    return Known({book.isbn: book for book in shelf.books if book.isbn}, titles)


def _keep(named: Named, known: Known, kept: list[Mention], refused: set[str]) -> None:
    """Add what was named to `kept`, joined with an earlier mention of the same book."""
    on_shelf = known.find(named.title, named.author, named.isbn)
    book = on_shelf or _off_shelf(named)
    if named.isbn and not named.title and on_shelf is None:
        _lend(named, kept)
        return
    if book is None:
        return
    if named.against:
        refused.add(book.key)
        return
    if book.isbn is None and named.isbn:
        book = replace(book, isbn=named.isbn)
    at = next((at for at, other in enumerate(kept) if _same(other.book, book)), None)
    linked = named.isbn is not None or (named.link is not None and sells_books(named.link))
    if at is None:
        kept.append(Mention(book=book, said=named.title or book.title, linked=linked, at=named.at))
    else:
        kept[at] = _joined(kept[at], book, linked=linked)


def _same(one: Book, other: Book) -> bool:
    if one.isbn and one.isbn == other.isbn:
        return True
    return one.key == other.key and same_author(one.author, other.author)


def _joined(first: Mention, again: Book, *, linked: bool) -> Mention:
    gaps = {name: getattr(again, name) for name in ("author", "isbn") if getattr(first.book, name) is None}
    links = first.book.links or again.links
    return replace(first, book=replace(first.book, **gaps, links=links), linked=first.linked or linked)


def _lend(named: Named, kept: list[Mention]) -> None:
    """A bare shop button gives its ISBN to the book named just before, when that has none yet."""
    if kept and kept[-1].book.isbn is None and named.at - kept[-1].at <= 1:
        kept[-1] = replace(kept[-1], book=replace(kept[-1].book, isbn=named.isbn), linked=True)


def _off_shelf(named: Named) -> Book | None:
    title = bare_title(named.title or "")
    if not (named.isbn or named.sure) or not begins_large(title):
        return None
    own = named.link if named.link and is_address(named.link) and not is_short(named.link) else None
    links = (("own", own),) if own else ()
    return Book(title=title, author=named.author, isbn=named.isbn, links=links)


def _plain_titles(text: str, shelf: Shelf) -> tuple[Book, ...]:
    """The books whose title stands in the text, letter for letter; most posts have none."""
    return tuple(book for title, book in _titles(shelf) if title in text)


@lru_cache(maxsize=4)
def _titles(shelf: Shelf) -> tuple[tuple[str, Book], ...]:
    """The shelf's books by their title without what follows a colon; a single word is no sign of a book."""
    return tuple((book.title.split(":")[0], book) for book in shelf.books if " " in book.title)
