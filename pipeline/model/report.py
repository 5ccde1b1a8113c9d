"""What a stage did, in words and numbers that add up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain

import msgspec


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one piece of work came to.

    `done` are sentences of what changed, `unchanged` counts keys that needed nothing, `waiting` are sentences of what
    waits for a person or a time, `errors` of what failed and what to do next; `attention` are those of `waiting` that
    only a person can settle. `codes` are exit codes that faults ask for (see `pipeline.errors`).
    """

    done: tuple[str, ...] = ()
    unchanged: int = 0
    waiting: tuple[str, ...] = ()
    attention: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 for a fault of ours, 2 for the person's words, 3 when something waits for a person, else 0."""
        asked = {*self.codes, *((3,) if self.attention or self.errors else ())} - {0}
        return min(asked, default=0)

    def __add__(self, other: Report) -> Report:
        return Report(**{part: getattr(self, part) + getattr(other, part) for part in self.__struct_fields__})


def total(reports: Iterable[Report]) -> Report:
    """All of them as one."""
    every = list(reports)
    parts = ("done", "waiting", "attention", "errors", "codes")
    joined = {part: tuple(chain.from_iterable(getattr(one, part) for one in every)) for part in parts}
    return Report(unchanged=sum(one.unchanged for one in every), **joined)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One walk through the house, over: what asked for it, its exit code, and its account, a sentence on each line."""

    began: datetime
    ended: datetime
    what: str
    code: int
    words: str
