"""The author's trainings, readings and the like: sources/events.toml, her calendars, and what an issue announces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pipeline import toml
from pipeline.errors import SettingsError
from pipeline.model import Event

AHEAD = timedelta(days=60)
MOST = 4
YEARS = range(1970, 3000)
"""No calendar that says another year means it, and clocks elsewhere could not be told of it."""
PARTS = ("title", "starts", "ends", "place", "url", "note")


def read(path: Path, zone: ZoneInfo) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """The events in the file, the earliest first, and the faults with file and line; nothing when there is no file.

    Times without a zone are the author's.
    """
    file = "/".join(part for part in (path.parent.name, path.name) if part)
    try:
        text = path.read_text("utf-8-sig")
        raw = toml.loads(text, file=file)
    except FileNotFoundError:
        return (), ()
    except (UnicodeDecodeError, OSError):
        return (), (f"{file}: The file is not UTF-8 text that can be read.",)
    except SettingsError as fault:
        return (), (str(fault),)
    strange = [key for key in raw if key != "event"]
    faults = [f"{file}:{toml.line(text, (key,))}: {key} is not known; begin with [[event]]." for key in strange]
    events: list[Event] = []
    listed = raw.get("event", [])
    for at, table in enumerate(listed if isinstance(listed, list) else [listed]):
        wrong = list(_wrong(table))
        faults += [f"{file}:{toml.line(text, ('event', at))}: {words}" for words in wrong]
        if not wrong:
            events.append(_event(table, zone))
    return tuple(sorted(events, key=lambda event: event.starts)), tuple(faults)


def together(written_down: Iterable[Event], calendars: Iterable[Event]) -> tuple[Event, ...]:
    """The author's file and her calendars as one; what she wrote into both stands as in the file."""
    known = {(event.title.casefold(), event.starts): event for event in (*calendars, *written_down)}
    return tuple(sorted(known.values(), key=lambda event: (event.starts, event.title)))


def coming(events: tuple[Event, ...], now: datetime) -> tuple[Event, ...]:
    """The next events that are not over yet; one that is far away waits.

    One that comes every week leaves room for the others: its next date goes first, further ones fill what is left.
    """
    there = [event for event in events if now < (event.ends or event.starts) and event.starts < now + AHEAD]
    times = [sum(other.title == event.title for other in there[:at]) for at, event in enumerate(there)]
    chosen = sorted(range(len(there)), key=lambda at: (times[at], at))[:MOST]
    return tuple(there[at] for at in sorted(chosen))


def _wrong(table: Any) -> Iterator[str]:
    if not isinstance(table, Mapping):
        yield "An event is a table of its own, begun with [[event]]."
        return
    yield from (f"{key} is no part of an event. Known: {', '.join(PARTS)}." for key in table if key not in PARTS)
    texts = ("title", "place", "url", "note")
    yield from (f"{key} is words in quotes." for key in texts if not isinstance(table.get(key, ""), str))
    if not str(table.get("title", "")).strip():
        yield 'This event has no title. Add title = "...".'
    for key in ("starts", "ends"):
        if not isinstance(table.get(key), date) and (key in table or key == "starts"):
            yield f"{key} is a date without quotes, with or without a time: {key} = 2026-12-04T19:00:00."
        elif key in table and table[key].year not in YEARS:
            yield f"{key} is in the year {table[key].year:04}, which can't be meant."
    if "url" in table and not _is_web(table["url"]):
        yield 'url is a web address like "https://blog.example.org/training".'


def _is_web(url: Any) -> bool:
    try:
        return urlsplit(str(url)).scheme in ("http", "https")
    except ValueError:
        return False


def _event(table: Mapping[str, Any], zone: ZoneInfo) -> Event:
    whole_day = not isinstance(table["starts"], datetime)
    words = {key: " ".join(str(table[key]).split()) for key in ("place", "url", "note") if table.get(key)}
    return Event(
        title=" ".join(str(table["title"]).split()),
        starts=_moment(table["starts"], zone),
        ends=_moment(table["ends"], zone, end=True) if "ends" in table else _end(table["starts"], zone),
        whole_day=whole_day,
        **words,
    )


def _end(starts: date, zone: ZoneInfo) -> datetime | None:
    """An event of a whole day is over when the day is."""
    return None if isinstance(starts, datetime) else _moment(starts, zone, end=True)


def _moment(value: date, zone: ZoneInfo, *, end: bool = False) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    return datetime.combine(value + timedelta(days=int(end)), time(0), tzinfo=zone)
