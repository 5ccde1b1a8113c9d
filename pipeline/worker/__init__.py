"""The same stages from a queue in PostgreSQL, on as many machines as one likes.

A round is what one run from cron does: every minute somebody looks at a newsletter, works on what needs its folder, and
queues what others may do beside (one source, one handful of posts, one batch), stage after stage. Each such job only
says that a key is due. The rooms decide, as ever, whether it still is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from pipeline.errors import PaperroundError, StoreFault, UserError
from pipeline.store import Store, queue
from pipeline.store.queue import NAMES as QUEUES
from pipeline.worker.desk import Desk, desk, stamp
from pipeline.worker.machine import Machine
from pipeline.worker.orders import Orders, Pace

__all__ = ["QUEUES", "Orders", "Pace", "serve"]


def serve(orders: Orders) -> None:
    """Work until told to stop (SIGTERM, SIGINT), or with `once` until there is nothing left.

    What was begun is finished first. One of several newsletters that can't be opened is told, and left out until its
    settings are others. Raises PaperroundError when none can, UserError when they are not kept in one PostgreSQL,
    StoreFault where what it was handing over when it was told to stop could not be written down.
    """
    _quiet()
    anew = True
    while anew:
        with ExitStack() as until:
            desks, left_out = _opened(orders, until)
            _prepare(next(iter(desks.values())).store)
            machine = Machine(orders, desks, left_out)
            asyncio.run(machine.run())
            anew = machine.anew
            if held := [words for desk in desks.values() for words in desk.held]:
                raise StoreFault(" ".join(["The worker stopped without having done all that it had begun.", *held]))


def _opened(orders: Orders, until: ExitStack) -> tuple[dict[str, Desk], dict[Path, object]]:
    """The newsletters by name, and for those that can't be opened what their settings looked like then."""
    desks, left_out = dict[str, Desk](), dict[Path, object]()
    for folder in orders.folders:
        looked = stamp(folder)
        try:
            one = until.enter_context(desk(folder, orders))
        except PaperroundError as fault:
            if len(orders.folders) > 1:
                fault.where = f"{folder}: {fault.where}" if fault.where else str(folder)
            if orders.once or (folder == orders.folders[-1] and not desks):
                raise
            left_out[folder] = looked
            orders.say(f"{fault} The others go on without it until its settings are changed.")
            continue
        _fits(one, folder, desks)
        desks[one.name] = one
    return desks, left_out


def _fits(one: Desk, folder: Path, others: Mapping[str, Desk]) -> None:
    """Raises UserError for a newsletter that can't be beside the others."""
    if one.name in others:
        raise UserError(
            f"Another of these newsletters has the same name in [store], {one.name!r}.",
            where=str(folder),
            next_step="Give each a `name` of its own there.",
        )
    if any(other.settings.store.url != one.settings.store.url for other in others.values()):
        raise UserError(
            "These newsletters live in different databases.",
            where=str(folder),
            next_step="Start one worker for each of them.",
        )


def _prepare(store: Store) -> None:
    from procrastinate import __version__
    from procrastinate.schema import SchemaManager

    with store.writing() as tx:
        queue.make(tx, SchemaManager.get_schema(), __version__)


def _quiet() -> None:
    """What libraries log is of tracebacks and sockets; what matters is said in our words."""
    log = logging.getLogger("procrastinate")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
