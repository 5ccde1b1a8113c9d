"""A long list, a page at a time: which part is shown, and the addresses of the others."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from pipeline.preview.ask import Ask


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Page `page` of `count` things, `size` on each; the address keeps what was searched for."""

    page: int
    count: int
    size: int
    path: str
    asked: tuple[tuple[str, str], ...]

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(-(-self.count // self.size), 1)

    @property
    def start(self) -> int:
        """How many things come before this page's first."""
        return (self.page - 1) * self.size

    @property
    def end(self) -> int:
        """How many things this page ends with."""
        return min(self.start + self.size, self.count)

    def to(self, page: int) -> str:
        """The address of another page of the same list."""
        return f"{self.path}?{urlencode([*self.asked, ('page', page)])}"


def slice_of(ask: Ask, count: int, size: int = 50) -> Slice:
    """The part of a list that the address asks for; a number too large is the last page."""
    kept = [pair for pair in ask.request.query_params.multi_items() if pair[0] not in ("page", "seen") and pair[1]]
    given = ask.asked("page", "1")
    wanted = int(given) if given.isdecimal() and len(given) < 9 else 1
    last = max(-(-count // size), 1)
    return Slice(page=min(max(wanted, 1), last), count=count, size=size, path=ask.request.url.path, asked=tuple(kept))
