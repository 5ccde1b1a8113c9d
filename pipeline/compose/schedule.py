"""The turns of the schedule, by the author's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.config import DAYS, Schedule
from pipeline.model import PostId, Slot

_FURTHEST = 62


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


def for_post(post: PostId, due: datetime) -> Slot:
    """The turn of one post under the cadence "each"."""
    return Slot(key=f"each {_stamp(due)} {post}", due=due)


def at_once(now: datetime) -> Slot:
    """A turn that a person asked for."""
    return Slot(key=f"now {_stamp(now)}", due=now)


def parse(key: str) -> tuple[Slot, PostId | None]:
    """A slot from its key, and the one post that it is for, if it is for one."""
    _, due, *post = key.split(" ")
    return Slot(key=key, due=datetime.fromisoformat(due)), PostId(int(post[0])) if post else None


def _slot(schedule: Schedule, zone: ZoneInfo, day: date) -> Slot | None:
    if not _is_turn(schedule, day):
        return None
    due = datetime.combine(day, schedule.at, tzinfo=zone).astimezone(UTC)
    return Slot(key=f"{schedule.cadence} {_stamp(due)}", due=due)


def _is_turn(schedule: Schedule, day: date) -> bool:
    on_its_weekday = day.weekday() == DAYS.index(schedule.day)
    match schedule.cadence:
        case "daily":
            return True
        case "weekly":
            return on_its_weekday
        case "monthly":
            return on_its_weekday and day.day <= 7
        case "each":
            return False


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
