"""What strangers' packages bring along: what an entry point of theirs names, with the parts that it must have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


def loaded(name: str, others: EntryPoints, called: str, needs: Iterable[str], shape: type = object) -> Any:
    """The one of `others` by that name; `called` is what such a thing is called, and `shape` what it has to be.

    Raises UserError for one that can't be loaded, is something else, or lacks a part that it `needs`.
    """
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
