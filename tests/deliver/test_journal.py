"""What a run that sends one copy after the other leaves behind, and who may act on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.deliver.journal import Journal
from pipeline.model import Answer, BatchId
from pipeline.testing.batches import a_batch
from tests import postgres
from tests.deliver.scene import Stage

on_a_server = pytest.mark.parametrize("kept_in", ["postgresql"], indirect=True)
TAKEN = Answer(status=250, headers={"stage": "content"}, body=b"queued")


@on_a_server
@pytest.mark.parametrize("kind", ["smtp", "none"])
def test_the_next_run_sends_nothing_that_a_run_which_lost_its_line_to_the_database_is_still_sending(
    stage: Stage, kept_in: postgres.Server, kind: str
) -> None:
    with stage(kind) as scene:
        double = scene.mail or scene.double

        def cut_off_and_run_beside() -> None:
            double.after = lambda: None
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            assert kept_in.execute(ended, scene.world.database)
            scene.cron()

        double.after = cut_off_and_run_beside
        scene.send()
        assert double.twice == []
        if kind == "smtp":
            assert scene.sums == {"accepted": 4}


def test_who_is_not_in_the_journal_of_a_killed_run_was_not_sent_to_but_the_next_one(tmp_path: Path) -> None:
    batch, journal = a_batch(4), Journal(tmp_path, BatchId(1), 1)
    with journal.begun(batch):
        assert journal.is_kept()
        journal.heard(TAKEN)
        assert [path.stat().st_mode & 0o077 for path in (tmp_path / "journal").iterdir()] == [0]
    assert not journal.is_kept()
    first, second = journal.replies(batch) or ()
    assert first == TAKEN
    assert getattr(second, "sent", None) == "after"


@pytest.mark.parametrize("line", [b"5", b"null", b"[]", b'"sent"', b'{"sent": 1}', b"[" * 100_000, b"\xff", b""])
def test_a_line_of_a_journal_that_is_no_reply_proves_nothing(tmp_path: Path, line: bytes) -> None:
    batch, journal = a_batch(4), Journal(tmp_path, BatchId(1), 1)
    with journal.begun(batch):
        journal.heard(TAKEN)
    (path,) = tmp_path.rglob("*.jsonl")
    path.write_bytes(path.read_bytes() + line + b"\n")
    assert journal.replies(batch) == [TAKEN]


def test_a_line_that_a_full_disk_cut_off_proves_nothing_of_those_behind_it(tmp_path: Path) -> None:
    batch, journal = a_batch(4), Journal(tmp_path, BatchId(1), 1)
    with journal.begun(batch):
        journal.heard(TAKEN)
        journal.heard(TAKEN)
        journal.heard(TAKEN)
    (path,) = tmp_path.rglob("*.jsonl")
    head, first, second, third, end = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([head, first, second[:12] + third, end]))
    assert journal.replies(batch) == [TAKEN]
