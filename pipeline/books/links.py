"""Where a book's button leads, and which book an address leads to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit

from pipeline.config import Shops
from pipeline.model import Book, Links, isbn13
from pipeline.model.affiliate import untagged

OWN = ("own", "publisher")
"""Names in `book.links` for the author's own address of a book."""

_SHOPS = re.compile(
    r"(^|\.)(bookshop\.org|amazon\.[a-z.]+|amzn\.to|a\.co|barnesandnoble\.com|indiebound\.org|goodreads\.com"
    r"|openlibrary\.org|worldcat\.org|abebooks\.[a-z.]+|waterstones\.com|thriftbooks\.com|powells\.com|hive\.co\.uk"
    r"|blackwells\.co\.uk|indigo\.ca|target\.com|bookdepository\.com|betterworldbooks\.com)$"
)
_ONLY_BOOKS = re.compile(
    r"(^|\.)(bookshop\.org|indiebound\.org|goodreads\.com|openlibrary\.org|worldcat\.org|thriftbooks\.com|powells\.com"
    r"|bookdepository\.com|librarything\.com|storygraph\.com|penguinrandomhouse\.\w+|harpercollins\.\w+|scholastic\.com"
    r"|simonandschuster\.\w+|candlewick\.com|macmillan\.com|hachettebookgroup\.com|chroniclebooks\.com|magination"
    r"press\.\w+|freespirit\.com|abramsbooks\.com|bloomsbury\.com|littlebrown\.\w+|us\.macmillan\.com)$"
)
SHOPS = ("bookshop", "worldcat", "openlibrary", *OWN)
"""Shops that need no address of the author's."""
_SHORT = re.compile(r"(^|\.)(amzn\.to|a\.co|bit\.ly|geni\.us|tinyurl\.com)$")


def links(book: Book, shops: Shops, affiliate: Mapping[str, str]) -> Links:
    """One address for each channel, by the shop that `shops` names for it.

    `affiliate` maps a shop to the author's id there. A book without an ISBN leads to the author's own link if there is
    one, else to a search. It is not settled that Amazon's programme allows its tags in mail, so links in email and feed
    go without them.
    """
    found = {channel: _address(book, getattr(shops, channel), affiliate) for channel in ("email", "web", "feed")}
    found |= {channel: untagged(found[channel]) for channel in ("email", "feed")}
    return Links(**found, affiliate=tuple(channel for channel, url in found.items() if _earns(url, affiliate)))


def _address(book: Book, shop: str, affiliate: Mapping[str, str]) -> str:
    given = dict(book.links)
    own = next((given[name] for name in OWN if name in given), None)
    if shop in OWN:
        return own or _worldcat(book)
    if shop in given:
        return given[shop]
    if book.isbn is None and own:
        return own
    builders = {"worldcat": _worldcat, "openlibrary": _openlibrary}
    return builders[shop](book) if shop in builders else _bookshop(book, affiliate.get("bookshop"))


def _bookshop(book: Book, account: str | None) -> str:
    """By ISBN-13: https://support.bookshop.org/en/support/solutions/articles/65000169799."""
    if book.isbn is None:
        return f"https://bookshop.org/search?keywords={_words(book)}"
    return (
        f"https://bookshop.org/a/{quote_plus(account)}/{book.isbn}"
        if account
        else f"https://bookshop.org/book/{book.isbn}"
    )


def _worldcat(book: Book) -> str:
    return f"https://search.worldcat.org/search?q={f'bn:{book.isbn}' if book.isbn else _words(book)}"


def _openlibrary(book: Book) -> str:
    """Addresses by ISBN: https://openlibrary.org/dev/docs/api/books."""
    return (
        f"https://openlibrary.org/isbn/{book.isbn}" if book.isbn else f"https://openlibrary.org/search?q={_words(book)}"
    )


def _words(book: Book) -> str:
    return quote_plus(" ".join(part for part in (book.title, book.author) if part))


def _earns(url: str, affiliate: Mapping[str, str]) -> bool:
    parts = urlsplit(url)
    tagged = untagged(url) != url and "tag" in dict(parse_qsl(parts.query))
    return (
        tagged
        or bool(re.match(r"https://bookshop\.org/a/[^/]+/", url))
        or _SHORT.search(parts.hostname or "") is not None
    )


def host(url: str) -> str:
    """The host of an address in small letters, empty when it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def sells_books(url: str) -> bool:
    """Whether the address is one of a bookshop, a publisher or a book catalogue."""
    return _SHOPS.search(host(url)) is not None or only_books(url)


def only_books(url: str) -> bool:
    """Whether the address is one of a place that has books and little else: what its link is called is a book."""
    return _ONLY_BOOKS.search(host(url)) is not None


def is_short(url: str) -> bool:
    """Whether the address hides where it leads and who earns by it."""
    return _SHORT.search(host(url)) is not None


def isbn_in(url: str) -> str | None:
    """The ISBN-13 of the book that an address leads to; None when it has none, or its check digit is wrong.

    Shops write 13 digits anywhere in the address. Ten digits count only where a shop puts an ISBN: an Amazon product
    number (ASIN) that starts with a digit is an ISBN-10.
    """
    plain = unquote(url)
    for found in re.findall(r"(?<!\d)97[89](?:-?\d){10}(?!\d)", plain):
        if number := isbn13(found):
            return number
    ten = re.search(r"/(?:dp|gp/product|product|asin|isbn|d|o)/(?:\w+/)?(\d{9}[\dXx])(?![\w])", plain, re.IGNORECASE)
    return isbn13(ten[1]) if ten and (sells_books(url) or "/isbn/" in plain.lower()) else None
