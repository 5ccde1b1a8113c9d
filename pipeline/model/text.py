"""Text that any writer of XML can write."""

from __future__ import annotations

import re
from typing import Any

COLUMNS = 72
"""Letters in a line of a mail's text part."""

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WORD = re.compile(r"\w+")
_MARKS = "“”‘’–—…"
"""What is no word and most texts have, although Latin-1 lacks it."""
_WORDS_ALONE = bytes(code if _WORD.match(chr(code)) else 32 for code in range(256))

# To look for a class of letters, a pattern walks from letter to letter. What first byte UTF-8 gives them is asked for
# all letters at once, and spares most texts that walk.
_SURELY_LEGAL = bytes({*range(0x100)} - {*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0xED, 0xEF})
_SURELY_WESTERN = bytes({*range(0x100)} - {*range(0xD6, 0xE1), *range(0xE3, 0x100)})


def legal(text: str) -> str:
    """Text without what XML forbids: control characters, lone surrogates, U+FFFE (XML 1.0, section 2.2)."""
    return text if _has_only(_SURELY_LEGAL, text) else _ILLEGAL.sub("", text)


def is_western(text: str) -> bool:
    """Whether a text has no letter of a script that is written to the left, or without spaces (U+0580, U+3000 on)."""
    return text.isascii() or _has_only(_SURELY_WESTERN, text)


def _has_only(these: bytes, text: str) -> bool:
    return not text.encode("utf-8", "surrogatepass").translate(None, these)


def bare(text: str) -> str:
    """The words alone, blind to case, punctuation and white space; for telling whether two titles are one."""
    folded = text.casefold()
    for mark in _MARKS:
        folded = folded.replace(mark, " ")
    try:
        letters = folded.encode("latin-1")
    except UnicodeEncodeError:
        return " ".join(_WORD.findall(folded))
    return _single_spaced(letters.translate(_WORDS_ALONE).decode("latin-1"))


def collapsed(text: str) -> str:
    """Text with one space in place of any white space, and none at its ends."""
    return _single_spaced(text) if text.isprintable() else " ".join(text.split())  # only a space is white and printable


def signs(cite: Any) -> bool:
    """Whether a `cite` (an element of lxml) names who is quoted: it stands by itself at the end of a blockquote."""
    holder, before = cite.getparent(), cite.getprevious()
    if holder is None or cite.getnext() is not None or (cite.tail or "").strip():
        return False
    if ((holder.text if before is None else before.tail) or "").strip():
        return False
    if holder.tag == "p" and before is None:
        return _signs_in(holder.getparent(), holder)
    return _signs_in(holder, cite) and before.tag in ("p", "br", "ul", "ol", "h2", "h3", "h4")


def _signs_in(holder: Any, last: Any) -> bool:
    return holder is not None and holder.tag == "blockquote" and last is not holder[0] and last is holder[-1]


def _single_spaced(text: str) -> str:
    while "  " in text:
        text = text.replace("  ", " ")
    return text.strip()


def alike(one: str, other: str, *, run: int = 3) -> float:
    """How much of the words of two texts is the same, 0 to 1: shared runs of so many words, in any order.

    Jaccard's measure over the sets of runs; texts too short for a run are compared word by word. One changed word
    costs three runs of three, which of a text of twenty words is a quarter.
    """
    first, second = (_runs(text, run) for text in (one, other))
    return len(first & second) / len(first | second) if first and second else 0.0


def _runs(text: str, run: int) -> set[tuple[str, ...]]:
    words = bare(text).split()
    length = run if len(words) >= run else 1
    return {tuple(words[at : at + length]) for at in range(len(words) - length + 1)}
