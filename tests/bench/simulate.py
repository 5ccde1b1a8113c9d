"""What ten million readers and a hundred thousand newsletters would take: a week simulated with measured costs.

    python -m tests.bench.simulate             the tables of docs/internet-scale.md, from costs.json
    python -m tests.bench.simulate --check     the model beside a real run: 20,000 readers, two workers, PostgreSQL

`python -m tests.bench.costs` measures anew. Everything else that goes in is an assumption: `Habits` of week.py, and below.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from tests.bench.record import BATCH, Costs, recorded
from tests.bench.stages.workers import LATENCY, seconds
from tests.bench.week import FULL, HOUR, MINUTE, WEEK, Habits, Issue, Plan, Week, always, grown, issues, simulate

YEAR = 52
LOOK = 0.2
"""Seconds between looks of the workers in `--check`: those of tests/worker/crew.py are quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What one database server can take, and what things cost. Assumptions, each with where it comes from.

    `sessions`: each is a process of some megabytes; people who run more put a pooler before it, which we can't (locks
    belong to sessions). `relations`: reports of one schema for each customer speak of good days at 240,000 tables and of
    bad ones at 2,000 schemas. `disk`: a large disk of one server, in bytes. Prices are list prices in dollars: SES takes
    0.10 for a thousand mails; a core of a rented machine about 25 a month, one of a looked-after database about 60; a
    gigabyte of its disk 0.12 a month.
    """

    cores: int = 32
    sessions: int = 1000
    relations: int = 250_000
    disk: float = 4e12
    mails: float = 0.10
    core: float = 25.0
    database_core: float = 60.0
    gigabyte: float = 0.12


def rate(per_week: float) -> float:
    return per_week / WEEK


def workers_for(habits: Habits, plan: Plan, costs: Costs, limit: float = HOUR) -> tuple[Plan, Week]:
    """The fewest workers with which every issue ends in time; by doubling, then by halving the gap to a twentieth."""
    low = int(always(habits, plan, issues(habits)).load(costs, 0)[0] / FULL)
    high = max(plan.workers, low + low // 10 + 1)
    while not _in_time(week := simulate(habits, replace(plan, workers=high), costs), limit):
        low, high = high, high * 2
    best = week
    while high - low > max(high // 20, 1):
        middle = (low + high) // 2
        week = simulate(habits, replace(plan, workers=middle), costs)
        if _in_time(week, limit):
            high, best = middle, week
        else:
            low = middle
    return replace(plan, workers=high), best


def _in_time(week: Week, seconds: float) -> bool:
    """Every issue, and no machine that never catches up."""
    return week.within(seconds) == 1 and max(_hours(week.worker_busy)) < 1 and max(_hours(week.database_busy)) < 1


def _hours(shares: list[float]) -> list[float]:
    """Means of an hour each."""
    return [sum(shares[at : at + 60]) / 60 for at in range(0, len(shares), 60)]


def waits(habits: Habits, plan: Plan, costs: Costs, due: list[Issue], week: Week) -> tuple[float, float]:
    """Waits for the disk in a second, at the mean and in the busiest minute."""
    goes_on = always(habits, plan, due)
    steady = goes_on.looks * (costs.look.writes + costs.job.writes)
    reports = [one * costs.bounce.writes for one in goes_on.reports]
    polled = [one * (costs.poll_same.writes + costs.job.writes) for one in goes_on.polls]
    batch = (costs.batch.writes + costs.job.writes) / MINUTE
    by_minute = [
        steady + polls + back + taken * batch
        for polls, back, taken in zip(polled, reports, week.requests(), strict=False)
    ]
    return sum(by_minute) / len(by_minute), max(by_minute)


# Tables


Row = tuple[str, ...]


def table(head: Row, rows: Iterable[Row]) -> str:
    """A table of Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows))


def said(number: float) -> str:
    """A number with as many digits as it deserves."""
    for size, word in ((1e9, " billion"), (1e6, " million")):
        if number >= size:
            return f"{number / size:.3g}{word}"
    return f"{round(number, -2 if number >= 10_000 else 0):,.0f}" if number >= 100 else f"{number:.2g}"


def in_bytes(number: float) -> str:
    for size, word in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return f"{number:.0f} bytes"


def length(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"


def measured(costs: Costs) -> Iterator[Row]:
    """What went in."""
    words = {
        "look": "a look at a newsletter, nothing due",
        "job": "the queue, for each job",
        "poll_same": "a source that has not changed",
        "poll_new": "a source with a new post",
        "issue": "three posts become an approved issue",
        "freeze_few": "10 readers frozen",
        "freeze": "1,000 readers frozen",
        "batch_few": "10 readers handed over",
        "batch": "1,000 readers handed over",
        "bounce": "one report that comes back",
        "make_newsletter": "a new newsletter's tables",
    }
    for name, word in words.items():
        one = getattr(costs, name)
        times = f"{one.worker * 1000:.1f} ms", f"{one.database * 1000:.1f} ms"
        yield word, *times, in_bytes(one.wal), f"{one.writes:.1f}"


def kept(habits: Habits, costs: Costs) -> Iterator[Row]:
    """Rows and bytes: (what, how many, bytes of one in SQLite and in PostgreSQL, of a week, after a year)."""
    weekly = (
        ("copies in the ledger", habits.readers, "copy"),
        ("posts", habits.newsletters * habits.posts, "post"),
        ("issues", habits.newsletters, "issue"),
        ("reports of bounces", habits.readers * habits.reports, "signal"),
    )
    for name, rows, field in weekly:
        small, size = getattr(costs.sqlite, field), getattr(costs.postgresql, field)
        each = in_bytes(small), in_bytes(size)
        yield name, f"{said(rows)} a week", *each, in_bytes(rows * size), in_bytes(rows * size * YEAR)
    for name, rows, field in (
        ("readers", habits.readers, "reader"),
        ("empty tables", habits.newsletters, "newsletter"),
    ):
        small, size = getattr(costs.sqlite, field), getattr(costs.postgresql, field)
        yield name, f"{said(rows)} in all", in_bytes(small), in_bytes(size), "", in_bytes(rows * size)


def traffic(habits: Habits, plan: Plan, costs: Costs, week: Week) -> Iterator[Row]:
    """Requests and what the database sees: (what, per second at the mean, in the busiest minute)."""
    due = issues(habits)
    goes_on = always(habits, plan, due)
    requests = week.requests()
    yield "requests to providers", said(rate(sum(requests))), said(max(requests) / MINUTE)
    yield "sources asked", said(sum(goes_on.polls) / len(goes_on.polls)), said(max(goes_on.polls))
    yield "reports that come back", said(rate(habits.readers * habits.reports)), said(max(goes_on.reports))
    yield "looks at newsletters", said(goes_on.looks), said(goes_on.looks)
    yield "waits for the disk", *map(said, waits(habits, plan, costs, due, week))
    log = goes_on.looks * (costs.look.wal + costs.job.wal) + rate(habits.newsletters) * costs.issue.wal
    log += sum(goes_on.polls) / len(goes_on.polls) * (costs.poll_same.wal + costs.job.wal)
    log += rate(habits.readers / BATCH) * (costs.freeze.wal + costs.batch.wal)
    yield "log that the databases write", f"{in_bytes(log)}", ""


def outcome(name: str, plan: Plan, week: Week) -> Row:
    """One line about a plan."""
    behind = max(*_hours(week.worker_busy), *_hours(week.database_busy)) >= 1
    spans = (length(week.quantile(0.5)), length(week.quantile(0.999)), length(max(week.waited)))
    return (
        name,
        f"{plan.workers}",
        f"{plan.databases} × {plan.cores}",
        *(("falls behind",) * 3 if behind else spans),
        f"{sum(week.worker_busy) / len(week.worker_busy):.0%} / {max(_hours(week.worker_busy)):.0%}",
        f"{sum(week.database_busy) / len(week.database_busy):.0%} / {max(_hours(week.database_busy)):.0%}",
    )


OUTCOME = (
    "plan", "workers", "databases × cores", "half of the issues ended after", "99.9 %", "the last",
    "workers busy, mean / worst hour", "databases busy, mean / worst hour",
)  # fmt: skip


def breaking(habits: Habits, costs: Costs, means: Means, sharing: float = 2.0) -> list[tuple[float, Row]]:
    """How many newsletters of the average size each thing carries in one database, the scarcest first.

    `sharing` workers look at each newsletter: two, so that one may die.
    """
    readers = habits.readers / habits.newsletters
    copies = readers * costs.postgresql.copy + costs.postgresql.issue + habits.posts * costs.postgresql.post
    polls = habits.sources / habits.poll_every
    look = 1 / Plan().look_every
    busy = look * (costs.look.database + costs.job.database) + polls * (costs.poll_same.database + costs.job.database)
    written = look * (costs.look.writes + costs.job.writes) + polls * (costs.poll_same.writes + costs.job.writes)
    one = look * (costs.look.worker + costs.job.worker) + polls * (costs.poll_same.worker + costs.job.worker)
    found = (
        (means.sessions / (costs.connections * sharing), SESSIONS, f"{means.sessions} of them"),
        (means.relations / costs.relations, "tables in the catalogue", f"{said(means.relations)} of them"),
        (means.cores * 0.7 / busy, "processor of the database", f"{means.cores} cores, 70 % busy"),
        (costs.commits_eight * 0.7 / written, "waiting for the disk", f"{said(costs.commits_eight)} commits/s"),
        (means.disk / (copies * YEAR), "disk, after a year", in_bytes(means.disk)),
        (0.7 / one, ONE_WORKER, "1 core, 70 % busy"),
    )
    return sorted((count, (name, limit, said(count))) for count, name, limit in found)


def price(habits: Habits, plan: Plan, costs: Costs, means: Means) -> Iterator[Row]:
    """Dollars in a month."""
    mails = habits.readers * YEAR / 12 / 1000 * means.mails
    held = costs.postgresql
    disk = habits.readers * (held.copy * YEAR + held.reader) + habits.newsletters * held.newsletter
    disk += habits.newsletters * YEAR * (held.issue + habits.posts * held.post)
    yield "mails", f"{said(mails)}"
    yield "workers", f"{said(plan.workers * means.core)}"
    yield "databases, twice for a spare", f"{said(2 * plan.databases * plan.cores * means.database_core)}"
    yield "their disk with a year's rows, twice", f"{said(2 * disk / 1e9 * means.gigabyte)}"


# The report


SESSIONS, ONE_WORKER = "sessions of the database", "processor of one worker"


def databases_for(habits: Habits, costs: Costs, means: Means, *apart: str) -> int:
    """How many databases so many newsletters need, limits that are mended or of no database left `apart`."""
    most = min(count for count, row in breaking(habits, costs, means) if row[0] not in (ONE_WORKER, *apart))
    return -(-habits.newsletters // int(most))


def many(costs: Costs, show: Callable[[str], None]) -> None:
    """A hundred thousand newsletters with ten million readers."""
    habits, means = Habits(), Means()
    show("\n### What was measured\n")
    show(
        f"`{costs.command}`, {costs.at}, {costs.machine}. The disk takes {said(costs.commits_one)} commits a second from"
    )
    show(
        f"one session and {said(costs.commits_eight)} from eight. A newsletter is {costs.relations:.0f} entries in the"
    )
    show(f"catalogue, and a worker keeps {costs.connections:.1f} sessions for each newsletter it looks at.\n")
    show(table(("piece of work", "program", "database", "log", "waits for the disk"), measured(costs)))
    show("\n### Rows and bytes\n")
    show(
        table(("what", "how many", "one in SQLite", "in PostgreSQL", "of a week", "after a year"), kept(habits, costs))
    )
    show("\n### What breaks first\n")
    show(table(("in one database", "limit", "newsletters"), (row for _, row in breaking(habits, costs, means))))
    today, week = workers_for(habits, Plan(workers=1, databases=databases_for(habits, costs, means), cores=2), costs)
    rows = [outcome("1 as it is", today, week)]
    calls = week
    herd = replace(today, together=True)
    rows.append(outcome("2 the same, all sources asked in the same minute", herd, simulate(habits, herd, costs)))
    few = replace(today, workers=today.workers // 2)
    rows.append(outcome("3 as 1, with half the workers", few, simulate(habits, few, costs)))
    seldom, week = workers_for(habits, replace(today, workers=1, look_every=600), costs)
    rows.append(outcome("4 a look every ten minutes", seldom, week))
    pooled = replace(seldom, databases=databases_for(habits, costs, means, SESSIONS))
    rows.append(outcome("5 and sessions shared by newsletters", pooled, simulate(habits, pooled, costs)))
    show("\n### The week\n")
    show(table(OUTCOME, rows))
    show("\n### Requests\n")
    show(table(("what", "each second, mean", "busiest minute"), traffic(habits, today, costs, calls)))
    show("\n### Dollars a month\n")
    prices = zip(price(habits, today, costs, means), price(habits, pooled, costs, means), strict=True)
    show(table(("what", "plan 1", "plan 5"), ((*first, last[1]) for first, last in prices)))


def one_giant(costs: Costs, show: Callable[[str], None]) -> None:
    """One newsletter with ten million readers."""
    show("\n### One newsletter with ten million readers\n")
    habits = Habits(newsletters=1, readers=10_000_000)
    freeze = grown(costs.freeze_few, costs.freeze, habits.readers)
    show(
        f"Freezing it is one transaction of {length(freeze.database + freeze.worker)}, {in_bytes(costs.freeze.wal * 1e4)} of log.\n"
    )
    rows = []
    for name, plan, allowed in (
        ("two workers, 4 batches at once", Plan(workers=2), habits.rate),
        ("four workers, 16 at once", Plan(workers=4, lanes=16), habits.rate),
        ("sixteen workers, 64 at once", Plan(workers=16, lanes=64), habits.rate),
        ("the same, an account that takes 2 requests a second", Plan(workers=16, lanes=64), 2.0),
        ("the same, one that takes 500 mails a second", Plan(workers=16, lanes=64), 0.5),
    ):
        rows.append(outcome(name, plan, simulate(replace(habits, rate=allowed), plan, costs)))
    show(table(OUTCOME[:3] + OUTCOME[5:], (row[:3] + row[5:] for row in rows)))


def check(costs: Costs, readers: int = 20_000) -> Iterator[Row]:
    """The model beside real workers on this machine, which share it with the database and the mail service."""
    for workers in (1, 2):
        told = predicted(costs, workers, readers, LATENCY)
        with tempfile.TemporaryDirectory() as home, contextlib.chdir(home):
            real = seconds(workers, readers)
        yield f"{workers}", f"{told:.1f} s", f"{real:.1f} s", f"{told / real - 1:+.0%}"


def predicted(costs: Costs, workers: int, readers: int, latency: float, cores: int = 2) -> float:
    """Seconds from the first copy to the last as the model has it: workers with a batch at a time, all on one machine."""
    habits = Habits(newsletters=1, readers=readers, latency=latency, rate=1e9, reports=0, sources=0, posts=0)
    plan = Plan(
        workers=workers, at_once=1, lanes=workers, cores=cores, one_machine=True, look_every=1e9, round_every=LOOK
    )
    here = replace(costs, batch=replace(costs.batch, worker=costs.batch.worker + costs.service))
    taken = simulate(habits, plan, here).taken
    return max(taken) - min(taken)


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    costs = recorded()
    if parser.parse_args().check:
        print(table(("workers", "model", "real run", "error"), check(costs)))
        return
    many(costs, print)
    one_giant(costs, print)


if __name__ == "__main__":
    main()
