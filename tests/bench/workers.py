"""How much faster two workers are than one: `python -m tests.bench.workers [READERS] [MILLISECONDS]`.

Real workers, a real PostgreSQL (that waits for its disk), the SendGrid adapter, and a service on this machine that takes
so long for each request. The time is from the start of the workers until every copy has been taken, without the time in
which they start and the issue is frozen: it runs from the first copy to the last.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests import postgres
from tests.worker import crew
from tests.world import lay_out


def seconds(server: postgres.Server, workers: int, readers: int, latency: float) -> float:
    """From the first copy to the last, with so many workers that hand over one batch at a time."""
    with server.database() as database, tempfile.TemporaryDirectory() as folder, crew.service(latency) as service:
        world = lay_out(Path(folder) / "project")
        world.keep_in(server.url(database), postgres.PASSWORD)
        crew.approved(world, service, "sendgrid", readers, at_once=workers)
        with crew.crew(world, workers, at_once=1, pace={**crew.QUICK, "rounds": "*/5 * * * * *"}) as hands:
            crew.until(lambda: service.arrived > 0, hands)
            begun = time.monotonic()
            crew.until(lambda: service.arrived == readers, hands, 1800)
            return time.monotonic() - begun


def main() -> None:
    readers = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    latency = float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.05
    server = postgres.made(durable=True)
    try:
        took = {workers: seconds(server, workers, readers, latency) for workers in (1, 2)}
    finally:
        postgres.removed(server)
    print(f"{readers} readers, {latency * 1000:.0f} ms for each request of 1000 readers")
    for workers, spent in took.items():
        print(f"{workers} worker{'s' if workers > 1 else ' '}  {spent:7.1f} s   {readers / spent:9.0f} readers/s")
    print(f"ratio      {took[1] / took[2]:7.2f}")


if __name__ == "__main__":
    main()
