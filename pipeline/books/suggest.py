"""The books for one post: those it names, those kept for posts like it, those that fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

from pipeline import looks
from pipeline.books import themes
from pipeline.books.links import links
from pipeline.books.match import Match, english, lexicon_of, matches, ranked
from pipeline.books.mentions import Mention, found_in
from pipeline.books.shelf import Shelf
from pipeline.books.themes import Vocabulary
from pipeline.config import BooksSettings
from pipeline.model import Article, Book, Origin, Pick

CHOICE = 3
"""So many times `per_post` fitting books are suggested: what an issue has room for is decided later."""


def suggest(article: Article, shelf: Shelf, settings: BooksSettings, most: int | None = None) -> tuple[Pick, ...]:
    """Every book that goes with the post, none twice: mentioned in its order, then pinned, then matched, best first.

    A book that the post advises against is in none of them. Of those matched there are `most`, as a rule CHOICE times
    what a post may have.
    """
    named = found_in(article, shelf)
    speaks = english(article.language or settings.language)
    fitting = matches(article, shelf, settings.ages, _day(article)) if speaks else ()
    picks = _once(
        chain(
            (_mentioned(mention, settings) for mention in named.mentions),
            _pinned(article, shelf, settings, speaks=speaks),
            (_matched(match, settings) for match in fitting),
        ),
        refused=named.refused,
    )
    kept = list[Pick]()
    room = most or CHOICE * settings.per_post
    for pick in picks:  # the matched ones come last, and are made only while there is room
        room -= pick.origin == "matched"
        if room < 0:
            break
        kept.append(pick)
    return tuple(kept)


def chosen(book: Book, settings: BooksSettings) -> Pick:
    """A book that the author herself puts with a post, whatever speaks for or against it."""
    return _pick(book, "pinned", 1.0, _words(settings)["chosen"], (), settings)


def others(article: Article, shelf: Shelf, settings: BooksSettings) -> tuple[Match, ...]:
    """The books that come near and are not suggested, best first, each with the reason."""
    if not english(article.language or settings.language):
        return ()
    return tuple(match for match in ranked(article, shelf, settings.ages, _day(article)) if not match.fits)


def _day(article: Article) -> date | None:
    return article.published.date() if article.published else None


def _once(picks: Iterable[Pick], *, refused: frozenset[str]) -> Iterator[Pick]:
    seen = set(refused)
    for pick in picks:
        names = {pick.book.key, *filter(None, [pick.book.isbn])}
        if not names & seen:
            yield pick
        seen |= names


def _mentioned(mention: Mention, settings: BooksSettings) -> Pick:
    reason = _words(settings)["recommended" if mention.linked else "mentioned"]
    return _pick(mention.book, "mentioned", 1.0, reason, (mention.said,), settings)


def _pinned(article: Article, shelf: Shelf, settings: BooksSettings, *, speaks: bool) -> Iterator[Pick]:
    """Books kept for posts like this one, whatever their ages."""
    kept = [book for book in shelf.books if book.pinned_for and not book.never]
    if not kept:
        return
    spoken = themes.spoken_of(article, lexicon_of(shelf), _day(article)) if speaks else ()
    present = {each.theme.id for each in spoken}
    said = f" {' '.join(themes.stems(' . '.join((article.title, *article.tags, article.text))))} "
    for book in kept:
        about = next((word for word in book.pinned_for if _is_about(word, present, said, shelf.vocabulary)), None)
        if about is not None:
            reason = _words(settings)["kept_for"].format(about=shelf.vocabulary.called(about).label)
            yield _pick(book, "pinned", 1.0, reason, (about,), settings)


def _is_about(word: str, present: set[str], said: str, vocabulary: Vocabulary) -> bool:
    """Whether a post speaks of the theme that `word` names or, for a word that names none, says that word."""
    theme = vocabulary.called(word)
    if theme.id in vocabulary.themes and present:
        return theme.id in present
    return f" {' '.join(themes.stems(word))} " in said


def _matched(match: Match, settings: BooksSettings) -> Pick:
    words = _words(settings)
    one, *others = match.themes[:2] or ("",)
    about = words["both"].format(one=one, other=others[0]) if others else one
    reason = words["fits"].format(about=about)
    return _pick(match.book, "matched", match.score, reason, match.matched, settings)


def _words(settings: BooksSettings) -> dict[str, str]:
    return looks.words(settings.language, settings.templates)


def _pick(
    book: Book, origin: Origin, score: float, reason: str, matched: tuple[str, ...], settings: BooksSettings
) -> Pick:
    return Pick(
        book=book,
        origin=origin,
        score=score,
        reason=reason,
        matched=matched,
        links=links(book, settings.shops, settings.affiliate),
    )
