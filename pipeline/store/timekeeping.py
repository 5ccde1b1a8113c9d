"""What a clock that ran ahead has left in the state, set right once it goes well again."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec.structs import replace

from pipeline.model import Slot
from pipeline.store import tables
from pipeline.store.open import Tx

SURELY = timedelta(days=2)
"""No source is left alone for longer than a day: what is further away than this was written by a wrong clock."""

_T = tables.posts.c
_PAUSES = (
    tables.sources.c.next_check, tables.calendars.c.next_check, tables.entries.c.page_next, tables.notices.c.next_at,
    tables.batches.c.not_before, tables.carriers.c.free_at,
)  # fmt: skip
_PAST = (
    tables.sources.c.last_ok, tables.sources.c.read, tables.calendars.c.read, tables.entries.c.seen,
    tables.entries.c.changed, tables.pictures.c.asked, tables.links.c.asked, tables.cursors.c.at,
    tables.signups.c.asked, tables.signups.c.mailed, tables.runs.c.began, tables.runs.c.ended,
)  # fmt: skip
"""What can't have happened yet. The ledger's own moments are no part of it: since when a key is known to a provider
must never seem to be later than it is."""


def ahead(tx: Tx, now: datetime) -> datetime | None:
    """When a source is to be visited again, where only a clock that ran ahead of `now` can have said so."""
    furthest = sa.select(sa.func.max(tables.sources.c.next_check, type_=tables.Instant))
    then = tx.execute(furthest).scalar()
    return then if then is not None and then - now > SURELY else None


def surely_reached(tx: Tx, now: datetime) -> datetime:
    """The latest moment that has come by all that is known: later than `now` while the clock seems to be behind."""
    return ahead(tx, now) or now


def set_right(tx: Tx, now: datetime) -> None:
    """Let nothing wait for a day that a wrong clock named, and nothing have happened on one."""
    wrong = now + SURELY
    for column in (*_PAUSES, *_PAST):
        tx.execute(sa.update(column.table).where(column > wrong).values({column: now}))
    undated = sa.and_(_T.moment == _T.first_seen, _T.first_seen > wrong)
    tx.execute(sa.update(tables.posts).where(undated).values(moment=now, first_seen=now))
    tx.execute(sa.update(tables.posts).where(_T.first_seen > wrong).values(first_seen=now))
    its_day_has_come = sa.or_(_T.moment.is_(None), _T.moment <= now, _T.moment == _T.first_seen)
    tx.execute(sa.update(tables.posts).where(_T.settled_from > wrong, its_day_has_come).values(settled_from=now))
    _turns(tx, wrong, now)


def _turns(tx: Tx, wrong: datetime, now: datetime) -> None:
    """A turn that was reached before its day is one of now: else no other would be the newest until then."""
    of = tables.issues
    for row in tx.execute(sa.select(of.c.number, of.c.issue).where(of.c.due > wrong).order_by(of.c.number)).all():
        kind, _, *post = row.issue.slot.key.split(" ")
        due = now - timedelta(microseconds=row.number)
        slot = Slot(key=" ".join([kind, due.isoformat(), *post]), due=due)
        values = {"slot": slot.key, "due": due, "issue": replace(row.issue, slot=slot)}
        tx.execute(sa.update(of).where(of.c.number == row.number).values(values))
