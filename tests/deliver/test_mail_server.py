"""Row B15: what a mail server may do at each step of SMTP, and what it means for the reader on the line and those behind.

Each is tried with PIPELINING (RFC 2920) and without.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.deliver.scene import Scene, Stage


@pytest.fixture(params=[True, False], ids=["pipelining", "one by one"])
def pipelining(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@contextmanager
def set_for(stage: Stage, *faults: str, pipelining: bool = True) -> Iterator[Scene]:
    with stage("smtp") as scene:
        assert scene.mail
        scene.mail.faults, scene.mail.pipelining = list(faults), pipelining
        yield scene
        assert scene.mail.twice == []


def test_everybody_gets_her_own_copy_over_one_connection(stage: Stage, pipelining: bool) -> None:
    with set_for(stage, pipelining=pipelining) as scene:
        scene.send()
        assert scene.sums == {"accepted": 4}
        assert scene.mail
        assert scene.mail.connections == 1
        for address, message in scene.mail.messages.items():
            assert f"To: {address}\r\n".encode() in message
            assert message.endswith(b"--\r\n")


def test_b15_a_host_that_closes_at_the_greeting_has_taken_nothing(stage: Stage, pipelining: bool) -> None:
    with set_for(stage, *["421 greeting"] * 3, pipelining=pipelining) as scene:
        scene.send()
        assert scene.sums == {"pending": 4}
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.sums == {"accepted": 4}


def test_b15_a_recipient_refused_for_now_is_tried_again_and_one_refused_for_good_is_not(
    stage: Stage, pipelining: bool
) -> None:
    with set_for(stage, "450 rcpt", "550 rcpt", pipelining=pipelining) as scene:
        scene.send()
        assert scene.sums == {"accepted": 2, "rejected": 1, "pending": 1}
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.sums == {"accepted": 3, "rejected": 1}


@pytest.mark.parametrize(("fault", "fate"), [("452 data", "pending"), ("554 data", "rejected")])
def test_b15_a_message_refused_at_its_end_is_certainly_not_taken(
    stage: Stage, pipelining: bool, fault: str, fate: str
) -> None:
    with set_for(stage, fault, pipelining=pipelining) as scene:
        scene.send()
        assert scene.sums == {"accepted": 3, fate: 1}


def test_b15_a_line_lost_before_the_final_dot_leaves_nobody_in_doubt(stage: Stage, pipelining: bool) -> None:
    with set_for(stage, "drop at data", pipelining=pipelining) as scene:
        scene.send()
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.sums == {"accepted": 4}


@pytest.mark.parametrize("fault", ["drop before taking", "drop after dot"])
def test_b15_only_after_the_final_dot_a_lost_line_leaves_a_doubt_about_one_reader(
    stage: Stage, pipelining: bool, fault: str
) -> None:
    with set_for(stage, fault, pipelining=pipelining) as scene:
        scene.send()
        assert scene.sums == {"accepted": 3, "unknown": 1}
        scene.world.pass_time(days=1)
        scene.cron()
        assert scene.sums == {"accepted": 3, "unknown": 1}


def test_b15_a_line_lost_after_the_yes_leaves_no_doubt(stage: Stage, pipelining: bool) -> None:
    with set_for(stage, "drop after 250", pipelining=pipelining) as scene:
        scene.send()
        scene.world.pass_time(minutes=11)
        scene.cron()
        assert scene.sums == {"accepted": 4}
