"""What becomes of a hand-over when the disk is full, or loses what it had promised to keep."""

from __future__ import annotations

import contextlib
import shutil
from typing import Any

import pytest
import sqlalchemy as sa

from pipeline import run
from pipeline.errors import PaperroundError, StoreFault
from pipeline.model import BatchId
from pipeline.store import ledger, tables
from tests import postgres
from tests.deliver.scene import Scene, Stage

in_a_file = pytest.mark.parametrize("kept_in", ["sqlite"], indirect=True)
on_a_server = pytest.mark.parametrize("kept_in", ["postgresql"], indirect=True)


@in_a_file
@pytest.mark.parametrize("pages_left", [0, 1, 3])
def test_c5_a_full_disk_stops_cleanly_and_the_next_run_goes_on(stage: Stage, pages_left: int) -> None:
    with stage("none") as scene:

        def bounded(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count={pages + pages_left}")

        sa.event.listen(sa.Engine, "connect", bounded)
        try:
            scene.send()
        finally:
            sa.event.remove(sa.Engine, "connect", bounded)
        the_next_runs_go_on(scene)


@on_a_server
@pytest.mark.parametrize("rows", [0, 3, 6, 9, 12, 15])
def test_c5_a_server_s_full_disk_stops_cleanly_and_the_next_run_goes_on(
    stage: Stage, kept_in: postgres.Server, rows: int
) -> None:
    with stage("none") as scene:
        room = kept_in.full_after(str(scene.world.database), rows, at_commit=bool(rows % 2))
        with room, contextlib.suppress(StoreFault):
            scene.send()
        the_next_runs_go_on(scene)


def the_next_runs_go_on(scene: Scene) -> None:
    assert scene.double.twice == []
    for _ in range(3):
        scene.world.pass_time(minutes=31)
        scene.cron()
    assert scene.double.twice == []
    assert sum(scene.sums.values()) == 4
    assert scene.sums.get("pending", 0) == 0


@in_a_file
def test_a17_a_state_that_lost_its_last_commits_to_a_power_cut_mails_nobody_twice(stage: Stage) -> None:
    with stage("none") as scene:
        outbox, torn = scene.world.folder / "outbox", scene.world.folder / "torn"

        def power_cut() -> None:
            scene.double.told = lambda: None
            shutil.copytree(outbox, torn)

        scene.double.told = power_cut
        scene.send()
        log = (torn / "paperround.sqlite3-wal").read_bytes()
        assert log
        taken = set(scene.double.taken)
        scene.double.forget()
        for kept in range(0, len(log) + 1, max(len(log) // 7, 1)):
            shutil.rmtree(outbox)
            shutil.copytree(torn, outbox)
            (outbox / "paperround.sqlite3-wal").write_bytes(log[:kept])
            (outbox / "paperround.sqlite3-shm").unlink(missing_ok=True)
            scene.cron()
            assert sorted(scene.double.taken) in ([], [(1, 3), (1, 4)])
            assert taken == {(1, 1), (1, 2), (1, 3), (1, 4)}
            scene.double.forget()


def test_readers_go_out_in_the_order_they_came_however_the_database_keeps_them(stage: Stage) -> None:
    with stage("none") as scene, scene.project() as project:
        run.perform(project, "deliver", lambda: ["freeze/1"])
        with project.store.writing() as tx:
            rows = [dict(row._mapping) for row in tx.execute(sa.select(tables.outcomes))]
            tx.execute(sa.delete(tables.outcomes))
            tx.execute(sa.insert(tables.outcomes), sorted(rows, key=lambda row: -row["subscriber"]))
        run.walk(project, "deliver")
        assert [reader for _, reader in scene.double.taken] == [1, 2, 3, 4]


def test_a_batch_is_not_closed_while_a_reader_waits(stage: Stage) -> None:
    with stage("none") as scene:
        with scene.project() as project:
            run.perform(project, "deliver", lambda: ["freeze/1"])
            with pytest.raises(PaperroundError, match="can't be closed"), project.store.writing() as tx:
                ledger.close(tx, BatchId(1), "")
        assert scene.sums == {"pending": 4}
