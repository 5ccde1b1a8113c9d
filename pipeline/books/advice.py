"""What would make a shelf better: themes nobody knows, themes with few books, covers that are gone."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import msgspec

from pipeline.books import covers
from pipeline.books.shelf import Shelf
from pipeline.errors import FetchFault
from pipeline.model import Fetch

FEW = 3
"""A theme with fewer books repeats itself before long."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A theme that has few books: its label, and their titles."""

    theme: str
    titles: tuple[str, ...]


def unknown_themes(shelf: Shelf) -> tuple[str, ...]:
    """Sentences about themes of the author's own words; they work, but by nothing except those words."""
    own = dict.fromkeys(name for book in shelf.books for name in book.themes if _is_own(name, shelf))
    return tuple(
        f"“{name}” is no theme that is known, so only that word matches it.{_near(name, shelf)}" for name in own
    )


def _is_own(name: str, shelf: Shelf) -> bool:
    return shelf.vocabulary.called(name).id.startswith("own:")


def _near(name: str, shelf: Shelf) -> str:
    labels = {
        label.lower(): theme.id for theme in shelf.vocabulary.themes.values() for label in (theme.id, theme.label)
    }
    close = difflib.get_close_matches(name.lower(), labels, n=1)
    return f" Did you mean {labels[close[0]]}?" if close else " Give it words of its own in sources/themes.toml."


def shopping_list(shelf: Shelf) -> tuple[Wanted, ...]:
    """The known themes with fewer than FEW books, the emptiest first."""
    found: dict[str, list[str]] = {theme.id: [] for theme in shelf.vocabulary.themes.values() if not theme.practical}
    for book in shelf.books:
        for name in () if book.never else book.themes:
            theme = shelf.vocabulary.called(name)
            if theme.id in found and book.title not in found[theme.id]:
                found[theme.id].append(book.title)
    few = ((name, titles) for name, titles in found.items() if len(titles) < FEW)
    return tuple(
        Wanted(theme=shelf.vocabulary.themes[name].label, titles=tuple(titles))
        for name, titles in sorted(few, key=lambda pair: len(pair[1]))
    )


def dead_covers(shelf: Shelf, fetch: Fetch) -> Iterator[str]:
    """A sentence for each cover of the author's that can't be had, as they are tried one after another."""
    for book in shelf.books:
        if book.cover is None:
            continue
        try:
            covers.fetched(book, fetch)
        except FetchFault as fault:
            yield f"The cover of {book.title} can't be had: {fault}"
