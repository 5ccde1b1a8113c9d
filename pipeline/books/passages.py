"""Which books the sentences of a post tell of: BM25 sentence by sentence, over titles, descriptions and themes.

A sentence that retells a book shares several rare words with its description; words strewn over a long post mean
little. So each sentence is a question of its own, and its answer counts by its cube.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from pipeline.books import themes
from pipeline.model import Article

SATURATION, LENGTH = 1.2, 0.4
"""BM25's k1 and b (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009)."""
A_THEME = 0.5
"""A word of a theme's names counts this much of a word of the description."""
RETOLD = 2.5
"""A sentence retells a book when its BM25 is this many times the worth of a word that only one book has."""

WORTH_TELLING, WORTH_COUNTING = 0.18, 0.01
"""What a post tells of a book is named from the first on, and counts from the second on."""

_END = re.compile(r"(?<=[.!?;:…])\s+|\n+")


class Index(msgspec.Struct, frozen=True):
    """Where each stem stands: by a book's place on the shelf, the stem's worth there."""

    places: Mapping[str, Mapping[int, float]]
    retold: float


Said = Sequence[tuple[str, str]]
"""The telling words of a sentence, each with its stem."""


class Told(msgspec.Struct, frozen=True):
    """How plainly a post tells of a book (0 upwards; 1 is one sentence that retells it), and where most plainly."""

    weight: float
    said: Said


def index(described: Sequence[tuple[str, str]]) -> Index:
    """An index of books, each by its own words and the names of its themes."""
    bags = [_bag(own, names) for own, names in described]
    spread = Counter(stem for bag in bags for stem in bag)
    usual = sum(sum(bag.values()) for bag in bags) / max(len(bags), 1) or 1.0
    places: dict[str, dict[int, float]] = {}
    for at, bag in enumerate(bags):
        slack = SATURATION * (1 - LENGTH + LENGTH * sum(bag.values()) / usual)
        for stem, count in bag.items():
            rarity = math.log(1 + (len(bags) - spread[stem] + 0.5) / (spread[stem] + 0.5))
            places.setdefault(stem, {})[at] = rarity * count * (SATURATION + 1) / (count + slack)
    return Index(places, RETOLD * math.log(len(bags) + 2))


def _bag(own: str, names: str) -> dict[str, float]:
    bag: dict[str, float] = dict(Counter(stem for _, stem in _telling(own)))
    for _, stem in _telling(names):
        bag[stem] = bag.get(stem, 0.0) + A_THEME
    return bag


def told_of(article: Article, known: Index) -> dict[int, Told]:
    """The books that a post tells of, by their place on the shelf."""
    weights: dict[int, float] = defaultdict(float)
    most: dict[int, float] = defaultdict(float)
    best: dict[int, Said] = {}
    for said in map(_telling, _sentences(article)):
        for at, worth in _answers(said, known).items():
            weights[at] += worth * worth * worth
            if worth > most[at]:
                most[at], best[at] = worth, said
    one = known.retold**3
    return {at: Told(weight / one, best[at]) for at, weight in weights.items() if weight > WORTH_COUNTING * one}


def words(told: Told, at: int, known: Index) -> tuple[str, ...]:
    """The words by which a post tells of the book at a place on the shelf, the rarest first; few tell of it at all."""
    if told.weight <= WORTH_TELLING:
        return ()
    found: dict[str, float] = {}
    for word, stem in told.said:
        worth = known.places.get(stem, {}).get(at)
        if worth:
            found.setdefault(word, worth)
    return tuple(sorted(found, key=lambda word: -found[word])[:4])


def _sentences(article: Article) -> Iterator[str]:
    yield article.title
    yield from filter(str.strip, _END.split(article.text))


def _answers(said: Said, known: Index) -> dict[int, float]:
    answers: dict[int, float] = defaultdict(float)
    for _, stem in said:
        for at, worth in known.places.get(stem, {}).items():
            answers[at] += worth
    return answers


def _telling(text: str) -> Said:
    return [(word, stem) for word in themes.words(text) if _tells(stem := themes.stem(word))]


def _tells(stem: str) -> bool:
    return len(stem) > 2 and stem not in _COMMON


_COMMON = frozenset(
    themes.stems(
        "about after again all also and any are back because been before being best book both but can come could day "
        "did does each even every few find first for from get give had has have her here him his how into its just "
        "know let like little live long look made make many more most much must near need never new not now off old "
        "once one only other our out over own picture read really right same say see she show small some still such "
        "take tell than that the their them then there these they thing this those three through time too turn two "
        "under until upon use very want was way well were what when where which while who whose why will with without "
        "work would year you young your author child children kid parent reader page tale story story stories list "
        "post blog blogger writer write writing written library librarian series pick title week month age grade "
        "suggest recommend teacher therapist counselor counsellor mother article"
    )
)
