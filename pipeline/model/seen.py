"""What was seen of the world around an issue: its pictures, copied, and whether its links lead somewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pipeline.model.wire import Validators


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A drawing of a picture: its file's name in outbox/public/pictures/, its size in pixels and in bytes."""

    name: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A picture as the newsletter keeps it, from the smallest variant to the largest.

    `kind` is the format it came in, `moving` whether it had more than one frame. Without any variant it is a picture
    that shows nothing and only counts its readers.
    """

    kind: str
    moving: bool
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """What asking for a picture came to; `problem` says in words why there is none, or none newer than `copy`."""

    url: str
    asked: datetime
    validators: Validators = field(default_factory=Validators)
    copy: Copy | None = None
    problem: str | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Whether an address leads somewhere: "dead" only when its server, or the lack of one, says so for certain."""

    url: str
    asked: datetime
    verdict: Literal["there", "dead", "unsure"]
    words: str = ""
