"""Events come from the author's calendar on the web, whatever it does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline import config, run
from pipeline.config import PullSettings
from pipeline.errors import ChildFault, FetchFault, SettingsError
from pipeline.model import Event, Fetched, Report, Validators
from pipeline.pull import agenda
from pipeline.store import calendars as kept
from tests.journeys.steps import build_now, cron, folder, pull
from tests.world import START, World

URL = "https://calendar.example.org/private-9f8e7d/lisa.ics"
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)


def calendar(*events: str, head: str = "") -> bytes:
    body = "".join(f"BEGIN:VEVENT\nUID:{at}\n{event.strip()}\nEND:VEVENT\n" for at, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{head}{body}END:VCALENDAR\n".replace("\n", "\r\n").encode()


def read(*events: str, head: str = "", now: datetime = NOW) -> tuple[Event, ...]:
    settings = PullSettings(sources=(), folder=Path(), zone=NEW_YORK)
    return agenda.expanded(calendar(*events, head=head), settings, now)


def test_a_weekly_event_stays_at_its_hour_when_the_clocks_change() -> None:
    found = read("SUMMARY:Circle\nDTSTART;TZID=America/New_York:20261020T190000\nRRULE:FREQ=WEEKLY;COUNT=4")
    assert [one.starts for one in found] == [
        datetime(2026, 10, 20, 23, tzinfo=UTC),
        datetime(2026, 10, 27, 23, tzinfo=UTC),
        datetime(2026, 11, 4, 0, tzinfo=UTC),
        datetime(2026, 11, 11, 0, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("zone", "hour"),
    [(";TZID=Europe/Berlin", 18), (";TZID=W. Europe Standard Time", 18), ("", 0), (";TZID=Nowhere/Land", 0)],
    ids=["by name", "by the name that Outlook writes", "none: the author's", "unknown: the author's"],
)
def test_a_time_is_read_in_its_own_zone_or_else_the_author_s(zone: str, hour: int) -> None:
    (found,) = read(f"SUMMARY:Reading\nDTSTART{zone}:20261110T190000")
    assert found.starts.astimezone(UTC).hour == hour
    assert found.ends is None


def test_whole_days_begin_at_the_author_s_midnight_and_last_to_their_end() -> None:
    (fair, day) = read(
        "SUMMARY:Book fair\nDTSTART;VALUE=DATE:20261105\nDTEND;VALUE=DATE:20261108",
        "SUMMARY:Open house\nDTSTART;VALUE=DATE:20261128",
    )
    assert (fair.starts, fair.ends) == (datetime(2026, 11, 5, 5, tzinfo=UTC), datetime(2026, 11, 8, 5, tzinfo=UTC))
    assert (day.whole_day, day.ends) == (True, datetime(2026, 11, 29, 5, tzinfo=UTC))


def test_what_was_cancelled_moved_or_is_private_is_not_announced_as_it_was() -> None:
    weekly = "SUMMARY:Circle\nDTSTART:20261020T190000Z\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE:20261027T190000Z"
    changed = "SUMMARY:Circle\nRECURRENCE-ID:20261103T190000Z\nDTSTART:20261103T190000Z\nSTATUS:CANCELLED"
    moved = "SUMMARY:Circle, an hour later\nRECURRENCE-ID:20261110T190000Z\nDTSTART:20261110T200000Z"
    one = "BEGIN:VEVENT\nUID:w\n{}\nEND:VEVENT\n"
    series = "".join(one.format(part) for part in (weekly, changed, moved))
    found = read(
        "SUMMARY:Off\nDTSTART:20261101T100000Z\nSTATUS:CANCELLED",
        "SUMMARY:Dentist\nDTSTART:20261101T100000Z\nCLASS:PRIVATE",
        "DTSTART:20261101T100000Z",
        head=series,
    )
    assert [(one.title, one.starts.day, one.starts.hour) for one in found] == [
        ("Circle", 20, 19),
        ("Circle, an hour later", 10, 20),
    ]


def test_only_words_and_web_addresses_are_taken_over() -> None:
    (found,) = read(
        "SUMMARY:Prompts <b>that</b> help &amp; heal\nDTSTART:20261110T190000Z\nURL:https://blog.example.org/training/\n"
        "LOCATION:https://meet.example.com/j/123?pwd=secret\n"
        "DESCRIPTION:Join: https://meet.example.com/j/123?pwd=secret\\n<p>Bring a <i>pen</i>.</p>",
        "SUMMARY:Later\nDTSTART:20270401T190000Z\nURL:javascript:alert(1)",
    )
    assert (found.title, found.place, found.note) == ("Prompts that help & heal", None, "Bring a pen .")
    assert found.url == "https://blog.example.org/training/"
    (bare,) = read("SUMMARY:x\nDTSTART:20261110T190000Z\nURL:javascript:alert(1)\nLOCATION:Town hall")
    assert (bare.url, bare.place) == (None, "Town hall")


def test_a_faulty_event_costs_no_other() -> None:
    found = read(
        "SUMMARY:No date", "SUMMARY:Bad date\nDTSTART:soon", "SUMMARY:Good\nDTSTART:20261110T190000Z",
        "SUMMARY:Bad rule\nDTSTART:20261110T190000Z\nRRULE:FREQ=BOGUS",
    )  # fmt: skip
    assert [one.title for one in found] == ["Good"]


def test_an_event_for_which_a_calendar_can_not_be_read_costs_no_other() -> None:
    unreadable = "SUMMARY:Broken\nDTSTART:20261110T190000Z\nDTSTAMP;VALUE=DATE,DATE-TIME:20261001T000000Z"
    (found,) = read(unreadable, "SUMMARY:Reading\nDTSTART:20261110T190000Z")
    assert found.title == "Reading"


@pytest.mark.parametrize(
    "between",
    [
        "a line that is none",
        "\u3000",
        "BEGIN:VTIMEZONE\nTZID:Here\nBEGIN:STANDARD\nEND:DAYLIGHT\nEND:STANDARD\nBEGIN:DAYLIGHT\nEND:VTIMEZONE",
        "END:VTODO",
        "BEGIN:VTODO\nDUE;VALUE=DATE-TIME:soon\nEND:VTODO",
        "BEGIN:VEVENT\nUID:begun\nSUMMARY:Begun",
        "BEGIN:VALARM\nBEGIN:VEVENT\nUID:inside\nSUMMARY:Inside\nEND:VEVENT\nEND:VALARM",
        "BEGIN:VTIMEZONE\nTZID:Here\nBEGIN:STANDARD\nDTSTART:then\nTZOFFSETTO:+1\nEND:STANDARD\nEND:VTIMEZONE",
    ],
)
def test_what_can_not_be_read_beside_the_events_costs_none(between: str) -> None:
    found = read("SUMMARY:Reading\nDTSTART:20261110T190000Z\nEND:VEVENT\n" + between + "\nBEGIN:VEVENT\nUID:after\n"
                 "SUMMARY:Walk\nDTSTART:20261111T190000", head="X-WR-TIMEZONE:Europe/Berlin\n")  # fmt: skip
    assert [one.title for one in found] == ["Reading", "Walk"]
    assert found[1].starts.hour == 18


def test_a_time_zone_of_the_calendar_s_own_counts_beside_what_can_not_be_read() -> None:
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Far away\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0700\n"
        "TZOFFSETTO:+0700\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    (found,) = read("SUMMARY:Walk\nDTSTART;TZID=Far away:20261111T190000", head=f"a line that is none\n{zone}")
    assert found.starts == datetime(2026, 11, 11, 12, tzinfo=UTC)


def test_a_calendar_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agenda, "SECONDS", 3)
    with pytest.raises(ChildFault):
        read("SUMMARY:Bomb\nDTSTART:19700101T000000Z\nRRULE:FREQ=SECONDLY")


class Web:
    """The blog, and beside it a calendar that can be changed and broken."""

    def __init__(self, world: World) -> None:
        self.blog = world.blog
        self.body = calendar(f"SUMMARY:Journal prompts\nDTSTART:{START + timedelta(days=9):%Y%m%dT%H%M%SZ}")
        self.broken: FetchFault | None = None
        self.asked: list[Validators | None] = []

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        if url != URL:
            return self.blog(url, validators=validators)
        self.asked.append(validators)
        if self.broken:
            raise self.broken
        same = validators is not None and validators.etag == str(hash(self.body))
        return Fetched(
            url=url,
            status=304 if same else 200,
            headers={},
            body=b"" if same else self.body,
            validators=Validators(etag=str(hash(self.body))),
        )


@pytest.fixture
def web(world: World) -> Web:
    made = Web(world)
    world.set("[schedule]", f'[events]\nics = "{URL}"\n\n[schedule]')
    world.blog = made  # type: ignore[assignment]
    return made


def announced(world: World) -> str:
    return (folder(world) / "email.txt").read_text()


def test_an_issue_announces_what_the_calendar_and_the_file_have(world: World, web: Web) -> None:
    later = START + timedelta(days=5)
    (world.folder / "sources/events.toml").write_text(
        f'[[event]]\ntitle = "Reading aloud"\nstarts = {later:%Y-%m-%dT%H:%M:%S}\n'
    )
    report = pull(world)
    assert "The calendar at calendar.example.org: 1 event in the coming weeks." in report.done
    build_now(world)
    text = announced(world)
    assert text.index("Reading aloud") < text.index("Journal prompts")


def test_the_calendar_is_asked_politely(world: World, web: Web) -> None:
    pull(world)
    pull(world)
    assert len(web.asked) == 1
    world.pass_time(hours=2)
    pull(world)
    assert web.asked[1] is not None
    assert web.asked[1].etag == str(hash(web.body))


def test_a_calendar_that_is_called_unchanged_for_ever_is_asked_for_whole_once_a_day(world: World, web: Web) -> None:
    pull(world)
    for _ in range(50):
        world.pass_time(hours=1)
        pull(world)
    whole = [at for at, validators in enumerate(web.asked) if validators is None]
    assert whole == [0, 25, 50]


def test_a_calendar_that_fails_is_reported_without_its_address_and_keeps_what_it_gave(world: World, web: Web) -> None:
    pull(world)
    web.broken = FetchFault("The server has a fault of its own (500).", where=URL)
    world.pass_time(hours=2)
    report = cron(world)
    (said,) = report.errors
    assert said.startswith("The calendar at calendar.example.org: The server has a fault of its own (500).")
    assert "private-9f8e7d" not in said
    assert "Journal prompts" in announced(world)
    world.pass_time(minutes=30)
    assert cron(world).errors == ()
    web.broken = None
    web.body = calendar(f"SUMMARY:Storytelling\nDTSTART:{START + timedelta(days=9):%Y%m%dT%H%M%SZ}")
    world.pass_time(hours=2)
    cron(world)
    assert "Storytelling" in announced(world)
    assert "Journal prompts" not in announced(world)


@pytest.mark.parametrize("body", [b"<html>Not here</html>", b"", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"])
def test_an_answer_that_is_no_calendar_wipes_nothing(world: World, web: Web, body: bytes) -> None:
    pull(world)
    web.body = body
    world.pass_time(hours=2)
    (said,) = pull(world).errors
    assert "Reading the calendar failed" in said
    build_now(world)
    assert "Journal prompts" in announced(world)


def test_a_calendar_that_never_answered_stops_no_issue(world: World, web: Web) -> None:
    web.broken = FetchFault("The server took too long.", where=URL)
    report: Report = pull(world)
    assert "No issue waits for it; the next try is in an hour." in report.errors[0]
    assert any("Issue 1 composed" in words for words in build_now(world).done)


def test_a_silent_calendar_s_weeks_move_on(world: World, web: Web) -> None:
    web.body = calendar(f"SUMMARY:Circle\nDTSTART:{START:%Y%m%dT%H%M%SZ}\nRRULE:FREQ=WEEKLY")
    pull(world)
    web.broken = FetchFault("The server took too long.", where=URL)
    world.pass_time(days=120)
    pull(world)
    with world.project() as project, project.store.reading() as tx:
        events = kept.events(tx, [URL])
    assert events[-1].starts > world.now + timedelta(days=80)


def test_a_calendar_that_left_the_settings_is_forgotten(world: World, web: Web) -> None:
    pull(world)
    world.set(f'ics = "{URL}"', "ics = []")
    with world.project() as project:
        run.walk(project, "pull")
        with project.store.reading() as tx:
            assert kept.every(tx) == []


def test_an_address_as_calendar_programs_write_it_is_understood(world: World) -> None:
    world.set(
        "[schedule]", '[events]\nics = ["webcal://calendar.example.org/a.ics", "https://b.example/b.ics"]\n[schedule]'
    )
    assert config.load(world.folder, {}).pull.calendars == (
        "https://calendar.example.org/a.ics",
        "https://b.example/b.ics",
    )
    world.set("https://b.example/b.ics", "lisa's calendar")
    with pytest.raises(SettingsError, match=r"newsletter\.toml:\d+: events\.ics"):
        config.load(world.folder, {})
