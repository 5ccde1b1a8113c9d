"""The inbox line, proposed from the posts themselves."""

from __future__ import annotations

from collections.abc import Sequence

SUBJECT_LENGTH = 60
PREHEADER_LENGTH = 110


def subject(titles: Sequence[str]) -> str:
    """The lead's title, joined by the second's where both fit; never more than the posts say themselves."""
    lead = titles[0]
    both = f"{lead} · {titles[1]}" if len(titles) > 1 else lead
    return both if len(both) <= SUBJECT_LENGTH else cut(lead, 150)


def preheader(excerpt: str) -> str:
    """The beginning of the lead, as far as an inbox shows it."""
    return cut(" ".join(excerpt.split()), PREHEADER_LENGTH)


def cut(text: str, length: int) -> str:
    """As many whole words as `length` characters hold."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + "…"
