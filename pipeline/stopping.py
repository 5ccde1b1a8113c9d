"""Ctrl-C, SIGTERM or a closed window, while a copy is on its way."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

_WORDS = b"One moment: the answer for what is on its way is awaited. Once more stops at once.\n"
_A_LOOK = 0.2


def hear_closed_windows() -> None:
    """What serves pages until it is stopped answers to SIGHUP as to SIGTERM, but under nohup."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


class Stopping:
    """What becomes of a word to stop: it takes effect between one copy and the next.

    A copy that is cut off is one of unknown fate, and waits for a person. A second word is not waited with.
    """

    def __init__(self, *, aloud: bool) -> None:
        self._aloud = aloud
        self._heard: int | None = None

    @contextlib.contextmanager
    def unhurried(self) -> Iterator[Callable[[], bool]]:
        """See `Outside`. Signals reach the main thread alone, and what is ignored, as by nohup, stays so."""
        if threading.current_thread() is not threading.main_thread():
            yield lambda: True
            return
        before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        for one, answer in before.items():
            if answer is not signal.SIG_IGN:
                signal.signal(one, self._hear)
        try:
            yield lambda: self._heard is None
        finally:
            for one, answer in before.items():
                signal.signal(one, answer)
            if self._heard is not None:
                signal.raise_signal(self._heard)

    def rest(self, seconds: float) -> None:
        """Let so many seconds go by, or until somebody wants to stop."""
        end = time.monotonic() + seconds
        while self._heard is None and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _A_LOOK))

    def _hear(self, number: int, _frame: object) -> None:
        if self._heard is not None:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self._heard = number
        if self._aloud:
            with contextlib.suppress(OSError):  # the window may be gone
                os.write(2, _WORDS)
