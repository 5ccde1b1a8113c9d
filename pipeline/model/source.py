"""Where posts come from."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import NewType

import msgspec

from pipeline.model.wire import Validators

SourceName = NewType("SourceName", str)
AUTO = "auto"
"""The kind of a source that is found out when it is first asked."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[source]]` of newsletter.toml.

    `include` and `exclude` are tags or title patterns (case does not matter); `limit` caps entries per pull. `zone` is
    where the author lives, for dates that do not say where they are from.
    """

    name: SourceName
    url: str
    kind: str = AUTO
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int | None = None
    zone: tzinfo = UTC

    def leaves_out(self, title: str, tags: Iterable[str]) -> str | None:
        """Why no issue takes a post of this source with that title and these tags; None when one may."""
        words = (title, *tags)
        hit = next((pattern for pattern in self.exclude if _matches(pattern, words)), None)
        if hit is not None:
            return f"the source {self.name} excludes “{hit}”"
        if self.include and not any(_matches(pattern, words) for pattern in self.include):
            return f"the source {self.name} includes only {', '.join(self.include)}"
        return None


def _matches(pattern: str, words: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(word.casefold(), pattern.casefold()) for word in words)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a source has been doing; times are aware UTC.

    `url` is the address as configured then, `kind` and `address` what was found there and where; `problem` is the last
    failure in words, or without failures what of it can't be read; None when well. `cursor` is how far the source was
    read, in its kind's own words. `moved` is where permanent redirects led the last `moves` times. `read` is when a
    whole answer last came, not only "unchanged".
    """

    name: SourceName
    url: str
    address: str
    validators: Validators
    body_sha: str | None
    next_check: datetime
    last_ok: datetime | None
    failures: int = 0
    problem: str | None = None
    kind: str | None = None
    cursor: str | None = None
    moved: str | None = None
    moves: int = 0
    read: datetime | None = None
