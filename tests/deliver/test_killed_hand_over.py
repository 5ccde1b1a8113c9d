"""A hand-over killed anywhere, for every class of provider: who is lost, who gets two, who is parked.

The doubles' count of every copy they ever took is the judge. Some places are tried, more with CI=1 and each with
KILL_STRIDE=1; the table is printed (`pytest -rP`) and stands in the README as measured.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline import deliver
from tests import postgres
from tests.deliver.scene import ONE, READERS, Scene, Stage
from tests.journeys import killing

ROOMS = (
    "deliver",
    "store/ledger",
    "store/batches",
    "store/freezing",
    "store/claims",
    "store/carriers",
    "store/open",
    "store/postgres",
    "line",
    "carrying",
    "providers/smtp",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class of provider; `late`: the next run is only after half an hour; `lag`: its records show nothing yet."""

    name: str
    can: dict[str, Any]
    late: bool = False
    lag: bool = False


CLASSES = (
    Class(name="nothing (SendGrid, SES)", can={"kind": "none"}),
    Class(name="key, in its lifetime (Resend, Brevo)", can={"kind": "key"}),
    Class(name="key, lifetime over", can={"kind": "key", "lifetime": 1500}, late=True),
    Class(name="each reader (Mailjet)", can={"kind": "recipient"}),
    Class(name="records that lag (Postmark, Mailgun)", can={"kind": "none", "lookup": "lagging"}, lag=True),
    Class(name="records in time", can={"kind": "none", "lookup": "lagging"}),
    Class(name="campaign (Buttondown, listmonk)", can={"kind": "campaign", "lookup": "sure"}),
    Class(name="SMTP", can={"kind": "smtp"}),
)


@dataclass(slots=True)
class Row:
    """What was measured for one class."""

    places: int = 0
    lost: int = 0
    twice: int = 0
    parked: int = 0
    after_order: int = 0


def judge(scene: Scene, row: Row, readers: int) -> None:
    """Compare what the ledger says with what the double took."""
    sums = scene.sums
    row.places += 1
    taken = scene.taken_by_reader
    with scene.project() as project:
        told = {address for address, _ in deliver.people_of(ONE, "accepted", project.store)}
    row.lost = max(row.lost, len(told - taken.keys()) + sums.get("pending", 0))
    row.twice = max(row.twice, sum(count - 1 for count in taken.values()))
    row.parked = max(row.parked, sums.get("unknown", 0))
    assert sum(sums.values()) == readers


def go_on(scene: Scene, kind: Class) -> None:
    """What cron does in the hours after."""
    if not kind.late:
        scene.cron()
    for _ in range(3):
        scene.world.pass_time(minutes=31)
        scene.cron()


def order(scene: Scene, row: Row, readers: int) -> None:
    """A person says that everybody of unknown fate is to be sent the issue."""
    with scene.project() as project:
        deliver.reconcile(ONE, project.store, project.settings.deliver, project.out, resend=True)
    scene.send()
    assert scene.sums == {"accepted": readers}
    row.after_order = max(row.after_order, sum(count - 1 for count in scene.taken_by_reader.values()))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.name)
def test_a1_to_a6_a14_a_hand_over_killed_at_any_statement_loses_nobody_and_mails_nobody_twice(
    stage: Stage, kind: Class, kept_in: postgres.Server | None
) -> None:
    row, number, came_so_far = Row(), killing.first(), True
    stride = killing.stride(ci=29, desk=67, server=kept_in)
    readers = 1 if kind.can["kind"] == "campaign" else len(READERS)
    with stage(**kind.can) as scene:
        while came_so_far:
            with scene.again():
                scene.double.lag = kind.lag
                came_so_far = killing.at_statement(number, ROOMS, scene.send)
                go_on(scene, kind)
                judge(scene, row, readers)
                if scene.sums.get("unknown"):
                    order(scene, row, readers)
            number += stride
    say(kind, row)
    assert number > 100
    assert (row.lost, row.twice) == (0, 0)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.name)
def test_a3_a4_a_hand_over_killed_while_the_provider_takes_it_mails_nobody_twice(
    stage: Stage, kind: Class, moment: str
) -> None:
    row = Row()
    readers = 1 if kind.can["kind"] == "campaign" else len(READERS)
    with stage(**kind.can) as scene:
        scene.double.lag = kind.lag
        assert killing.by_the_other_side(scene.when_taking(moment), scene.send)
        go_on(scene, kind)
        judge(scene, row, readers)
    assert (row.lost, row.twice) == (0, 0)
    if moment == "after" and kind.can["kind"] == "none" and (kind.lag or "lookup" not in kind.can):
        assert row.parked == 2


def say(kind: Class, row: Row) -> None:
    """One line of the README's table."""
    cells = (kind.name, row.places, row.lost, row.twice, row.parked, row.after_order)
    sys.stdout.write(f"| {' | '.join(str(cell) for cell in cells)} |\n")
