"""Procrastinate's tables, beside those of the newsletters in one database: what is queued, and what was tried.

A job only says that a key is due, which the newsletter's own tables say better. So jobs may be lost, doubled or thrown
away at any moment, and nothing here is part of the state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec
import sqlalchemy as sa

from pipeline.errors import PaperroundError
from pipeline.store.open import Tx
from pipeline.whereabouts import QUEUE

SCHEMA = QUEUE
NAMES = ("home", "pull", "batches")
"""What needs the newsletter's folder; what asks a source on the web; what hands over a batch."""
_JOBS = f"{SCHEMA}.procrastinate_jobs"


def make(tx: Tx, script: str, version: str) -> None:
    """Procrastinate's tables by its own `script`; those of an older version are thrown away with what they hold.

    Raises PaperroundError when a newer one made them.
    """
    tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(SCHEMA, 0))))
    there = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name"
    row = tx.execute(sa.text(there), {"name": SCHEMA}).first()
    if row is not None and row[0] == version:
        return
    if row is not None and _parts(row[0] or "0") > _parts(version):
        raise PaperroundError(
            f"The queue was made by a newer Paperround (Procrastinate {row[0]}).", next_step="Update the program."
        )
    before = tx.exec_driver_sql("SHOW search_path").scalar_one()
    tx.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    tx.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
    tx.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")
    tx.exec_driver_sql(script, execution_options={"no_parameters": True})
    tx.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS '{version}'")
    tx.exec_driver_sql(f"SET LOCAL search_path = {before}")


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]


def waiting(tx: Tx, newsletter: str) -> set[tuple[str, str]]:
    """(stage, key) of what is queued or being worked on."""
    return _keys(tx, "job.status IN ('todo', 'doing')", newsletter=newsletter)


def tried(tx: Tx, newsletter: str, begun: int) -> set[tuple[str, str]]:
    """(stage, key) of what was worked on in the round that began then."""
    over = "job.status NOT IN ('todo', 'doing') AND job.args ->> 'begun' = :begun"
    return _keys(tx, over, newsletter=newsletter, begun=str(begun))


def _keys(tx: Tx, condition: str, **values: object) -> set[tuple[str, str]]:
    mine = "job.task_name = 'work' AND job.args ->> 'newsletter' = :newsletter"
    chosen = f"SELECT job.args ->> 'stage', job.args ->> 'key' FROM {_JOBS} AS job WHERE {mine} AND {condition}"  # noqa: S608
    return {(row[0], row[1]) for row in tx.execute(sa.text(chosen), values)}


def forget(tx: Tx, newsletter: str, begun: int) -> None:
    """Throw away what earlier rounds did."""
    over = "status NOT IN ('todo', 'doing') AND args ->> 'newsletter' = :newsletter"
    old = "coalesce((args ->> 'begun')::bigint, (args ->> 'timestamp')::bigint, 0) < :begun"
    _inside(tx)
    tx.execute(sa.text(f"DELETE FROM {_JOBS} WHERE {over} AND {old}"), {"newsletter": newsletter, "begun": begun})  # noqa: S608


def _inside(tx: Tx) -> None:
    """For the rest of the transaction: Procrastinate's triggers name its tables without their schema."""
    tx.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")


def unfinished(tx: Tx, newsletters: Iterable[str]) -> int:
    """How many jobs of these newsletters are queued or being worked on."""
    count = f"SELECT count(*) FROM {_JOBS} WHERE status IN ('todo', 'doing') AND args ->> 'newsletter' = ANY(:names)"  # noqa: S608
    return int(tx.execute(sa.text(count), {"names": list(newsletters)}).scalar_one())


class Length(msgspec.Struct, frozen=True, kw_only=True):
    """How much is queued for a newsletter: jobs by (queue, "todo" or "doing"), and since when the oldest may begin.

    `workers` are those, of whatever newsletter, that gave a sign of life within a minute.
    """

    jobs: dict[tuple[str, str], int]
    oldest: datetime | None
    workers: int


def length(tx: Tx, newsletter: str) -> Length | None:
    """How long the queue is now; None where there is none. A job whose time has not come does not count."""
    if tx.execute(sa.text("SELECT to_regclass(:jobs)"), {"jobs": _JOBS}).scalar() is None:
        return None
    counted = (
        "SELECT split_part(job.queue_name, '.', 2) AS queue, job.status::text AS status, count(*) AS jobs,"  # noqa: S608 - the names are ours
        " min(coalesce(job.scheduled_at, begun.at)) FILTER (WHERE job.status = 'todo') AS oldest"
        f" FROM {_JOBS} AS job LEFT JOIN {SCHEMA}.procrastinate_events AS begun"
        " ON begun.job_id = job.id AND begun.type = 'deferred'"
        " WHERE job.status IN ('todo', 'doing') AND split_part(job.queue_name, '.', 1) = :newsletter"
        " AND coalesce(job.scheduled_at, now()) <= now() GROUP BY 1, 2"
    )
    rows = tx.execute(sa.text(counted), {"newsletter": newsletter}).all()
    alive = f"SELECT count(*) FROM {SCHEMA}.procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'"  # noqa: S608
    return Length(
        jobs={(row.queue, row.status): row.jobs for row in rows},
        oldest=min((row.oldest for row in rows if row.oldest is not None), default=None),
        workers=int(tx.execute(sa.text(alive)).scalar_one()),
    )


def rescue(tx: Tx, seconds: float) -> int:
    """Throw away jobs whose worker gave no sign of life for so long: their keys are due, and are queued anew.

    Returns how many there were.
    """
    alive = "last_heartbeat > now() - make_interval(secs => :seconds)"
    mine = f"SELECT id FROM {SCHEMA}.procrastinate_workers WHERE {alive}"  # noqa: S608
    lost = f"SELECT id FROM {_JOBS} WHERE status = 'doing' AND (worker_id IS NULL OR worker_id NOT IN ({mine}))"  # noqa: S608
    _inside(tx)
    return tx.execute(sa.text(f"DELETE FROM {_JOBS} WHERE id IN ({lost})"), {"seconds": seconds}).rowcount  # noqa: S608


def forsaken(tx: Tx, newsletters: Iterable[str], seconds: float) -> dict[str, int]:
    """Throw away what is there of other newsletters, and that nobody has come for in so long: they may be gone.

    Returns how many jobs of each had been waiting. Where one is only looked after again later, its keys are still due.
    """
    old = "coalesce(job.scheduled_at, begun.at) < now() - make_interval(secs => :seconds)"
    others = (
        f"SELECT job.id FROM {_JOBS} AS job JOIN {SCHEMA}.procrastinate_events AS begun"  # noqa: S608 - the names are ours
        " ON begun.job_id = job.id AND begun.type = 'deferred'"
        f" WHERE NOT job.args ->> 'newsletter' = ANY(:names) AND {old}"
    )
    gone = (
        f"DELETE FROM {_JOBS} WHERE status <> 'doing' AND id IN ({others})"  # noqa: S608
        " RETURNING args ->> 'newsletter' AS newsletter, status::text"
    )
    _inside(tx)
    rows = tx.execute(sa.text(gone), {"names": list(newsletters), "seconds": seconds})
    return Counter(row.newsletter for row in rows if row.status == "todo")
