"""Keep a state as today's program writes it: `python -m tools.keep_state` makes tests/data/state-<revision>.sql.

An issue sent to two readers, one of whom left. Run it whenever there is a new migration.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from pipeline.feedback import readers
from pipeline.store import migrations
from tests.journeys import steps
from tests.world import lay_out

DATA = Path(__file__).parents[1] / "tests/data"


def main() -> None:
    """Walk through the house once, and dump what that leaves."""
    with tempfile.TemporaryDirectory() as folder:
        world = lay_out(Path(folder) / "project")
        steps.subscribe(world, "ann@example.org", "ben@example.org")
        steps.pull(world)
        steps.build_now(world)
        steps.approve(world)
        steps.send(world)
        with world.project() as project:
            readers.unsubscribe(project.store, "ben@example.org", evidence="wrote to me", now=world.now)
        with closing(sqlite3.connect(world.folder / "outbox/paperround.sqlite3")) as database:
            lines = "\n".join(database.iterdump())
    path = DATA / f"state-{migrations.HEAD}.sql"
    path.write_text(f"{lines}\n", "utf-8")
    print(path)


if __name__ == "__main__":
    main()
