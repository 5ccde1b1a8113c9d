"""What holds of every simulated week, whatever its figures."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.bench import simulate
from tests.bench.record import BATCH, Costs, recorded
from tests.bench.week import DAY, WEEK, Habits, Plan, always, grown, issues, sizes
from tests.bench.week import simulate as a_week

SMALL = Habits(newsletters=300, readers=60_000)
PLAN = Plan(workers=2, cores=4)


@pytest.fixture(scope="module")
def costs() -> Costs:
    return recorded()


def test_every_reader_has_one_newsletter_and_every_newsletter_a_reader() -> None:
    found = sizes(SMALL, random.Random(1))
    assert (len(found), sum(found), min(found) >= 1) == (300, 60_000, True)


@pytest.mark.parametrize("seed", range(3))
def test_each_reader_is_mailed_once_and_each_issue_ends_after_it_was_due(costs: Costs, seed: int) -> None:
    week = a_week(SMALL, PLAN, costs, seed)
    due = issues(SMALL, seed)
    assert week.copies == SMALL.readers
    assert len(week.taken) == sum(-(-issue.readers // BATCH) for issue in due) == sum(week.requests())
    assert week.ended.keys() == {issue.newsletter for issue in due}
    assert all(week.ended[issue.newsletter] > issue.due for issue in due)
    assert week.jobs["batch"] == len(week.taken)
    assert week.jobs["made"] == week.jobs["frozen"] == SMALL.newsletters


def test_as_many_are_inside_on_average_as_arrive_times_how_long_they_stay(costs: Costs) -> None:
    week = a_week(SMALL, PLAN, costs)
    assert week.queue_area == pytest.approx(week.stay)


def test_the_same_seed_is_the_same_week_and_another_one_is_not(costs: Costs) -> None:
    assert a_week(SMALL, PLAN, costs) == a_week(SMALL, PLAN, costs)
    assert a_week(SMALL, PLAN, costs).waited != a_week(SMALL, PLAN, costs, seed=2).waited


def test_twice_the_workers_let_no_week_take_longer(costs: Costs) -> None:
    """All of one size and due at the same moment, so that nothing but workers is scarce."""
    at_once = {"days": (1, 0, 0, 0, 0, 0, 0), "hours": (1, *[0] * 23), "zones": ((0, 1),), "on_the_hour": 1.0}
    crowd = Habits(newsletters=100, readers=2_000_000, spread=0.0, **at_once)  # type: ignore[arg-type]
    spans = [max(a_week(crowd, replace(PLAN, workers=workers), costs).waited) for workers in (1, 2, 4, 8)]
    assert spans == sorted(spans, reverse=True)
    assert spans[0] > 1.5 * spans[1]


def test_no_machine_does_more_than_it_can(costs: Costs) -> None:
    crowd = replace(SMALL, newsletters=100, readers=2_000_000)
    week = a_week(crowd, replace(PLAN, workers=1), costs)
    worked = len(week.taken) * grown(costs.batch_few, costs.batch, BATCH).worker
    assert sum(week.worker_busy) * 60 >= worked * 0.9
    assert max(sum(week.worker_busy[at : at + 60]) / 60 for at in range(0, len(week.worker_busy), 60)) < 1.1


def test_an_account_is_never_asked_faster_than_it_allows(costs: Costs) -> None:
    giant = Habits(newsletters=1, readers=500_000, rate=2.0)
    taken = sorted(a_week(giant, Plan(workers=8, lanes=16), costs).taken)
    assert len(taken) == 500
    assert taken[-1] - taken[0] >= 499 / 2 - 1


def test_polls_are_as_many_together_as_spread_and_reports_as_many_as_copies_bring(costs: Costs) -> None:
    due = issues(SMALL)
    spread, herd = always(SMALL, PLAN, due), always(SMALL, replace(PLAN, together=True), due)
    assert sum(spread.polls) == pytest.approx(sum(herd.polls))
    assert max(herd.polls) == pytest.approx(10 * max(spread.polls))
    assert sum(spread.reports) * 60 == pytest.approx(SMALL.readers * SMALL.reports, rel=0.01)


def test_issues_pile_up_where_their_authors_like_them() -> None:
    due = issues(replace(SMALL, newsletters=20_000, zones=((0, 1),)))
    of_tuesday = [issue for issue in due if DAY <= issue.due < 2 * DAY]
    at_ten = [issue for issue in of_tuesday if issue.due == DAY + 10 * 3600]
    assert all(0 <= issue.due < WEEK for issue in due)
    assert len(of_tuesday) / len(due) == pytest.approx(0.24, abs=0.02)
    assert len(at_ten) / len(of_tuesday) == pytest.approx(0.8 * 30 / 182, abs=0.03)


def test_few_workers_that_do_are_found(costs: Costs) -> None:
    plan, week = simulate.workers_for(SMALL, replace(PLAN, workers=4), costs)
    assert week.within(3600) == 1
    assert plan.workers <= 4


def test_what_breaks_first_is_named_first(costs: Costs) -> None:
    scarce = replace(simulate.Means(), sessions=10)
    counts = [count for count, _ in simulate.breaking(Habits(), costs, scarce)]
    assert counts == sorted(counts)
    assert simulate.breaking(Habits(), costs, scarce)[0][1][0] == "sessions of the database"
