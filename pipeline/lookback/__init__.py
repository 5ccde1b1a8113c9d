"""A look back: how mail, readers and sources have fared, as figures, as text and as a page.

does     adds up what the ledger, providers' reports, readers' acts and runs tell
reads    everything that is known
writes   nothing; `page` is for whoever asked
never    names a reader
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import asdict

from pipeline import deliver, plots, review
from pipeline.config import Settings
from pipeline.errors import UserError
from pipeline.feedback import refusals
from pipeline.model import Account, Health, IssueNumber, Run
from pipeline.store import Store, accounts, people, runs, signals, sources

__all__ = ["Feed", "Look", "Sent", "document", "lines", "look", "page"]

SHOWN = 24
"""Issues in a list and in a plot."""
MONTHS = 12
DAYS = 14
_FATES = ("accepted", "rejected", "suppressed", "unknown", "pending")


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """An issue that was handed over, and what was reported of its copies since: "bounced", "complained" and others.

    One that did not leave (`left`) was written into files, as the outbox provider does, and went to nobody.
    """

    number: IssueNumber
    title: str
    on: datetime
    left: bool
    account: Account
    reported: Mapping[str, int]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A source and how it does; None for one that was never asked."""

    name: str
    health: Health | None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a report tells; `months` are readers' acts by month, `runs` the last ones, newest first.

    `refusals` tell in words of issues that mail hosts noticeably refused.
    """

    title: str
    now: datetime
    issues: tuple[Sent, ...]
    only: IssueNumber | None
    readers: Mapping[str, int]
    months: tuple[tuple[str, Mapping[str, int]], ...]
    feeds: tuple[Feed, ...]
    runs: tuple[Run, ...]
    refusals: tuple[str, ...]


def look(store: Store, settings: Settings, now: datetime, only: IssueNumber | None = None) -> Look:
    """What is known now; `only` asks for one issue. Raises UserError for one that never began to be sent."""
    titles = {line.issue.number: line.issue.title for line in review.overview(store, settings.review)}
    with store.reading() as tx:
        sums, reported = accounts.every(tx), signals.counts(tx)
        readers, acts = people.count_by_state(tx), people.acts_by_month(tx)
        known, latest = sources.all_health(tx), runs.last(tx, runs.KEPT)
    written = deliver.written_only(store)
    if only is not None and only not in sums:
        raise UserError(f"Issue {only} has not been sent, so there is nothing to report.")
    chosen = [only] if only is not None else sorted(sums)[-SHOWN:]
    return Look(
        title=settings.newsletter.title,
        now=now,
        issues=tuple(
            Sent(
                number=number,
                title=titles.get(number, ""),
                on=sums[number][0],
                left=number not in written,
                account=sums[number][1],
                reported=reported.get(number, {}),
            )
            for number in chosen
        ),
        only=only,
        readers=readers,
        months=tuple((month, acts.get(month, {})) for month in _months(now)),
        feeds=tuple(Feed(name=one.name, health=known.get(one.name)) for one in settings.sources),
        runs=tuple(latest),
        refusals=tuple(words for number, words in refusals.told(store, now).items() if number in chosen),
    )


def _months(now: datetime) -> list[str]:
    at = now.year * 12 + now.month - 1
    return [f"{month // 12}-{month % 12 + 1:02}" for month in range(at - MONTHS + 1, at + 1)]


def drawn(found: Look) -> list[plots.Plot]:
    """The plots of a report: of one issue its fates, else issues, readers and runs over time."""
    if found.only is not None:
        (one,) = found.issues
        fates = [(fate, (getattr(one.account, fate),)) for fate in _FATES]
        back = [(kind, (count,)) for kind, count in sorted(one.reported.items())]
        return [
            plots.stacked("fates", "What became of its copies", "Fate", ["copies"], fates),
            plots.stacked("reported", "What was reported since", "Report", ["reports"], back),
        ]
    given = [(str(one.number), (one.account.accepted,)) for one in found.issues]
    returned = [(str(one.number), _back(one)) for one in found.issues]
    come = [(month, (acts.get("subscribed", 0), _brought(acts))) for month, acts in found.months]
    gone = [(month, (acts.get("left", 0),)) for month, acts in found.months]
    return [
        plots.stacked("delivered", "Copies handed over", "Issue", ["taken by the provider"], given),
        plots.stacked("returned", "Copies that came back", "Issue", ["refused", "bounced", "called spam"], returned),
        plots.stacked("came", "Readers who came", "Month", ["signed up", "added by you"], come),
        plots.stacked("left", "Readers who left", "Month", ["left"], gone),
        plots.stacked("runs", "Runs by day", "Day", ["well", "waiting for you", "failed"], _by_day(found)),
    ]


def _back(one: Sent) -> tuple[int, int, int]:
    return one.account.rejected, one.reported.get("bounced", 0), one.reported.get("complained", 0)


def _brought(acts: Mapping[str, int]) -> int:
    return acts.get("added", 0) + acts.get("imported", 0)


def _by_day(found: Look) -> list[tuple[str, tuple[int, ...]]]:
    days = [(found.now - timedelta(days=back)).date() for back in reversed(range(DAYS))]
    codes = {day: [run.code for run in found.runs if run.began.date() == day] for day in days}
    return [(f"{day:%m-%d}", (every.count(0), every.count(3), len([1 for code in every if code in (1, 2)])))
            for day, every in codes.items()]  # fmt: skip


def document(found: Look) -> dict[str, Any]:
    """The figures for machines."""
    return {
        "newsletter": found.title,
        "at": found.now.isoformat(),
        "issues": [
            {"number": one.number, "title": one.title, "sent": one.on.isoformat(), "reported": dict(one.reported)}
            | {key: value for key, value in asdict(one.account).items() if key != "issue"}
            for one in found.issues
        ],
        "readers": dict(found.readers),
        "months": {month: dict(acts) for month, acts in found.months},
        "sources": [
            {
                "name": one.name,
                "last_ok": one.health.last_ok.isoformat() if one.health and one.health.last_ok else None,
                "failures": one.health.failures if one.health else 0,
                "problem": one.health.problem if one.health else None,
            }
            for one in found.feeds
        ],
        "runs": [{"began": run.began.isoformat(), "code": run.code} for run in found.runs[:100]],
    }


def lines(found: Look) -> list[str]:
    """The report as text."""
    head = f"{found.title}, {found.now:%Y-%m-%d}"
    told = [head if found.only is None else f"{head}: issue {found.only}", ""]
    table: list[tuple[str, ...]] = [
        ("issue", "sent", "readers", "taken", "refused", "bounced", "spam", "unknown", "pending")
    ]
    for one in found.issues:
        refused, bounced, spam = _back(one)
        account = one.account
        counted = (account.audience, account.accepted, refused, bounced, spam, account.unknown, account.pending)
        table.append((str(one.number), f"{one.on:%Y-%m-%d}", *(f"{count:,}" for count in counted)))
    told += _aligned(table) if found.issues else ["Nothing was sent yet."]
    told += [
        f"Issue {one.number} was only written into outbox/mail/, to nobody." for one in found.issues if not one.left
    ]
    told += found.refusals
    if found.only is not None:
        return told
    acts = found.months[-1][1]
    told += [
        "",
        "Readers: " + (", ".join(f"{count:,} {state}" for state, count in sorted(found.readers.items())) or "none"),
    ]
    told.append(f"This month {acts.get('subscribed', 0) + _brought(acts):,} came and {acts.get('left', 0):,} left.")
    return [*told, "", *(_of_feed(one) for one in found.feeds), *_of_runs(found.runs)]


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in table]


def _of_feed(one: Feed) -> str:
    if one.health is None:
        return f"Source {one.name}: not asked yet."
    last = f"{one.health.last_ok:%Y-%m-%d %H:%M}" if one.health.last_ok else "never"
    if one.health.problem is None:
        return f"Source {one.name}: well, last answered {last}."
    if not one.health.failures:
        return f"Source {one.name}: last answered {last}, read in part: {one.health.problem}"
    return f"Source {one.name}: failed {one.health.failures} times in a row, last answered {last}: {one.health.problem}"


def _of_runs(every: Sequence[Run]) -> list[str]:
    if not every:
        return []
    failed = sum(run.code in (1, 2) for run in every)
    many = "The last run" if len(every) == 1 else f"The last {len(every)} runs"
    return [f"{many} since {every[-1].began:%Y-%m-%d}: {failed} failed."]


def page(found: Look) -> str:
    """The report as one HTML file that needs nothing else."""
    from pathlib import Path

    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, plots.TEMPLATES]), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["capital"] = lambda words: words[:1].upper() + words[1:]
    return environment.get_template("report.html").render(
        found=found, plots=drawn(found), feeds=[_of_feed(one) for one in found.feeds], back=_back
    )
