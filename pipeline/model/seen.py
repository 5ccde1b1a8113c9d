"""What was seen of the world around an issue: its pictures, copied, and whether its links lead somewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from pipeline.model.wire import Validators


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing of a picture: its file's name in outbox/public/pictures/, its size in pixels and in bytes."""

    name: str
    width: int
    height: int
    bytes: int


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A picture as the newsletter keeps it, from the smallest variant to the largest.

    `kind` is the format it came in, `moving` whether it had more than one frame. Without any variant it is a picture
    that shows nothing and only counts its readers.
    """

    kind: str
    moving: bool
    variants: tuple[Variant, ...]


class Copying(msgspec.Struct, frozen=True, kw_only=True):
    """What asking for a picture came to; `problem` says in words why there is none, or none newer than `copy`."""

    url: str
    asked: datetime
    validators: Validators = msgspec.field(default_factory=Validators)
    copy: Copy | None = None
    problem: str | None = None
    gone: bool = False


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an address leads somewhere: "dead" only when its server, or the lack of one, says so for certain."""

    url: str
    asked: datetime
    verdict: Literal["there", "dead", "unsure"]
    words: str = ""
