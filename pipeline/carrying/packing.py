"""Which readers go into each request of a batch."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.carrying.api import copy_size, longest_link
from pipeline.carrying.fates import Part
from pipeline.model import Batch, Recipient

if TYPE_CHECKING:
    from pipeline.providers import Capabilities


@lru_cache(maxsize=2)
def sharing(batch: Batch, can: Capabilities, links: int) -> tuple[Part, ...]:
    """The readers of each request when all in it share one body: of her own a reader has so many links and 2 kB.

    It is asked for before and after each request, so it is kept.
    """
    # Where fields of a merge are written as such, a body may be twice as long as it is.
    room = max(can.body_max_bytes - 2 * copy_size(batch), 0)
    return packed(batch.recipients, links * longest_link(batch) + 2048, can.batch_max, room)


def copied(batch: Batch, can: Capabilities) -> tuple[Part, ...]:
    """The readers of each request when it holds a whole copy for each."""
    return packed(batch.recipients, copy_size(batch), can.batch_max, can.body_max_bytes)


def packed(readers: Part, each: int, at_most: int, room: int) -> tuple[Part, ...]:
    """The readers in parts of at most `at_most`, each of them with `each` bytes of at most `room`, in order.

    No part has an address twice, whatever its case: some providers refuse that, others know readers by address. A
    reader too big for the room is alone.
    """
    at_most = min(at_most, max(room // each, 1))
    if 0 < len(readers) <= at_most and len(set(map(str.lower, [one.address for one in readers]))) == len(readers):
        return (readers,)
    parts, part, seen = list[Part](), list[Recipient](), set[str]()
    for one in readers:
        if len(part) >= at_most or one.address.lower() in seen:
            parts.append(tuple(part))
            part, seen = [], set()
        part.append(one)
        seen.add(one.address.lower())
    return (*parts, tuple(part)) if part else tuple(parts)
