"""A week of very many newsletters, event by event.

Issues fall due by the habits of their authors. Each is made, frozen and cut into batches, as the program does it; its
jobs wait for a free place at a worker, for the database, for the worker's processor and for the provider. What goes on
all the time (looks, polls, reports that come back) takes its share of the same machines, minute by minute.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from tests.bench.record import BATCH, FEW, Cost, Costs

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WEEK = 7 * DAY
FULL = 0.95
"""A machine that is busier than this with what goes on all the time never catches up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What newsletters, readers and providers do. None of it is measured here: these are the assumptions.

    `spread` is the sigma of the log-normal sizes: with 2.0 half of the newsletters have a seventh of the average or less.
    `days` and `hours` are weights, Monday first and local midnight first; `on_the_hour` is the share that says 10:00 and
    not 10:07. `zones` are offsets from UTC in hours with their weights. `latency` is how long the provider takes to answer, `rate` how many such requests one account may make in a second, `accounts` how many of these there are.
    `reports` come back by webhook for each copy, on average `report_delay` seconds later.
    """

    newsletters: int = 100_000
    readers: int = 10_000_000
    spread: float = 2.0
    days: tuple[float, ...] = (12, 24, 18, 20, 14, 6, 6)
    hours: tuple[float, ...] = (1, 1, 1, 1, 1, 2, 6, 10, 16, 24, 30, 16, 12, 10, 10, 8, 8, 8, 6, 5, 4, 3, 2, 1)
    on_the_hour: float = 0.8
    zones: tuple[tuple[float, float], ...] = ((-8, 14), (-6, 14), (-5, 24), (0, 12), (1, 20), (5.5, 8), (8, 4), (10, 4))
    sources: float = 1.3
    poll_every: float = 600.0
    posts: float = 3.0
    latency: float = 0.25
    rate: float = 20.0
    reports: float = 0.01
    report_delay: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which machines there are, and how they are told to work.

    `workers` are processes with one core each (Python computes on one) that hold `at_once` jobs; `databases` share the
    newsletters evenly and have `cores` each. `lanes` is at_once of [delivery]. `look_every` is the pause between two looks
    at a newsletter, `round_every` that while an issue of it is on its way. With `together` all sources are polled in the first minute of each turn, as cron on the quarter does.
    With `one_machine` workers and database share `cores` cores, as on a developer's machine.
    """

    workers: int = 50
    at_once: int = 8
    databases: int = 1
    cores: int = 16
    lanes: int = 4
    look_every: float = 60.0
    round_every: float = 1.0
    together: bool = False
    one_machine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One newsletter's issue of the week, due so many seconds after Monday 0:00 UTC."""

    newsletter: int
    readers: int
    due: float


@dataclass(slots=True)
class Week:
    """What came of it. Shares are by the minute of the week."""

    ended: dict[int, float] = field(default_factory=dict)
    """When the last copy of each issue was taken, by newsletter."""
    waited: list[float] = field(default_factory=list)
    """Seconds from due to the end, of each issue."""
    copies: int = 0
    taken: list[float] = field(default_factory=list)
    """When the provider took each batch."""
    worker_busy: list[float] = field(default_factory=list)
    """Shares of all workers' processors, with what goes on all the time."""
    database_busy: list[float] = field(default_factory=list)
    jobs: Counter[str] = field(default_factory=Counter)
    """How many of each kind there were."""
    stay: float = 0.0
    """Seconds that all jobs were in the system, added up job by job."""
    queue_area: float = 0.0
    """The same as the area below the number of jobs in the system, over time."""
    last: float = 0.0

    def quantile(self, share: float) -> float:
        """Seconds from due to end that so many issues did not exceed."""
        return sorted(self.waited)[min(int(share * len(self.waited)), len(self.waited) - 1)]

    def requests(self) -> list[int]:
        """How many the provider took in each minute."""
        found = [0] * int(max(WEEK, self.last + MINUTE) / MINUTE)
        for when in self.taken:
            found[int(when / MINUTE)] += 1
        return found

    def within(self, seconds: float) -> float:
        """The share of issues that ended in time."""
        return sum(waited <= seconds for waited in self.waited) / len(self.waited)


def sizes(habits: Habits, dice: random.Random) -> list[int]:
    """How many readers each newsletter has; exactly `habits.readers` in all, at least one each."""
    weights = [dice.lognormvariate(0, habits.spread) for _ in range(habits.newsletters)]
    whole = sum(weights)
    spare = habits.readers - habits.newsletters
    ends = [round(spare * share / whole) for share in accumulate(weights)]
    return [1 + end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def issues(habits: Habits, seed: int = 1) -> list[Issue]:
    """Everybody's issue of the week, by the moment it is due."""
    dice = random.Random(seed)
    readers = sizes(habits, dice)
    count = range(len(readers))
    days = dice.choices(range(7), habits.days, k=len(readers))
    hours = dice.choices(range(24), habits.hours, k=len(readers))
    offsets, weights = zip(*habits.zones, strict=True)
    zones = dice.choices(offsets, weights, k=len(readers))

    def due(at: int) -> float:
        minute: int = 0 if dice.random() < habits.on_the_hour else dice.randrange(60)
        return float((days[at] * DAY + hours[at] * HOUR + minute * MINUTE - zones[at] * HOUR) % WEEK)

    return sorted((Issue(newsletter=at, readers=readers[at], due=due(at)) for at in count), key=lambda one: one.due)


# What goes on all the time


@dataclass(frozen=True, slots=True, kw_only=True)
class Always:
    """Events per second, by the minute of the week."""

    looks: float
    polls: Sequence[float]
    fresh: float
    reports: Sequence[float]

    def load(self, costs: Costs, minute: int) -> tuple[float, float]:
        """Seconds of workers and of databases that each second of a minute takes."""
        at = min(minute, len(self.polls) - 1)
        polled, changed = max(self.polls[at] - self.fresh, 0), min(self.fresh, self.polls[at])
        parts = (
            (self.looks, costs.look),
            (self.looks + self.polls[at], costs.job),
            (polled, costs.poll_same),
            (changed, costs.poll_new),
            (self.reports[min(minute, len(self.reports) - 1)], costs.bounce),
        )
        return sum(rate * one.worker for rate, one in parts), sum(rate * one.database for rate, one in parts)


def always(habits: Habits, plan: Plan, due: Sequence[Issue]) -> Always:
    """Looks, polls and reports. Reports follow the copies with an exponential delay."""
    minutes = int(WEEK / MINUTE)
    turn = max(int(habits.poll_every / MINUTE), 1)
    mean = habits.newsletters * habits.sources / habits.poll_every
    polls = [(mean * turn if at % turn == 0 else 0.0) if plan.together else mean for at in range(minutes)]
    copies = [0] * minutes
    for one in due:
        copies[int(one.due / MINUTE) % minutes] += one.readers
    left, fade, reports = 0.0, min(MINUTE / habits.report_delay, 1.0), []
    for arrived in copies * 2:  # the second time round with what last week left behind
        left += arrived * habits.reports
        reports.append(left * fade / MINUTE)
        left -= left * fade
    return Always(
        looks=habits.newsletters / plan.look_every,
        polls=polls,
        fresh=habits.newsletters * habits.posts / WEEK,
        reports=reports[minutes:],
    )


# The machines


class Station:
    """So many servers that work first come, first served.

    `goes_on` is the share of them that other work takes, by the minute of the week: it slows down what comes here.
    """

    def __init__(self, servers: int, goes_on: Sequence[float]) -> None:
        self.free = [0.0] * servers
        self.goes_on = goes_on
        self.busy = [0.0] * len(goes_on)

    def serve(self, now: float, seconds: float) -> float:
        """When a piece of work that arrives now is done."""
        free = heapq.heappop(self.free)
        start = max(now, free)
        minute = int(start / MINUTE) % len(self.busy)
        end = start + seconds / (1 - min(self.goes_on[minute], FULL))
        heapq.heappush(self.free, end)
        self.busy[minute] += seconds
        return end


@dataclass(slots=True)
class Job:
    """A piece of an issue at a place of a worker: what it takes of the database, of the processor, of the provider."""

    issue: Issue
    kind: str
    before: float
    worker: float
    wire: float
    after: float
    arrived: float = 0.0


@dataclass(slots=True)
class _Progress:
    """An issue on its way."""

    batches: deque[int]
    out: int = 0
    free_at: float = 0.0


class Simulation:
    """The events of a week, in their order."""

    def __init__(self, habits: Habits, plan: Plan, costs: Costs, seed: int = 1) -> None:
        self.habits, self.plan, self.costs = habits, plan, costs
        self.due = issues(habits, seed)
        self._dice = random.Random(seed + 1)
        self._goes_on = always(habits, plan, self.due)
        self._workers, self._databases = self._machines()
        self._places = plan.workers * plan.at_once
        self._waiting: deque[Job] = deque()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = 0
        self._on_way: dict[int, _Progress] = {}
        self._inside, self._since = 0, 0.0
        self.week = Week()

    def _machines(self) -> tuple[Station, list[Station]]:
        plan = self.plan
        loads = [self._goes_on.load(self.costs, minute) for minute in range(int(WEEK / MINUTE))]
        if plan.one_machine:
            both = Station(plan.cores, [sum(load) / plan.cores for load in loads])
            return both, [both]
        on_databases = [database / (plan.databases * plan.cores) for _, database in loads]
        databases = [Station(plan.cores, on_databases) for _ in range(plan.databases)]
        return Station(plan.workers, [worker / plan.workers for worker, _ in loads]), databases

    def run(self) -> Week:
        """Until the last copy of the week was taken."""
        for issue in self.due:
            pause = self._dice.uniform(0, self.plan.look_every)
            self._at(issue.due + pause, lambda now, issue=issue: self._enter(now, self._made(issue)))  # type: ignore[misc]
        while self._events:
            now, _, event = heapq.heappop(self._events)
            event(now)
            self.week.last = max(self.week.last, now)
        self.week.worker_busy = _shares([self._workers])
        self.week.database_busy = _shares(self._databases)
        return self.week

    def _at(self, when: float, event: Callable[[float], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, event))

    # A job's way: a place at a worker, the database, the processor, the provider, the database

    def _enter(self, now: float, job: Job) -> None:
        self._counted(now, 1)
        job.arrived = now
        self._waiting.append(job)
        self._next(now)

    def _next(self, now: float) -> None:
        while self._places and self._waiting:
            self._places -= 1
            self._begun(now, self._waiting.popleft())

    def _begun(self, now: float, job: Job) -> None:
        database = self._databases[job.issue.newsletter % len(self._databases)]
        self._at(database.serve(now, job.before), lambda now: self._computed(now, job, database))

    def _computed(self, now: float, job: Job, database: Station) -> None:
        self._at(self._workers.serve(now, job.worker) + job.wire, lambda now: self._answered(now, job, database))

    def _answered(self, now: float, job: Job, database: Station) -> None:
        if job.kind == "batch":
            self.week.taken.append(now)
        self._at(database.serve(now, job.after), lambda now: self._over(now, job))

    def _over(self, now: float, job: Job) -> None:
        self._counted(now, -1)
        self.week.jobs[job.kind] += 1
        self.week.stay += now - job.arrived
        self._places += 1
        self._followed(now, job)
        self._next(now)

    def _counted(self, now: float, change: int) -> None:
        self.week.queue_area += self._inside * (now - self._since)
        self._inside, self._since = self._inside + change, now

    # What follows: made, frozen, handed over batch by batch

    def _made(self, issue: Issue) -> Job:
        cost = self.costs.issue
        half = cost.database / 2
        return Job(issue=issue, kind="made", before=half, worker=cost.worker, wire=0.0, after=half)

    def _followed(self, now: float, job: Job) -> None:
        issue = job.issue
        if job.kind == "made":
            cost = grown(self.costs.freeze_few, self.costs.freeze, issue.readers)
            frozen = Job(issue=issue, kind="frozen", before=cost.database, worker=cost.worker, wire=0.0, after=0.0)
            self._enter(now, frozen)
        elif job.kind == "frozen":
            batches = deque(min(BATCH, issue.readers - first) for first in range(0, issue.readers, BATCH))
            self._on_way[issue.newsletter] = _Progress(batches)
            for _ in range(self.plan.lanes):
                self._hand_over(now, issue)
            self._look_later(now, issue)
        elif job.kind == "look":
            self._look_later(now, issue)
        else:
            self._taken(now, issue, job)

    def _look_later(self, now: float, issue: Issue) -> None:
        """While an issue is on its way its newsletter is looked at again and again."""
        way = self._on_way[issue.newsletter]
        if way.batches or way.out:
            cost = self.costs.look
            half = cost.database / 2
            look = Job(issue=issue, kind="look", before=half, worker=cost.worker, wire=0.0, after=half)
            self._at(now + self.plan.round_every, lambda now: self._enter(now, look))

    def _hand_over(self, now: float, issue: Issue) -> None:
        """The next batch of an issue, as soon as the account's rate allows."""
        way = self._on_way[issue.newsletter]
        if not way.batches:
            return
        readers = way.batches.popleft()
        way.out += 1
        when = max(now, way.free_at)
        way.free_at = when + 1 / self.habits.rate
        cost, queued = grown(self.costs.batch_few, self.costs.batch, readers), self.costs.job
        half = (cost.database + queued.database) / 2
        worker = cost.worker + queued.worker
        batch = Job(issue=issue, kind="batch", before=half, worker=worker, wire=self.habits.latency, after=half)
        self.week.copies += readers
        self._at(when, lambda now: self._enter(now, batch))

    def _taken(self, now: float, issue: Issue, job: Job) -> None:
        way = self._on_way[issue.newsletter]
        way.out -= 1
        self._hand_over(now, issue)
        if not way.batches and not way.out:
            self.week.ended[issue.newsletter] = now
            self.week.waited.append(now - issue.due)


def _shares(stations: Sequence[Station]) -> list[float]:
    """How busy some stations were together, by the minute of the week; what came after its end counts as its beginning."""
    servers = sum(len(one.free) for one in stations)
    worked = (sum(minutes) for minutes in zip(*(one.busy for one in stations), strict=True))
    return [done / MINUTE / servers + always for done, always in zip(worked, stations[0].goes_on, strict=True)]


def grown(few: Cost, thousand: Cost, readers: int) -> Cost:
    """What so many readers cost, on the line through what a few and what a thousand do."""
    share = (readers - FEW) / (BATCH - FEW)
    worker = few.worker + share * (thousand.worker - few.worker)
    database = few.database + share * (thousand.database - few.database)
    return Cost(worker=max(worker, 0.0), database=max(database, 0.0))


def simulate(habits: Habits, plan: Plan, costs: Costs, seed: int = 1) -> Week:
    """A week under a plan; the same seed gives the same week."""
    return Simulation(habits, plan, costs, seed).run()
