"""A request as the pages see it, and what they answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from pipeline.config import Settings
from pipeline.model import Fetch
from pipeline.public.limits import Limit
from pipeline.store import Store


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request, read whole: `form` has all values of each field, `client` is where it came from.

    Header names are in lower case. `token` is what stands in the path.
    """

    method: str
    client: str
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    token: str = ""
    provider: str = ""
    form: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    body: bytes = b""

    def one(self, name: str) -> str:
        """The first value of a field, without white space around it; "" when it is not there."""
        return next(iter(self.form.get(name, ())), "").strip()


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A page: its status, its HTML or text, and headers beyond those that every page has."""

    body: str
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What the pages work with.

    `soon` tells that a key of the feedback room is due; it is worked on elsewhere, after the answer. `say` tells the
    person who runs the server. `clients` bounds what one client may ask for with the form.
    """

    settings: Settings
    store: Store
    clock: Callable[[], datetime]
    fetch: Fetch
    soon: Callable[[str], None]
    say: Callable[[str], None]
    clients: Limit


Page = Callable[[Asked, Desk], Answered]
