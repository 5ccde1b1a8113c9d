"""Text that any writer of XML can write."""

from __future__ import annotations

import re

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def legal(text: str) -> str:
    """Text without what XML forbids: control characters, lone surrogates, U+FFFE (XML 1.0, section 2.2)."""
    return text if text.replace("\n", "").isprintable() else _ILLEGAL.sub("", text)


def bare(text: str) -> str:
    """The words alone, blind to case, punctuation and white space; for telling whether two titles are one."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def alike(one: str, other: str) -> float:
    """How much of the words of two texts is the same, 0 to 1: shared runs of three words, in any order.

    Jaccard's measure over the sets of runs; texts too short for a run of three are compared word by word.
    """
    first, second = (_runs(text) for text in (one, other))
    return len(first & second) / len(first | second) if first and second else 0.0


def _runs(text: str) -> set[tuple[str, ...]]:
    words = bare(text).split()
    length = 3 if len(words) >= 3 else 1
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}
