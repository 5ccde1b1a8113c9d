"""What the settings choose by name: a file of ours that has a certain door, or what a stranger's package brings along.

Names are told without loading anything, so that every command may ask whether a name is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pipeline.errors import UserError, did_you_mean
from pipeline.model.source import AUTO

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

HERE = Path(__file__).parent


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Something chosen by name: what it is `called`, the `room` whose files with the function `door` are ours.

    Strangers bring theirs by the entry point `group`; a name of `beside` is known without a file.
    """

    called: str
    room: str
    door: str
    group: str
    beside: tuple[str, ...] = ()


PROVIDER = Choice(called="provider", room="providers", door="provider", group="paperround.providers")
KIND = Choice(called="kind of source", room="pull", door="visit", group="paperround.sources", beside=(AUTO,))


def ours(choice: Choice) -> tuple[str, ...]:
    """Those that come with Paperround, in alphabetical order."""
    return tuple(sorted(file.stem for file in (HERE / choice.room).glob("*.py") if is_ours(choice, file.stem)))


def known(choice: Choice) -> tuple[str, ...]:
    """All that may be chosen here, the installed ones of others too."""
    return (*choice.beside, *sorted({*ours(choice), *brought(choice.group).names}))


def is_known(choice: Choice, name: str) -> bool:
    """Whether there is one by that name."""
    return name in choice.beside or is_ours(choice, name) or name in brought(choice.group).names


@cache
def is_ours(choice: Choice, name: str) -> bool:
    """Whether the one by that name comes with Paperround."""
    file = HERE / choice.room / f"{name}.py"
    has_door = re.compile(rf"^def {choice.door}\(", re.MULTILINE)
    may_be = len(name) < 100 and name.isidentifier()  # no system can look for a name of any length
    return may_be and file.is_file() and has_door.search(file.read_text("utf-8")) is not None


def brought(group: str) -> EntryPoints:
    """What strangers' packages bring along under that entry point."""
    from importlib.metadata import entry_points

    return entry_points(group=group)


def unknown(choice: Choice, name: str) -> str:
    """That there is none by that name, with the nearest one."""
    names = known(choice)
    return f"There is no {choice.called} called {name!r}.{did_you_mean(name, names)} Known: {', '.join(names)}."


def loaded(choice: Choice, name: str, needs: Iterable[str], shape: type = object) -> Any:
    """The stranger's one by that name; `shape` is what it has to be.

    Raises UserError with the nearest name for one that nobody knows, and for one that can't be loaded, is something
    else, or lacks a part that it `needs`.
    """
    others, called = brought(choice.group), choice.called
    if name not in others.names:
        raise UserError(unknown(choice, name))
    try:
        found = others[name].load()
    except Exception as fault:
        raise UserError(
            f"The installed {called} {name!r} can't be loaded: {type(fault).__name__}: {fault}.",
            next_step="Tell its makers, or install it anew.",
        ) from fault
    missing = [part for part in needs if not hasattr(found, part)]
    if missing or not isinstance(found, shape):
        raise UserError(
            f"The installed {called} {name!r} does not have what a {called} needs.",
            next_step=f"Tell its makers that their entry point lacks: {', '.join(missing) or f'a {shape.__name__}'}.",
        )
    return found
