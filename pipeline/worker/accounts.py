"""What a worker did in a newsletter, told as a run tells it: in the state, and as lines of JSON."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from threading import Lock

from pipeline.model import Report, total
from pipeline.run import Project, log, remember, told


class Account:
    """What one worker did in one newsletter since it last wrote that down."""

    def __init__(self, to: Path | None) -> None:
        self._to = to
        self._writing = Lock()
        self._reports: list[Report] = []
        self._began: datetime | None = None
        self._written: datetime | None = None

    def add(self, report: Report, began: datetime) -> None:
        """One more piece of work, unless it came to nothing."""
        if report != Report(unchanged=report.unchanged):
            self._began = self._began or began
            self._reports.append(report)

    def write(self, project: Project, seconds: float, *, even_nothing: bool = False) -> None:
        """Write it down when the first of it, or the last account, is so many seconds old. Raises StoreFault."""
        with self._writing:
            now, mine = project.out.clock(), list(self._reports)
            since = self._began if mine else self._written
            if not (mine or even_nothing) or (since and (now - since).total_seconds() < seconds):
                return
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
