"""Feeds of many posts: RSS, Atom and JSON Feed, in one process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.bench.row import NO_TARGET, Plan, Row, Target, Turn
from tests.bench.tools import HERE

STAGE = "feeds"
SIZES = {"full": (50, 1000, 10_000), "quick": (50, 500), "tiny": (5,)}
TARGETS = {50: Target(seconds=0.12), 10_000: Target(seconds=2.0)}


def rows(plan: Plan) -> Iterator[Row]:
    for size in SIZES[plan.scale]:
        row = partial(Row, stage=STAGE, work=f"{size:,} entries", size=size)
        ours = plan.tools.ours_python(str(HERE / "ours/feeds.py"), str(size))
        turn = Turn(command=ours, inside=True, target=TARGETS.get(size, NO_TARGET))
        yield row(who="paperround's three feeds", kind="ours", turns=[turn])
        join = plan.tools.ours_python(str(HERE / "limits/feeds.py"), str(size))
        yield row(who="join, three feeds", kind="limit", turns=[Turn(command=join, inside=True)])
        if plan.peers:
            command, missing = plan.tools.python("feeds", str(HERE / "peers/feeds.py"), str(size))
            yield row(
                who="feedgen, RSS alone", kind="peer", turns=[Turn(command=command, inside=True)], missing=missing
            )
