"""Where posts come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from pipeline.model.wire import Validators

SourceName = NewType("SourceName", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One `[[source]]` of newsletter.toml.

    `include` and `exclude` are tags or title patterns (case does not matter); `limit` caps entries per pull.
    """

    name: SourceName
    url: str
    kind: str = "auto"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a source has been doing; times are aware UTC.

    `url` is the address as configured then, `address` where the feed was found; `problem` is the last failure in words,
    None when well.
    """

    name: SourceName
    url: str
    address: str
    validators: Validators
    body_sha: str | None
    next_check: datetime
    last_ok: datetime | None
    failures: int
    problem: str | None
