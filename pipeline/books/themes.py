"""What a text is about: the curated vocabulary of themes.toml, and the words by which a post shows a theme.

The vocabulary is English. Every result names the words that led to it, so that a reader can be told why.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import msgspec
from msgspec.structs import replace

from pipeline.model import Article

Season = tuple[tuple[int, int], tuple[int, int]]

STRONG, WEAK, AGAINST = 1.0, 0.35, 0.0
TITLE = 3.0
"""A word in the title or among the tags counts as much as this many in the text."""
ENOUGH = 1.3
"""The evidence that a theme needs in a short text; longer ones need more (see `_needed`)."""
MOST = 7
"""A phrase said more often than this counts no more."""
IN_SEASON = 1.25
"""What a hint of starting school weighs in August."""
LISTS = ("strong", "weak", "against", "also")
SHORT = 120
"""Words up to which a text is short."""


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """One subject: its plain `label`, and phrases that speak for it (`strong`, `weak`) or only seem to (`against`).

    `also` are other names for it; a `practical` theme counts against all others. In its `season`, from one (month,
    day) to another, a hint of it weighs more; books on a `seasonal` one are out of place at other times.
    """

    id: str
    label: str
    strong: tuple[str, ...]
    weak: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    practical: bool = False
    season: Season | None = None
    seasonal: bool = False


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The themes by their id, and the id that each of their names stands for."""

    themes: Mapping[str, Theme]
    names: Mapping[str, str]

    def called(self, name: str) -> Theme:
        """The theme that an author's word names ("worries"); a word of her own is a theme of its own."""
        known = self.names.get(_name(name))
        return (
            self.themes[known] if known else Theme(id=f"own:{_name(name)}", label=name.strip().lower(), strong=(name,))
        )


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """How much a text speaks of a theme (`weight`, 0 upwards) and the words that show it, the most telling first.

    `plain` tells whether one of them is strong.
    """

    theme: Theme
    weight: float
    plain: bool
    words: tuple[str, ...]


class _Phrase(msgspec.Struct, frozen=True):
    stems: tuple[str, ...]
    theme: Theme
    weight: float


class Lexicon(msgspec.Struct, frozen=True, eq=False):
    """Phrases by their first stem, longest first."""

    phrases: Mapping[str, tuple[_Phrase, ...]]


@cache
def built_in() -> Vocabulary:
    """The themes of themes.toml."""
    raw = tomllib.loads(resources.files("pipeline.books").joinpath("themes.toml").read_text("utf-8"))
    return _vocabulary({name: _theme(name, table) for name, table in raw.items()})


def extended(own: Mapping[str, Mapping[str, str]]) -> Vocabulary:
    """The built-in themes with the author's: words are added to a theme that exists, a new name is a new theme."""
    known = dict(built_in().themes)
    for name, table in own.items():
        added = _theme(name, {"label": name.replace("-", " "), "strong": name.replace("-", " ")} | dict(table))
        known[name] = _joined(known[name], added, table) if name in known else added
    return _vocabulary(known)


def _joined(theme: Theme, added: Theme, table: Mapping[str, str]) -> Theme:
    """What the author adds to a theme; an `against` of hers takes a built-in word away, and her label wins."""
    refused = set(added.against)
    strong = (*theme.strong, *(added.strong if "strong" in table else ()))
    return replace(
        theme,
        label=table.get("label", theme.label),
        strong=tuple(each for each in strong if each not in refused),
        weak=tuple(each for each in (*theme.weak, *added.weak) if each not in refused),
        against=(*theme.against, *added.against),
        also=(*theme.also, *added.also),
        season=added.season or theme.season,
    )


def _vocabulary(known: Mapping[str, Theme]) -> Vocabulary:
    spoken = {_name(name): theme.id for theme in known.values() for name in (*theme.also, theme.label)}
    return Vocabulary(themes=known, names=spoken | {_name(name): name for name in known})


def _theme(name: str, table: Mapping[str, Any]) -> Theme:
    lists = {key: _phrases(table.get(key, "")) for key in LISTS}
    season = re.fullmatch(r"(\d\d)-(\d\d) to (\d\d)-(\d\d)", table.get("season", ""))
    days = tuple(map(int, season.groups())) if season else ()
    return Theme(
        id=name,
        label=table["label"],
        practical=table.get("practical", False),
        seasonal=table.get("seasonal", False),
        season=((days[0], days[1]), (days[2], days[3])) if season else None,
        **lists,
    )


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase for part in text.split(",") if (phrase := part.strip()))


def in_season(theme: Theme, day: date | None) -> bool | None:
    """Whether a day lies in a theme's season, which may go over the new year; None for a theme without one."""
    if theme.season is None or day is None:
        return None
    first, last = theme.season
    today = (day.month, day.day)
    return first <= today <= last if first <= last else today >= first or today <= last


def _name(text: str) -> str:
    return " ".join(stems(text))


def stems(text: str) -> list[str]:
    """The words of a text without their English endings, in order."""
    return [stem(word) for word in words(text)]


def words(text: str) -> list[str]:
    """The words of a text in small letters; digits and marks are left out, hyphens divide."""
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.replace("\u2019", "'").lower())


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A word without plural and verb endings: worry, worries, worried and worrying become one."""
    word = word.removesuffix("'s").removesuffix("'")
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 2 and re.search("[aeiouy]", word[: -len(ending)]):
            word = re.sub(r"([bdgmnprt])\1$", r"\1", word[: -len(ending)])
            break
    if len(word) > 3 and word.endswith("e"):
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 2 and word.endswith("y") else word


def lexicon(themes: Iterable[Theme]) -> Lexicon:
    """An index of every phrase of `themes`, made once and read by `evidence`."""
    index: dict[str, list[_Phrase]] = {}
    for theme in themes:
        for listed, weight in ((theme.weak, WEAK), (theme.strong, STRONG), (theme.against, AGAINST)):
            for text in listed:
                if phrase := tuple(stems(text)):
                    index.setdefault(phrase[0], []).append(_Phrase(phrase, theme, weight))
    order = {STRONG: 1, WEAK: 2, AGAINST: 0}
    return Lexicon(
        {
            first: tuple(sorted(found, key=lambda phrase: (-len(phrase.stems), order[phrase.weight])))
            for first, found in index.items()
        }
    )


def spoken_of(article: Article, index: Lexicon, day: date | None = None) -> tuple[Evidence, ...]:
    """The themes that a post truly speaks of, the strongest first; none when it is about practical matters.

    Weak hints alone are never enough, nor is one strong word in the text, and a long text needs more than a short one.
    """
    enough = [
        each for each in _read(article, index, day) if each.weight >= _needed(article.text) and not _mere_hint(each)
    ]
    return () if enough and enough[0].theme.practical else tuple(each for each in enough if not each.theme.practical)


def hints(article: Article, index: Lexicon, day: date | None = None) -> tuple[Evidence, ...]:
    """All that a post may be speaking of, the strongest first, however little speaks for it."""
    return tuple(each for each in _read(article, index, day) if not each.theme.practical)


@lru_cache(maxsize=8)
def _heard(title: str, tags: tuple[str, ...], text: str, index: Lexicon) -> tuple[Evidence, ...]:
    heading = " . ".join((title, *tags))
    return tuple(evidence(((heading, TITLE), (text, 1.0)), index))


def forget() -> None:
    """Read the next post anew even if it is the last one's text: for measuring."""
    _heard.cache_clear()


def _read(article: Article, index: Lexicon, day: date | None) -> list[Evidence]:
    found = [
        replace(each, weight=each.weight * IN_SEASON) if in_season(each.theme, day) else each
        for each in _heard(article.title, article.tags, article.text, index)
    ]
    return sorted(found, key=lambda each: (-each.weight, each.theme.id))


def _needed(text: str) -> float:
    length = text.count(" ") + 1
    return ENOUGH * max(1.0, math.log2(1 + length / SHORT))


def _mere_hint(found: Evidence) -> bool:
    return not found.plain or (len(found.words) < 2 and found.weight < TITLE * STRONG)


def evidence(texts: Iterable[tuple[str, float]], index: Lexicon) -> list[Evidence]:
    """What speaks for each theme in `texts`, (text, factor) pairs, the strongest first; repeats count ever less."""
    said: dict[str, dict[str, float]] = {}
    themes: dict[str, Theme] = {}
    plain: set[str] = set()
    for text, factor in texts:
        for phrase, first, count in _counted(_hits(words(text), index)):
            name = phrase.theme.id
            themes[name] = phrase.theme
            worth = said.setdefault(name, {})
            worth[first] = worth.get(first, 0.0) + factor * phrase.weight * math.log2(1 + min(count, MOST))
            plain |= {name} if phrase.weight >= STRONG else set()
    found = [
        Evidence(theme=themes[name], weight=sum(worth.values()), plain=name in plain, words=_telling(worth))
        for name, worth in said.items()
    ]
    return sorted(found, key=lambda each: (-each.weight, each.theme.id))


def _telling(worth: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(sorted(worth, key=lambda word: (-worth[word], word)))


def _counted(hits: Iterable[tuple[_Phrase, str]]) -> Iterator[tuple[_Phrase, str, int]]:
    """Each phrase once, whatever its endings, as first said, and how often."""
    counts: dict[int, tuple[_Phrase, str, int]] = {}
    for phrase, said in hits:
        _, first, count = counts.get(id(phrase), (phrase, said, 0))
        counts[id(phrase)] = (phrase, first, count + 1)
    yield from counts.values()


def _hits(text: Sequence[str], index: Lexicon) -> Iterator[tuple[_Phrase, str]]:
    """Each phrase found, with the words that said it; a theme's phrases don't overlap, the longest wins."""
    stemmed = [stem(word) for word in text]
    covered: dict[str, int] = {}
    for at, first in enumerate(stemmed):
        for phrase in index.phrases.get(first, ()):
            end = at + len(phrase.stems)
            if covered.get(phrase.theme.id, 0) > at or tuple(stemmed[at:end]) != phrase.stems:
                continue
            covered[phrase.theme.id] = end
            if phrase.weight:
                yield phrase, " ".join(text[at:end])
