"""Which books of the shelf fit a post by what both are about; explainable, and silent when nothing fits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.books import themes
from pipeline.books.shelf import Shelf
from pipeline.books.themes import Evidence, Lexicon, Theme
from pipeline.model import Article, Book

LEAST = 0.18
"""A book whose themes agree less than this (0 to 1) with the post's is not suggested."""
FROM_WORDS = 0.3
"""A theme read from a book's description counts this much of one that the author gave it."""
LATER = 0.65
"""Each theme that the author names after the first counts this much of the one before it."""
RARE = 0.15
"""Words on more than this share of the shelf say nothing about a single book."""
ECHO = 0.5
"""The part of the score that shared rare words can add."""
LOUD = 6.0
"""Shared rare words of this weight (see `_rare_words`) add half of that part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A book that fits a post: how well (0 to 1), by which words of the post, and the labels of the themes shared."""

    book: Book
    score: float
    matched: tuple[str, ...]
    themes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Index:
    """A shelf made ready: each book's themes with weights of length one, and where its rare words stand."""

    lexicon: Lexicon
    profiles: tuple[Mapping[str, float], ...]
    echoes: Mapping[str, tuple[tuple[int, float], ...]]


def matches(article: Article, shelf: Shelf, ages: tuple[int, int]) -> tuple[Match, ...]:
    """The books that fit, best first; none when the post speaks of nothing that a book on the shelf is about.

    `ages` are inclusive years; a book for others only is left out, and so is one marked never. The vocabulary is
    English: a post in another language has no matches.
    """
    if not english(article.language):
        return ()
    index = _index(shelf)
    spoken = themes.spoken_of(article, index.lexicon)
    if not spoken:
        return ()
    echoes = _echoes(article, index)
    found = (
        _match(book, profile, spoken, echoes.get(at, 0.0))
        for at, (book, profile) in enumerate(zip(shelf.books, index.profiles, strict=True))
        if not book.never and _suits(book, ages)
    )
    return tuple(sorted((match for match in found if match), key=lambda match: (-match.score, match.book.key)))


def english(language: str | None) -> bool:
    """Whether a BCP 47 tag is English; an unknown language is taken for English."""
    return language is None or language.lower().replace("_", "-").split("-")[0] in ("en", "", "und")


def lexicon_of(shelf: Shelf) -> Lexicon:
    """The vocabulary with the themes of the author's own that her books name."""
    return _index(shelf).lexicon


def _suits(book: Book, ages: tuple[int, int]) -> bool:
    return book.ages is None or (book.ages[0] <= ages[1] and ages[0] <= book.ages[1])


def _match(book: Book, profile: Mapping[str, float], spoken: Sequence[Evidence], echo: float) -> Match | None:
    length = math.hypot(*(each.weight for each in spoken))
    shares = [(each.weight / length * profile[each.theme.id], each) for each in spoken if each.theme.id in profile]
    agreement = sum(share for share, _ in shares)
    if agreement < LEAST:
        return None
    telling = [each for _, each in sorted(shares, key=lambda pair: -pair[0])][:3]
    return Match(
        book=book,
        score=round((1 - ECHO) * agreement + ECHO * echo, 4),
        matched=tuple(dict.fromkeys(word for each in telling for word in each.words[:3])),
        themes=tuple(each.theme.label for each in telling),
    )


@lru_cache(maxsize=4)
def _index(shelf: Shelf) -> _Index:
    """Made once for a shelf: about a tenth of a second for a thousand books."""
    named = [[themes.called(name) for name in book.themes] for book in shelf.books]
    every = {theme.id: theme for found in named for theme in found} | dict(themes.vocabulary())
    lexicon = themes.lexicon(every.values())
    return _Index(
        lexicon,
        tuple(_profile(book, given, lexicon) for book, given in zip(shelf.books, named, strict=True)),
        _rare_words(shelf.books),
    )


def _profile(book: Book, given: Iterable[Theme], lexicon: Lexicon) -> Mapping[str, float]:
    said = themes.evidence(((book.title, 1.0), (_prose(book), 1.0)), lexicon)
    read = {each.theme.id: FROM_WORDS * min(1.0, each.weight) for each in said if each.weight >= themes.STRONG}
    profile = read | {theme.id: LATER**at for at, theme in enumerate(given)}
    length = math.hypot(*profile.values()) or 1.0
    return {name: weight / length for name, weight in profile.items()}


def _prose(book: Book) -> str:
    return " . ".join(text for text in (book.description, book.note) if text)


def _rare_words(books: Sequence[Book]) -> Mapping[str, tuple[tuple[int, float], ...]]:
    """Where each rare word stands, weighted by its rarity and by the number of words it stands among (TF-IDF)."""
    bags = [set(themes.stems(f"{book.title} {_prose(book)}")) for book in books]
    spread = Counter(word for bag in bags for word in bag)
    most = max(2, int(RARE * len(books)))
    rarity = {
        word: math.log(1 + len(books) / count)
        for word, count in spread.items()
        if count <= most and len(word) > 2 and word not in _COMMON
    }
    places: dict[str, list[tuple[int, float]]] = {}
    for at, bag in enumerate(bags):
        rare = {word: rarity[word] for word in bag if word in rarity}
        length = math.hypot(*rare.values()) or 1.0
        for word, weight in rare.items():
            places.setdefault(word, []).append((at, weight * weight / length))
    return {word: tuple(found) for word, found in places.items()}


def _echoes(article: Article, index: _Index) -> dict[int, float]:
    """How much each book shares rare words with the post, from 0 towards 1."""
    shared: dict[int, float] = {}
    for word in set(themes.stems(f"{article.title} {article.text}")):
        for at, weight in index.echoes.get(word, ()):
            shared[at] = shared.get(at, 0.0) + weight
    return {at: weight / (weight + LOUD) for at, weight in shared.items()}


_COMMON = frozenset(
    themes.stems(
        "about after again all also and any are back because been before being best book both but can come could day "
        "did does each even every few find first for from get give goes good had has have her here him his how into "
        "its just know let like little live long look made make many more most much must near need never new not now "
        "off old once one only other our out over own picture read really right same says see shows she small some "
        "still story such take tell than that the their them then there these they thing this those three through "
        "time too turn two under until upon use very wants was way well were what when where which while who whose "
        "why will with without work would year you young your author children child kid parent reader page way tale"
    )
)
