"""The author's books as data, and the ones chosen for a post."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

Origin = Literal["mentioned", "pinned", "matched"]


def isbn13(text: str) -> str | None:
    """The 13 digits of an ISBN-13 or ISBN-10 (hyphens and spaces allowed), or None when its check digit is wrong.

    ISO 2108: an ISBN-13 is an EAN that starts with 978 or 979; an ISBN-10's last digit is weighted modulo 11.
    """
    digits = re.sub(r"[\s\u2010-\u2015-]", "", text).upper()
    if re.fullmatch(r"97[89][0-9]{10}", digits):
        return digits if _ean_check(digits[:12]) == digits[12] else None
    if re.fullmatch(r"[0-9]{9}[0-9X]", digits):
        total = sum((10 - at) * (10 if digit == "X" else int(digit)) for at, digit in enumerate(digits))
        return "978" + digits[:9] + _ean_check("978" + digits[:9]) if total % 11 == 0 else None
    return None


def _ean_check(twelve: str) -> str:
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve))
    return str(-total % 10)


def title_key(title: str) -> str:
    """A title reduced to what identifies it: "The Rabbit Listened!" and "rabbit listened" are the same."""
    words = re.findall(r"\w+", title.split(":", maxsplit=1)[0].casefold())
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """A book as the shelf or a post names it.

    `isbn` has 13 digits or is None (never guessed). `ages` are inclusive years. `note` is the author's own words,
    `description` plain facts. `links` are (shop, address) pairs that the author gave; `pinned_for` are words or themes
    of posts that always get this book; `never` keeps it out of every match. A `starter` is not from the author's own
    shelf.
    """

    title: str
    author: str | None = None
    isbn: str | None = None
    illustrator: str | None = None
    year: int | None = None
    ages: tuple[int, int] | None = None
    themes: tuple[str, ...] = ()
    note: str | None = None
    description: str | None = None
    cover: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    pinned_for: tuple[str, ...] = ()
    never: bool = False
    starter: bool = False

    @property
    def key(self) -> str:
        """What makes two mentions the same book: its title, whatever the edition."""
        return title_key(self.title) or self.isbn or self.title

    @property
    def drawn_by(self) -> str | None:
        """Who drew it, where that is somebody else than who wrote it."""
        return None if self.illustrator == self.author else self.illustrator

    @property
    def cover_file(self) -> str | None:
        """The name of its cover in outbox/public/books/; None when nobody would know where to look for one."""
        if self.isbn:
            return f"{self.isbn}.jpg"
        words = re.sub(r"[^a-z0-9]+", "-", self.key.lower()).strip("-")[:60]
        return f"{words}.jpg" if self.cover and words else None


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where a book's button leads, per channel; `affiliate` names the channels whose link earns the author money."""

    email: str
    web: str
    feed: str
    affiliate: tuple[str, ...] = ()


class Pick(msgspec.Struct, frozen=True, kw_only=True):
    """A book chosen for a post: why (`origin`, `reason`, the `matched` words), how sure (0 to 1), and its links."""

    book: Book
    origin: Origin
    score: float
    reason: str
    matched: tuple[str, ...]
    links: Links
