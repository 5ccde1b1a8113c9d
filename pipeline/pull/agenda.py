"""The author's calendars on the web: asked as feeds are, and their events of the coming weeks kept.

The calendar itself is kept too. One that fails keeps what it gave, and the weeks move on with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from pipeline import child
from pipeline.config import PullSettings
from pipeline.errors import ChildFault, FetchFault, SourceFault
from pipeline.model import Calendar, Event, Fetched, Outside, Report
from pipeline.model.text import legal
from pipeline.plural import many
from pipeline.pull.ics import Asked, Occurrence
from pipeline.pull.listing import believed, freshness
from pipeline.store import Store, calendars

EVERY = timedelta(hours=1)
LONGEST_PAUSE = timedelta(days=1)
WEEKS = timedelta(days=95)
"""How far events are looked up: further than an issue announces, so that a silent calendar lasts a while."""
LARGEST = 4 << 20
SECONDS, MEGABYTES = 15, 1000


def due(known: Iterable[Calendar], settings: PullSettings, now: datetime) -> Iterable[str]:
    """`calendar/<key>` of each whose time has come, or that the settings no longer name."""
    there = {one.key: one for one in known}
    wanted = [calendars.key(url) for url in settings.calendars]
    yield from (f"calendar/{key}" for key in wanted if key not in there or there[key].next_check <= now)
    yield from (f"calendar/{key}" for key in there if key not in wanted)


def work(key: str, store: Store, settings: PullSettings, out: Outside) -> Report:
    """Ask one calendar, or forget one that the settings no longer name."""
    url = next((url for url in settings.calendars if calendars.key(url) == key), None)
    if url is None:
        with store.writing() as tx:
            calendars.forget(tx, key)
        return Report()
    now = out.clock()
    with store.reading() as tx:
        known = calendars.get(tx, key)
    try:
        answer = out.fetch(url, validators=believed(known.validators, known.read, now) if known else None)
        fresh = _read(known, key, answer, settings, now)
        report = Report(unchanged=1) if known and known.events == fresh.events else Report(done=(_found(url, fresh),))
    except (SourceFault, ChildFault) as fault:
        fresh = _failed(known, key, fault, settings, now)
        report = Report(errors=(_said(url, fault, fresh, now),))
    with store.writing() as tx:
        calendars.keep(tx, fresh)
    return report


def _read(known: Calendar | None, key: str, answer: Fetched, settings: PullSettings, now: datetime) -> Calendar:
    """What an answer makes of a calendar. Raises SourceFault, ChildFault when it can't be read."""
    body = known.body if known and answer.status == 304 else answer.body
    if len(body) > LARGEST:
        raise SourceFault(f"The calendar has {len(body) >> 20} MB, which is too much to read.")
    return Calendar(
        key=key,
        validators=known.validators if known and answer.status == 304 else answer.validators,
        body=body,
        events=expanded(body, settings, now),
        next_check=now + max(EVERY, freshness(answer.headers)),
        failures=0,
        problem=None,
        read=known.read if known and answer.status == 304 else now,
    )


def expanded(body: bytes, settings: PullSettings, now: datetime) -> tuple[Event, ...]:
    """The events of the coming weeks in a calendar, those that go on now included. Raises ChildFault."""
    asked = Asked(zone=str(settings.zone), begins=now - timedelta(days=1), ends=now + WEEKS)
    given = msgspec.json.encode(asked) + b"\n" + body
    raw = child.run("pipeline.pull.ics", given, seconds=SECONDS, megabytes=MEGABYTES, what="Reading the calendar")
    return tuple(map(_event, msgspec.json.decode(raw, type=list[Occurrence])))


def _event(one: Occurrence) -> Event:
    place, note = (legal(words) if words else None for words in (one.place, one.note))
    return Event(
        title=legal(one.title),
        starts=one.starts,
        ends=one.ends,
        whole_day=one.whole_day,
        place=place,
        url=one.url,
        note=note,
    )


def _failed(
    known: Calendar | None, key: str, fault: SourceFault | ChildFault, settings: PullSettings, now: datetime
) -> Calendar:
    """Keep what it gave, and ask again later: the pause doubles with every failure."""
    kept = known or Calendar(key=key, next_check=now)
    failures = kept.failures + 1
    pause = min(EVERY * 2 ** min(failures - 1, 6), LONGEST_PAUSE)
    if isinstance(fault, FetchFault) and fault.retry_after:
        pause = max(pause, min(timedelta(seconds=fault.retry_after), LONGEST_PAUSE))
    try:
        events = expanded(kept.body, settings, now) if kept.body else ()
    except ChildFault:
        events = kept.events
    return replace(kept, events=events, next_check=now + pause, failures=failures, problem=fault.what)


def _said(url: str, fault: SourceFault | ChildFault, fresh: Calendar, now: datetime) -> str:
    """Only the host is named: who knows a calendar's whole address may often read it."""
    kept = "The events it gave last are used" if fresh.body else "No issue waits for it"
    hours = round((fresh.next_check - now) / timedelta(hours=1))
    later = "an hour" if hours <= 1 else f"{hours} hours"
    return f"The calendar at {urlsplit(url).hostname}: {fault.what} {kept}; the next try is in {later}."


def _found(url: str, fresh: Calendar) -> str:
    events = many(len(fresh.events), "event")
    return f"The calendar at {urlsplit(url).hostname}: {events} in the coming weeks."
