"""Three workers, very many readers, and everything that can go wrong with the machines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.model import Account
from tests import postgres
from tests.worker import crew
from tests.world import World, lay_out

WHOLE = bool(os.environ.get("CI"))
"""CI=1 sends to a hundred thousand readers."""


def cut_off(server: postgres.Server, process: int) -> int:
    """An administrator ends all of one process's sessions; returns how many there were."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s"
    return len(server.execute(ended, f"paperround % process {process}"))


def calamity(server: postgres.Server, world: World, service: crew.Service, readers: int) -> Account:
    """Kill one worker, cut another off, restart the database, each in the middle of the issue; wait for its end."""
    with crew.crew(world, 3, at_once=6, pace=crew.QUICK) as hands:
        first, second, third = hands
        crew.until(lambda: service.arrived > readers * 0.15, hands)
        first.process.send_signal(signal.SIGKILL)
        crew.until(lambda: service.arrived > readers * 0.35, hands)
        assert cut_off(server, second.process.pid)
        crew.until(lambda: service.arrived > readers * 0.55, hands)
        server.stop("fast")
        server.start()
        crew.until(lambda: over(world), hands, 900)
        assert second.leave() == third.leave() == 0
        for hand in hands:
            assert "Traceback" not in hand.log.read_text("utf-8"), hand.log.read_text("utf-8")
    found = crew.account(world)
    assert found is not None
    assert found.balanced
    return found


def over(world: World) -> bool:
    """Nobody waits, nor any batch of unknown fate that is about to be handed over again."""
    found = crew.account(world)
    return found is not None and found.pending == 0 and not crew.under_way(world)


@pytest.mark.timeout(1800)
def test_where_the_provider_removes_duplicates_everybody_gets_one_copy_and_the_issue_ends_by_itself(
    tmp_path: Path, own_server: postgres.Server
) -> None:
    readers = 100_000 if WHOLE else 4_000
    world = lay_out(tmp_path / "project")
    world.keep_in(own_server.url(), postgres.PASSWORD)
    with crew.service(0.05 if WHOLE else 0.2) as service:
        crew.approved(world, service, "mailjet", readers, at_once=4)
        end = calamity(own_server, world, service, readers)
        assert (end.audience, end.accepted, end.unknown) == (readers, readers, 0)
        summary = service.get("/")
    assert (summary["arrived"], summary["twice"]) == (readers, [])


@pytest.mark.timeout(1800)
def test_where_it_does_not_nobody_gets_two_and_the_killed_worker_s_batches_are_listed(
    tmp_path: Path, own_server: postgres.Server
) -> None:
    readers = 100_000 if WHOLE else 24_000
    world = lay_out(tmp_path / "project")
    world.keep_in(own_server.url(), postgres.PASSWORD)
    with crew.service(0.5) as service:
        crew.approved(world, service, "sendgrid", readers, at_once=4)
        end = calamity(own_server, world, service, readers)
        summary, mailboxes = service.get("/"), set(service.get("/mailboxes"))
    assert end.audience == readers
    assert end.accepted + end.unknown == readers
    # Only what the killed worker was just handing over is in doubt: a cut line and a restart leave no doubt at all.
    assert end.unknown <= 4 * 1000
    assert summary["twice"] == []
    with world.project() as project:
        from pipeline import deliver

        accepted = {address for address, _ in deliver.people_of(end.issue, "accepted", project.store)}
        parked = deliver.people_of(end.issue, "unknown", project.store)
    assert accepted <= mailboxes
    assert len(mailboxes) >= end.accepted
    assert len(parked) == min(end.unknown, 1000)


def test_a_worker_that_is_told_to_stop_finishes_its_batch_first(tmp_path: Path, postgresql: postgres.Server) -> None:
    with postgresql.database() as database, crew.service(1.0) as service:
        world = lay_out(tmp_path / "project")
        world.keep_in(postgresql.url(database), postgres.PASSWORD)
        crew.approved(world, service, "mailjet", 1000, at_once=2)
        with crew.crew(world, 1, at_once=4, pace=crew.QUICK) as hands:
            crew.until(lambda: service.arrived > 0, hands)
            assert hands[0].leave() == 0
        left = crew.account(world)
        assert left is not None
        assert left.pending
        assert left.accepted == service.arrived


def test_workers_and_runs_from_cron_at_once_send_each_copy_once(tmp_path: Path, postgresql: postgres.Server) -> None:
    with postgresql.database() as database, crew.service(0.1) as service:
        world = lay_out(tmp_path / "project")
        world.keep_in(postgresql.url(database), postgres.PASSWORD)
        crew.approved(world, service, "sendgrid", 12_000, at_once=4)
        with crew.crew(world, 2, pace=crew.QUICK) as hands, crew.crew(world, 2, once=True, pace=crew.QUICK) as others:
            crew.until(lambda: over(world), hands + others)
        summary, end = service.get("/"), crew.account(world)
    assert end is not None
    assert (end.accepted, summary["arrived"], summary["twice"]) == (12_000, 12_000, [])


def test_without_postgresql_the_command_says_what_to_do(tmp_path: Path) -> None:
    world = lay_out(tmp_path / "project")
    words = [sys.executable, "-m", "pipeline.cli.main", "worker", "--project", str(world.folder), "--once"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=crew.ROOT)
    assert done.returncode == 2
    assert "migrate-store" in done.stderr
    assert "Traceback" not in done.stderr
