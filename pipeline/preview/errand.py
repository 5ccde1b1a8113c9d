"""What takes longer than a request: one errand at a time, in a thread, its sentences shown while it is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pipeline.errors import PaperroundError
from pipeline.model import Report

Work = Callable[[Callable[[str], None]], Report]


@dataclass(slots=True)
class Errand:
    """One errand: what it is called, what it said so far, and its end."""

    name: str
    said: list[str] = field(default_factory=list)
    report: Report | None = None

    @property
    def state(self) -> Literal["away", "back"]:
        """Whether it is still at work."""
        return "away" if self.report is None else "back"


class Errands:
    """At most one errand is away; the last one stays to be read."""

    def __init__(self) -> None:
        self.last: Errand | None = None
        self.listen: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, name: str, work: Work) -> bool:
        """Begin; False when another errand is still away."""
        with self._lock:
            if self.last is not None and self.last.state == "away":
                return False
            errand = self.last = Errand(name)
            self._thread = threading.Thread(target=self._go, args=(errand, work), name=name, daemon=True)
            self._thread.start()
        return True

    def dismiss(self) -> None:
        """The last errand's words were read."""
        with self._lock:
            if self.last is not None and self.last.state == "back":
                self.last = None

    def wait(self, seconds: float) -> None:
        """Until the errand is back, or the time is over."""
        if self._thread:
            self._thread.join(seconds)

    def _go(self, errand: Errand, work: Work) -> None:
        def say(sentence: str) -> None:
            errand.said.append(sentence)
            self.listen()

        try:
            errand.report = work(say)
        except PaperroundError as fault:
            errand.report = Report(errors=(str(fault),), codes=(fault.exit_code,))
        except Exception as fault:  # noqa: BLE001 - a thread's traceback helps no author; she is told what failed
            words = f"{errand.name} failed: {type(fault).__name__}: {fault}. This is a fault of Paperround's own."
            errand.report = Report(errors=(words,), codes=(1,))
        self.listen()
