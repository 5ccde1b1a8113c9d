"""What a worker did in a newsletter, told as a run tells it: in the state, and as lines of JSON."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from threading import Lock

from pipeline.model import Report, total
from pipeline.run import Project, log, remember, told


class Account:
    """What one worker did in one newsletter since it last wrote that down.

    What waits or fails in the same words is told once in `quiet` seconds; that nothing was due, too.
    """

    def __init__(self, to: Path | None, quiet: float) -> None:
        self._to = to
        self._quiet = quiet
        self._heard: dict[str, datetime] = {}
        self._adding = Lock()
        self._writing = Lock()
        self._reports: list[Report] = []
        self._began: datetime | None = None
        self._written: datetime | None = None

    def add(self, report: Report, began: datetime) -> None:
        """One more piece of work, unless it came to nothing or to what was heard before."""
        words = {*report.waiting, *report.attention, *report.errors}
        with self._adding:
            self._heard = {words: when for words, when in self._heard.items() if self._is_recent(when, began)}
            if report.done or words - self._heard.keys():
                self._began = self._began or began
                self._reports.append(report)
                self._heard |= dict.fromkeys(words, began)

    def _is_recent(self, when: datetime | None, now: datetime) -> bool:
        return when is not None and (now - when).total_seconds() < self._quiet

    def write(self, project: Project, seconds: float) -> None:
        """Write down what was gathered when the first of it is so many seconds old. Raises StoreFault."""
        with self._writing:
            now, mine = project.out.clock(), list(self._reports)
            if mine and (self._began is None or (now - self._began).total_seconds() >= seconds):
                self._write(project, mine, now)

    def round_over(self, project: Project) -> None:
        """Nobody found anything to do: now and then that is an account, too. Raises StoreFault."""
        with self._writing:
            now = project.out.clock()
            if not self._reports and not self._is_recent(self._written, now):
                self._write(project, [], now)

    def _write(self, project: Project, mine: list[Report], now: datetime) -> None:
        report, began = total(mine), self._began or now
        remember(project, report, began, "worker")
        del self._reports[: len(mine)]
        self._began, self._written = (now if self._reports else None), now
        if fault := _logged(project, report, began, now, self._to):
            project.say(fault)


def _logged(project: Project, report: Report, began: datetime, ended: datetime, to: Path | None) -> str | None:
    with project.store.reading() as tx:
        salt = project.store.secret(tx)
    code, what = report.exit_code, "worker"
    return log(project.settings, told(report), what=what, began=began, ended=ended, code=code, salt=salt, to=to)
