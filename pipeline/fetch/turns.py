"""How hard one host is asked, and whether it answers at all just now."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.errors import FetchFault

if TYPE_CHECKING:
    from pipeline.fetch import Limits

SILENCES_AT_MOST = 2
"""After so many questions in a row that a host did not answer it is left alone for a while."""


class Unanswered(FetchFault):
    """Nobody gave a whole answer in time; who asks for the next thing there would wait as long."""


class Host:
    """A host that is gone is waited for a few times, not once for each picture that an issue has there."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._places = threading.BoundedSemaphore(limits.per_host)
        self._lock = threading.Lock()
        self._free_from = 0.0
        self._silences = 0
        self._away_until = 0.0

    @contextmanager
    def turn(self, here: str) -> Iterator[None]:
        """Wait until the host may be asked again, and keep a place until it has answered.

        Raises FetchFault at once when it did not answer a moment ago; `here` is the address that is asked for.
        """
        with self._places:
            if self._silences >= SILENCES_AT_MOST and time.monotonic() < self._away_until:
                raise FetchFault("The server did not answer a moment ago, so it is left alone for now.", where=here)
            self._wait()
            silent = False
            try:
                yield
            except Unanswered:
                silent = True
                raise
            finally:
                self._silences = self._silences + 1 if silent else 0
                self._away_until = time.monotonic() + self._limits.away

    def _wait(self) -> None:
        with self._lock:
            start = max(time.monotonic(), self._free_from)
            self._free_from = start + self._limits.pause
        time.sleep(max(start - time.monotonic(), 0.0))
