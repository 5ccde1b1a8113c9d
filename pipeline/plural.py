"""How many, in words of English."""

from __future__ import annotations


def many(count: int, one: str, more: str | None = None) -> str:
    """As in: 1 post, 2 posts; `more` where an s is not enough."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
