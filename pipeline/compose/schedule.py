"""The turns of the schedule, by the author's own calendar."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.config import DAYS, NTH, Schedule
from pipeline.model import PostId, Slot

_FURTHEST = 120
"""Days: from one fifth Tuesday of a month to the next are 119 at most."""


def latest(schedule: Schedule, zone: ZoneInfo, now: datetime) -> Slot | None:
    """The newest turn that is not after `now`; None for the cadence "each", whose turns are its posts."""
    today = now.astimezone(zone).date()
    turns = (_slot(schedule, zone, today - timedelta(days=back)) for back in range(_FURTHEST))
    return next((slot for slot in turns if slot is not None and slot.due <= now), None)


def following(schedule: Schedule, zone: ZoneInfo, now: datetime) -> Slot | None:
    """The first turn after `now`; None for the cadence "each"."""
    today = now.astimezone(zone).date()
    turns = (_slot(schedule, zone, today + timedelta(days=ahead)) for ahead in range(_FURTHEST))
    return next((slot for slot in turns if slot is not None and slot.due > now), None)


def for_posts(chosen: Iterable[PostId], due: datetime) -> Slot:
    """The turn of a post, or of some that are late together, under the cadence "each"."""
    return Slot(key=" ".join(["each", _stamp(due), *map(str, chosen)]), due=due)


def at_once(now: datetime) -> Slot:
    """A turn that a person asked for."""
    return Slot(key=f"now {_stamp(now)}", due=now)


def parse(key: str) -> tuple[Slot, frozenset[PostId]]:
    """A slot from its key, and the posts that it is for; none when it is for any."""
    _, due, *chosen = key.split(" ")
    return Slot(key=key, due=datetime.fromisoformat(due)), frozenset(PostId(int(post)) for post in chosen)


def _slot(schedule: Schedule, zone: ZoneInfo, day: date) -> Slot | None:
    if not _is_turn(schedule, day):
        return None
    due = datetime.combine(day, schedule.at, tzinfo=zone).astimezone(UTC)
    return Slot(key=f"{schedule.cadence} {_stamp(due)}", due=due)


def _is_turn(schedule: Schedule, day: date) -> bool:
    *which, name = schedule.day.split()
    match schedule.cadence:
        case "daily":
            return True
        case "weekly":
            return day.weekday() == DAYS.index(name)
        case "monthly" if name in DAYS:
            return day.weekday() == DAYS.index(name) and _is_nth(day, which[0] if which else "first")
        case "monthly":
            last = monthrange(day.year, day.month)[1]
            return day.day == (last if name == "last" else min(int(name), last))
        case "each":
            return False


def _is_nth(day: date, which: str) -> bool:
    """Whether a day is so many-th of its weekday in the month."""
    last = monthrange(day.year, day.month)[1]
    return day.day > last - 7 if which == "last" else NTH.index(which) == (day.day - 1) // 7


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
