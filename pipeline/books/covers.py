"""Covers of books, fetched once and made small: the author's own picture, else Open Library's by ISBN.

What comes is a stranger's, so it is drawn anew (`pipeline.drawing`). A book without one gets its title on a coloured
card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline import drawing, files
from pipeline.config import BooksSettings
from pipeline.errors import FetchFault
from pipeline.model import Book, Fetch

WIDEST, HIGHEST = 240, 360
"""Pixels kept: covers are shown 72 wide, and screens have up to three pixels for one."""
SMALLEST = 40
"""Open Library's stand-in for a cover that it has not is one pixel."""
SOONEST, LATEST = timedelta(hours=1), timedelta(days=30)
"""How long a cover that could not be had is left alone: ever longer, and at once the longest where there is none."""


def fetched(book: Book, fetch: Fetch) -> drawing.Drawing:
    """A book's cover, a JPEG. Raises FetchFault when there is none, or when what comes is no picture of a cover."""
    address = book.cover or f"https://covers.openlibrary.org/b/isbn/{book.isbn}-L.jpg?default=false"
    made = drawing.drawn(fetch(address).body, [(WIDEST, HIGHEST)], where=address, flat=True)
    if min(made.width, made.height) < SMALLEST:
        raise FetchFault("There is no cover, only a stand-in for one.", where=address)
    return made.drawings[-1]


def missing(picked: Iterable[Book], settings: BooksSettings, now: datetime) -> Iterator[Book]:
    """The books among those picked whose cover is not there, and was not asked for in vain lately; each once."""
    if settings.covers is None:
        return
    for name, book in {book.cover_file: book for book in picked}.items():
        if (
            name
            and not (settings.covers / name).exists()
            and not now < _again(_note(name, settings))[0] <= now + LATEST
        ):
            yield book


def keep(book: Book, settings: BooksSettings, fetch: Fetch, now: datetime) -> None:
    """Put a book's cover where the site has it, or a note of why there is none."""
    name = book.cover_file
    if name is None or settings.covers is None:
        return
    try:
        files.write(settings.covers / name, fetched(book, fetch).content)
        _note(name, settings).unlink(missing_ok=True)
    except FetchFault as fault:
        note = _note(name, settings)
        pause = LATEST if fault.gone else min(max(SOONEST, 2 * _again(note)[1]), LATEST)
        files.write(note, f"{(now + pause).isoformat()}\n{pause.total_seconds():.0f}\n{fault}\n".encode())


def _note(name: str, settings: BooksSettings) -> Path:
    return settings.notes / f"{name.removesuffix('.jpg')}.txt"


def _again(note: Path) -> tuple[datetime, timedelta]:
    """When a cover may be asked for, and how long it was left alone since it was asked for last."""
    try:
        time, pause = note.read_text("utf-8").split("\n")[:2]
        return datetime.fromisoformat(time), timedelta(seconds=int(pause))
    except (OSError, ValueError):
        return datetime.min.replace(tzinfo=UTC), timedelta(0)
