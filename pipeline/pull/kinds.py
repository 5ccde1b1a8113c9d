"""The kinds of source: each is a module of this room, or an installed one, that has `visit` and `recognises`."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Protocol, cast

from pipeline.errors import UserError, did_you_mean
from pipeline.installed import loaded
from pipeline.model import Fetched
from pipeline.pull.listing import Ask, Visit

AUTO = "auto"


class Kind(Protocol):
    """A kind of source.

    `visit` raises SourceFault or ChildFault when the source can't be read. `recognises` says whether the answer at a
    source's address is of this kind.
    """

    def visit(self, ask: Ask) -> Visit: ...
    def recognises(self, answer: Fetched) -> bool: ...


def names() -> tuple[str, ...]:
    """The kinds that come with Paperround, in alphabetical order."""
    here = str(Path(__file__).parent)
    modules = sorted(module.name for module in pkgutil.iter_modules([here]))
    return tuple(name for name in modules if hasattr(import_module(f"pipeline.pull.{name}"), "visit"))


def known() -> tuple[str, ...]:
    """Every kind that a source may be said to be here: found out by itself, ours, then the installed ones of others."""
    return (AUTO, *names(), *sorted(_installed().names))


def load(name: str) -> Kind:
    """The kind called `name`. Raises UserError with the nearest name for one that nobody knows."""
    if ours := _ours(name):
        return ours
    installed = _installed()
    if name in installed.names:
        return cast("Kind", loaded(name, installed, "kind of source", ("visit", "recognises")))
    hint = did_you_mean(name, known())
    raise UserError(f"There is no kind of source called {name!r}.{hint}", next_step=f"Known: {', '.join(known())}.")


@cache
def _ours(name: str) -> Kind | None:
    """The module of this room that is called `name`, looked for once, as every visit asks."""
    if name.isidentifier() and (Path(__file__).parent / f"{name}.py").is_file():
        module = import_module(f"pipeline.pull.{name}")
        return cast("Kind", module) if hasattr(module, "visit") else None
    return None


def _installed() -> EntryPoints:
    return entry_points(group="paperround.sources")
