"""What is done when a reader has her answer already."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipeline import feedback
from pipeline.public import serve
from tests.public.server import served
from tests.public.test_server import form
from tests.world import World

SMTP = '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\nport = {}\nsecurity = "none"\n\n[[source]]'


def slow(listening: socket.socket, has_it: Callable[[], None], heard: list[bytes]) -> None:
    """A mail server that thinks for a second before it takes the mail; what it hears then is noted."""
    calling, _ = listening.accept()
    with calling, calling.makefile("rwb") as line:

        def say(words: bytes) -> None:
            line.write(words + b"\r\n")
            line.flush()

        say(b"220 slow")
        for said in iter(line.readline, b""):
            if said.upper().startswith(b"DATA"):
                break
            say(b"250 good")
        say(b"354 go on")
        for said in iter(line.readline, b""):
            if said == b".\r\n":
                break
        has_it()
        time.sleep(1)
        say(b"250 taken")
        with contextlib.suppress(ConnectionError):
            heard.append(line.readline())
        say(b"221 bye")


def test_a_server_that_is_stopped_hands_over_the_mail_that_is_on_its_way(world: World) -> None:
    heard: list[bytes] = []
    has_it = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        world.set("[[source]]", SMTP.format(listening.getsockname()[1]))
        mail_server = threading.Thread(target=slow, args=(listening, has_it.set, heard))
        mail_server.start()
        with served(world) as home:
            assert form(home, 1) == 200
            assert has_it.wait(30)
        mail_server.join(10)
    assert [said.strip().upper() for said in heard] == [b"QUIT"]


def test_what_goes_wrong_after_the_answer_is_said_whatever_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    said: list[str] = []
    monkeypatch.setattr(feedback, "work", full)
    with world.project() as project, ThreadPoolExecutor(1) as after:
        serve.desk(project, after, said.append).soon("signup/1")
    assert said == ["feedback failed on signup/1: OSError: [Errno 28] No space left on device."]
