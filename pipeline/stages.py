"""The list of stages, in the order a post walks through them. No logic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pipeline.model import Outside, Report
    from pipeline.store import Store

    Together = Callable[[Iterable[str], Store, Any, Outside], Iterable[tuple[str, Report | Exception]]]


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A room with its two doors; `name` is also the name of its section of the settings.

    `at_once` is how many keys may be worked on side by side. The room is loaded when somebody comes to a door of it:
    sending needs few of them.
    """

    name: str
    at_once: int = 1

    @property
    def room(self) -> ModuleType:
        """The room's own module."""
        return import_module(f"pipeline.{self.name}")

    def due(self, store: Store, section: Any, now: datetime) -> Iterable[str]:
        """The room's first door: what is due."""
        keys: Iterable[str] = self.room.due(store, section, now)
        return keys

    def work(self, key: str, store: Store, section: Any, out: Outside) -> Report:
        """The room's second door: work on one key."""
        report: Report = self.room.work(key, store, section, out)
        return report

    @property
    def together(self) -> Together | None:
        """A third door that few rooms have, where many keys cost less at once than one by one.

        It takes on those it likes, and tells of each what it came to or failed of.
        """
        door: Together | None = getattr(self.room, "together", None)
        return door


STAGES = (
    Stage(name="pull", at_once=8),
    Stage(name="clean"),
    Stage(name="books"),
    Stage(name="compose"),
    Stage(name="pictures", at_once=4),
    Stage(name="links", at_once=8),
    Stage(name="render"),
    Stage(name="review"),
    Stage(name="syndicate"),  # before the mails that lead to what it makes
    Stage(name="deliver"),
    Stage(name="feedback"),
)
