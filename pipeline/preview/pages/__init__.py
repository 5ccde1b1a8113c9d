"""One file is one page: it has a PAGE, and its template in views/. Those with a `place` stand in the navigation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from pipeline.preview.ask import Ask

Handler = Callable[[Ask], Response]
Show = Callable[[Request], Response]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the author's: `show` answers its address, `parts` further ones below it, `does` the forms it has.

    `address` begins with a slash. Names in `parts` and `does` are added to it: "book/{isbn}" is `/books/book/{isbn}`.
    `place` orders the navigation; None keeps a page out of it. `needs_project` is False for what can be shown without
    settings that can be read.
    """

    title: str
    address: str
    show: Handler
    parts: Mapping[str, Handler] = msgspec.field(default_factory=dict)
    does: Mapping[str, Handler] = msgspec.field(default_factory=dict)
    place: int | None = None
    needs_project: bool = True

    def below(self, name: str) -> str:
        """The address of one of its parts or forms."""
        return f"{self.address.rstrip('/')}/{name}"


@cache
def every() -> tuple[Page, ...]:
    """All pages, those of the navigation first and in its order."""
    found = [import_module(f"{__name__}.{module.name}").PAGE for module in iter_modules(__path__)]
    return tuple(sorted(found, key=lambda page: (page.place is None, page.place or 0, page.address)))


def navigation() -> tuple[Page, ...]:
    """The pages that a person finds her way by."""
    return tuple(page for page in every() if page.place is not None)
