"""What in a block of a post may name a book, as written: what looks like a title, what links and pictures say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec.structs import replace

from pipeline.books import cues
from pipeline.books.blocks import ITEMS, Block, Mark
from pipeline.books.bylines import (
    LONGEST,
    author_after,
    author_before,
    bare_title,
    begins_large,
    byline,
    is_button,
    is_cover,
    is_person,
    is_titled,
    name_at,
)
from pipeline.books.links import is_short, isbn_in, only_books, sells_books
from pipeline.books.shelf import same_author
from pipeline.model import Book, isbn13, title_key

EMPHASIS = ("em", "i", "cite", "q", "strong", "b", "u")
PLAIN_WORDS = 3
"""A title without any mark in the text needs so many words, or its author beside it."""
ROW = 400
"""Characters; a longer table row is layout, not a list of books."""

_QUOTED = re.compile(
    r"\u201c([^\u201c\u201d]{2,120})\u201d|\"([^\"]{2,120})\"|\u2018([^\u2018]{2,120}?)\u2019(?!\w)"
    r"|\u00ab\s*([^\u00ab\u00bb]{2,120}?)\s*\u00bb|\u201e([^\u201c\u201e]{2,120})\u201c"
    r"|[\u300c\u300e]([^\u300d\u300f]{2,60})[\u300d\u300f]"
)
_BETWEEN = tuple(map(re.compile, (r"\s+[\u2013\u2014|-]+\s+", r"\s+\(", r",\s+", r":\s+")))
"""What stands between a title and its author in a heading or list, the plainest sign first."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """One place that may name a book, as written."""

    at: int
    title: str | None
    author: str | None = None
    isbn: str | None = None
    link: str | None = None
    sure: bool = False
    against: bool = False


class _Spot(msgspec.Struct, frozen=True):
    """A stretch of a block that stands out as a title would, and where the next one begins."""

    start: int
    end: int
    tag: str
    until: int


class Known(msgspec.Struct, frozen=True):
    """The shelf by ISBN and by title."""

    isbns: dict[str, Book]
    titles: dict[str, list[Book]]

    def find(self, title: str | None, author: str | None, isbn: str | None) -> Book | None:
        """The book with this ISBN, else with this title by someone who may be this author."""
        if isbn in self.isbns:
            return self.isbns[isbn]
        named = self.titles.get(title_key(title), []) if title else []
        fits = [book for book in named if same_author(book.author, author)]
        exact = (book for book in fits if title and book.title.casefold() == title.casefold())
        return next(exact, fits[0] if fits else None)


def named_in(at: int, every: Sequence[Block], known: Known, plain: Sequence[Book]) -> list[Named]:
    """Everything in one block of `every` that may name a book, in its order; `plain` are titles that the text holds."""
    listed = every[at].tag == "tr" and _is_list_of_books(every, at)
    found = _named(at, every[at], known, plain) or _under_heading(at, every)
    return [replace(one, sure=one.sure or (listed and is_person(one.author))) for one in found]


def _is_list_of_books(every: Sequence[Block], at: int) -> bool:
    """Whether a row stands in a table whose first row says that titles and authors follow."""
    while at and every[at - 1].tag == "tr":
        at -= 1
    head = [_text(every[at], mark).strip().lower() for mark in every[at].marks if mark.tag in ("td", "th")]
    return any(cell in ("title", "book", "book title") for cell in head) and any("author" in cell for cell in head)


def _under_heading(at: int, every: Sequence[Block]) -> list[Named]:
    """A heading and, under it, "by" and a name."""
    block, following = every[at], every[at + 1] if at + 1 < len(every) else None
    title, after = bare_title(block.text), author_after(following.text) if following else None
    if block.tag not in ITEMS or not is_person(after) or not is_titled(title) or cues.names_media(title):
        return []
    return [Named(at=at, title=title, author=after, sure=True)]


def _named(at: int, block: Block, known: Known, plain: Sequence[Book]) -> list[Named]:
    """Everything in a block that may name a book, in its order."""
    if block.tag == "tr" and len(block.text) < ROW:
        return _row(at, block)
    spots = _spots(block)
    pictured = list(_from_pictures(at, block, known))
    marked = [(spot.start, named) for spot in spots if (named := _from_spot(at, block, spot, known))]
    linked = list(_from_links(at, block, spots, known))
    found = sorted([*marked, *linked, *pictured, *_from_plain(at, block, spots, plain)], key=lambda pair: pair[0])
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


def _from_spot(at: int, block: Block, spot: _Spot, known: Known) -> Named | None:
    written = block.text[spot.start : spot.end]
    title, inner = byline(written)
    if not title:
        return None
    after = block.text[spot.end : spot.until]
    author = inner or author_after(after) or author_before(block.text[: spot.start]) or _beside(block, spot)
    isbn, link = _leading(block, spot)
    on_shelf = known.find(title, author, isbn)
    sure = is_person(author) and _sure_look(title, spot.tag, block.tag)
    trusted = isbn is not None or sure or (on_shelf is not None and _is_meant(title, author, on_shelf, block, spot))
    if not trusted or (isbn is None and _is_media(block.text, spot)):
        return None
    against = _is_against(block.text, spot)
    return Named(at=at, title=title, author=author, isbn=isbn, link=link, sure=sure, against=against)


def _beside(block: Block, spot: _Spot) -> str | None:
    """The name in "Title (Name, 2019)", "Title \u2013 Name." or "Name, Title": beside italics and quotes only."""
    if spot.tag in ("strong", "b", "u"):
        return None
    after = re.match(r"[\s\u201d\"\u2019\u00bb]*(?:\(|[\u2013\u2014-]\s+)(?=\S)", block.text[spot.end :])
    name = name_at(block.text[spot.end + after.end() :]) if after else None
    alone = not any(mark.tag in EMPHASIS and mark.end <= spot.start for mark in block.marks)
    before = re.fullmatch(r"\W*(.{3,60}),\s*[\u201c\"\u2018\u00ab]?\s*", block.text[: spot.start]) if alone else None
    name = name or (name_at(before[1]) if before and name_at(before[1]) == before[1].strip() else None)
    return name if is_person(name) else None


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


def _from_links(at: int, block: Block, spots: Sequence[_Spot], known: Known) -> Iterator[tuple[int, Named]]:
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


def _from_link(at: int, block: Block, mark: Mark, isbn: str | None, known: Known) -> Named | None:
    title, author = _words_of(block, mark)
    if title is None:
        return Named(at=at, title=None, isbn=isbn) if isbn else None
    author = author or author_after(block.text[mark.end :])
    shop = sells_books(mark.href) or is_short(mark.href)
    sure = is_titled(title) and ((shop and is_person(author)) or (only_books(mark.href) and " " in title))
    on_shelf = is_titled(title) and len(title.split()) > 1 and known.find(title, author, None) is not None
    spot = _Spot(mark.start, mark.end, "a", len(block.text))
    if isbn is None and (not (sure or on_shelf) or _is_media(block.text, spot)):
        return None
    against = _is_against(block.text, spot)
    return Named(at=at, title=title, author=author, isbn=isbn, link=mark.href, sure=sure, against=against)


def _from_pictures(at: int, block: Block, known: Known) -> Iterator[tuple[int, Named]]:
    """Pictures that no link leads on from, when their words are a title and its author, or say that it is a cover."""
    links = [mark for mark in block.marks if mark.tag == "a"]
    for mark in block.marks:
        if mark.tag != "img" or not mark.alt or any(link.start <= mark.start <= link.end for link in links):
            continue
        title, author = byline(mark.alt)
        on_shelf = known.find(title, author, None)
        sure = is_person(author) and is_titled(title) and is_cover(mark.alt)
        whole = on_shelf is not None and (" " in title or author is not None) and is_titled(title)
        if (sure or whole) and not cues.names_media(mark.alt):
            yield mark.start, Named(at=at, title=title, author=author, sure=sure)


def _words_of(block: Block, link: Mark) -> tuple[str | None, str | None]:
    """Title and author by a link's own words, else by its picture's alternative text, else by the figure's caption."""
    alts = [mark.alt for mark in block.marks if mark.tag == "img" and link.start <= mark.start <= link.end]
    captions = [_text(block, mark) for mark in block.marks if mark.tag == "figcaption"] if alts else []
    for text in (_text(block, link), *alts, *captions):
        title, author = byline(text)
        if title and len(text) < LONGEST and not is_button(title):
            return title, author
    return None, None


def _from_plain(at: int, block: Block, spots: Sequence[_Spot], plain: Sequence[Book]) -> Iterator[tuple[int, Named]]:
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
            yield spot.start, Named(at=at, title=title, author=author, isbn=isbn, link=link, against=against)


def _from_whole(at: int, block: Block, known: Known) -> Iterator[Named]:
    """A heading or list item that is a title: alone when the shelf has it, else with its author."""
    spot = _Spot(0, len(block.text), "whole", len(block.text))
    isbn, link = _leading(block, spot)
    title, author = byline(block.text)
    sure = is_person(author) and is_titled(title)
    if not sure:
        found = (pair for pair in _divided(block.text[:400]) if _is_bare_title(*pair, known))
        title, author = next(found, ("", None))
    if title and not cues.names_media(title):
        yield Named(at=at, title=title, author=author, isbn=isbn, link=link, sure=sure)


def _divided(text: str) -> Iterator[tuple[str, str | None]]:
    """The ways in which a heading or list item may be a title and its author: whole, divided, or the author first."""
    yield byline(text)
    yield bare_title(text), None
    for sign in _BETWEEN:
        for found in sign.finditer(text):
            first, rest = text[: found.start()], text[found.end() :]
            yield bare_title(first), name_at(rest)
            name = name_at(bare_title(first))
            if name == bare_title(first):
                yield bare_title(rest.rstrip(")")), name


def _is_bare_title(title: str, author: str | None, known: Known) -> bool:
    """Whether the shelf has this title and it is written as one; a single word needs the author's name with it."""
    found = known.find(title, author, None)
    return found is not None and is_titled(title) and (" " in title or bool(author and found.author))


def _row(at: int, block: Block) -> list[Named]:
    """A table's row: the title first, then its author; the ISBN in any cell."""
    cells = [_text(block, mark).strip() for mark in block.marks if mark.tag in ("td", "th")]
    words = [cell for cell in cells if re.search(r"[^\W\d_]", cell) and not is_button(cell)]
    links = [isbn for mark in block.marks if mark.tag == "a" and (isbn := isbn_in(mark.href))]
    isbn = _written_isbn(" ".join(cells)) or next(iter(links), None)
    if not words or len(words[0]) >= LONGEST:
        return []
    title, author = byline(words[0])
    author = author or (name_at(words[1]) if len(words) > 1 else None)
    return [Named(at=at, title=title, author=author, isbn=isbn)] if isbn or author else []
