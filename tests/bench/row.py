"""What is measured: a row is one program at one piece of work, a turn one command of it that is timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

Kind = Literal["ours", "peer", "limit"]
Scale = Literal["full", "quick", "tiny"]
"""Whole sizes; sizes for a few minutes; sizes for a test."""


class Tools(Protocol):
    """Where the programs are. Each is the beginning of a command, and what is missing in words ("" when it is there)."""

    def ours(self, *words: str) -> list[str]: ...
    def ours_python(self, *words: str) -> list[str]: ...
    def python(self, kit: str, *words: str) -> tuple[list[str], str]: ...
    def script(self, kit: str, name: str, *words: str) -> tuple[list[str], str]: ...
    def node(self, *words: str) -> tuple[list[str], str]: ...
    def packages(self) -> Path: ...
    def system(self, package: str, program: str, *words: str) -> tuple[list[str], str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a stage is told: how much work, whether peers take part, where programs and things to keep are."""

    scale: Scale
    peers: bool
    tools: Tools
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What ours should reach, each if given: at most so many seconds, so many times the limit, of ours' first row.

    What starting takes is not held against the limit.
    """

    seconds: float | None = None
    times_first: float | None = None
    times_limit: float | None = None


NO_TARGET = Target()


def nothing(folder: Path) -> object:
    """No preparation."""


def no_fault(folder: Path, said: str) -> str:
    """Every run counts that ends well."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A command that is timed, started in the row's folder.

    `fault` looks at what was done and printed, and says why it does not count. With `inside` the seconds are those
    that the command prints in its last line, {"seconds": …}; else they are the wall time of the whole process tree.
    """

    command: Sequence[str]
    name: str = ""
    before: Callable[[Path], object] = nothing
    fault: Callable[[Path, str], str] = no_fault
    inside: bool = False
    target: Target = NO_TARGET


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One contestant: its turns follow one another in a folder of their own, new for each repetition.

    `lay_out` fills the folder. `missing` says why it can't take part. `servers` are processes whose share is told.
    Rows of one `series` differ in size alone, so that they tell how cost grows.
    """

    stage: str
    work: str
    size: int
    who: str
    kind: Kind
    turns: Sequence[Turn]
    lay_out: Callable[[Path], object] = nothing
    missing: str = ""
    servers: Sequence[int] = ()
    series: str = ""


Stage = Callable[[Plan], Iterator[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One timed command; `fault` says why it does not count.

    `seconds` are those that count, `cpu` the whole process tree's, `megabytes` the most that it held, `server` what
    the servers used of the processor meanwhile, `load` the machine's load average when it began.
    """

    stage: str
    work: str
    turn: str
    size: int
    who: str
    kind: Kind
    seconds: float = 0.0
    cpu: float = 0.0
    megabytes: float = 0.0
    server: float = 0.0
    load: float = 0.0
    target: dict[str, Any] | None = None
    series: str = ""
    inside: bool = False
    fault: str = ""
