"""What a feed says of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """A feed's own facts: `home` is where outbox/public/ is reached, with a slash; `blog` the author's own pages.

    `disclosure` stands before the first link that earns the author money.
    """

    title: str
    home: str
    blog: str
    language: str
    author: str
    description: str
    disclosure: str
