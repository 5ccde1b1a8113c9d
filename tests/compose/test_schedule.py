from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compose import schedule
from pipeline.config import Schedule, TimeOfDay, TurnDay

NEW_YORK = ZoneInfo("America/New_York")
WEEKLY = Schedule(cadence="weekly", day=TurnDay("tuesday"), at=TimeOfDay(9))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_weekly_turn_is_the_last_such_weekday_at_local_time() -> None:
    slot = schedule.latest(WEEKLY, NEW_YORK, at("2026-11-23T12:00"))
    assert slot is not None
    assert slot.due == at("2026-11-17T14:00")


def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change() -> None:
    before = schedule.latest(WEEKLY, NEW_YORK, at("2026-10-28T00:00"))
    after = schedule.latest(WEEKLY, NEW_YORK, at("2026-11-04T00:00"))
    assert before is not None
    assert after is not None
    assert before.due == at("2026-10-27T13:00")
    assert after.due == at("2026-11-03T14:00")


@pytest.mark.parametrize("day", ["fifth tuesday", "fifth sunday", "31", "last"])
def test_there_is_always_a_next_turn(day: str) -> None:
    seldom = Schedule(cadence="monthly", day=TurnDay(day), at=TimeOfDay(9))
    for week in range(20 * 53):
        assert schedule.following(seldom, NEW_YORK, at("2026-01-01T00:00") + timedelta(days=7 * week))


def test_a_monthly_turn_is_the_first_such_weekday_of_the_month() -> None:
    monthly = Schedule(cadence="monthly", day=TurnDay("monday"), at=TimeOfDay(8))
    slot = schedule.latest(monthly, ZoneInfo("UTC"), at("2026-11-23T12:00"))
    following = schedule.following(monthly, ZoneInfo("UTC"), at("2026-11-23T12:00"))
    assert slot is not None
    assert following is not None
    assert (slot.due, following.due) == (at("2026-11-02T08:00"), at("2026-12-07T08:00"))


@pytest.mark.parametrize(
    ("day", "turns"),
    [
        ("15", ["01-15", "02-15", "03-15"]),
        ("31", ["01-31", "02-28", "03-31"]),
        ("last", ["01-31", "02-28", "03-31"]),
        ("second tuesday", ["01-13", "02-10", "03-10"]),
        ("last friday", ["01-30", "02-27", "03-27"]),
        ("first sunday", ["01-04", "02-01", "03-01"]),
    ],
)
def test_a_month_has_its_turn_on_a_date_or_a_weekday(day: str, turns: list[str]) -> None:
    monthly, found, now = Schedule(cadence="monthly", day=TurnDay(day)), [], at("2026-01-01T00:00")
    for _ in turns:
        slot = schedule.following(monthly, ZoneInfo("UTC"), now)
        assert slot is not None
        found.append(f"{slot.due:%m-%d}")
        now = slot.due
    assert found == turns


def test_the_cadence_each_has_no_turns_of_its_own() -> None:
    assert schedule.latest(Schedule(cadence="each"), NEW_YORK, at("2026-11-23T12:00")) is None


def test_a_slot_is_read_back_from_its_key() -> None:
    slot = schedule.at_once(at("2026-11-23T12:00"))
    assert schedule.parse(slot.key) == (slot, frozenset())


moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
schedules = st.builds(
    Schedule,
    cadence=st.sampled_from(["daily", "weekly", "monthly"]),
    day=st.sampled_from([TurnDay(day) for day in ("monday", "thursday", "sunday")]),
    at=st.builds(TimeOfDay, st.integers(0, 23), st.integers(0, 59)),
)
zones = st.sampled_from([ZoneInfo(name) for name in ("UTC", "America/New_York", "Asia/Kathmandu", "Pacific/Apia")])


monthlies = st.builds(
    Schedule,
    cadence=st.just("monthly"),
    day=st.sampled_from([TurnDay(day) for day in ("1", "29", "31", "last", "fourth monday", "last sunday")]),
    at=st.builds(TimeOfDay, st.integers(0, 23), st.integers(0, 59)),
)


@given(schedules | monthlies, zones, moments)
def test_the_clock_moving_on_never_skips_or_repeats_a_turn(rule: Schedule, zone: ZoneInfo, now: datetime) -> None:
    latest, following = schedule.latest(rule, zone, now), schedule.following(rule, zone, now)
    assert latest is not None
    assert following is not None
    assert latest.due <= now < following.due
    assert schedule.latest(rule, zone, following.due) == following
    assert schedule.following(rule, zone, latest.due) == following


nights = st.builds(TimeOfDay, st.integers(0, 3), st.integers(0, 59))


@given(zones, nights, st.integers(2020, 2035), st.integers(1, 12))
def test_every_day_has_one_turn_also_when_an_hour_is_skipped_or_comes_twice(
    zone: ZoneInfo, hour: TimeOfDay, year: int, month: int
) -> None:
    rule = Schedule(cadence="daily", at=hour)
    now, dates = datetime(year, month, 1, tzinfo=zone), []
    for _ in range(40):
        slot = schedule.following(rule, zone, now)
        assert slot is not None
        assert slot.due > now
        local, now = slot.due.astimezone(zone), slot.due
        dates.append(local.date())
        # In the gap the turn is as much later as the clock jumped; at a doubled hour it is the first of the two.
        assert local.replace(tzinfo=None) >= datetime.combine(local.date(), hour)
        assert (local.replace(tzinfo=None) - datetime.combine(local.date(), hour)) <= timedelta(hours=1)
        assert local.fold == 0
    assert dates == [dates[0] + timedelta(days=at) for at in range(40)]


@given(
    zones,
    st.integers(2020, 2035),
    st.sampled_from(["1", "28", "29", "30", "31", "last", "last friday", "fourth monday"]),
)
def test_every_month_has_one_turn_whatever_its_length(zone: ZoneInfo, year: int, day: str) -> None:
    rule = Schedule(cadence="monthly", day=TurnDay(day), at=TimeOfDay(2, 30))
    now, months = datetime(year, 1, 1, tzinfo=zone), []
    for _ in range(12):
        slot = schedule.following(rule, zone, now)
        assert slot is not None
        months.append(slot.due.astimezone(zone).month)
        now = slot.due
    assert months == list(range(1, 13))


def test_the_turn_in_a_skipped_hour_comes_an_hour_later_and_in_a_doubled_hour_once() -> None:
    rule = Schedule(cadence="daily", at=TimeOfDay(2, 30))
    spring = schedule.following(rule, NEW_YORK, at("2026-03-08T05:30"))
    assert spring is not None
    assert spring.due == at("2026-03-08T07:30")
    fall = Schedule(cadence="daily", at=TimeOfDay(1, 30))
    first = schedule.following(fall, NEW_YORK, at("2026-11-01T04:30"))
    assert first is not None
    assert first.due == at("2026-11-01T05:30")
    after = schedule.following(fall, NEW_YORK, first.due)
    assert after is not None
    assert after.due == at("2026-11-02T06:30")
