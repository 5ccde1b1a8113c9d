"""A round: what one run from cron does, cut into pieces that others may do beside."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from pipeline import metrics, notices
from pipeline.config import Settings
from pipeline.notices import standstill
from pipeline.run import Done, Project, due_of, exhaust
from pipeline.stages import STAGES, Stage
from pipeline.store import queue
from pipeline.worker.desk import Desk

WINDOW = 200
"""So many jobs of one newsletter are queued at most: to choose among more costs the database too much."""

PASSES = 10
"""A round ends after so many passes over the stages, whatever is new by then."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """How far a round has come: when it began, at which stage it is, in which pass, and whether that found anything."""

    newsletter: str
    begun: int
    at: int = 0
    passes: int = 0
    found: bool = False


def queue_of(stage: str, key: str, settings: Settings) -> str | None:
    """The queue of a key that others may work on, None for one that needs the newsletter for itself."""
    if stage == "pull" and key.startswith("source/"):
        source = next((one for one in settings.sources if f"source/{one.name}" == key), None)
        return "pull" if source and urlsplit(source.url).scheme in ("http", "https") else None
    if stage == "pull" and key.startswith("page/"):
        return "pull"
    if stage == "books":
        return "home"
    if stage == "deliver" and key.partition("/")[0] in ("batch", "ask"):
        return "home" if settings.delivery.provider == "outbox" else "batches"
    return None


def lock_of(stage: str, key: str, settings: Settings) -> str:
    """What only one job at a time may hold: a source's host, a book shelf's handful, one of a provider's lanes."""
    newsletter = settings.store.name
    if stage == "pull":
        source = next((one for one in settings.sources if f"source/{one.name}" == key), None)
        return f"host/{urlsplit(source.url).hostname}" if source else f"{newsletter}/{key}"
    if stage == "deliver":
        lane = int(key.split("/")[1]) % settings.delivery.at_once
        return f"{newsletter}/{settings.delivery.provider}/{lane}"
    return f"{newsletter}/{stage}/{key}"


def stride(desk: Desk, step: Step) -> tuple[Step | None, list[tuple[str, str]]]:
    """Go on with a round as far as it comes: the step to go on with later, if any, and keys to queue until then.

    Raises PaperroundError.
    """
    project, done = desk.project(), desk.tried(step.begun)
    with desk.store.reading() as tx:
        waiting = queue.waiting(tx, desk.name)
    if len(waiting) > WINDOW // 2:
        return step, []
    with desk.store.reading() as tx:
        tried = queue.tried(tx, desk.name, step.begun)
    for at in range(step.at, len(STAGES)):
        stage = STAGES[at]
        before = len(done)
        shared = _in_place(stage, desk, project, done)
        step = replace(step, at=at, found=step.found or len(done) > before)
        fresh = [key for key in shared if (stage.name, key) not in waiting | tried]
        if fresh or any(name == stage.name for name, _ in waiting):
            room = WINDOW - len(waiting)
            return replace(step, found=step.found or bool(fresh)), [(stage.name, key) for key in fresh[:room]]
    if step.found and step.passes < PASSES:
        return replace(step, at=0, passes=step.passes + 1, found=False), []
    return None, []


def round_over(desk: Desk) -> None:
    """What a run does at its end: notices, figures, and now and then the word that nothing was due, and tidying up."""
    project = desk.project()
    report = notices.tell(project.store, project.settings, project.out)
    standstill.over(project.settings)
    for sentence in report.done:
        project.say(sentence)
    desk.account.add(report, project.out.clock())
    desk.account.round_over(project)
    desk.tidy(project)
    if fault := metrics.leave(project.store, project.settings, project.out.clock()):
        project.say(fault)


def _in_place(stage: Stage, desk: Desk, project: Project, done: Done) -> list[str]:
    """Work on what needs the newsletter for itself, under the lock of a run; returns the keys that others may do."""
    due, settings = due_of(stage, project), project.settings

    def mine() -> Iterable[str]:
        return [key for key in due() if queue_of(stage.name, key, settings) is None]

    keys = list(dict.fromkeys(due()))
    alone = [key for key in keys if queue_of(stage.name, key, settings) is None and (stage.name, key) not in done]
    if alone:
        began = project.out.clock()
        with project.store.locked():
            report = exhaust(stage, mine, project, done)
        desk.account.add(report, began)
        for sentence in report.attention:
            project.say(sentence)
        keys = list(dict.fromkeys(due()))
    return [key for key in keys if queue_of(stage.name, key, settings) is not None]
