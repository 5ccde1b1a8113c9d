"""The walk through the house: what one stage did reaches the others, and nobody is asked once more for nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline import run
from pipeline.model import Report
from tests.world import World


@dataclass(frozen=True, kw_only=True)
class Room:
    """Stands for a stage. It is due `after` another one worked (always without one), and notes what happens to it."""

    name: str
    seen: list[str]
    after: str | None = None
    at_once: int = 1
    together: None = None

    def due(self, *_: Any) -> Iterable[str]:
        self.seen.append(f"{self.name}?")
        return ["key"] if self.after is None or self.after in self.seen else []

    def work(self, *_: Any) -> Report:
        self.seen.append(self.name)
        return Report(done=(self.name,))


NEVER = "something that nobody does"


@pytest.mark.parametrize(
    ("after", "seen"),
    [
        ((NEVER, NEVER, NEVER), "pull? books? render?"),
        ((NEVER, None, NEVER), "pull? books? books books? render? pull?"),
        (("render", NEVER, None), "pull? books? render? render render? pull? pull pull? books? render?"),
        ((None, "pull", "books"), "pull? pull pull? books? books books? render? render render? pull? books?"),
    ],
)
def test_each_stage_looks_once_more_after_the_last_one_that_worked(
    world: World, monkeypatch: pytest.MonkeyPatch, after: tuple[str | None, ...], seen: str
) -> None:
    said: list[str] = []
    names = ("pull", "books", "render")
    rooms = [Room(name=name, seen=said, after=one) for name, one in zip(names, after, strict=True)]
    monkeypatch.setattr(run, "STAGES", rooms)
    with world.project() as project:
        report = run.walk(project)
    assert said == seen.split()
    assert set(report.done) == {word for word in said if not word.endswith("?")}
