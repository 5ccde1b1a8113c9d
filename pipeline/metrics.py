"""The figures of a project as OpenMetrics text, for node_exporter's textfile collector.

Only gauges: they are written alike in OpenMetrics 1.0 and in Prometheus' own format, which that collector reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from pipeline import deliver, files, review
from pipeline.config import Settings
from pipeline.errors import PaperroundError, UserError
from pipeline.model import Health, Run
from pipeline.store import Store, accounts, people, queue, runs, sources

ISSUES = 10
"""The newest issues have figures of their own."""

FATES = ("audience", "accepted", "rejected", "suppressed", "unknown", "pending")


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One metric with its samples: labels and value each."""

    name: str
    words: str
    samples: tuple[tuple[dict[str, str], float], ...]
    unit: str = ""


def families(store: Store, settings: Settings, now: datetime) -> list[Family]:
    """What is measured of a project now; reads only."""
    lines = review.overview(store, settings.review)
    with store.reading() as tx:
        latest, known = runs.last(tx, 1), sources.all_health(tx)
        sums, readers = accounts.every(tx), people.count_by_state(tx)
        queued = queue.length(tx, settings.store.name) if store.shared else None
    asked = [(one.name, known[one.name]) for one in settings.sources if one.name in known]
    states = [line.state for line in lines]
    open_issues = sum(account.pending for _, account in sums.values())
    newest = sorted(sums, reverse=True)[:ISSUES]
    return [
        *_last_run(latest),
        _one("paperround_drafts_waiting", "Issues that wait for a person's yes.", states.count("draft")),
        _one("paperround_issues_held", "Issues held or too old to go by themselves.", _held(states)),
        _one("paperround_copies_pending", "Copies still to be handed over, all issues.", open_issues),
        _one(
            "paperround_carrier_stopped",
            "1 when nothing is handed over until a person has looked.",
            deliver.stopped(store, settings.deliver) is not None,
        ),
        *_of_sources(asked),
        *_of_queue(queued),
        Family(
            name="paperround_readers",
            words="Readers by state.",
            samples=tuple(({"state": state}, count) for state, count in sorted(readers.items())),
        ),
        Family(
            name="paperround_issue_copies",
            words="The ledger of the newest issues: audience is the sum of the other fates.",
            samples=tuple(
                ({"issue": str(number), "fate": fate}, getattr(sums[number][1], fate))
                for number in newest
                for fate in FATES
            ),
        ),
        _one("paperround_measured_seconds", "When these figures were taken, Unix time.", now.timestamp(), "seconds"),
    ]


def _of_sources(known: Sequence[tuple[str, Health]]) -> Iterator[Family]:
    yield Family(
        name="paperround_source_failures",
        words="How often a source has failed in a row.",
        samples=tuple(({"source": name}, health.failures) for name, health in known),
    )
    yield Family(
        name="paperround_source_last_ok_seconds",
        words="When a source last answered, Unix time.",
        unit="seconds",
        samples=tuple(
            ({"source": name}, health.last_ok.timestamp()) for name, health in known if health.last_ok is not None
        ),
    )


def _of_queue(queued: queue.Length | None) -> Iterator[Family]:
    if queued is None:
        return
    yield Family(
        name="paperround_queue_jobs",
        words="Jobs for workers: todo those that may begin now, doing those that somebody is at.",
        samples=tuple(
            ({"queue": name, "state": state}, queued.jobs.get((name, state), 0))
            for name in queue.NAMES
            for state in ("todo", "doing")
        ),
    )
    if queued.oldest is not None:
        oldest, words = queued.oldest.timestamp(), "Since when the oldest job that may begin waits, Unix time."
        yield _one("paperround_queue_oldest_job_seconds", words, oldest, "seconds")
    yield _one("paperround_queue_workers", "Workers alive, for whatever newsletter of the database.", queued.workers)


def _held(states: Sequence[str]) -> int:
    return states.count("held") + states.count("expired")


def _last_run(latest: list[Run]) -> Iterator[Family]:
    for run in latest:
        ended, seconds = run.ended.timestamp(), (run.ended - run.began).total_seconds()
        yield _one("paperround_last_run_seconds", "When the last run ended, Unix time.", ended, "seconds")
        yield _one("paperround_last_run_duration_seconds", "How long the last run took.", seconds, "seconds")
        yield _one("paperround_last_run_exit_code", "0 well, 1 our fault, 2 settings, 3 a person is needed.", run.code)


def _one(name: str, words: str, value: float, unit: str = "") -> Family:
    return Family(name=name, words=words, samples=(({}, value),), unit=unit)


def text(measured: Iterable[Family], newsletter: str) -> str:
    """The exposition: OpenMetrics 1.0, every sample labelled with its newsletter."""
    lines: list[str] = []
    for family in measured:
        if not family.samples:
            continue
        lines.append(f"# TYPE {family.name} gauge")
        if family.unit:
            lines.append(f"# UNIT {family.name} {family.unit}")
        lines.append(f"# HELP {family.name} {_escaped(family.words)}")
        for labels, value in family.samples:
            told = ",".join(
                f'{key}="{_escaped(words)}"' for key, words in ({"newsletter": newsletter} | labels).items()
            )
            lines.append(f"{family.name}{{{told}}} {float(value):.15g}")
    return "\n".join([*lines, "# EOF", ""])


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def check(settings: Settings) -> None:
    """Raises UserError for a file that node_exporter's textfile collector, which reads *.prom, would pass over."""
    file = settings.metrics.file
    if file is not None and not file.endswith(".prom"):
        raise UserError(f"The figures go to {file}, which node_exporter does not read: it must end in .prom.")


def leave(store: Store, settings: Settings, now: datetime) -> str | None:
    """Put the figures where the settings say; None, or why that can't be done. It is no reason for a run to fail."""
    if settings.metrics.file is None:
        return None
    try:
        figures = text(families(store, settings, now), settings.newsletter.title)
        files.write(settings.folder / settings.metrics.file, figures.encode())
    except OSError as fault:
        return f"The figures can't be written to {settings.metrics.file}: {fault.strerror}."
    except PaperroundError as fault:
        return f"The figures can't be had: {fault}"
    return None
