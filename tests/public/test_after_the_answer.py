"""What is done when a reader has her answer already."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipeline import feedback
from pipeline.public import serve
from tests.doubles.mail import receiving
from tests.public.server import served
from tests.public.test_server import form
from tests.world import World

SMTP = '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\nport = {}\nsecurity = "none"\n\n[[source]]'


def test_a_server_that_is_stopped_hands_over_the_mail_that_is_on_its_way(world: World) -> None:
    has_it = threading.Event()

    def think() -> None:
        has_it.set()
        time.sleep(1)

    with receiving() as double:
        double.told = think
        world.set("[[source]]", SMTP.format(double.port))
        with served(world) as home:
            assert form(home, 1) == 200
            assert has_it.wait(30)
    assert double.taken == {"reader1@example.org": 1}
    assert double.quits == 1


def test_what_goes_wrong_after_the_answer_is_said_whatever_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    said: list[str] = []
    monkeypatch.setattr(feedback, "work", full)
    with world.project() as project, ThreadPoolExecutor(1) as after:
        serve.desk(project, after, said.append).soon("signup/1")
    assert said == ["feedback failed on signup/1: OSError: [Errno 28] No space left on device."]
