"""Which books the sentences of a post tell of: BM25 sentence by sentence, over titles, descriptions and themes.

A sentence that retells a book shares several rare words with its description; words strewn over a long post mean
little. So each sentence is a question of its own, and its answer counts by its cube.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Index:
    """Where each stem stands: by a book's place on the shelf, the stem's worth there."""

    places: Mapping[str, Mapping[int, float]]
    retold: float


@dataclass(frozen=True, slots=True)
class Told:
    """How plainly a post tells of a book (0 upwards; 1 is one sentence that retells it), by which words."""

    weight: float
    words: tuple[str, ...]


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
    bag: dict[str, float] = dict(Counter(_telling(own)))
    for stem in _telling(names):
        bag[stem] = bag.get(stem, 0.0) + A_THEME
    return bag


def told_of(article: Article, known: Index) -> dict[int, Told]:
    """The books that a post tells of, by their place on the shelf."""
    weights: dict[int, float] = {}
    best: dict[int, tuple[float, str]] = {}
    for sentence in _sentences(article):
        for at, worth in _answers(sentence, known).items():
            gain = (worth / known.retold) ** 3
            weights[at] = weights.get(at, 0.0) + gain
            if gain > best.get(at, (0.0, ""))[0]:
                best[at] = (gain, sentence)
    return {
        at: Told(weight, _shared(best[at][1], at, known) if weight > WORTH_TELLING else ())
        for at, weight in weights.items()
        if weight > WORTH_COUNTING
    }


def _sentences(article: Article) -> Iterator[str]:
    yield article.title
    yield from filter(str.strip, _END.split(article.text))


def _answers(sentence: str, known: Index) -> dict[int, float]:
    answers: dict[int, float] = {}
    for stem, count in Counter(_telling(sentence)).items():
        for at, worth in known.places.get(stem, {}).items():
            answers[at] = answers.get(at, 0.0) + count * worth
    return answers


def _shared(sentence: str, at: int, known: Index) -> tuple[str, ...]:
    """The words of a sentence that a book shares, the rarest first."""
    found: dict[str, float] = {}
    for word in themes.words(sentence):
        stem = themes.stem(word)
        worth = known.places.get(stem, {}).get(at)
        if worth and _tells(stem):
            found.setdefault(word, worth)
    return tuple(sorted(found, key=lambda word: -found[word])[:4])


def _telling(text: str) -> Iterable[str]:
    return filter(_tells, themes.stems(text))


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
