"""The two kinds of jobs that Procrastinate keeps for us."""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pipeline.errors import Busy, PaperroundError
from pipeline.model import Report
from pipeline.notices import standstill
from pipeline.run import attempt
from pipeline.stages import STAGES
from pipeline.store import queue
from pipeline.store.postgres import begun_in
from pipeline.worker.desk import Desk
from pipeline.worker.orders import Orders
from pipeline.worker.rounds import Step, lock_of, queue_of, round_over, stride

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.jobs import Job
    from psycopg import AsyncConnection


def app(desks: dict[str, Desk], orders: Orders) -> App:
    """The tasks: `look` at a newsletter, and `work` on one key."""
    from procrastinate import App, PsycopgConnector
    from procrastinate.exceptions import AlreadyEnqueued
    from procrastinate.tasks import ConfigureTaskOptions

    address = next(iter(desks.values())).store.address()
    named = {"application_name": f"paperround queue process {os.getpid()}"}
    made = App(connector=PsycopgConnector(conninfo=address, kwargs=named, configure=_prepare, min_size=1, max_size=4))

    async def defer(jobs: list[Job]) -> None:
        try:
            if jobs:
                await made.job_manager.batch_defer_jobs_async(jobs)
        except AlreadyEnqueued:
            for job in jobs if len(jobs) > 1 else ():
                with contextlib.suppress(AlreadyEnqueued):
                    await made.job_manager.batch_defer_jobs_async([job])

    @made.task(name="look")
    async def look(timestamp: int = 0, *, newsletter: str, **rest: Any) -> None:
        step = Step(newsletter=newsletter, **({"begun": timestamp} | rest))
        following, jobs = await asyncio.to_thread(_looked, desks[newsletter], step)
        await defer(jobs)
        if following:
            soon = orders.pace.look if following.at == step.at and following.passes == step.passes else 0
            await defer([look_at(following, datetime.now(UTC) + timedelta(seconds=soon))])

    @made.task(name="work")
    async def work(newsletter: str, stage: str, key: str, **_: Any) -> None:
        await asyncio.to_thread(_worked, desks[newsletter], stage, key)

    for name in desks:
        job = look_at(Step(newsletter=name, begun=0))
        how = ConfigureTaskOptions(queue=job.queue, lock=job.lock, queueing_lock=job.queueing_lock, priority=1)
        how["task_kwargs"] = {"newsletter": name}
        made.periodic_registry.register_task(look, orders.pace.rounds(name), name, how)
    return made


async def _prepare(connection: AsyncConnection[Any]) -> None:
    await connection.execute(begun_in(queue.SCHEMA))
    await connection.commit()


def look_at(step: Step, when: datetime | None = None) -> Job:
    """The job that goes on with a round."""
    from procrastinate.jobs import Job

    name = f"{step.newsletter}/look"
    rest = {"begun": step.begun, "at": step.at, "passes": step.passes, "found": step.found}
    return Job(
        queue=f"{step.newsletter}.home",
        lock=name,
        queueing_lock=name,
        task_name="look",
        task_kwargs={"newsletter": step.newsletter, **rest},
        scheduled_at=when,
        priority=1,
    )


def _looked(desk: Desk, step: Step) -> tuple[Step | None, list[Job]]:
    """A stride; whoever else is at work in the newsletter goes first."""
    from procrastinate.jobs import Job

    try:
        if step.at == step.passes == 0 and step.begun != desk.begun:
            with desk.store.writing_beside() as tx:
                queue.forget(tx, desk.name, step.begun)
        following, keys = stride(desk, step)
        if following is None:
            round_over(desk)
    except Busy:
        return step, []
    except PaperroundError as fault:
        return None, _failed(desk, str(fault), fault.exit_code)
    except Exception as fault:  # noqa: BLE001 - a bug met in one newsletter must not stop the others
        words = f"Looking failed: {type(fault).__name__}: {fault}. This is a fault of Paperround's own."
        return None, _failed(desk, words, 1)
    jobs = [
        Job(
            queue=f"{desk.name}.{queue_of(stage, key, desk.settings)}",
            lock=lock_of(stage, key, desk.settings),
            queueing_lock=f"{desk.name}/{stage}/{key}",
            task_name="work",
            task_kwargs={"newsletter": desk.name, "stage": stage, "key": key, "begun": step.begun},
        )
        for stage, key in keys
    ]
    return following, jobs


def _failed(desk: Desk, words: str, code: int) -> list[Job]:
    desk.say(words)
    with contextlib.suppress(PaperroundError, OSError):
        standstill.tell(words, desk.settings, desk.out)
    desk.account.add(Report(errors=(words,), codes=(code,)), desk.out.clock())
    return []


def _worked(desk: Desk, name: str, key: str) -> Report:
    stage, began = next(stage for stage in STAGES if stage.name == name), desk.out.clock()
    try:
        report = attempt(stage, key, desk.project())
    except PaperroundError as fault:
        report = Report(errors=(str(fault),), codes=(fault.exit_code,))
        desk.say(str(fault))
    for sentence in report.attention:
        desk.say(sentence)
    if stage.name == "deliver" and 1 in report.codes and desk.leaving():
        desk.held.extend(report.errors)
    desk.account.add(report, began)
    return report
