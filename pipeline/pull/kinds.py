"""The kinds of source: each is a module of this room, or an installed one, that has `visit` and `recognises`."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from pipeline import installed
from pipeline.model import Fetched
from pipeline.pull.listing import Ask, Visit


class Kind(Protocol):
    """A kind of source.

    `visit` raises SourceFault or ChildFault when the source can't be read. `recognises` says whether the answer at a
    source's address is of this kind.
    """

    def visit(self, ask: Ask) -> Visit: ...
    def recognises(self, answer: Fetched) -> bool: ...


def names() -> tuple[str, ...]:
    """The kinds that come with Paperround, in alphabetical order."""
    return installed.ours(installed.KIND)


def known() -> tuple[str, ...]:
    """Every kind that a source may be said to be here: found out by itself, then all others in alphabetical order."""
    return installed.known(installed.KIND)


def load(name: str) -> Kind:
    """The kind called `name`. Raises UserError with the nearest name for one that nobody knows."""
    if installed.is_ours(installed.KIND, name):
        return cast("Kind", import_module(f"pipeline.pull.{name}"))
    return cast("Kind", installed.loaded(installed.KIND, name, ("visit", "recognises")))
