"""How well books are found for posts, beside a full-text search, TF-IDF and bare theme words, on the same posts.

    python -m tests.quality.books DIR [--by-theme] [--leave-out]

DIR holds catalogue.jsonl (books as facts), queries_dev.jsonl (posts with the books that their authors recommended, in a
thin and a full form of the text), pool_by_theme.json (books that any author recommended for a theme) and
mentions_dev.jsonl (ways in which posts name books). Ranking is measured by nDCG@10, MRR and poolP@4, with a bootstrap
of the difference to the best of the others; --leave-out tells what each of our two parts is worth alone.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sqlite3
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from pipeline.books import passages, themes
from pipeline.books.match import ranked
from pipeline.books.mentions import found_in
from pipeline.books.shelf import Shelf
from pipeline.model import Article, Book
from tests.books.articles import article

FORMS = {"thin": "text", "full": "text_with_hints"}
MEASURES = ("nDCG@10", "MRR", "poolP@4")
ALL_AGES = (0, 99)


@dataclass(frozen=True, slots=True)
class Case:
    """A post in both forms, the ids of its author's books, and those that anybody recommended on its subject."""

    theme: str
    posts: Mapping[str, Article]
    relevant: frozenset[str]
    pool: frozenset[str]


Ranker = Callable[[Article], Iterable[int]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.books", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--by-theme", action="store_true", help="the themes on which we do worst")
    parser.add_argument("--leave-out", action="store_true", help="what each part is worth alone")
    given = parser.parse_args()
    names, shelf = catalogue(given.folder)
    cases = queries(given.folder)
    rankers: dict[str, Ranker] = {
        "ours": lambda post: ours(post, shelf),
        "full-text search": lambda post: full_text(post, shelf),
        "TF-IDF": lambda post: tf_idf(post, shelf),
        "theme words": lambda post: theme_words(post, shelf),
    }
    if given.leave_out:
        rankers |= {"ours, themes only": lambda post: ours(without_telling(post), shelf)}
        rankers |= {"ours, passages only": lambda post: told(post, shelf)}
    compare(rankers, cases, names, by_theme=given.by_theme)
    time_of(cases, shelf)
    mentions(given.folder, shelf)


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def catalogue(folder: Path) -> tuple[list[str], Shelf]:
    """The books' ids, and the books as a shelf."""
    every = lines(folder / "catalogue.jsonl")
    return [one["id"] for one in every], Shelf(books=tuple(map(_book, every)), faults=(), sha="bench")


def _book(one: dict[str, Any]) -> Book:
    ages = (one["age_min"], one["age_max"])
    return Book(
        title=one["title"],
        author=one["author"],
        isbn=one.get("isbn13"),
        ages=None if None in ages else (int(ages[0]), int(ages[1])),
        themes=tuple(one["themes"]),
        description=one["description"],
    )


def queries(folder: Path) -> list[Case]:
    """The posts, with what is right for them."""
    pool = json.loads((folder / "pool_by_theme.json").read_text("utf-8"))
    return [
        Case(
            theme=one["themes"][0],
            posts={form: article(text=one[key], title=one["title"]) for form, key in FORMS.items()},
            relevant=frozenset(one["relevant"]),
            pool=frozenset(pool.get(one["themes"][0], ())) | frozenset(one["relevant"]),
        )
        for one in lines(folder / "queries_dev.jsonl")
        if one["relevant"]
    ]


# The rankers


def ours(post: Article, shelf: Shelf) -> list[int]:
    """The program's own ranking."""
    places = {id(book): at for at, book in enumerate(shelf.books)}
    return [places[id(match.book)] for match in ranked(post, shelf, ALL_AGES)]


def told(post: Article, shelf: Shelf) -> list[int]:
    """By what the post's sentences tell alone."""
    found = passages.told_of(post, _passages(shelf))
    return sorted(found, key=lambda at: -found[at].weight)


@cache
def _passages(shelf: Shelf) -> passages.Index:
    return passages.index([(f"{book.title} {book.description}", " ".join(book.themes)) for book in shelf.books])


def without_telling(post: Article) -> Article:
    """A post of theme words only, so that no sentence tells of a book."""
    lexicon = themes.lexicon(themes.built_in().themes.values())
    words = [word for each in themes.hints(post, lexicon) for word in each.words]
    return replace(post, text=" . ".join(words))


def full_text(post: Article, shelf: Shelf) -> list[int]:
    """SQLite's FTS5 with weighted columns."""
    words = sorted(set(re.findall(r"[a-z]{3,}", f"{post.title} {post.text}".lower())))
    asked = " OR ".join(f'"{word}"' for word in words)
    found = _fts(shelf).execute(
        "SELECT rowid FROM books WHERE books MATCH ? ORDER BY bm25(books, 3, 1, 2) LIMIT 20", (asked,)
    )
    return [row[0] for row in found]


@cache
def _fts(shelf: Shelf) -> sqlite3.Connection:
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE books USING fts5(title, description, themes, tokenize='porter')")
    rows = [(at, book.title, book.description, " ".join(book.themes)) for at, book in enumerate(shelf.books)]
    base.executemany("INSERT INTO books (rowid, title, description, themes) VALUES (?, ?, ?, ?)", rows)
    return base


def tf_idf(post: Article, shelf: Shelf) -> list[int]:
    """The cosine of TF-IDF vectors of stems."""
    vectors, rarity = _vectors(shelf)
    asked = Counter(stem for stem in themes.stems(f"{post.title} {post.text}") if stem in rarity)
    weights = {stem: count * rarity[stem] for stem, count in asked.items()}
    scores = [sum(weights.get(stem, 0.0) * worth for stem, worth in vector.items()) for vector in vectors]
    return sorted(range(len(scores)), key=lambda at: -scores[at])[:20]


@cache
def _vectors(shelf: Shelf) -> tuple[list[dict[str, float]], dict[str, float]]:
    bags = [Counter(themes.stems(f"{book.title} {book.description} {' '.join(book.themes)}")) for book in shelf.books]
    spread = Counter(stem for bag in bags for stem in bag)
    rarity = {stem: math.log(len(bags) / count) for stem, count in spread.items()}
    vectors = []
    for bag in bags:
        length = math.hypot(*(count * rarity[stem] for stem, count in bag.items())) or 1.0
        vectors.append({stem: count * rarity[stem] / length for stem, count in bag.items()})
    return vectors, rarity


def theme_words(post: Article, shelf: Shelf) -> list[int]:
    """The theme that most words speak for, then the books that name it first."""
    lexicon = themes.lexicon(themes.built_in().themes.values())
    spoken = {each.theme.id: each.weight for each in themes.hints(post, lexicon)[:3]}
    named = [[themes.built_in().called(name).id for name in book.themes] for book in shelf.books]
    scores = [sum(spoken.get(name, 0.0) * 0.5**at for at, name in reversed(list(enumerate(found)))) for found in named]
    return sorted(range(len(scores)), key=lambda at: -scores[at])[:20]


# The measures


def score(found: Sequence[str], case: Case) -> dict[str, float]:
    """nDCG@10 and MRR by the author's own books, poolP@4 by anybody's."""
    gains = [one in case.relevant for one in found[:10]]
    best = sum(1 / math.log2(at + 2) for at in range(min(10, len(case.relevant))))
    return {
        "nDCG@10": sum(hit / math.log2(at + 2) for at, hit in enumerate(gains)) / best,
        "MRR": next((1 / (at + 1) for at, one in enumerate(found) if one in case.relevant), 0.0),
        "poolP@4": sum(one in case.pool for one in found[:4]) / 4,
    }


def compare(rankers: Mapping[str, Ranker], cases: Sequence[Case], names: Sequence[str], *, by_theme: bool) -> None:
    """Print a table for each form of the text."""
    for form in FORMS:
        print(f"\n{form:<22}" + "".join(f"{name:>10}" for name in MEASURES) + f"   ({len(cases)} posts)")
        rows: dict[str, list[dict[str, float]]] = {}
        for who, rank in rankers.items():
            rows[who] = [score([names[at] for at in rank(case.posts[form])], case) for case in cases]
            print(f"  {who:<20}" + "".join(f"{mean(row[name] for row in rows[who]):>10.3f}" for name in MEASURES))
        ndcg = {who: [row["nDCG@10"] for row in found] for who, found in rows.items()}
        best = max((who for who in rows if not who.startswith("ours")), key=lambda who: mean(ndcg[who]))
        low, high = bootstrap([one - other for one, other in zip(ndcg["ours"], ndcg[best], strict=True)])
        print(f"  ours less {best}, nDCG@10: 95 % between {low:+.3f} and {high:+.3f}")
        if by_theme:
            worst(rows["ours"], cases)


def mean(values: Iterable[float]) -> float:
    """The average; 0 of nothing."""
    every = list(values)
    return sum(every) / max(len(every), 1)


def bootstrap(differences: Sequence[float]) -> tuple[float, float]:
    """The bounds of the mean difference with 95 % confidence, by drawing the posts anew 2,000 times."""
    rng = random.Random(7)
    drawn = sorted(mean(rng.choices(differences, k=len(differences))) for _ in range(2000))
    return drawn[50], drawn[1949]


def worst(rows: Sequence[Mapping[str, float]], cases: Sequence[Case]) -> None:
    """Print the themes with the lowest nDCG@10."""
    found: dict[str, list[float]] = defaultdict(list)
    for case, row in zip(cases, rows, strict=True):
        found[case.theme].append(row["nDCG@10"])
    lowest = sorted(found, key=lambda theme: mean(found[theme]))[:12]
    print("  lowest: " + ", ".join(f"{theme} {mean(found[theme]):.2f}" for theme in lowest))


def time_of(cases: Sequence[Case], shelf: Shelf) -> None:
    """Print what one post costs."""
    began = time.perf_counter()
    for case in cases:
        themes.forget()
        ours(case.posts["full"], shelf)
    print(f"\n{(time.perf_counter() - began) / len(cases) * 1000:.1f} ms a post against {len(shelf.books)} books")


# Mentions


def mentions(folder: Path, shelf: Shelf) -> None:
    """Print precision, recall and F1 of the books that posts name, and what was missed or too much."""
    right = extra = missed = 0
    ordered = []
    for case in lines(folder / "mentions_dev.jsonl"):
        found = [one.book for one in found_in(article(html=case["html"]), shelf).mentions]
        wanted, hits = list(case["expected"]), []
        for book in found:
            match = next((one for one in wanted if same(book, one)), None)
            if match:
                wanted.remove(match)
                hits.append(match["order"])
            elif not any(same(book, one) for one in case["ignore"]):
                extra += 1
                print(f"  too much in {case['shape']}: {book.title}")
        right, missed = right + len(hits), missed + len(wanted)
        ordered.append(hits == sorted(hits))
        for one in wanted:
            print(f"  missed in {case['shape']}: {one['title']}")
    precision, recall = right / max(right + extra, 1), right / max(right + missed, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    print(f"mentions: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}, in order {mean(ordered):.3f}")


def same(book: Book, wanted: Mapping[str, Any]) -> bool:
    """By ISBN, or by title, a subtitle apart."""
    if book.isbn and book.isbn == wanted.get("isbn13"):
        return True
    one, other = plain(book.title), plain(wanted["title"])
    return one == other or one.startswith(f"{other} ") or (len(one.split()) > 2 and other.startswith(f"{one} "))


def plain(title: str) -> str:
    """A title's words in ASCII small letters, without an article before them."""
    bare = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"^(the|an?) ", "", " ".join(re.findall(r"[a-z0-9]+", bare.replace("'", ""))))


if __name__ == "__main__":
    main()
