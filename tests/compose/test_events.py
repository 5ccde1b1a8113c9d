"""Events come from the author's file, and into the issues that go out before them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.compose import events
from pipeline.model import Event
from tests.journeys.steps import build_now, pull
from tests.world import World

NEW_YORK = ZoneInfo("America/New_York")
FILE = """\
[[event]]
title = "Journal prompts that help"
starts = 2026-12-04T19:00:00
ends = 2026-12-04T20:30:00
place = "Online"
url = "https://blog.example.org/training/"
note = "Bring a pen."

[[event]]
title = "Open house"
starts = 2026-11-28
"""


def read(folder: Path, text: str) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    (folder / "events.toml").write_text(text, "utf-8")
    return events.read(folder / "events.toml", NEW_YORK)


def test_events_are_in_the_author_s_time_zone_the_earliest_first(tmp_path: Path) -> None:
    (house, prompts), faults = read(tmp_path, FILE)
    assert faults == ()
    assert (house.title, house.whole_day) == ("Open house", True)
    assert prompts.starts == datetime(2026, 12, 5, 0, tzinfo=UTC)
    assert (prompts.place, prompts.note) == ("Online", "Bring a pen.")


def test_what_is_over_or_far_away_is_not_announced(tmp_path: Path) -> None:
    found, _ = read(tmp_path, FILE)
    assert [one.title for one in events.coming(found, datetime(2026, 11, 28, 20, tzinfo=UTC))] == [
        "Open house",
        "Journal prompts that help",
    ]
    assert [one.title for one in events.coming(found, datetime(2026, 12, 5, 1, tzinfo=UTC))] == [
        "Journal prompts that help"
    ]
    assert events.coming(found, datetime(2026, 12, 6, tzinfo=UTC)) == ()
    assert events.coming(found, datetime(2026, 8, 1, tzinfo=UTC)) == ()


def test_a_wrong_event_is_named_by_line_and_stops_no_other(tmp_path: Path) -> None:
    wrong = '\n[[event]]\ntitle = "No date"\nstarts = "soon"\nurl = "javascript:x"\ncolour = "red"\n[[event]]\nstarts = 2026-12-01\n'
    found, faults = read(tmp_path, FILE + wrong)
    assert len(found) == 2
    assert len(faults) == 4
    assert all(fault.startswith(("events.toml:1", f"{tmp_path.name}/events.toml:1")) for fault in faults)
    assert any("no title" in fault for fault in faults)


@pytest.mark.parametrize("url", ['"http://["', '"https://[::1/"', "7", '["https://x.example/"]', '""'])
def test_an_address_that_is_none_is_named_and_stops_no_other_event(tmp_path: Path, url: str) -> None:
    wrong = f'\n[[event]]\ntitle = "A walk"\nstarts = 2026-12-01\nurl = {url}\n'
    found, faults = read(tmp_path, FILE + wrong)
    assert [one.title for one in found] == ["Open house", "Journal prompts that help"]
    assert faults[-1].endswith('url is a web address like "https://blog.example.org/training".')


def test_no_file_is_no_event_and_no_toml_is_said(tmp_path: Path) -> None:
    assert events.read(tmp_path / "none.toml", NEW_YORK) == ((), ())
    assert "not" in read(tmp_path, "[[event")[1][0]


def test_an_issue_announces_what_comes_in_mail_text_and_web_page(world: World) -> None:
    later = world.now + timedelta(days=9)
    (world.folder / "sources/events.toml").write_text(
        f'[[event]]\ntitle = "Journal prompts & more"\nstarts = {later:%Y-%m-%dT%H:%M:%S}\nplace = "Online"\ncolour = 1\n'
        f'[[event]]\ntitle = "Reading aloud"\nstarts = {later:%Y-%m-%d}\n'
    )
    pull(world)
    report = build_now(world)
    assert any("colour is no part of an event" in sentence for sentence in report.attention)
    (folder,) = (world.folder / "outbox/issues").glob("1-*")
    for name in ("email.html", "email.txt", "web.html", "issue.json"):
        assert "Reading aloud" in (folder / name).read_text()
    assert "Coming up" in (folder / "email.txt").read_text()
