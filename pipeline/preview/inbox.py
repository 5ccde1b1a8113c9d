"""What a reader sees before she opens anything: where her inbox cuts subject and preheader."""

from __future__ import annotations

import msgspec

CLIENTS = (
    ("Gmail on a computer", 70, 50),
    ("Gmail on a phone", 38, 42),
    ("Apple Mail on a phone", 41, 88),
)
"""About how many characters of the subject and of what follows it are shown, letters being of unequal width."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in one client's inbox: who from, and what is left of subject and preheader."""

    client: str
    sender: str
    subject: str
    preheader: str


def lines(sender: str, subject: str, preheader: str) -> tuple[Line, ...]:
    """The mail in each client's inbox."""
    return tuple(
        Line(client=client, sender=sender, subject=_cut(subject, first), preheader=_cut(preheader, then))
        for client, first, then in CLIENTS
    )


def _cut(words: str, length: int) -> str:
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"
