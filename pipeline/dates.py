"""Dates as feeds, pages and headers write them, believed only when a post can have them; and as people say them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from email.utils import parsedate_to_datetime

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=366)

_NUMBERS = re.compile(r"^\s*(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_DAY_FIRST = re.compile(r"^\s*(\d{1,2})([./])(\d{1,2})\2(\d{4})\b")
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = dict(zip(_MONTH_NAMES, range(1, 13), strict=True))
_WORDS = re.compile(r"^\s*(?:[^\W\d]+,?\s+)?([^\W\d]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", re.IGNORECASE)
_WORDS_DAY_FIRST = re.compile(r"^\s*(?:[^\W\d]+,?\s+)?(\d{1,2})(?:st|nd|rd|th|\.)?\s+([^\W\d]{3,9})\.?,?\s+(\d{4})\b")
_ZONE_NAMES = {"PST8PDT": "-0800", "EST5EDT": "-0500", "CST6CDT": "-0600", "MST7MDT": "-0700"}


def when(raw: str | None, parsed: datetime | None, *, now: datetime, zone: tzinfo = UTC) -> datetime | None:
    """The moment that `raw` means, aware UTC; None when it means none, or one before 1990 or over a year ahead.

    `parsed` is what the feed's parser made of it: used only where our own readings find nothing, because parsers
    misread `2026/11/13` as the first of the month and a Unix time as the year 1794 without a word. `zone` is where the
    author lives: a time without a zone is hers, and so is a day without a time, which many programs write as midnight
    in Greenwich.
    """
    found = parsed
    if raw is not None and raw.strip():
        readings = (_iso, _unix, _rfc822, _numbers, _day_first, _words)
        found = next((moment for read in readings if (moment := read(raw.strip()[:100])) is not None), parsed)
    return _believable(found, now, zone)


def of_header(text: str) -> datetime | None:
    """The moment in a header of a mail or of HTTP (RFC 5322 section 3.3), aware UTC; without a zone it is UTC.

    None for what is no date, and for one that no calendar reaches: a stranger wrote it.
    """
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _believable(moment: datetime | None, now: datetime, zone: tzinfo) -> datetime | None:
    if moment is None or not OLDEST.year <= moment.year <= now.year + 2:
        return None
    day = moment.utcoffset() in (None, timedelta(0)) and moment.time() == time(0)
    there = (moment.replace(tzinfo=zone) if day or moment.tzinfo is None else moment).astimezone(UTC)
    return there if OLDEST <= there <= now + AHEAD else None


def _iso(raw: str) -> datetime | None:
    midnight = re.sub(r"T24:00(:00)?", "T00:00:00", raw)
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", midnight))
        return moment + timedelta(days=1) if midnight != raw else moment
    except (ValueError, OverflowError):
        return None


def _unix(raw: str) -> datetime | None:
    if not re.fullmatch(r"\d{9,10}(\d{3})?", raw):
        return None
    return datetime.fromtimestamp(int(raw) / (1000 if len(raw) > 10 else 1), UTC)


def _rfc822(raw: str) -> datetime | None:
    """RFC 5322 section 3.3, with a weekday in any language: "Fr, 13 Nov 2026" is a German Friday."""
    for name, offset in _ZONE_NAMES.items():
        raw = raw.replace(name, offset)
    try:
        return parsedate_to_datetime(re.sub(r"^[^\W\d]+\.?,\s*", "", raw))
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _numbers(raw: str) -> datetime | None:
    found = _NUMBERS.match(raw)
    return _made([int(part or 0) for part in found.groups()]) if found else None


def _day_first(raw: str) -> datetime | None:
    """13.11.2026, and 13/11/2026 where the first number can be no month; 11/12/2026 could be either day."""
    found = _DAY_FIRST.match(raw)
    if not found or (found[2] == "/" and int(found[1]) <= 12):
        return None
    return _made([int(found[4]), int(found[3]), int(found[1])])


def _words(raw: str) -> datetime | None:
    """As people write it: November 13, 2026, or 13 November 2026."""
    if found := _WORDS.match(raw):
        name, day, year = found.groups()
    elif found := _WORDS_DAY_FIRST.match(raw):
        day, name, year = found.groups()
    else:
        return None
    month = _MONTHS.get(name[:3].lower())
    return _made([int(year), month, int(day)]) if month else None


def _made(parts: list[int]) -> datetime | None:
    try:
        year, month, day, hour, minute, second = (*parts, 0, 0, 0)[:6]
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the caller knows the zone
    except ValueError:
        return None


def said(moment: datetime, pattern: str) -> str:
    """A moment by a pattern of strftime, its day as people say it: 1 December, not 01 December."""
    return moment.strftime(pattern.replace("%d", str(moment.day)))
