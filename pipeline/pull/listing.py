"""What every kind of source is asked, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from pipeline.model import Entry, Fetch, Health, Source, Validators

NEWEST = 2000
"""How many entries of one source are read."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What a source lists, in its own order, NEWEST entries at most.

    `left_out` counts entries that could not be read or were too many; `faults` say in words what else a person should
    know. `whole` is a listing of all there is: what it lacks is gone. `present` are the guids that are still there
    besides, for a source that is asked only for what changed.
    """

    title: str | None = None
    home: str | None = None
    entries: tuple[Entry, ...] = ()
    left_out: int = 0
    faults: tuple[str, ...] = ()
    whole: bool = False
    present: frozenset[str] | None = None


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit may use: the source as configured, what is known of it, and the way out.

    `health` is None at the first contact and when the source is to be found anew; `folder` is the project's.
    """

    source: Source
    health: Health | None
    fetch: Fetch
    folder: Path
    now: datetime

    @property
    def address(self) -> str:
        """Where to ask: where the source was found, else where the settings point."""
        return self.health.address if self.health else self.source.url

    @property
    def validators(self) -> Validators | None:
        """What to ask "has it changed?" with."""
        return believed(self.health.validators, self.health.read, self.now) if self.health else None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit showed; `listing` is None when nothing changed.

    `sha` is of the whole answer; `full` is False when only "unchanged" came. `cursor` is what the kind wants to be
    reminded of. `moved` is where permanent redirects led. `fresh` is how long the server says that asking again is of
    no use (RFC 9111 section 4.2). `problem` is what of it can't be read until a person mends it, in words.
    """

    kind: str
    address: str
    listing: Listing | None
    sha: str | None = None
    full: bool = True
    validators: Validators = msgspec.field(default_factory=Validators)
    cursor: str | None = None
    moved: str | None = None
    fresh: timedelta = timedelta(0)
    problem: str | None = None


def believed(validators: Validators, read: datetime | None, now: datetime) -> Validators | None:
    """The validators for a day after a whole answer came (`read`), then none: a server's ETag may never change."""
    return validators if read is not None and now - read <= timedelta(days=1) else None


def freshness(headers: Mapping[str, str]) -> timedelta:
    """How long an answer stays fresh by its Cache-Control, a day at most; nothing when it must be asked about."""
    control = headers.get("cache-control", "").lower()
    if re.search(r"\b(no-cache|no-store|must-understand)\b", control):
        return timedelta(0)
    found = re.search(r"\bmax-age\s*=\s*\"?(\d{1,9})", control)
    return min(timedelta(seconds=int(found[1])), timedelta(days=1)) if found else timedelta(0)
