"""Which books of the shelf fit a post: by what both are about, and by what the post tells of; silent when none does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache

import msgspec

from pipeline.books import passages, themes
from pipeline.books.shelf import Shelf
from pipeline.books.themes import Evidence, Lexicon, Theme
from pipeline.model import Article, Book

LEAST = 0.18
"""A book whose themes agree less than this (0 to 1) with the post's does not fit."""
LATER = 0.8
"""Each theme that the author names after the first counts this much of the one before it."""
FROM_WORDS = 0.6
"""A theme read from a book's title and description counts up to this much of one that the author gave it."""
PLAINLY = 4.0
"""The evidence at which a theme in a book's description counts in full."""
FOREMOST = 3
"""So many of a post's themes choose its books; what else it touches does not."""
BEST = 100
"""So many books are ranked for a post."""
BORROWED = 0.9
"""A book of the starter shelf counts this much of one of the author's own."""
OUT_OF_SEASON = 0.6
"""A book about winter, in a summer post that does not speak of winter, counts this much."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """How well a book goes with a post: `score` from 0 to 1, by which words of the post and which themes' labels.

    `fits` tells whether it may be suggested; `unfit` says in words why not.
    """

    book: Book
    score: float
    matched: tuple[str, ...]
    themes: tuple[str, ...]
    unfit: str | None = None

    @property
    def fits(self) -> bool:
        """Whether it may be suggested."""
        return self.unfit is None


class _Index(msgspec.Struct, frozen=True, kw_only=True):
    """A shelf made ready: each book's themes with weights of length one, and where its words and themes stand."""

    lexicon: Lexicon
    profiles: tuple[Mapping[str, float], ...]
    words: passages.Index
    firsts: tuple[Theme | None, ...]
    members: Mapping[str, tuple[tuple[int, float], ...]]


class _Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a post is about: its foremost themes with their weights, and the ids of those that it truly speaks of."""

    hints: Mapping[str, tuple[float, Evidence]]
    meant: frozenset[str]


def matches(article: Article, shelf: Shelf, ages: tuple[int, int], day: date | None = None) -> Iterator[Match]:
    """The books that fit, best first; none when the post speaks of nothing that a book on the shelf is about."""
    return (match for match in ranked(article, shelf, ages, day) if match.fits)


def ranked(article: Article, shelf: Shelf, ages: tuple[int, int], day: date | None = None) -> Iterator[Match]:
    """The BEST books that share most with a post, best first, those that do not fit with the reason.

    Each is made when it is asked for. `ages` are inclusive years. `day` is when the post is from, or goes out: themes
    have seasons. The vocabulary is English: a post in another language has no matches.
    """
    if not english(article.language):
        return
    index = _index(shelf)
    heard = _Heard(
        hints=_foremost(themes.hints(article, index.lexicon, day)),
        meant=frozenset(each.theme.id for each in themes.spoken_of(article, index.lexicon, day)),
    )
    told = passages.told_of(article, index.words)
    scores = {at: found.weight for at, found in told.items()}
    for name, (weight, _) in heard.hints.items():
        for at, share in index.members.get(name, ()):
            scores[at] = scores.get(at, 0.0) + weight * share
    standing = ((_standing(shelf.books[at], index.firsts[at], heard, day) * _score(scores[at]), at) for at in scores)
    for score, at in sorted(standing, key=lambda pair: (-pair[0], shelf.books[pair[1]].title))[:BEST]:
        words = passages.words(told[at], at, index.words) if at in told else ()
        yield _match(shelf.books[at], score, index.profiles[at], words, heard, ages)


def _score(worth: float) -> float:
    return 1 - math.exp(-worth)


def english(language: str | None) -> bool:
    """Whether a BCP 47 tag is English; an unknown language is taken for English."""
    return language is None or language.lower().replace("_", "-").split("-")[0] in ("en", "", "und")


def lexicon_of(shelf: Shelf) -> Lexicon:
    """The vocabulary with the themes of the author's own that her books name."""
    return _index(shelf).lexicon


def _foremost(hints: Sequence[Evidence]) -> Mapping[str, tuple[float, Evidence]]:
    """The strongest themes with weights of length one; what is half as strong counts a quarter."""
    chosen = hints[:FOREMOST]
    weights = [(each.weight / chosen[0].weight) ** 2 for each in chosen]
    length = math.hypot(*weights) or 1.0
    return {each.theme.id: (weight / length, each) for each, weight in zip(chosen, weights, strict=True)}


def _match(
    book: Book,
    score: float,
    profile: Mapping[str, float],
    told: Sequence[str],
    heard: _Heard,
    ages: tuple[int, int],
) -> Match:
    shares = [(weight * profile[name], each) for name, (weight, each) in heard.hints.items() if name in profile]
    telling = [each for _, each in sorted(shares, key=lambda pair: -pair[0])]
    said = [word for each in telling for word in each.words[:3]] + [*told]
    return Match(
        book=book,
        score=round(score, 4),
        matched=tuple(dict.fromkeys(said))[:8],
        themes=tuple(each.theme.label for each in telling),
        unfit=_unfit(book, sum(share for share, _ in shares), {each.theme.id for each in telling}, heard, ages),
    )


def _unfit(book: Book, agreement: float, shared: set[str], heard: _Heard, ages: tuple[int, int]) -> str | None:
    if book.never:
        return "you marked it never"
    if book.ages and (book.ages[0] > ages[1] or ages[0] > book.ages[1]):
        return f"it is for ages {book.ages[0]} to {book.ages[1]}"
    if not heard.meant:
        return "the post speaks plainly of nothing that books here are about"
    if agreement < LEAST or not shared & heard.meant:
        return "its themes are hardly those of the post"
    return None


def _standing(book: Book, first: Theme | None, heard: _Heard, day: date | None) -> float:
    """Below 1 for a book that is not the author's own, or whose season it is not."""
    late = first and first.seasonal and themes.in_season(first, day) is False and first.id not in heard.meant
    return (BORROWED if book.starter else 1.0) * (OUT_OF_SEASON if late else 1.0)


@lru_cache(maxsize=4)
def _index(shelf: Shelf) -> _Index:
    """Made once for a shelf: about a fifth of a second for a thousand books."""
    named = [[shelf.vocabulary.called(name) for name in book.themes] for book in shelf.books]
    every = {theme.id: theme for found in named for theme in found} | dict(shelf.vocabulary.themes)
    lexicon = themes.lexicon(every.values())
    described = [
        (f"{book.title} {_prose(book)}", " ".join(_names(given)))
        for book, given in zip(shelf.books, named, strict=True)
    ]
    profiles = tuple(_profile(book, given, lexicon) for book, given in zip(shelf.books, named, strict=True))
    members: dict[str, list[tuple[int, float]]] = {}
    for at, profile in enumerate(profiles):
        for name, share in profile.items():
            members.setdefault(name, []).append((at, share))
    return _Index(
        lexicon=lexicon,
        profiles=profiles,
        words=passages.index(described),
        firsts=tuple(next(iter(given), None) for given in named),
        members={name: tuple(found) for name, found in members.items()},
    )


def _names(given: Iterable[Theme]) -> Iterable[str]:
    for theme in given:
        yield from (theme.id.removeprefix("own:").replace("-", " "), theme.label, *theme.also)


def _profile(book: Book, given: Iterable[Theme], lexicon: Lexicon) -> Mapping[str, float]:
    said = themes.evidence(((book.title, 2.0), (_prose(book), 1.0)), lexicon)
    profile = {theme.id: LATER**at for at, theme in reversed(list(enumerate(given)))}
    for each in said:
        read = FROM_WORDS * min(each.weight, PLAINLY) / PLAINLY
        profile[each.theme.id] = profile.get(each.theme.id, 0.0) + read
    length = math.hypot(*profile.values()) or 1.0
    return {name: weight / length for name, weight in profile.items()}


def _prose(book: Book) -> str:
    return " . ".join(text for text in (book.description, book.note) if text)
