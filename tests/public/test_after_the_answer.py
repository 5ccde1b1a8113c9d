"""What is done when a reader has her answer already."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipeline import feedback
from pipeline.public import serve
from tests.world import World


def test_what_goes_wrong_after_the_answer_is_said_whatever_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    said: list[str] = []
    monkeypatch.setattr(feedback, "work", full)
    with world.project() as project, ThreadPoolExecutor(1) as after:
        serve.desk(project, after, said.append).soon("signup/1")
    assert said == ["feedback failed on signup/1: OSError: [Errno 28] No space left on device."]
