"""Procrastinate's worker, kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PaperroundError, StoreFault
from pipeline.plural import many
from pipeline.store import Store, queue
from pipeline.worker import jobs
from pipeline.worker.desk import Desk, now_and_then, stamp
from pipeline.worker.orders import Orders
from pipeline.worker.rounds import Step

if TYPE_CHECKING:
    from procrastinate import App


class Machine:
    """Procrastinate's worker, started again whenever the line to the database was cut."""

    def __init__(self, orders: Orders, desks: dict[str, Desk], left_out: Mapping[Path, object]) -> None:
        self._orders = orders
        self._desks = desks
        self._left_out = left_out
        self.anew = False
        """Whether to begin again because a newsletter that was left out has other settings now."""
        self._leaving = asyncio.Event()
        self._stop: Callable[[], None] = lambda: None
        self._cut: Callable[[str], None] | None = None
        """Tells now and then that the line is cut, while it is."""

    async def run(self) -> None:
        """Until told to leave."""
        loop = asyncio.get_running_loop()
        threads = ThreadPoolExecutor(self._orders.at_once + 4)
        loop.set_default_executor(threads)
        loop.set_exception_handler(self._unheard)
        self._orders.leaving.clear()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._leave_for_good)
        rescue = asyncio.create_task(self._rescue())
        try:
            while not self._leaving.is_set():
                await self._work()
        finally:
            rescue.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await rescue
            await asyncio.to_thread(self._write_accounts, 0)

    def _unheard(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A job's end could not be written down: begin anew, under another number, so that others take it over."""
        from procrastinate.exceptions import ConnectorException

        fault = context.get("exception")
        if not isinstance(fault, ConnectorException):
            self._orders.say(f"{context['message']} ({type(fault).__name__}: {fault})")
        self._stop()

    def _leave_for_good(self) -> None:
        self._leave()
        self.anew = False

    def _leave(self) -> None:
        self._leaving.set()
        self._orders.leaving.set()
        self._stop()

    async def _work(self) -> None:
        """Until told to leave, or until the line is cut."""
        import psycopg
        from procrastinate.exceptions import ConnectorException

        store = next(iter(self._desks.values())).store
        try:
            app = jobs.app(self._desks, self._orders)
            async with app.open_async():
                self._line_is_there()
                if self._orders.once:
                    await self._until_done(app, store)
                else:
                    await self._run(app, wait=True)
        except (ConnectorException, psycopg.Error, OSError, StoreFault):
            self._cut = self._cut or now_and_then(self._orders.say, "")
            self._cut("The line to the database is cut; it is tried again until it is back.")
        if not self._leaving.is_set():
            await self._rest(self._orders.pace.line)

    def _line_is_there(self) -> None:
        if self._cut:
            self._orders.say("The line to the database is back.")
        self._cut = None

    async def _run(self, app: App, *, wait: bool) -> None:
        from procrastinate.worker import Worker

        pace = self._orders.pace
        queues = [f"{name}.{kind}" for name in self._desks for kind in self._orders.only]
        worker = Worker(
            app=app,
            queues=queues,
            concurrency=self._orders.at_once,
            wait=wait,
            fetch_job_polling_interval=pace.look,
            update_heartbeat_interval=pace.heartbeat,
            stalled_worker_timeout=pace.silent,
            install_signal_handlers=False,
        )
        self._stop = worker.stop
        if not self._leaving.is_set():
            await worker.run()  # type: ignore[no-untyped-call]

    async def _until_done(self, app: App, store: Store) -> None:
        from procrastinate.exceptions import AlreadyEnqueued

        for name in self._desks:
            with contextlib.suppress(AlreadyEnqueued):
                await app.job_manager.batch_defer_jobs_async(
                    [jobs.look_at(Step(newsletter=name, begun=int(time.time())))]
                )
        while not self._leaving.is_set() and await asyncio.to_thread(_unfinished, store, [*self._desks]):
            await self._run(app, wait=False)
            await self._rest(min(self._orders.pace.look, 0.2))
        await asyncio.to_thread(self._forsake, store)
        self._leaving.set()

    async def _rescue(self) -> None:
        """Jobs of a worker that was killed are thrown away; their keys are due, and the next look queues them again."""
        store, pace, swept = next(iter(self._desks.values())).store, self._orders.pace, float("-inf")
        while True:
            try:
                if lost := await asyncio.to_thread(_rescued, store, pace.silent):
                    self._orders.say(f"Took over {many(lost, 'job')} of a worker that is gone.")
                if not self._leaving.is_set() and any(stamp(one) != then for one, then in self._left_out.items()):
                    self.anew = True
                    self._leave()
                # Who works but once sweeps at the end: that may come before a second look does.
                if not self._orders.once and time.monotonic() - swept >= pace.quiet:
                    await asyncio.to_thread(self._forsake, store)
                    swept = time.monotonic()
            except PaperroundError:
                pass  # the database is away, and the queue says so
            except Exception as fault:  # noqa: BLE001 - others must be taken over from, whatever went wrong once
                self._orders.say(f"Looking for workers that are gone failed: {type(fault).__name__}: {fault}")
            await asyncio.to_thread(self._write_accounts, pace.account)
            await asyncio.sleep(pace.heartbeat)

    def _forsake(self, store: Store) -> None:
        """A newsletter that was taken away, or has another name now, leaves jobs behind that nobody comes for."""
        with store.writing_beside() as tx:
            gone = queue.forsaken(tx, self._desks, self._orders.pace.forsaken)
        for name, count in gone.items():
            self._orders.say(
                f"Threw away {many(count, 'job')} of the newsletter {name}, for which no worker has come in a day. If "
                "it is not gone, start a worker for it: what was due still is."
            )

    def _write_accounts(self, seconds: float) -> None:
        for desk in self._desks.values():
            try:
                desk.account.write(desk.project(), seconds)
            except PaperroundError as fault:
                desk.say(str(fault))
            except Exception as fault:  # noqa: BLE001 - work goes on, whatever can't be told of it
                desk.say(f"An account can't be written: {type(fault).__name__}: {fault}")

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._leaving.wait(), seconds)


def _unfinished(store: Store, names: list[str]) -> bool:
    with store.reading() as tx:
        return queue.unfinished(tx, names) > 0


def _rescued(store: Store, seconds: float) -> int:
    with store.writing_beside() as tx:
        return queue.rescue(tx, seconds)
