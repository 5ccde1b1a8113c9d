"""Invented words, the same for the same seed: sentences, posts, books, readers."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import accumulate, islice, product
from pathlib import Path

_LITTLE = (
    "the of and a to in is you that it he was for on are as with his they at be this have from or one had by but not "
    "what all were we when your can said there an each which she do how their if will up other about out many then "
    "them these so some her would make like him into time has look two more write go see no way could my than first "
    "been who its now find long down day did get come made may under after before"
).split()
WORDS = (
    "bear child moon garden lamp river quiet brave small warm listens draws sleeps wonders shares asks remembers "
    "kindness worry friend window blanket pocket library grandmother autumn snow morning school puddle “once” naïve "
    "café reading together slowly again"
).split()
_SYLLABLES = ("ba", "den", "fi", "gor", "hal", "ju", "ket", "lo", "mar", "nu", "pel", "ri", "sto", "tam", "vi", "wen")
VOCABULARY = (*_LITTLE, *WORDS, *map("".join, islice(product(_SYLLABLES, repeat=3), 3000)))
"""As many words as an author uses, those first that say little; of a few dozen each sentence would speak of each book."""
_OFTEN = tuple(accumulate(1 / (rank + 2.7) for rank in range(len(VOCABULARY))))
"""Zipf and Mandelbrot's law: how often the words of any language come, added up."""
THEMES = ("kindness", "worry", "friendship", "courage", "creativity", "separation", "love", "sleep", "school", "family")
NAMES = "Ana Bo Cleo Dev Eva Finn Gita Hugo Ines Jo Kai Lea Mia Noa Ola Pia Quin Ravi Suri Tom Uma Vik Wren Yas".split()
OLDEST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Post:
    """One invented post."""

    key: str
    title: str
    paragraphs: tuple[str, ...]
    when: datetime

    @property
    def link(self) -> str:
        return f"https://blog.example.org/{self.key}/"

    @property
    def html(self) -> str:
        return "\n".join(f"<p>{paragraph}</p>" for paragraph in self.paragraphs)


def sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(VOCABULARY, cum_weights=_OFTEN, k=rng.randint(6, 20))).capitalize() + "."


def paragraph(rng: random.Random) -> str:
    text = escape(" ".join(sentence(rng) for _ in range(rng.randint(2, 6))))
    link = f' <a href="https://blog.example.org/p/{rng.randint(1, 999)}/">{escape(sentence(rng))}</a>'
    return f"{text}{link if rng.random() < 0.4 else ''}"


def post(blog: int, number: int) -> Post:
    """The same words for the same blog and number; the highest number is the newest."""
    rng = random.Random(f"{blog}/{number}")
    paragraphs = tuple(paragraph(rng) for _ in range(rng.randint(4, 9)))
    when = OLDEST + timedelta(hours=26 * number + rng.randint(0, 20))
    return Post(key=f"{blog}-{number}", title=sentence(rng)[:60], paragraphs=paragraphs, when=when)


def shelf(books: int) -> str:
    """A books.toml of invented books, without the starter shelf."""
    rng = random.Random(books)
    lines = ["starter = false"]
    for number in range(books):
        title = (
            " ".join(rng.choices(VOCABULARY[len(_LITTLE) :], k=rng.randint(2, 4)))
            .replace("“", "")
            .replace("”", "")
            .title()
        )
        themes = ", ".join(f'"{theme}"' for theme in rng.sample(THEMES, 2))
        lines += [f'\n[[book]]\ntitle = "{title} {number}"\nauthor = "{rng.choice(NAMES)} Author {number}"']
        lines += [f'ages = "3-8"\nthemes = [{themes}]\ndescription = "{sentence(rng)} {sentence(rng)}"']
    return "\n".join(lines) + "\n"


def readers(count: int) -> Iterator[tuple[str, str, str]]:
    """Address, name, and the link that takes her off; the address holds her number."""
    for number in range(count):
        address = f"reader{number}@domain{number % 500}.example.org"
        yield address, NAMES[number % len(NAMES)], f"https://news.example.org/unsubscribe/{number:043d}"


def readers_file(path: Path, count: int, *columns: str) -> Path:
    """Readers as a CSV file with the first so many columns, made once."""
    if not path.exists():
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(columns)
            rows.writerows(reader[: len(columns)] for reader in readers(count))
    return path
