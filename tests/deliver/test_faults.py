"""What becomes of an issue when its provider fails, and that nobody is lost or mailed twice by it.

The rows' names (A1 to A17, B1 to B15, C1 to C9) are those of the list of faults that the sender was designed against.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline import deliver, run
from pipeline.deliver import mark
from pipeline.errors import NeedsPerson, StoreFault, UserError
from pipeline.feedback import readers
from pipeline.model import IssueNumber, Outcome, Reply, Report, Request, SubscriberId, Suppression
from pipeline.store import Store, Tx, dumping, ledger, people
from tests import postgres
from tests.deliver.scene import ONE, Scene, Stage
from tests.journeys import steps
from tests.world import World

AMBIGUOUS = ["reset after", "500 after", "truncated", "hang"]


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_a7_a8_b9_a_copy_that_may_have_arrived_is_parked_and_never_sent_again_by_itself(
    stage: Stage, fault: str
) -> None:
    with stage("none") as scene:
        scene.double.faults = [fault]
        report = scene.send()
        assert report.exit_code == 3
        assert scene.sums == {"accepted": 2, "unknown": 2}
        for _ in range(3):
            scene.world.pass_time(days=1)
            scene.cron()
        assert scene.double.twice == []
        assert scene.sums["unknown"] == 2


@pytest.mark.parametrize("fault", ["reset after", "500 after"])
def test_a_provider_that_swallows_batches_gets_only_a_few_and_the_rest_later(stage: Stage, fault: str) -> None:
    """Else a large issue's readers would all be of unknown fate before somebody looks."""
    with stage("none", batch_max=1, more=tuple(f"more{at}@example.org" for at in range(6))) as scene:
        scene.double.faults = [fault] * 9
        report = scene.send()
        assert scene.sums == {"unknown": 3, "pending": 7}
        assert "double left the fate of 3 batches in a row unknown; the others wait for 10 minutes." in report.errors
        scene.cron()
        assert scene.sums["pending"] == 7
        scene.world.pass_time(minutes=11)
        report = scene.cron()
        assert scene.sums == {"unknown": 4, "pending": 6}
        assert "double left the fate of 4 batches in a row unknown; the others wait for 20 minutes." in report.errors
        scene.double.faults = []
        scene.world.pass_time(minutes=21)
        scene.cron()
        assert scene.sums == {"unknown": 4, "accepted": 6}
        assert scene.double.twice == []


def test_a_provider_that_swallows_a_batch_now_and_then_holds_up_nobody(stage: Stage) -> None:
    with stage("none", batch_max=1, more=tuple(f"more{at}@example.org" for at in range(6))) as scene:
        scene.double.faults = ["reset after", "reset after", "", "reset after", "reset after"]
        scene.send()
        assert scene.sums == {"unknown": 4, "accepted": 6}


def test_a_provider_that_forgets_one_reader_of_each_batch_holds_up_nobody(stage: Stage) -> None:
    with stage("none", more=tuple(f"more{at}@example.org" for at in range(6))) as scene:
        scene.double.faults = ["too few"] * 4
        scene.send()
        assert scene.sums == {"unknown": 4, "accepted": 6}


def test_who_says_once_and_for_all_that_unknown_copies_go_again_has_it_done_once_and_the_issue_ends(
    stage: Stage,
) -> None:
    with stage("none") as scene:
        scene.set("[delivery]", '[delivery]\non_unknown = "resend"')
        scene.double.faults = ["reset after"]
        report = scene.send()
        told = "nobody knows whether 2 copies arrived; on_unknown says resend, so it goes again in 10 minutes."
        assert (report.errors, report.attention) == ((f"Issue 1: {told}",), ())
        assert (scene.sums, scene.state) == ({"accepted": 2, "pending": 2}, "sending")
        with scene.project() as project:
            assert not list(deliver.due(project.store, project.settings.deliver, scene.world.now)), "nothing for now"
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert (scene.sums, scene.state) == ({"accepted": 4}, "sent")
        assert scene.double.twice == [(1, 1), (1, 2)]
        assert scene.double.taken.total() == 6


def test_copies_that_go_again_by_the_settings_are_three_at_most_then_a_person_is_asked(stage: Stage) -> None:
    with stage("none", batch_max=4) as scene:
        scene.set("[delivery]", '[delivery]\non_unknown = "resend"')
        scene.double.faults = ["reset after"] * 99
        scene.send()
        for _ in range(24):
            scene.world.pass_time(hours=1)
            scene.cron()
        assert set(scene.double.taken.values()) == {3}
        assert (scene.sums, scene.state) == ({"unknown": 4}, "held")


def test_a_provider_that_swallows_batches_gets_only_a_few_where_unknown_copies_go_again_too(stage: Stage) -> None:
    with stage("none", batch_max=1, more=tuple(f"more{at}@example.org" for at in range(6))) as scene:
        scene.set("[delivery]", '[delivery]\non_unknown = "resend"')
        scene.double.faults = ["reset after"] * 9
        report = scene.send()
        assert scene.double.taken.total() == 3
        assert "double left the fate of 3 batches in a row unknown; the others wait for 10 minutes." in report.errors
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.double.taken.total() == 4
        scene.double.faults = []
        scene.world.pass_time(minutes=21)
        scene.cron()
        assert scene.sums == {"accepted": 10}


def test_b9_a_web_page_in_place_of_an_answer_parks_its_batch_and_stops_the_others(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["html"]
        scene.send()
        assert scene.sums == {"unknown": 2, "pending": 2}
        scene.send()
        assert (scene.sums, scene.state) == ({"accepted": 2, "unknown": 2}, "held")
        assert [key for key in scene.matters if key.endswith("/1")] == ["unknown/1"], "told, and once"
        assert scene.double.twice == []


@pytest.mark.parametrize("fault", ["reset after", "hang", "500 after", "truncated"])
def test_a7_a8_the_same_bytes_under_the_same_key_settle_what_was_lost(stage: Stage, fault: str) -> None:
    with stage("key") as scene:
        scene.double.faults = [fault]
        scene.send()
        assert scene.sums == {"accepted": 2, "unknown": 2}
        assert scene.state == "sending", "nobody has to do anything"
        assert not any(key.startswith(("unknown", "held")) for key in scene.matters)
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert (scene.sums, scene.state) == ({"accepted": 4}, "sent")
        assert scene.double.twice == []
        assert len(scene.double.taken) == 4


def test_a9_half_a_batch_accepted_then_500_ends_parked_with_a_key_and_without_one(stage: Stage) -> None:
    for kind in ("none", "key"):
        with stage(kind) as scene:
            scene.double.faults = ["half"]
            scene.send()
            for _ in range(8):
                scene.world.pass_time(hours=1)
                scene.cron()
            assert scene.sums == {"accepted": 2, "unknown": 2}
            assert scene.state == "held", "a person is asked, well before the key's day is over"
            assert scene.double.twice == []


def test_a9_where_the_provider_knows_its_readers_the_other_half_follows(stage: Stage) -> None:
    with stage("recipient") as scene:
        scene.double.faults = ["half"]
        scene.send()
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.sums == {"accepted": 4}
        assert scene.double.twice == []


def test_a9_an_answer_that_comes_while_its_readers_are_sent_the_issue_again_by_order_stops_nothing(
    stage: Stage,
) -> None:
    with stage("none") as scene:
        scene.double.faults = ["reset after"]
        scene.send()
        assert scene.sums == {"accepted": 2, "unknown": 2}
        with scene.project() as project:
            deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=True)

        settled: list[int] = []

        def late() -> None:
            first = SubscriberId(min(reader for _, reader in scene.double.taken))
            with scene.beside() as beside, beside.store.writing() as tx:
                settled.append(
                    ledger.settle_late(tx, ONE, [Outcome(subscriber=first, fate="accepted")], scene.world.now)
                )

        scene.double.told = late
        report = scene.send()
        assert settled == [1]
        assert report.errors == ()
        assert scene.sums == {"accepted": 4}
        with scene.project() as project, project.store.writing() as tx:
            first = SubscriberId(min(reader for _, reader in scene.double.taken))
            assert not ledger.settle_late(tx, ONE, [Outcome(subscriber=first, fate="rejected")], scene.world.now)
        assert scene.sums == {"accepted": 4}, "what is settled stays"


def give_up(scene: Scene) -> None:
    """Its lines are cut, and another finds its batch without an owner."""
    if scene.server:
        scene.server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", scene.world.database
        )
    with scene.beside() as project:
        run.perform(project, "deliver", lambda: ["orphan/1"])


def test_a9_an_answer_counts_although_its_batch_was_given_up_and_ordered_to_be_sent_again(stage: Stage) -> None:
    with stage("none") as scene:

        def given_up() -> None:
            scene.double.after = lambda: None
            give_up(scene)
            with scene.beside() as project:
                deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=True)

        scene.double.after = given_up
        report = scene.send()
        assert report.errors == ()
        scene.cron()
        assert scene.sums == {"accepted": 4}
        assert scene.double.twice == []


def test_a10_after_the_keys_lifetime_nothing_is_repeated(stage: Stage) -> None:
    with stage("key", lifetime=1800) as scene:
        scene.double.faults = ["reset after"]
        scene.send()
        scene.world.pass_time(minutes=31)
        scene.cron()
        assert scene.sums == {"accepted": 2, "unknown": 2}
        assert scene.double.asked == 2


def test_a10_a_machine_that_slept_with_a_batch_in_hand_does_not_send_it_when_it_wakes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage("key", lifetime=1800) as scene:
        if scene.server is None:
            pytest.skip("nobody else is at work on a file")
        real = mark.set_to

        def asleep(*how: Any) -> None:
            monkeypatch.setattr(mark, "set_to", real)
            real(*how)
            give_up(scene)
            with scene.beside() as project:
                run.perform(project, "deliver", lambda: ["batch/1/1"])
            scene.world.pass_time(hours=1)
            scene.double.keys.clear()

        monkeypatch.setattr(mark, "set_to", asleep)
        report = scene.send()
        assert scene.double.twice == []
        assert scene.sums == {"accepted": 4}
        assert report.errors == ()


def test_a10_when_the_clock_went_back_nobody_knows_whether_the_key_still_holds(stage: Stage) -> None:
    with stage("key") as scene:
        scene.double.faults = ["reset after"]
        scene.send()
        scene.world.pass_time(days=-2)
        scene.send()
        assert scene.sums == {"accepted": 2, "unknown": 2}
        assert scene.double.twice == []


def test_a11_the_same_bytes_go_again_although_the_issues_files_changed(stage: Stage) -> None:
    with stage("key") as scene:
        scene.double.faults = ["reset after"]
        scene.send()
        (scene.folder / "email.html").write_text("<p>something else</p>")
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.sums == {"accepted": 4}


def test_a11_bytes_that_would_differ_are_not_sent_under_the_old_key(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage("key") as scene:
        scene.double.faults = ["reset after"]
        scene.send()
        scene.set("letters@example.org", "new@example.org")
        monkeypatch.setattr("tests.doubles.carrier._MORE", {"since": "the program was updated"})
        asked = scene.double.asked
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.double.asked == asked
        assert scene.sums == {"accepted": 2, "unknown": 2}


def test_a12_another_body_under_the_same_key_is_unknown_and_not_rejected(stage: Stage) -> None:
    with stage("key") as scene:
        with scene.project() as project:
            run.perform(project, "deliver", lambda: ["freeze/1"])
            with project.store.reading() as tx:
                keys = [ledger.standing(tx, batch).key for batch in ledger.in_state(tx, "pending")]
        scene.double.keys = {key: (b"another", 200, {}) for key in keys}
        scene.send()
        assert scene.sums == {"unknown": 4}


def test_a13_a_key_that_is_being_worked_on_is_asked_again_later(stage: Stage) -> None:
    with stage("key") as scene:
        scene.double.faults = ["busy"]
        scene.send()
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.sums == {"accepted": 4}
        assert scene.double.twice == []


@pytest.mark.parametrize("wait", ["2", "date", "", "86400", "tomorrow-ish", "Mon, 01 Jan 2026 99999999999:00:00 +0000"])
def test_b1_too_many_requests_are_waited_for_within_bounds_and_nobody_is_lost(stage: Stage, wait: str) -> None:
    with stage("none") as scene:
        began = scene.world.now
        moment = format_datetime(began + timedelta(seconds=30), usegmt=True)
        scene.double.faults = [f"429:{moment if wait == 'date' else wait}"]
        scene.send()
        if wait == "86400":
            assert scene.sums == {"pending": 4}
            assert scene.double.asked == 1
            scene.world.pass_time(days=1)
            scene.cron()
        assert scene.sums == {"accepted": 4}
        assert scene.double.twice == []
        assert scene.world.now - began >= timedelta(seconds={"2": 2, "date": 30, "86400": 86_400}.get(wait, 1))


def test_b1_a_provider_that_never_has_time_does_not_keep_a_run_for_ever(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["429:1"] * 500
        scene.send()
        assert scene.double.asked < 20
        assert scene.sums == {"pending": 4}


def test_b1_each_issue_that_waits_because_the_provider_asked_for_time_is_told_with_how_long(stage: Stage) -> None:
    with stage("none") as scene:
        for number in (2, 3):
            steps.approve_another(scene.world, IssueNumber(number))
        scene.double.faults = ["429:3600"]
        told = scene.cron().errors
        assert [words.partition(" (")[0] for words in sorted(told)] == [
            "Issue 1: 2 not handed over", "Issue 2: 4 not handed over", "Issue 3: 4 not handed over",
        ]  # fmt: skip
        assert all(words.endswith("; tried again in 60 minutes.") for words in told)
        assert scene.double.asked == 1
        scene.world.pass_time(hours=1)
        assert scene.cron().errors == ()
        assert scene.double.taken.total() == 12


def test_b1_a_short_wait_is_waited_for_and_no_other_issue_is_told(stage: Stage) -> None:
    with stage("none") as scene:
        steps.approve_another(scene.world, IssueNumber(2))
        scene.double.faults = ["429:20"]
        assert [words.partition(":")[0] for words in scene.cron().errors] == ["Issue 1"]
        assert scene.double.taken.total() == 8


def test_b1_the_same_key_is_used_after_the_wait(stage: Stage) -> None:
    with stage("key") as scene:
        scene.double.faults = ["429:2"]
        scene.send()
        assert len(scene.double.keys) == 2
        assert scene.sums == {"accepted": 4}


@pytest.mark.parametrize("fault", ["401", "403", "waf"])
def test_b2_b10_a_refusal_of_us_stops_at_once_and_waits_for_a_person(stage: Stage, fault: str) -> None:
    with stage("none") as scene:
        scene.double.faults = [fault]
        report = scene.send()
        assert report.exit_code == 3
        assert any("double" in sentence and "send 1" in sentence for sentence in report.attention)
        assert scene.double.asked == 1
        assert scene.sums.get("rejected", 0) == 0
        before = scene.double.asked
        scene.world.pass_time(days=1)
        assert scene.cron().exit_code == 3
        assert scene.double.asked == before
        scene.send()
        waf = fault == "waf"
        assert scene.sums == ({"accepted": 2, "unknown": 2} if waf else {"accepted": 4})


def test_a_provider_that_refuses_us_is_told_once_however_many_issues_wait_for_it(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["401"]
        scene.send()
        for number in (2, 3):
            steps.approve_another(scene.world, IssueNumber(number))
        for _ in range(2):
            report = scene.cron()
            (sentence,) = [one for one in report.attention if "Nothing more is handed to double" in one]
            assert sentence.endswith("`send 1` goes on.")
        assert scene.double.asked == 1


def test_b5_a_reader_whom_the_answer_does_not_mention_is_unknown(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["too few"]
        scene.send()
        assert scene.sums == {"accepted": 3, "unknown": 1}


def test_b5_an_id_that_no_database_can_write_costs_nobody_her_fate(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.named = "\ud800m{}\0"
        scene.send()
        assert scene.sums == {"accepted": 4}


def test_b11_a_redirect_is_not_followed(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["redirect"]
        scene.send()
        assert scene.double.asked == 2
        assert scene.double.twice == []


def test_b12_one_attempt_is_one_request(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["503", "500 after"]
        scene.send()
        assert scene.double.asked == 2


def test_b13_an_issue_that_waited_too_long_expires_and_only_a_person_still_sends_it(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["429:86400"] * 2
        scene.send()
        scene.world.pass_time(days=8)
        report = scene.cron()
        assert any("does not go out by itself" in sentence for sentence in report.attention)
        assert report.exit_code == 3
        assert scene.state == "expired"
        assert scene.double.taken.total() == 0
        scene.double.faults = []
        scene.send()
        assert scene.sums == {"accepted": 4}
        assert scene.state == "sent"


def test_b13_a_yes_that_is_too_old_sends_nothing_by_itself(stage: Stage) -> None:
    with stage("none") as scene:
        scene.world.pass_time(days=8)
        scene.cron()
        assert scene.account is None
        assert scene.state == "expired"
        scene.send()
        assert scene.sums == {"accepted": 4}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_b14_batches_are_never_larger_than_the_provider_takes(stage: Stage, size: int) -> None:
    with stage("none", batch_max=size) as scene:
        scene.send()
        assert scene.double.asked == -(-4 // size)
        assert scene.sums == {"accepted": 4}


def test_the_providers_pace_is_kept(stage: Stage) -> None:
    with stage("none", batch_max=1, per_second=0.5) as scene:
        began = scene.world.now
        scene.send()
        assert scene.sums == {"accepted": 4}
        assert scene.world.now - began == timedelta(seconds=6)


def test_c9_a_database_that_is_away_while_the_pace_is_kept_leaves_no_doubt(stage: Stage) -> None:
    with stage("campaign", lookup="sure", per_second=50.0) as scene:
        server = scene.server
        if server is None:
            pytest.skip("a file is never away")
        with scene.project() as project:

            def line(requests: Sequence[Request]) -> Iterator[Reply]:
                yield from project.out.line(requests)
                if "draft" in scene.double.campaigns.values():
                    away(server, str(scene.world.database), 0.5)

            outside = replace(project, out=replace(project.out, line=line))
            deliver.ask(ONE, project.store, project.settings.deliver, scene.world.now)
            keys = lambda: deliver.due(project.store, project.settings.deliver, scene.world.now, ONE)  # noqa: E731
            report = run.perform(outside, "deliver", keys)
        assert report.errors == ()
        assert scene.sums == {"accepted": 1}


def test_c9_a_line_that_is_cut_just_when_a_batch_was_claimed_leaves_no_doubt(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage("none") as scene:
        real = Store.writing_beside

        @contextmanager
        def cut_after(store: Store) -> Iterator[Tx]:
            monkeypatch.setattr(Store, "writing_beside", real)
            with real(store) as tx:
                yield tx
            raise StoreFault("The line was cut.", cut=True)

        monkeypatch.setattr(Store, "writing_beside", cut_after)
        report = scene.send()
        assert any("The line was cut" in sentence for sentence in report.errors)
        scene.cron()
        assert scene.sums == {"accepted": 4}
        assert scene.double.twice == []


def away(server: postgres.Server, database: str, seconds: float) -> None:
    """So long nobody is let into the database."""
    server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", database)
    Timer(seconds, lambda: server.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")).start()


def test_c4_a_state_that_is_older_than_what_went_out_sends_nothing_until_a_person_says_so(stage: Stage) -> None:
    with stage("none") as scene:
        with scene.restored():
            scene.send()
        report = scene.send()
        assert report.exit_code == 3
        assert any("put back" in sentence for sentence in report.errors)
        assert scene.cron().exit_code == 3
        assert scene.double.twice == []
        assert scene.sums == {"pending": 4}
        with scene.project() as project, pytest.raises(NeedsPerson, match="4 copies"):
            deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=False)
        scene.world.pass_time(days=1)
        scene.cron()
        assert scene.double.twice == []
        assert scene.sums == {"unknown": 4}


def test_c4_who_is_known_to_have_her_copy_is_not_in_doubt_when_the_state_is_older_than_what_went_out(
    stage: Stage,
) -> None:
    with stage("recipient") as scene:
        scene.double.faults = ["too few", "429:86400"]
        scene.send()
        assert scene.sums == {"accepted": 1, "unknown": 1, "pending": 2}
        with scene.restored():
            scene.send()
        with scene.project() as project, pytest.raises(NeedsPerson, match="3 copies"):
            deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=False)
        assert scene.sums == {"accepted": 1, "unknown": 3}


def test_c4_another_machine_that_sent_more_says_so_and_goes_on_once_a_person_has_reconciled(
    stage: Stage, tmp_path: Path
) -> None:
    with stage("none", batch_max=1) as scene:
        if scene.server is None:
            pytest.skip("a file has no other machines")
        elsewhere = dataclasses.replace(scene.world, folder=tmp_path / "elsewhere")
        shutil.copytree(scene.world.folder / "sources", elsewhere.folder / "sources")
        shutil.copy(scene.world.folder / ".env", elsewhere.folder)

        def hand_over() -> Report:
            with elsewhere.project(alone=False) as project:
                section, now = project.settings.deliver, scene.world.now
                return run.perform(project, "deliver", lambda: deliver.due(project.store, section, now))

        with scene.restored():
            assert hand_over().exit_code == 0
        with scene.project() as project:
            assert "from this machine" in elsewhere_says(elsewhere)
            section, now = project.settings.deliver, scene.world.now
            with project.store.writing() as tx:
                deliver.distrust(tx, project.store, section, now)
            deliver.reconcile(ONE, project.store, section, project.out, resend=True)
        assert hand_over().exit_code == 0
        assert scene.sums == {"accepted": 4}


def elsewhere_says(world: World) -> str:
    """What a machine says that is asked to hand over the first batch."""
    with world.project(alone=False) as project:
        return str(run.perform(project, "deliver", lambda: ["batch/1/0"]).attention)


def test_c4_where_the_provider_keeps_records_they_settle_what_the_restored_state_has_forgotten(stage: Stage) -> None:
    with stage("none", lookup="lagging") as scene:
        with scene.restored():
            scene.send()
        scene.send()
        with scene.project() as project:
            deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=False)
        assert scene.sums == {"accepted": 4}
        assert scene.double.twice == []


def test_c4_an_issue_that_the_provider_knows_already_is_not_sent_even_when_all_of_outbox_was_put_back(
    stage: Stage,
) -> None:
    with stage("none", lookup="lagging") as scene:
        with scene.restored(mark=True):
            scene.send()
        report = scene.send()
        assert report.exit_code == 3
        assert scene.double.twice == []
        with scene.project() as project:
            deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=False)
        assert scene.sums == {"accepted": 4}


def test_c4_what_the_provider_knows_is_asked_of_the_rest_too_although_processes_have_one_number_in_a_container(
    stage: Stage,
) -> None:
    with stage("none", lookup="lagging") as scene:
        scene.send(canary=2)
        with scene.restored(mark=True):
            scene.send()
            assert scene.sums == {"accepted": 4}
        report = scene.send()
        assert scene.double.twice == []
        assert "was a backup put back?" in str(report.attention)


def test_c4_a_mark_that_a_killed_run_had_only_begun_stops_nobody(stage: Stage) -> None:
    with stage("none") as scene:
        (scene.world.folder / "outbox/ledger.mark").write_bytes(b"")
        scene.send()
        assert scene.sums == {"accepted": 4}


@pytest.mark.parametrize("damaged", [b"\0" * 4096, b"lost\n", b"\xff" * 38], ids=len)
def test_c4_a_damaged_mark_holds_an_issue_up_until_a_person_has_looked(stage: Stage, damaged: bytes) -> None:
    with stage("none") as scene:
        (scene.world.folder / "outbox/ledger.mark").write_bytes(damaged)
        assert scene.send().exit_code == 3
        assert not scene.double.taken
        with scene.project() as project:
            deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=True)
        scene.send()
        assert scene.sums == {"accepted": 4}


def test_c7_who_leaves_between_the_yes_and_her_batch_gets_nothing(stage: Stage) -> None:
    with stage("none") as scene:

        def leave() -> None:
            scene.double.told = lambda: None
            with scene.world.project(alone=False) as project:
                readers.unsubscribe(project.store, "reader4@example.org", evidence="a click", now=scene.world.now)

        scene.double.told = leave
        scene.send()
        assert scene.sums == {"accepted": 3, "suppressed": 1}
        assert (1, 4) not in scene.double.taken


def test_c7_who_is_forgotten_between_the_yes_and_her_batch_gets_nothing(stage: Stage) -> None:
    with stage("none") as scene:

        def forget() -> None:
            scene.double.told = lambda: None
            with scene.world.project(alone=False) as project:
                readers.forget(project.store, "reader4@example.org", now=scene.world.now)

        scene.double.told = forget
        scene.send()
        assert scene.sums == {"accepted": 3, "suppressed": 1}
        assert (1, 4) not in scene.double.taken


def test_c7_who_left_is_not_mailed_by_a_repeat_either(stage: Stage) -> None:
    with stage("key") as scene:
        scene.double.faults = ["reset before"]
        scene.send()
        with scene.project() as project:
            readers.unsubscribe(project.store, "reader1@example.org", evidence="a click", now=scene.world.now)
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.double.taken.keys() == {(1, 3), (1, 4)}
        assert scene.sums == {"accepted": 2, "unknown": 2}
        with scene.project() as project:
            deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=True)
        scene.send()
        assert scene.sums == {"accepted": 3, "suppressed": 1}
        assert (1, 1) not in scene.double.taken


def test_c7_an_address_that_is_kept_out_by_its_hash_alone_gets_nothing_and_its_reader_counts_as_gone(
    stage: Stage,
) -> None:
    with stage("none") as scene:

        def keep_out() -> None:
            scene.double.told = lambda: None
            with scene.world.project(alone=False) as project, project.store.writing() as tx:
                hashed = people.address_hash(project.store.secret(tx), "reader4@example.org")
                row = {"address_hash": hashed, "reason": "complained", "evidence": "", "at": scene.world.now}
                dumping.keep_out(tx, [row])

        scene.double.told = keep_out
        scene.send()
        assert scene.sums == {"accepted": 3, "suppressed": 1}
        assert (1, 4) not in scene.double.taken
        with scene.project() as project:
            assert "1 reader is off the list again" in run.walk(project, "feedback").done[0]
            with project.store.reading() as tx:
                reader = people.by_address(tx, "reader4@example.org")
                assert not people.any_unmatched(tx)
        assert reader is not None
        assert reader.state == "complained"


def test_c7_an_address_that_is_kept_out_gets_nothing_even_if_its_reader_still_counts_as_active(stage: Stage) -> None:
    with stage("none") as scene:
        with scene.project() as project, project.store.writing() as tx:
            key = people.address_key("reader4@example.org")
            hashed = people.hash_of_key(project.store.secret(tx), key)
            out = Suppression(address_hash=hashed, reason="bounced", evidence="5.1.1", at=scene.world.now)
            people.suppress(tx, out, key)
        scene.send()
        assert scene.sums == {"accepted": 3, "suppressed": 1}
        assert (1, 4) not in scene.double.taken


def test_no_reader_s_hash_is_made_for_a_batch_though_others_have_left(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hashed(*_: object) -> str:
        raise AssertionError("a hash was made")

    with stage("none") as scene:
        with scene.project() as project:
            readers.unsubscribe(project.store, "reader4@example.org", evidence="a click", now=scene.world.now)
        monkeypatch.setattr(people, "address_hash", hashed)
        scene.send()
        assert scene.sums == {"accepted": 3}


def test_one_address_that_can_not_be_written_stops_nobody_else(stage: Stage) -> None:
    with stage("none", more=("unwritable@example.org",)) as scene:
        scene.send()
        assert scene.sums == {"accepted": 4, "rejected": 1}


def test_the_canary_goes_first_and_the_rest_waits_for_a_word(stage: Stage) -> None:
    with stage("none", batch_max=3) as scene:
        scene.send(canary=1)
        assert scene.double.taken.keys() == {(1, 1)}
        assert scene.sums == {"accepted": 1, "pending": 3}
        assert scene.state == "held"
        scene.world.pass_time(days=1)
        scene.cron()
        assert scene.double.taken.keys() == {(1, 1)}
        with scene.project() as project, pytest.raises(UserError, match="on its way already"):
            deliver.ask(ONE, project.store, project.settings.deliver, scene.world.now, canary=2)
        scene.send()
        assert scene.sums == {"accepted": 4}
        assert scene.double.twice == []


def test_records_that_come_late_settle_what_is_unknown_and_their_silence_proves_nothing(stage: Stage) -> None:
    with stage("none", lookup="lagging") as scene:
        scene.double.lag = True
        scene.double.faults = ["reset after", "reset before"]
        scene.send()
        scene.world.pass_time(hours=1)
        scene.cron()
        assert scene.sums == {"unknown": 4}
        scene.double.lag = False
        scene.world.pass_time(hours=1)
        scene.cron()
        assert scene.sums == {"accepted": 2, "unknown": 2}
        assert scene.double.asked == 2


def test_two_who_ask_for_records_at_once_settle_a_batch_once(stage: Stage) -> None:
    with stage("none", lookup="lagging") as scene:
        scene.double.lag = True
        scene.double.faults = ["reset after", "reset after"]
        scene.send()
        assert scene.sums == {"unknown": 4}
        scene.double.lag = False
        scene.world.pass_time(hours=1)
        others: list[Report] = []

        def ask_as_well() -> None:
            scene.double.looked = lambda: None
            with scene.beside() as project:
                others.append(run.walk(project, "deliver"))

        scene.double.looked = ask_as_well
        report = scene.cron()
        assert scene.sums == {"accepted": 4}
        assert not (report + others[0]).errors
        assert "copies found in the provider's records" in str(others[0].done)


def test_c4_what_another_hands_over_while_the_records_are_looked_at_is_no_backup_that_was_put_back(
    stage: Stage,
) -> None:
    with stage("none", lookup="lagging") as scene:

        def send_as_well() -> None:
            scene.double.looked = lambda: None
            with scene.beside() as project:
                run.perform(project, "deliver", lambda: ["batch/1/0"])

        scene.double.looked = send_as_well
        report = scene.send()
        assert scene.sums == {"accepted": 4}
        assert report.attention == ()
        assert scene.double.twice == []


def test_where_records_are_sure_who_is_not_in_them_is_sent_the_issue(stage: Stage) -> None:
    with stage("none", lookup="sure") as scene:
        scene.double.faults = ["reset after", "reset before"]
        scene.send()
        scene.world.pass_time(hours=1)
        scene.cron()
        assert scene.sums == {"accepted": 4}
        assert scene.double.twice == []


def test_a_list_that_the_provider_keeps_is_one_row_and_starts_once(stage: Stage) -> None:
    with stage("campaign", lookup="sure") as scene:
        scene.double.faults = ["reset after"]
        scene.send()
        assert scene.sums == {"unknown": 1}
        scene.world.pass_time(minutes=31)
        scene.cron()
        assert scene.sums == {"accepted": 1}
        assert scene.double.taken == {(1, 0): 1}
        with scene.project() as project:
            people = deliver.people_of(ONE, "accepted", project.store)
        assert people[0][0] == "everybody on the list that double keeps"


def test_a_list_that_the_provider_keeps_has_no_canary(stage: Stage) -> None:
    with stage("campaign", lookup="sure") as scene, pytest.raises(UserError, match="--to"):
        scene.send(canary=1)


def test_no_secret_is_in_the_outbox_or_the_state(stage: Stage) -> None:
    with stage("none") as scene:
        scene.double.faults = ["401"]
        scene.send()
        scene.send()
        assert "token-of-the-double" in scene.double.tokens
        for path in (scene.world.folder / "outbox").rglob("*"):
            assert not path.is_file() or b"token-of-the-double" not in path.read_bytes()


def test_a_batch_takes_one_transaction_before_it_leaves_and_one_after(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def listened_to(name: str) -> None:
        real = getattr(Store, name)

        def heard(store: Store, *words: Any, **more: Any) -> Any:
            opened.append(name)
            return real(store, *words, **more)

        monkeypatch.setattr(Store, name, heard)

    with stage("none", lookup="lagging") as scene, scene.project() as project:
        section, now = project.settings.deliver, project.out.clock()
        deliver.work("freeze/1", project.store, section, project.out)
        first, second = (key for key in deliver.due(project.store, section, now, ONE) if key.startswith("batch/"))
        assert deliver.work(first, project.store, section, project.out).exit_code == 0
        for name in ("reading", "writing", "writing_beside", "written"):
            listened_to(name)
        scene.double.told = lambda: opened.append("the request")
        assert deliver.work(second, project.store, section, project.out).exit_code == 0
        assert opened[:3] == ["writing_beside", "the request", "written"]
        assert opened[3:] == ["reading"] * project.store.shared


def test_the_account_adds_up_after_every_change_and_a_row_that_went_missing_is_noticed(stage: Stage) -> None:
    import sqlalchemy as sa

    from pipeline.errors import PaperroundError
    from pipeline.store import tables

    with stage("none") as scene:
        scene.double.faults = ["429:86400"]
        scene.send()
        with scene.project() as project, project.store.writing() as tx:
            tx.execute(sa.delete(tables.outcomes).where(tables.outcomes.c.subscriber == 1))
        report = scene.send()
        assert any("does not add up" in sentence for sentence in report.errors)
        with scene.project() as project, project.store.reading() as tx, pytest.raises(PaperroundError, match="add up"):
            ledger.audit(tx, ONE)


def test_an_issue_is_not_told_as_sent_when_a_reader_s_row_tells_otherwise_at_the_end(stage: Stage) -> None:
    import sqlalchemy as sa

    from pipeline.store import tables

    with stage("none") as scene:
        scene.double.faults = ["", "429:86400"]
        scene.send()
        assert scene.sums == {"accepted": 2, "pending": 2}
        with scene.project() as project, project.store.writing() as tx:
            tx.execute(sa.update(tables.outcomes).where(tables.outcomes.c.subscriber == 1).values(fate="pending"))
        report = scene.send()
        assert any("do not add up to its account" in sentence for sentence in report.errors)
        assert report.exit_code == 1
