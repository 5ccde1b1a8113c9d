"""The project as the page has it: opened once, its settings read again when their file changes."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from pipeline import config, deliver, files, whereabouts
from pipeline.config import Settings
from pipeline.errors import Busy, SettingsError
from pipeline.model import Outside
from pipeline.preview.errand import Errands
from pipeline.run import Project, opened_store, outside
from pipeline.store import Store

Opener = Callable[[Settings], AbstractContextManager[Outside]]
TRAYS = 3
"""Files that lie here between a look at them and the word to take them in."""
LONGEST_ANSWER = 60.0
"""Seconds that the page waits at its end for a copy that is on its way."""
PATIENCE = 4.0
"""Seconds that a person at the page waits for a run to finish before she is told of it."""


class Desk:
    """What all pages share. A page's request uses short transactions; what changes files holds the run's lock."""

    def __init__(
        self,
        start: Path,
        *,
        environment: Mapping[str, str] = os.environ,
        opener: Opener = outside,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        person: str = "the author",
    ) -> None:
        self.start = start.resolve()
        self.clock = clock
        self.person = person
        self.errands = Errands()
        self._environment = environment
        self._opener = opener
        self._lock = threading.Lock()
        self._working = threading.Lock()
        self._on_the_line = threading.Lock()
        self._leaving = threading.Event()
        self._trays: OrderedDict[str, bytes] = OrderedDict()
        self._read: tuple[object, Settings] | None = None
        self._store: tuple[object, Store] | None = None

    @property
    def folder(self) -> Path | None:
        """The project's folder, None before there is one."""
        try:
            return config.find(self.start)
        except SettingsError:
            return None

    def settings(self) -> Settings:
        """The settings as newsletter.toml has them now. Raises SettingsError."""
        folder = config.find(self.start)
        stamp = (folder, *(files.stamp(folder / name) for name in (config.FILE, Path(".env"))))
        with self._lock:
            if self._read is None or self._read[0] != stamp:
                self._read = (stamp, config.load(folder, self._environment))
            return self._read[1]

    def would_be(self, text: str) -> Settings:
        """The settings if newsletter.toml held this text, looked at as `check` does. Raises PaperroundError."""
        settings = config.parse(text, config.find(self.start), self._environment)
        deliver.provider(settings.deliver)
        return settings

    def store(self, settings: Settings) -> Store:
        """The state, open; another one when the settings name another, or another file lies in its place."""
        file = whereabouts.file_of(settings.store.url, settings.folder)

        def name() -> object:
            return settings.folder, settings.store, file and files.identity(file)

        with self._lock:
            if self._store is None or self._store[0] != name():
                if self._store:
                    self._store[1].close()
                    self._store = None
                opened = opened_store(settings)
                self._store = (name(), opened)
            return self._store[1]

    @contextmanager
    def project(self, say: Callable[[str], None] = lambda _: None) -> Iterator[Project]:
        """The project for work that changes something, alone in it.

        Raises Busy, with when to try again, if a run is still at work after some seconds.
        """
        settings = self.settings()
        store = self.store(settings)
        with ExitStack() as stack:
            self._alone(stack, store)
            world = stack.enter_context(self._opener(settings))
            out = replace(world, rest=self._leaving.wait, unhurried=self._unhurried)
            yield Project(settings=settings, store=store, out=out, say=say)

    @contextmanager
    def _unhurried(self) -> Iterator[Callable[[], bool]]:
        with self._on_the_line:
            yield lambda: not self._leaving.is_set()

    def _alone(self, stack: ExitStack, store: Store) -> None:
        until = time.monotonic() + PATIENCE
        if not self._working.acquire(timeout=PATIENCE):
            raise Busy("The page is still at work on something else; nothing was done.", next_step=_LATER)
        stack.callback(self._working.release)
        while True:
            try:
                stack.enter_context(store.locked())
            except Busy:
                if time.monotonic() > until:
                    raise Busy(
                        "A run is at work in this project just now; nothing was done.", next_step=_LATER
                    ) from None
                time.sleep(0.05)  # the kernel's lock can't be waited for with an end
            else:
                return

    def lay_by(self, content: bytes) -> str:
        """Keep a file in memory until she says what becomes of it; its key. The oldest of too many goes."""
        key = hashlib.sha256(content).hexdigest()
        with self._lock:
            self._trays[key] = content
            self._trays.move_to_end(key)
            while len(self._trays) > TRAYS:
                self._trays.popitem(last=False)
        return key

    def laid_by(self, key: str) -> bytes | None:
        """What was kept under a key; None when it is gone."""
        with self._lock:
            return self._trays.get(key)

    def put_away(self, key: str) -> None:
        """A file that is wanted no more."""
        with self._lock:
            self._trays.pop(key, None)

    def close(self) -> None:
        """Hand over what is on its way, and nothing more; let go of the state."""
        self._leaving.set()
        self.errands.wait(1)
        if self._on_the_line.acquire(timeout=LONGEST_ANSWER):
            self._on_the_line.release()
        with self._lock:
            if self._store:
                self._store[1].close()
            self._store = None


_LATER = "Try again in a minute."
