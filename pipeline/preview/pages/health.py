"""How everything is: sources, runs, what waits for the author, and how mail has fared over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import msgspec
from starlette.responses import Response

from pipeline import deliver, notices, review
from pipeline.compose import schedule
from pipeline.feedback import refusals
from pipeline.model import Health, IssueNumber, Run, Source
from pipeline.plots import Plot, stacked
from pipeline.preview.ask import Ask
from pipeline.preview.pages import Page
from pipeline.store import calendars, people, runs, signals, sources

SHOWN = 12
"""Issues and months in a plot."""
WAITING = ("draft", "held", "expired")
ELSEWHERE = frozenset({*WAITING, "source", "in-part", "stopped", "refused"})
"""The kinds of matters that stand on the page in a place of their own."""
WORDS = {
    0: ("all well", "good"),
    1: ("a fault of the program", "bad"),
    2: ("a setting to mend", "bad"),
    3: ("something waits for you", "warn"),
}


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """How often runs come, as far as they tell: None with too few of them. `late` says that one is missing."""

    every: timedelta | None
    expected: datetime | None
    late: bool


def _show(ask: Ask) -> Response:
    settings = ask.settings
    with ask.store.reading() as tx:
        known = sources.all_health(tx)
        broken_calendars = sum(one.problem is not None for one in calendars.every(tx))
        latest = runs.last(tx, 30)
        by_month, readers = people.acts_by_month(tx), people.count_by_state(tx)
        reported = signals.counts(tx)
    lines, found = review.overview(ask.store, settings.review), notices.matters(ask.store, settings, ask.now)
    turn = schedule.following(settings.schedule, settings.newsletter.timezone, ask.now)
    return ask.page(
        "health.html",
        title="Health",
        sources=[(one, known.get(one.name), _doing(one, known.get(one.name))) for one in settings.sources],
        broken_calendars=broken_calendars,
        stopped=deliver.stopped(ask.store, settings.deliver),
        refusals=refusals.told(ask.store, ask.now).values(),
        runs=latest[:10],
        results=WORDS,
        rhythm=rhythm(latest, ask.now),
        turn=turn.due if turn else None,
        waiting=[line for line in lines if line.state in WAITING],
        matters=[one.words for one in found if one.key.partition("/")[0] not in ELSEWHERE],
        readers=readers,
        plots=_plots(lines, reported, by_month, ask.now),
        provider=settings.delivery.provider,
    )


def _doing(source: Source, health: Health | None) -> tuple[str, str]:
    """A source in a word, with its colour."""
    if health is None or health.url != source.url:
        return "not asked yet", ""
    if health.problem is None:
        return "well", "good"
    if not health.failures:
        return "read in part", "warn"
    return ("failing", "bad") if health.failures > 1 else ("failed once", "warn")


def rhythm(latest: Sequence[Run], now: datetime) -> Rhythm:
    """What the last runs (newest first) say about the next one."""
    gaps = [newer.began - older.began for newer, older in pairwise(latest)]
    if len(gaps) < 2:
        return Rhythm(every=None, expected=None, late=False)
    every = timedelta(seconds=median(gap.total_seconds() for gap in gaps))
    return Rhythm(every=every, expected=latest[0].began + every, late=now - latest[0].began > 3 * every)


def _plots(
    lines: Sequence[review.Line],
    reported: Mapping[IssueNumber, Mapping[str, int]],
    by_month: Mapping[str, Mapping[str, int]],
    now: datetime,
) -> list[Plot]:
    sent = [line for line in reversed(lines) if line.account is not None][-SHOWN:]
    delivered, returned = [], []
    for line in sent:
        assert line.account is not None
        number, told = str(line.issue.number), reported.get(line.issue.number, {})
        delivered.append((number, (line.account.accepted,)))
        returned.append((number, (line.account.rejected, told.get("bounced", 0), told.get("complained", 0))))
    gone, come = [], []
    for month in _months(now):
        acts = by_month.get(month, {})
        gone.append((month, (acts.get("left", 0),)))
        come.append((month, (acts.get("subscribed", 0), acts.get("added", 0) + acts.get("imported", 0))))
    return [
        stacked("delivered", "Copies handed over", "Issue", ["taken by the provider"], delivered),
        stacked("returned", "Copies that came back", "Issue", ["refused", "bounced", "called spam"], returned),
        stacked("left", "Readers who left", "Month", ["left"], gone),
        stacked("came", "Readers who came", "Month", ["signed up", "added by you"], come),
    ]


def _months(now: datetime) -> list[str]:
    """The last twelve months, this one last, as in "2026-11"."""
    at = now.year * 12 + now.month - 1
    return [f"{month // 12}-{month % 12 + 1:02}" for month in range(at - SHOWN + 1, at + 1)]


PAGE = Page(title="Health", address="/health", show=_show, place=60)
