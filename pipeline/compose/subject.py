"""The inbox line, proposed from the posts themselves."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model.text import bare

SUBJECT_LENGTH = 60
PREHEADER_LENGTH = 110


def subject(titles: Sequence[str]) -> str:
    """The lead's title, joined by the second's where both fit; never more than the posts say themselves."""
    lead = titles[0]
    both = f"{lead} · {titles[1]}" if len(titles) > 1 else lead
    return both if len(both) <= SUBJECT_LENGTH else cut(lead, 150)


def preheader(excerpt: str, *, beside: Sequence[str] = ()) -> str:
    """The beginning of the lead, as far as an inbox shows it; "" where it stands whole in one of the lines `beside`."""
    beginning = cut(" ".join(excerpt.split()), PREHEADER_LENGTH)
    return "" if any(f" {bare(beginning)} " in f" {bare(line)} " for line in beside) else beginning


def cut(text: str, length: int) -> str:
    """As many whole words as `length` characters hold."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + "…"
