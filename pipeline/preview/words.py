"""Small words that templates need: dates as people say them, lengths of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipeline import dates
from pipeline.plural import many


def day(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """As in: Tuesday, 1 December."""
    local = moment.astimezone(zone or UTC)
    return dates.said(local, "%A, %d %B")


def time(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """As in: Tuesday, 1 December, 09:00."""
    return f"{day(moment, zone)}, {moment.astimezone(zone or UTC):%H:%M}"


def short(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """As in: 1 Dec 2026."""
    local = moment.astimezone(zone or UTC)
    return dates.said(local, "%d %b %Y")


def capital(words: str) -> str:
    """A sentence from a reason: its first letter large."""
    return words[:1].upper() + words[1:]


def length_of(length: timedelta) -> str:
    """A length of time as people say it: 40 seconds, 15 minutes, 2 hours, 3 days."""
    seconds = round(length.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size * (2 if unit == "hour" else 1):
            return many(round(seconds / size), unit)
    return many(seconds, "second")


FILTERS: dict[str, Any] = {
    "day": day,
    "time": time,
    "short": short,
    "many": many,
    "capital": capital,
    "length_of": length_of,
}
