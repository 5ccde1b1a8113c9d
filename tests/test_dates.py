from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dates import of_header, said, when

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("Fri, 13 Nov 2026 08:00:00 +0100", "2026-11-13T07:00"),
        ("Fr, 13 Nov 2026 08:00:00 +0100", "2026-11-13T07:00"),
        ("Fri, 13 Nov 2026 08:00:00 PST8PDT", "2026-11-13T16:00"),
        ("2026-11-13T08:00:00Z", "2026-11-13T08:00"),
        ("2026-11-13T08:00:00.1234567+01:00", "2026-11-13T07:00"),
        ("2026-11-13", "2026-11-13T00:00"),
        ("2026-11-13T24:00:00Z", "2026-11-14T00:00"),
        ("2026/11/13 08:00", "2026-11-13T08:00"),
        ("November 13, 2026", "2026-11-13T00:00"),
        ("13 November 2026", "2026-11-13T00:00"),
        ("13/11/2026", "2026-11-13T00:00"),
        ("3.11.2026", "2026-11-03T00:00"),
        ("1794556800", "2026-11-13T08:00"),
        ("1794556800000", "2026-11-13T08:00"),
    ],
)
def test_a_date_means_what_a_person_would_read(raw: str, meant: str) -> None:
    found = when(raw, None, now=NOW)
    assert found is not None
    assert found.replace(microsecond=0) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "raw", ["0000-00-00T00:00:00Z", "1970-01-01", "9999-12-31", "yesterday", "", "13/13/2026", "11/12/2026", "-1"]
)
def test_a_date_that_can_not_be_true_is_no_date(raw: str) -> None:
    assert when(raw, None, now=NOW) is None


def test_the_parser_is_believed_only_where_our_own_reading_fails() -> None:
    wrong = datetime(1999, 1, 1, tzinfo=UTC)
    assert when("2026/11/13 08:00", wrong, now=NOW) == datetime(2026, 11, 13, 8, tzinfo=UTC)
    assert when("le treize novembre", wrong, now=NOW) == wrong


@given(st.text(max_size=60))
def test_no_text_ends_in_an_error_or_an_unbelievable_date(raw: str) -> None:
    found = when(raw, None, now=NOW)
    assert found is None or datetime(1990, 1, 1, tzinfo=UTC) <= found <= datetime(2027, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        "Fri, 31 Dec 9999 23:00:00 -1200",
        "Thu, 01 Jan 2026 00:00:00 +99999999999999999999",
        "Mon, 01 Jan 2026 99999999999:00:00 +0000",
        "tomorrow-ish",
        "",
    ],
)
def test_a_header_with_a_date_that_no_calendar_reaches_has_none(raw: str) -> None:
    assert of_header(raw) is None


@given(st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d{1,4} [A-Z][a-z]{2} \d{1,9} \d{1,9}:\d\d [+-]\d{1,12}"))
def test_no_header_is_a_fault_of_ours(raw: str) -> None:
    found = of_header(raw)
    assert found is None or found.tzinfo == UTC


@pytest.mark.parametrize(
    ("day", "words"), [(1, "Tuesday, 1 December 2026, 09:00"), (15, "Tuesday, 15 December 2026, 09:00")]
)
def test_a_day_is_told_as_people_say_it(day: int, words: str) -> None:
    assert said(datetime(2026, 12, day, 9, tzinfo=UTC), "%A, %d %B %Y, %H:%M") == words
