"""Somebody stops the program in the middle of an issue: the copy on its way is waited for, and no person is needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import pytest

from pipeline import run
from pipeline.model import Report
from pipeline.stopping import Stopping
from tests.deliver.scene import ONE, Scene, Stage
from tests.preview import author

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NOHUP = ("nohup",)


@pytest.fixture(autouse=True)
def nothing_is_ignored() -> Iterator[None]:
    """A shell has what it starts in the background ignore Ctrl-C, and so would the programs started here."""
    before = {number: signal.getsignal(number) for number in STOPS}
    for number, answer in before.items():
        if answer is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    yield
    for number, answer in before.items():
        signal.signal(number, answer)


def sending(scene: Scene, *signals: int, before: Sequence[str] = ()) -> tuple[int, str]:
    """`paperround send 1`, stopped while the second copy is on its way; how it left, and what it said."""
    if signals:
        scene.set(f'[delivery.double]\nurl = "{scene.double.url}"\n', "")  # the program itself knows no double
    command = [*before, sys.executable, "-m", "pipeline.cli.main", "--project", str(scene.world.folder), "send", "1"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:

        def stop() -> None:
            for number in signals:
                os.kill(process.pid, number)
                time.sleep(0.3)

        assert scene.mail
        scene.mail.told = at(2, stop)
        said = process.communicate(timeout=60)[1]
    return process.returncode, said


def at(second: int, stop: Callable[[], None]) -> Callable[[], None]:
    """Does it once, when it is called for that time."""
    calls = count(1)
    return lambda: stop() if next(calls) == second else None


@pytest.mark.parametrize("number", STOPS)
def test_who_is_stopped_waits_for_the_copy_on_its_way_and_the_next_goes_on(stage: Stage, number: int) -> None:
    with stage("smtp") as scene:
        assert scene.mail
        code, said = sending(scene, number)
        assert code == (130 if number == signal.SIGINT else -number)
        assert "the answer for what is on its way is awaited" in said
        assert sorted(scene.sums.items()) == [("accepted", 2), ("pending", 2)]
        assert sum(scene.mail.taken.values()) == 2
        assert sending(scene)[0] == 0
        assert scene.sums == {"accepted": 4}
        assert scene.mail.twice == []


def test_a_second_word_is_not_waited_with(stage: Stage) -> None:
    with stage("smtp") as scene:
        code, _ = sending(scene, signal.SIGTERM, signal.SIGTERM)
        assert code == -signal.SIGTERM
        scene.cron()
        assert scene.sums == {"accepted": 3, "unknown": 1}


def test_a_closed_window_is_no_word_for_who_runs_under_nohup(stage: Stage) -> None:
    with stage("smtp") as scene:
        code, _ = sending(scene, signal.SIGHUP, before=NOHUP)
        assert code == 0
        assert scene.sums == {"accepted": 4}


def test_a_wait_that_a_provider_asked_for_ends_when_somebody_stops_the_program() -> None:
    stopping, begun = Stopping(aloud=False), time.monotonic()
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt), stopping.unhurried():
        stopping.rest(50)
    assert time.monotonic() - begun < 10


def test_a_page_that_is_closed_waits_for_the_copy_on_its_way(stage: Stage) -> None:
    with stage("smtp") as scene:
        desk = author.desk(scene.world)
        on_its_way = threading.Event()

        def slowly() -> None:
            on_its_way.set()
            time.sleep(0.5)

        def go(say: Callable[[str], None]) -> Report:
            with desk.project(say) as project:
                return run.hand_over(project, ONE)

        assert scene.mail
        scene.mail.told = at(2, slowly)
        desk.errands.send("Sending", go)
        assert on_its_way.wait(20)
        desk.close()
        assert sum(scene.mail.taken.values()) == 2
        desk.errands.wait(20)
        assert sorted(scene.sums.items()) == [("accepted", 2), ("pending", 2)]
        scene.cron()
        assert scene.sums == {"accepted": 4}
