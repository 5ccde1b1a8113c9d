"""Whether a source gave the whole article, or only a taste of it."""

from __future__ import annotations

import re
from html import unescape

from pipeline.model.entry import Entry

_ENOUGH_WORDS, _SHORT = 250, 60
_APPEARED = re.compile(r"\bthe post\b.{0,300}?\bappeared first on\b.{0,200}$", re.IGNORECASE)
_END = 220
"""In so many last letters those words must begin, for the pattern to match."""
_CUT_OFF = re.compile(
    r"(\[\s*(…|\.\.\.)\s*\]|…|\.\.\.|\(more…\)|\[?\b((read|see) (more|on|the rest)|(continue|keep) reading)\b.{0,80}"
    r"|weiterlesen|lire la suite|leer más|seguir leyendo|اقرأ المزيد)[\s»→>\]]*$",
    re.IGNORECASE,
)


def is_excerpt(entry: Entry) -> bool:
    """Whether an entry's own words are only a teaser, so that its page has to be fetched.

    A full content element that is not cut off is believed. A bare description is believed when it is long, or when it
    is marked up like an article: several paragraphs, pictures, headings.
    """
    content = entry.html or entry.summary or ""
    text = plain(content)
    if "appeared f" in text[-_END:].lower():  # the pattern walks over every letter, and hardly any text ends like this
        text = _APPEARED.sub("", text).strip()
    if not text or _CUT_OFF.search(text[-120:]):
        return True
    if entry.html and entry.html != entry.summary:
        return entry.summary is not None and plain(entry.summary) == text and len(text.split()) < _SHORT
    return content.lower().count("<p") < 3 and len(text.split()) < _ENOUGH_WORDS


def plain(html: str) -> str:
    """Markup gone, entities resolved, white space collapsed."""
    return " ".join(unescape(re.sub(r"<[^>]{0,5000}>", " ", html)).split())
