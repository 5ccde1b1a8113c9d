"""Whether a source gave the whole article, or only a taste of it."""

from __future__ import annotations

import re
from html import unescape

from pipeline.model.entry import Entry
from pipeline.model.text import bare, collapsed

_ENOUGH_WORDS, _SHORT = 250, 60
_FEWEST_BY_HAND, _FEWEST_WITHOUT_END, _MOST_BY_HAND, _BEGINNING = 3, 12, 100, 60
_SENTENCE = re.compile(r"[.!?؟][\"'”’»)]*$")
_APPEARED = re.compile(r"\bthe post\b.{0,300}?\bappeared first on\b.{0,200}$", re.IGNORECASE)
_END = 220
"""In so many last letters those words must begin, for the pattern to match."""
_NEAR_END = 700
"""So much HTML holds them, most often."""
_TAG = re.compile(r"<[^>]{0,5000}>")
_CUT_OFF = re.compile(
    r"(\[\s*(…|\.\.\.)\s*\]|…|\.\.\.|\(more…\)|\[?\b((read|see) (more|on|the rest)|(continue|keep) reading)\b.{0,80}"
    r"|weiterlesen|lire la suite|leer más|seguir leyendo|اقرأ المزيد)[\s»→>\]]*$",
    re.IGNORECASE,
)
_HINTS = ("…", "...", "read", "see", "terlesen", "re la su", "leer m", "leyendo", "اقرأ")
"""One of these is in all that the pattern finds, whatever their case."""


def is_excerpt(entry: Entry) -> bool:
    """Whether an entry's own words are only a teaser, so that its page has to be fetched.

    A full content element that is not cut off is believed. A bare description is believed when it is long, or when it
    is marked up like an article: several paragraphs, pictures, headings.
    """
    content = entry.html or entry.summary or ""
    end = _end(content)
    if not end or _is_cut_off(end[-120:]):
        return True
    if entry.html and entry.html != entry.summary:
        summary = "" if entry.summary is None else plain(entry.summary)
        return summary.endswith(end) and len(summary.split()) < _SHORT and summary == _text(content)
    return content.lower().count("<p") < 3 and len(_text(content).split()) < _ENOUGH_WORDS


def by_hand(entry: Entry) -> str | None:
    """The excerpt that the author wrote herself, beside a whole article that begins otherwise; None when there is none.

    Most software writes the beginning there by itself. What holds markup, or is no sentence or a whole text, is left.
    """
    if not entry.html or not entry.summary:
        return None
    said = _text(entry.summary)
    fewest = _FEWEST_BY_HAND if _SENTENCE.search(said) else _FEWEST_WITHOUT_END
    fits = fewest <= len(said.split()) <= _MOST_BY_HAND and "<" not in said
    if not fits or _is_cut_off(said[-120:]):
        return None
    begins, bare_said = bare(plain(entry.html)[: 2 * len(said) + 200]), bare(said)
    return None if bare_said[:_BEGINNING] in begins[: _BEGINNING + 100] else said


def _is_cut_off(end: str) -> bool:
    folded = end.casefold()
    return any(hint in folded for hint in _HINTS) and _CUT_OFF.search(end) is not None


def _end(content: str) -> str:
    """The last of its words, or all of them. Behind a ">" no tag goes on, nor what stands for a letter."""
    at = content.rfind(">", 0, max(len(content) - _NEAR_END, 0)) + 1
    end = plain(content[at:])
    return end if at and len(end) >= _END and not _may_have_appeared(end) else _text(content)


def _text(content: str) -> str:
    """All of its words, but for those that name the blog they appeared on."""
    text = plain(content)
    return _APPEARED.sub("", text).strip() if _may_have_appeared(text) else text


def _may_have_appeared(text: str) -> bool:
    """The pattern walks over every letter, and hardly any text ends like this."""
    return "appeared f" in text[-_END:].lower()


def plain(html: str) -> str:
    """Markup gone, entities resolved, white space collapsed."""
    return collapsed(unescape(_TAG.sub(" ", html)))
