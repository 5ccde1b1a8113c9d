"""Many entries are cleaned in child processes, on all processors; one that a child fails on costs only itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import tzinfo
from typing import TypeVar

import msgspec

from pipeline import child
from pipeline.clean.making import Made, without_article
from pipeline.errors import ChildFault
from pipeline.model import KnownEntry

MANY = 1000
"""From so many entries on it pays to start children, each of which takes half a second."""
SECONDS = 60
"""A handful of entries may take so long, and so may one of them alone."""
MEGABYTES = 1500

T = TypeVar("T")
Asked = Sequence[tuple[KnownEntry, tzinfo]]
"""Entries, each with its author's time zone."""


def possible() -> bool:
    """Whether there are processors to share the work, and children that can do it."""
    if child.AT_ONCE == 1:
        return False
    try:
        return _asked([]) == []
    except ChildFault:
        return False


def made(asked: Asked) -> list[Made]:
    """What cleaning makes of entries, in a child; what ends the child is looked for entry by entry, and named."""
    try:
        return _asked(asked)
    except ChildFault as fault:
        if len(asked) > 1:
            return [one for each in asked for one in made([each])]
        ((known, zone),) = asked
        return [without_article(known, zone, fault.what)]


def _asked(asked: Asked) -> list[Made]:
    given = msgspec.json.encode([(known, str(zone)) for known, zone in asked])
    raw = child.run("pipeline.clean.making", given, seconds=SECONDS, megabytes=MEGABYTES, what="Cleaning it")
    return msgspec.json.decode(raw, type=list[Made])


def side_by_side(make: Callable[[str], T], keys: Sequence[str]) -> Iterator[tuple[str, Future[T]]]:
    """What `make` makes of each key, in the order of the keys, a few of them ahead: what waits takes memory."""
    ahead = 2 * child.AT_ONCE
    with ThreadPoolExecutor(child.AT_ONCE + 1) as threads:  # one reads entries for the child that is ready next
        begun = deque(threads.submit(make, key) for key in keys[:ahead])
        for at, key in enumerate(keys):
            yield key, begun.popleft()
            if at + ahead < len(keys):
                begun.append(threads.submit(make, keys[at + ahead]))
