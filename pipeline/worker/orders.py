"""What a worker is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from zlib import crc32

import msgspec

from pipeline.config import Settings
from pipeline.model import Outside
from pipeline.store import queue

World = Callable[[Settings], AbstractContextManager[Outside]]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often things are looked at, in seconds: a newsletter `every` so many (whole minutes, or less than one).

    What was done is gathered for `account` before it is written down; that nothing was due is said every `quiet`. Jobs
    of a newsletter that nobody has come for in `forsaken` are thrown away.
    """

    every: int = 60
    look: float = 1.0
    heartbeat: float = 5.0
    silent: float = 20.0
    line: float = 2.0
    account: float = 60.0
    quiet: float = 900.0
    forsaken: float = 86_400.0

    def rounds(self, newsletter: str) -> str:
        """When its rounds begin, as a cron expression; those of several newsletters do not all begin together."""
        if self.every < 60:
            return f"* * * * * */{self.every}"
        minutes = self.every // 60
        return f"{crc32(newsletter.encode()) % minutes}-59/{minutes} * * * *"


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is told: which newsletters, which queues, how many jobs at once, until when.

    `log` is where its accounts go in place of the file of each newsletter's settings. `leaving` is set once it is to
    stop: a batch that is being handed over ends with the copy on its way.
    """

    folders: Sequence[Path]
    load: Callable[[Path], Settings]
    world: World
    say: Callable[[str], None]
    only: Sequence[str] = queue.NAMES
    at_once: int = 8
    once: bool = False
    log: Path | None = None
    pace: Pace = msgspec.field(default_factory=Pace)
    leaving: threading.Event = msgspec.field(default_factory=threading.Event)
