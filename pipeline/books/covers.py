"""Covers of books, fetched once and made small: the author's own picture, else Open Library's by ISBN.

What comes is a stranger's: its size in bytes and in pixels is bounded before it is opened, and what is kept is a new
picture drawn from it, without whatever else was in the file. A book without one gets its title on a coloured card.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline import files
from pipeline.config import BooksSettings
from pipeline.errors import FetchFault
from pipeline.model import Book, Fetch

WIDEST, HIGHEST = 240, 360
"""Pixels kept: covers are shown 72 wide, and screens have up to three pixels for one."""
SMALLEST = 40
"""Open Library's stand-in for a cover that it has not is one pixel."""
BYTES = 6 << 20
PIXELS = 40_000_000
AGAIN = timedelta(days=30)
"""How long a cover that could not be had is left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A cover as it is kept: JPEG bytes, and its width and height in pixels."""

    jpeg: bytes
    width: int
    height: int


def fetched(book: Book, fetch: Fetch) -> Cover:
    """A book's cover. Raises FetchFault when there is none, or when what comes is no picture of a cover."""
    address = book.cover or f"https://covers.openlibrary.org/b/isbn/{book.isbn}-L.jpg?default=false"
    body = fetch(address).body
    if len(body) > BYTES:
        raise FetchFault(f"The picture is larger than {BYTES >> 20} MB.", where=address)
    return _small(body, address)


def _small(body: bytes, address: str) -> Cover:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(body), formats=("JPEG", "PNG", "WEBP", "GIF"))
            if picture.width * picture.height > PIXELS:
                raise FetchFault("The picture has more pixels than any cover needs.", where=address)
            picture.draft("RGB", (WIDEST * 2, HIGHEST * 2))
            plain = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FetchFault("What is there is no picture that can be read.", where=address) from None
    if min(plain.size) < SMALLEST:
        raise FetchFault("There is no cover, only a stand-in for one.", where=address)
    plain.thumbnail((WIDEST, HIGHEST))
    page = Image.new("RGB", plain.size, "white")
    page.paste(plain, mask=plain.getchannel("A"))
    kept = io.BytesIO()
    page.save(kept, "JPEG", quality=82, optimize=True)
    return Cover(jpeg=kept.getvalue(), width=page.width, height=page.height)


def missing(picked: Iterable[Book], settings: BooksSettings, now: datetime) -> Iterator[Book]:
    """The books among those picked whose cover is not there, and was not asked for in vain lately; each once."""
    if settings.covers is None:
        return
    for name, book in {book.cover_file: book for book in picked}.items():
        if name and not (settings.covers / name).exists() and not _asked_lately(_note(name, settings), now):
            yield book


def keep(book: Book, settings: BooksSettings, fetch: Fetch, now: datetime) -> None:
    """Put a book's cover where the site has it, or a note of why there is none."""
    name = book.cover_file
    if name is None or settings.covers is None:
        return
    try:
        files.write(settings.covers / name, fetched(book, fetch).jpeg)
        _note(name, settings).unlink(missing_ok=True)
    except FetchFault as fault:
        files.write(_note(name, settings), f"{now.isoformat()}\n{fault}\n".encode())


def _note(name: str, settings: BooksSettings) -> Path:
    return settings.notes / f"{name.removesuffix('.jpg')}.txt"


def _asked_lately(note: Path, now: datetime) -> bool:
    try:
        asked = datetime.fromisoformat(note.read_text("utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return False
    return now - asked < AGAIN
