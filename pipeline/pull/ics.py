"""Run as a child: a calendar's bytes in, its events of a time out. Nothing here is trusted to end or to fit in memory.

This file imports nothing of ours: it is run by its path. RFC 5545 says what a calendar is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

MOST = 200
"""How many events of a time are kept, the earliest."""
_CALENDAR = re.compile(r"^BEGIN:VCALENDAR[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_ABOUT = re.compile(r"^(?:METHOD|X-WR-TIMEZONE):[\w/+-]+[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_BEGINS = re.compile(r"^(?=BEGIN:(?:VEVENT|VTIMEZONE)[ \t\r]*$)", re.IGNORECASE | re.MULTILINE)
_PART = re.compile(r"BEGIN:(VEVENT|VTIMEZONE)\b.*?^END:\1[ \t\r]*$", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)


class Asked(msgspec.Struct, kw_only=True):
    """The line before the calendar: the author's time zone, and the time that is asked for, aware."""

    zone: str
    begins: datetime
    ends: datetime


class Occurrence(msgspec.Struct, kw_only=True):
    """One event of the time, a recurring one once for each of its dates; `ends` is None when none is given."""

    title: str
    starts: datetime
    ends: datetime | None
    whole_day: bool
    place: str | None
    url: str | None
    note: str | None


def work(given: bytes) -> bytes:
    """A line of JSON (`Asked`) and the calendar become JSON (`list[Occurrence]`). Raises ValueError for no calendar."""
    head, _, body = given.partition(b"\n")
    asked = msgspec.json.decode(head, type=Asked)
    text = body.decode("utf-8-sig", "replace")
    if "BEGIN:VCALENDAR" not in text.upper():
        raise ValueError("the answer is no calendar")
    if "END:VCALENDAR" not in text.upper():
        raise ValueError("the calendar breaks off before its end")
    found = sorted(_occurrences(text, asked), key=lambda one: (one.starts, one.title))
    return msgspec.json.encode(found[:MOST])


def _occurrences(text: str, asked: Asked) -> Iterator[Occurrence]:
    zone = ZoneInfo(asked.zone)
    # Whole days and times without a zone are compared with the author's own days.
    begins, ends = (moment.astimezone(zone) for moment in (asked.begins, asked.ends))
    for calendar in _calendars(text):
        if str(calendar.get("METHOD", "")).upper() != "CANCEL":
            yield from (_occurrence(event, zone) for event in _between(calendar, begins, ends) if _public(event))


def _calendars(text: str) -> list[Any]:
    """Every calendar of the text; where it can't be read as it is, of each what can be read."""
    from icalendar import Calendar

    with suppress(Exception):
        # Of a part that never ends comes nothing, not even the calendar around it.
        if whole := list(Calendar.from_ical(text, multiple=True)):
            return whole
    return [Calendar.from_ical(_around(_readable(one))) for one in _CALENDAR.split(text)[1:]]


def _readable(text: str) -> list[str]:
    """The events and time zones of a calendar that can be read, each by itself, and what counts for all of them."""
    from icalendar import Calendar

    parts = _ABOUT.findall(text)
    for part in filter(None, map(_PART.match, _BEGINS.split(text))):
        with suppress(Exception):
            Calendar.from_ical(_around([part[0]]))
            parts.append(part[0])
    return parts


def _around(parts: list[str]) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", *(part.strip() for part in parts), "END:VCALENDAR"])


def _between(calendar: Any, begins: datetime, ends: datetime) -> list[Any]:
    """Every event of the time; where one makes the whole calendar fail, each is tried by itself."""
    from recurring_ical_events import of

    dated = [
        part for part in calendar.subcomponents
        if part.name == "VTIMEZONE" or (part.name == "VEVENT" and "DTSTART" in part)
    ]  # fmt: skip
    calendar.subcomponents = dated
    try:
        return list(of(calendar, skip_bad_series=True).between(begins, ends))
    except Exception:  # noqa: BLE001 - what a calendar's events can make of a library, nobody knows
        found: list[Any] = []
        for name in dict.fromkeys(str(part.get("UID")) for part in dated if part.name == "VEVENT"):
            calendar.subcomponents = [part for part in dated if part.name != "VEVENT" or str(part.get("UID")) == name]
            with suppress(Exception):
                found += of(calendar, skip_bad_series=True).between(begins, ends)
        return found


def _public(event: Any) -> bool:
    """Neither cancelled nor marked as nobody else's business, and with a name."""
    kept = str(event.get("CLASS", "PUBLIC")).upper() not in ("PRIVATE", "CONFIDENTIAL")
    return kept and str(event.get("STATUS", "")).upper() != "CANCELLED" and bool(_words(event.get("SUMMARY"), 200))


def _occurrence(event: Any, zone: ZoneInfo) -> Occurrence:
    whole_day = not isinstance(event.start, datetime)
    starts, ends = _moment(event.start, zone), _moment(event.end, zone)
    url = str(event.get("URL", "")).strip()
    return Occurrence(
        title=_words(event.get("SUMMARY"), 200),
        starts=starts,
        ends=ends if ends > starts else None,
        whole_day=whole_day,
        # A meeting's own address is for those who have signed up.
        place=_ADDRESS.sub("", _words(event.get("LOCATION"), 200)).strip(" ,;|-") or None,
        url=url if re.match(r"https?://[^\s<>\"]+\Z", url) else None,
        note=_note(event.get("DESCRIPTION")),
    )


def _moment(value: date, zone: ZoneInfo) -> datetime:
    """A time without a zone, and a day's beginning, are the author's."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(0))
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def _note(described: Any) -> str | None:
    """The first line of a description that is words and holds no address."""
    lines = re.split(r"\n|<br\b[^>]*>|</p>|</div>", str(described or ""))
    words = (_words(line, 240) for line in lines)
    return next((line for line in words if line and not _ADDRESS.search(line)), None)


def _words(text: Any, length: int) -> str:
    plain = " ".join(unescape(re.sub(r"<[^<>]{0,500}>", " ", str(text or ""))).split())
    return plain if len(plain) <= length else plain[:length].rpartition(" ")[0] + "…"
