"""The same stages from a queue in PostgreSQL, on as many machines as one likes.

A round is what one run from cron does: every minute somebody looks at a newsletter, works on what needs its folder, and
queues what others may do beside (one source, one handful of posts, one batch), stage after stage. Each such job only
says that a key is due. The rooms decide, as ever, whether it still is.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack

from pipeline.errors import UserError
from pipeline.store import Store, queue
from pipeline.store.queue import NAMES as QUEUES
from pipeline.worker.desk import Desk, desk
from pipeline.worker.machine import Machine
from pipeline.worker.orders import Orders, Pace

__all__ = ["QUEUES", "Orders", "Pace", "serve"]


def serve(orders: Orders) -> None:
    """Work until told to stop (SIGTERM, SIGINT), or with `once` until there is nothing left.

    What was begun is finished first. Raises UserError when the newsletters are not kept in one PostgreSQL.
    """
    with ExitStack() as until:
        desks = {one.name: one for folder in orders.folders for one in [until.enter_context(desk(folder, orders))]}
        _one_database(orders, desks)
        _quiet()
        _prepare(next(iter(desks.values())).store)
        asyncio.run(Machine(orders, desks).run())


def _one_database(orders: Orders, desks: dict[str, Desk]) -> None:
    if len(desks) < len(orders.folders):
        raise UserError(
            "Two of these newsletters have the same name in [store].", next_step="Give each a `name` of its own there."
        )
    if len({one.settings.store.url for one in desks.values()}) > 1:
        raise UserError(
            "These newsletters live in different databases.", next_step="Start one worker for each of them."
        )


def _prepare(store: Store) -> None:
    from procrastinate import __version__
    from procrastinate.schema import SchemaManager

    with store.writing() as tx:
        queue.make(tx, SchemaManager.get_schema(), __version__)


def _quiet() -> None:
    """Procrastinate's own log holds tracebacks; what matters is said in our words."""
    log = logging.getLogger("procrastinate")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
