"""Answers that a provider gives, written down in a JSON file, with the fates that follow from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from pipeline.model import Answer, Fate, NoAnswer, Reply


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reply. `body` is the answer's JSON, or its text when it is a text; `lost` is "before" or "after"."""

    status: int = 200
    headers: dict[str, str] = {}
    body: Any = ""
    lost: str = ""

    def reply(self) -> Reply:
        """As the line gives it."""
        if self.lost:
            return NoAnswer(sent="before" if self.lost == "before" else "after", words="the line was lost")
        text = self.body if isinstance(self.body, str) else msgspec.json.encode(self.body).decode()
        return Answer(status=self.status, headers=self.headers, body=text.encode())


class Exchange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A conversation about a batch of so many readers: all replies in order, and what is known after them."""

    name: str
    replies: list[Given]
    fates: list[Fate]

    def said(self) -> list[Reply]:
        """The replies as the line gives them."""
        return [one.reply() for one in self.replies]


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A provider's file: `hand_overs` are read by `read`, `look_ups` by `found` ("pending" where nothing is found).

    `about` says which pages the answers were written from.
    """

    about: str
    hand_overs: list[Exchange]
    look_ups: list[Exchange] = []


def recorded(path: Path) -> Recorded:
    """The answers in a file. Raises msgspec.ValidationError for another shape."""
    return msgspec.json.decode(path.read_bytes(), type=Recorded)
