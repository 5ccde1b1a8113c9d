"""Which books a post names: by a shop's link, by "title by author", or by a title that is on the shelf.

A wrong book is worse than a missed one: stressed words, films, songs and trainings are no books, and neither is a book
that the author advises against.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pipeline.books import cues
from pipeline.books.blocks import ITEMS, Block, Mark, blocks
from pipeline.books.bylines import (
    LONGEST,
    author_after,
    author_before,
    bare_title,
    begins_large,
    byline,
    is_button,
    is_person,
    is_titled,
    name_at,
)
from pipeline.books.links import is_short, isbn_in, sells_books
from pipeline.books.shelf import Shelf, is_address, same_author
from pipeline.model import Article, Book, isbn13, title_key

EMPHASIS = ("em", "i", "cite", "q", "strong", "b")
PLAIN_WORDS = 3
"""A title without any mark in the text needs so many words, or its author beside it."""
MOST_BOOKS = 200
"""A post that names more is a catalogue; the rest is left out."""
ROW = 400
"""Characters; a longer table row is layout, not a list of books."""

_QUOTED = re.compile(r"\u201c([^\u201c\u201d]{2,120})\u201d|\"([^\"]{2,120})\"|\u2018([^\u2018]{2,120}?)\u2019(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A book as a post names it.

    `said` are the post's words for it, `linked` tells whether a shop's link leads to it, `at` counts the blocks before.
    """

    book: Book
    said: str
    linked: bool
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a post names, in its order, and the `Book.key` of each book that it advises against."""

    mentions: tuple[Mention, ...]
    refused: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """One place that may name a book, as written."""

    at: int
    title: str | None
    author: str | None = None
    isbn: str | None = None
    link: str | None = None
    sure: bool = False
    against: bool = False


@dataclass(frozen=True, slots=True)
class _Spot:
    """A stretch of a block that stands out as a title would, and where the next one begins."""

    start: int
    end: int
    tag: str
    until: int


@dataclass(frozen=True, slots=True)
class _Known:
    """The shelf by ISBN and by title."""

    isbns: dict[str, Book]
    titles: dict[str, list[Book]]

    def find(self, title: str | None, author: str | None, isbn: str | None) -> Book | None:
        if isbn in self.isbns:
            return self.isbns[isbn]
        named = self.titles.get(title_key(title), []) if title else []
        fits = [book for book in named if same_author(book.author, author)]
        exact = (book for book in fits if title and book.title.casefold() == title.casefold())
        return next(exact, fits[0] if fits else None)


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
    for at, block in enumerate(every):
        if len(kept) >= MOST_BOOKS:
            break
        for named in _named(at, block, known, plain):
            _keep(named, known, kept, refused)
    return Found(
        mentions=tuple(mention for mention in kept if mention.book.key not in refused), refused=frozenset(refused)
    )


@lru_cache(maxsize=4)
def _known(shelf: Shelf) -> _Known:
    titles: dict[str, list[Book]] = {}
    for book in shelf.books:
        titles.setdefault(title_key(book.title), []).append(book)
    return _Known({book.isbn: book for book in shelf.books if book.isbn}, titles)


def _keep(named: _Named, known: _Known, kept: list[Mention], refused: set[str]) -> None:
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


def _lend(named: _Named, kept: list[Mention]) -> None:
    """A bare shop button gives its ISBN to the book named just before, when that has none yet."""
    if kept and kept[-1].book.isbn is None and named.at - kept[-1].at <= 1:
        kept[-1] = replace(kept[-1], book=replace(kept[-1].book, isbn=named.isbn), linked=True)


def _off_shelf(named: _Named) -> Book | None:
    title = bare_title(named.title or "")
    if not (named.isbn or named.sure) or not begins_large(title):
        return None
    own = named.link if named.link and is_address(named.link) and not is_short(named.link) else None
    links = (("own", own),) if own else ()
    return Book(title=title, author=named.author, isbn=named.isbn, links=links)


def _plain_titles(text: str, shelf: Shelf) -> tuple[Book, ...]:
    """The books whose title stands in the text, letter for letter; most posts have none."""
    return tuple(book for book in shelf.books if " " in book.title and book.title.split(":")[0] in text)


def _named(at: int, block: Block, known: _Known, plain: Sequence[Book]) -> list[_Named]:
    """Everything in a block that may name a book, in its order."""
    if block.tag == "tr" and len(block.text) < ROW:
        return _row(at, block)
    spots = _spots(block)
    marked = [(spot.start, named) for spot in spots if (named := _from_spot(at, block, spot, known))]
    linked = list(_from_links(at, block, spots, known))
    found = sorted([*marked, *linked, *_from_plain(at, block, spots, plain)], key=lambda pair: pair[0])
    if block.tag in ITEMS and not any(named.title for _, named in found):
        found = [(0, named) for named in _from_whole(at, block, known)] or found
    return [named for _, named in found]


def _spots(block: Block) -> list[_Spot]:
    """What could be a title by its looks: emphasised or quoted, and beginning with a capital."""
    marked = [(mark.start, mark.end, mark.tag) for mark in block.marks if mark.tag in EMPHASIS]
    quoted = [(*_inside(found), "quote") for found in _QUOTED.finditer(block.text)]
    places: list[tuple[int, int, str]] = []
    for start, end, tag in sorted(marked + quoted, key=lambda place: (place[0], -place[1])):
        text = block.text[start:end].lstrip("\u201c\u2018\"' ")
        fits = begins_large(text) and len(text) < LONGEST and not is_button(text)
        if fits and (not places or start >= places[-1][1]):
            places.append((start, end, tag))
    starts = [start for start, _, _ in places[1:]] + [len(block.text)]
    return [_Spot(*place, until) for place, until in zip(places, starts, strict=False)]


def _inside(found: re.Match[str]) -> tuple[int, int]:
    return found.span(found.lastindex or 0)


def _from_spot(at: int, block: Block, spot: _Spot, known: _Known) -> _Named | None:
    written = block.text[spot.start : spot.end]
    title, inner = byline(written)
    if not title:
        return None
    after = block.text[spot.end : spot.until]
    author = inner or author_after(after) or author_before(block.text[: spot.start])
    isbn, link = _leading(block, spot)
    on_shelf = known.find(title, author, isbn)
    sure = is_person(author) and _sure_look(title, spot.tag, block.tag)
    trusted = isbn is not None or sure or (on_shelf is not None and _is_meant(title, author, on_shelf, block, spot))
    if not trusted or (isbn is None and _is_media(block.text, spot)):
        return None
    against = _is_against(block.text, spot)
    return _Named(at=at, title=title, author=author, isbn=isbn, link=link, sure=sure, against=against)


def _sure_look(title: str, tag: str, block: str) -> bool:
    """Whether words followed by "by" and a name are a title by their looks alone."""
    if tag in ("strong", "b") and block not in (*ITEMS, "figure"):
        return is_titled(title) and len(title.split()) > 1
    return is_titled(title)


def _is_meant(title: str, author: str | None, book: Book, block: Block, spot: _Spot) -> bool:
    """Whether words that are a title on the shelf are meant as one here: a word or two can be mere stress."""
    if author and book.author:
        return True
    if not (is_titled(title) or title.isupper() or title == book.title):
        return False
    if len(title.split()) > 1 or spot.tag == "cite" or block.tag in ITEMS:
        return True
    begins = not block.text[: spot.start].strip() or re.search(r"[.!?:]\W*$", block.text[: spot.start]) is not None
    return spot.tag in ("em", "i", "quote") and not begins


def _is_media(text: str, spot: _Spot) -> bool:
    return cues.is_media(text[: spot.start], text[spot.end :])


def _is_against(text: str, spot: _Spot) -> bool:
    return cues.is_against(text[: spot.start], text[spot.end : spot.until])


def _leading(block: Block, spot: _Spot) -> tuple[str | None, str | None]:
    """The ISBN and the link that go with a spot: of a link around or in it, else of what follows up to the next one."""
    links = [mark for mark in block.marks if mark.tag == "a"]
    around = [mark for mark in links if block.tag == "figure" or (mark.start < spot.end and spot.start < mark.end)]
    buttons = [mark for mark in links if spot.end <= mark.start < spot.until and is_button(_text(block, mark))]
    found = [isbn_in(mark.href) for mark in (*around, *buttons)]
    found.append(_written_isbn(block.text[spot.end : spot.until]))
    return next(filter(None, found), None), next((mark.href for mark in around), None)


def _text(block: Block, mark: Mark) -> str:
    return block.text[mark.start : mark.end]


def _written_isbn(text: str) -> str | None:
    """The first valid ISBN in a text: 13 digits anywhere, 10 only after the letters ISBN."""
    found = re.findall(r"\b97[89](?:[ -]?\d){10}\b|(?<=ISBN)[ :-]*((?:\d[ -]?){9}[\dXx])\b", text)
    whole = (
        re.finditer(r"\b97[89](?:[ -]?\d){10}\b|\bISBN(?:-10)?[ :-]*((?:\d[ -]?){9}[\dXx])\b", text) if found else ()
    )
    return next(filter(None, (isbn13(each[1] or each[0]) for each in whole)), None)


def _from_links(at: int, block: Block, spots: Sequence[_Spot], known: _Known) -> Iterator[tuple[int, _Named]]:
    """What links name that have no title-like words around or in them."""
    for mark in block.marks:
        if mark.tag != "a" or any(mark.start < spot.end and spot.start < mark.end for spot in spots):
            continue
        isbn = isbn_in(mark.href)
        if is_button(_text(block, mark)) and any(spot.end <= mark.start < spot.until for spot in spots):
            continue
        named = _from_link(at, block, mark, isbn, known)
        if named is not None:
            yield mark.start, named


def _from_link(at: int, block: Block, mark: Mark, isbn: str | None, known: _Known) -> _Named | None:
    title, author = _words_of(block, mark)
    if title is None:
        return _Named(at=at, title=None, isbn=isbn) if isbn else None
    author = author or author_after(block.text[mark.end :])
    shop = sells_books(mark.href) or is_short(mark.href)
    sure = shop and is_person(author) and is_titled(title)
    on_shelf = is_titled(title) and len(title.split()) > 1 and known.find(title, author, None) is not None
    spot = _Spot(mark.start, mark.end, "a", len(block.text))
    if isbn is None and (not (sure or on_shelf) or _is_media(block.text, spot)):
        return None
    against = _is_against(block.text, spot)
    return _Named(at=at, title=title, author=author, isbn=isbn, link=mark.href, sure=sure, against=against)


def _words_of(block: Block, link: Mark) -> tuple[str | None, str | None]:
    """Title and author by a link's own words, else by its picture's alternative text, else by the figure's caption."""
    alts = [mark.alt for mark in block.marks if mark.tag == "img" and link.start <= mark.start <= link.end]
    captions = [_text(block, mark) for mark in block.marks if mark.tag == "figcaption"] if alts else []
    for text in (_text(block, link), *alts, *captions):
        title, author = byline(text)
        if title and len(text) < LONGEST and not is_button(title):
            return title, author
    return None, None


def _from_plain(at: int, block: Block, spots: Sequence[_Spot], plain: Sequence[Book]) -> Iterator[tuple[int, _Named]]:
    """Titles of the shelf that stand in the text like any other words."""
    for book in plain:
        title = book.title.split(":")[0]
        found = re.search(rf"(?<!\w){re.escape(title)}(?!\w)", block.text) if is_titled(title) else None
        if found is None or any(found.start() < spot.end and spot.start < found.end() for spot in spots):
            continue
        spot = _Spot(found.start(), found.end(), "plain", len(block.text))
        author = author_after(block.text[spot.end :]) or author_before(block.text[: spot.start])
        long_enough = len(title.split()) >= PLAIN_WORDS and block.tag not in ITEMS
        if not (long_enough or (author and book.author)) or not same_author(author, book.author):
            continue
        if not _is_media(block.text, spot):
            isbn, link = _leading(block, spot)
            against = _is_against(block.text, spot)
            yield spot.start, _Named(at=at, title=title, author=author, isbn=isbn, link=link, against=against)


def _from_whole(at: int, block: Block, known: _Known) -> Iterator[_Named]:
    """A heading or list item that is a title: alone when the shelf has it, else with its author."""
    spot = _Spot(0, len(block.text), "whole", len(block.text))
    isbn, link = _leading(block, spot)
    title, author = byline(block.text)
    sure = is_person(author) and is_titled(title)
    if not sure and author is None:
        first, _, rest = re.sub(r"\s+[\u2013\u2014-]+\s+|,\s+|\s+\(|:\s+", "\n", block.text, count=1).partition("\n")
        title, author = bare_title(first), name_at(rest)
    if not sure and not _is_bare_title(title, author, known):
        return
    if not cues.names_media(title):
        yield _Named(at=at, title=title, author=author, isbn=isbn, link=link, sure=sure)


def _is_bare_title(title: str, author: str | None, known: _Known) -> bool:
    """Whether the shelf has this title and it is written as one; a single word needs the author's name with it."""
    found = known.find(title, author, None)
    return found is not None and is_titled(title) and (" " in title or bool(author and found.author))


def _row(at: int, block: Block) -> list[_Named]:
    """A table's row: the title first, then its author; the ISBN in any cell."""
    cells = [_text(block, mark).strip() for mark in block.marks if mark.tag in ("td", "th")]
    words = [cell for cell in cells if re.search(r"[^\W\d_]", cell) and not is_button(cell)]
    links = [isbn for mark in block.marks if mark.tag == "a" and (isbn := isbn_in(mark.href))]
    isbn = _written_isbn(" ".join(cells)) or next(iter(links), None)
    if not words or len(words[0]) >= LONGEST:
        return []
    title, author = byline(words[0])
    author = author or (name_at(words[1]) if len(words) > 1 else None)
    return [_Named(at=at, title=title, author=author, isbn=isbn)] if isbn or author else []
