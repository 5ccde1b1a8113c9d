"""The author's calendars as they were last read. Written by the pull room."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from pipeline.model import Calendar, Event, Validators
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert

_T = tables.calendars.c


def key(url: str) -> str:
    """What a calendar is called here: its address may be a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def every(tx: Tx) -> list[Calendar]:
    """All calendars that were ever asked, by key."""
    return [_calendar(row) for row in tx.execute(sa.select(tables.calendars).order_by(_T.key))]


def get(tx: Tx, key: str) -> Calendar | None:
    """One calendar, None before it was first asked."""
    row = tx.execute(sa.select(tables.calendars).where(_T.key == key)).first()
    return None if row is None else _calendar(row)


def events(tx: Tx, urls: Iterable[str]) -> list[Event]:
    """The events of the calendars at these addresses."""
    wanted = [key(url) for url in urls]
    return [event for one in every(tx) if one.key in wanted for event in one.events]


def keep(tx: Tx, calendar: Calendar) -> None:
    """Keep a calendar as it is now."""
    names = ("key", "body", "events", "next_check", "failures", "problem", "read")
    values: dict[str, Any] = {name: getattr(calendar, name) for name in names}
    values |= {"etag": calendar.validators.etag, "last_modified": calendar.validators.last_modified}
    upsert(tx, tables.calendars, ["key"], values)


def forget(tx: Tx, key: str) -> None:
    """Let go of a calendar that nobody names any more."""
    tx.execute(sa.delete(tables.calendars).where(_T.key == key))


def _calendar(row: sa.Row[Any]) -> Calendar:
    values = dict(row._mapping)
    validators = Validators(etag=values.pop("etag"), last_modified=values.pop("last_modified"))
    return Calendar(validators=validators, **values)
