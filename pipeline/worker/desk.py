"""One newsletter on a worker's desk."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Lock, get_ident
from typing import Self

from msgspec.structs import replace

from pipeline import files, whereabouts
from pipeline.config import FILE
from pipeline.errors import Busy, UserError
from pipeline.model import Outside, Reply, Request
from pipeline.run import Done, Project, opened_store
from pipeline.store import Store
from pipeline.worker.accounts import Account
from pipeline.worker.orders import Orders


class Desk:
    """One newsletter as a worker has it: its settings as they are now, its store, and what was tried this round."""

    def __init__(self, folder: Path, orders: Orders, store: Store, out: Outside) -> None:
        self._folder = folder
        self._load = orders.load
        self._stamp: object = None
        self._guard = Lock()
        self.account = Account(orders.log, orders.pace.quiet)
        self.settings = orders.load(folder)
        self.name = self.settings.store.name
        self.say = now_and_then(orders.say, f"{self.name}: " if len(orders.folders) > 1 else "")
        self.store = store
        self.out = out
        self.leaving = orders.leaving.is_set
        self.held: list[str] = []
        """What was being handed over when the worker was told to stop, and could not be brought to an end."""
        self.begun = 0
        self.done: Done = set()
        self._quiet = orders.pace.quiet
        self._tidied = float("-inf")

    def project(self) -> Project:
        """The newsletter under its settings of this moment. Raises SettingsError."""
        with self._guard:
            now = stamp(self._folder)
            if now != self._stamp:
                self.settings, self._stamp = self._load(self._folder), now
        return Project(settings=self.settings, store=self.store, out=self.out, say=self.say)

    def tried(self, begun: int) -> Done:
        """What this worker did itself in the round."""
        if begun != self.begun:
            self.begun, self.done = begun, set()
        return self.done

    def tidy(self, project: Project) -> None:
        """Now and then remove what killed processes left half-written, unless another has the newsletter for itself."""
        if time.monotonic() - self._tidied >= self._quiet:
            with suppress(Busy), project.store.locked():
                files.sweep(project.settings.outbox, busy=True)
                self._tidied = time.monotonic()


def stamp(folder: Path) -> object:
    """What differs after a newsletter's settings or secrets were written."""
    return tuple(files.stamp(folder / name) for name in (FILE, Path(".env")))


@contextmanager
def desk(folder: Path, orders: Orders) -> Iterator[Desk]:
    """A newsletter, open for work. Raises UserError when its state is in a file."""
    settings = orders.load(folder)
    if not whereabouts.on_server(settings.store.url):
        raise UserError(
            "A worker needs a database that several machines can reach, and this newsletter's state is in a file.",
            where=settings.where("store", "url") if "[store]" in settings.text else str(FILE),
            next_step="`paperround migrate-store postgresql://…` moves it; on one machine `paperround run` is enough.",
        )
    with ExitStack() as until:
        store = opened_store(settings)
        until.callback(store.close)
        out = until.enter_context(orders.world(settings))
        line = until.enter_context(_Lines(lambda: orders.world(orders.load(folder))))
        leaving = orders.leaving
        out = replace(out, line=line, rest=leaving.wait, unhurried=lambda: nullcontext(lambda: not leaving.is_set()))
        yield Desk(folder, orders, store, out)


class _Lines:
    """A line of its own for each thread, because a connection can't be shared."""

    def __init__(self, world: Callable[[], AbstractContextManager[Outside]]) -> None:
        self._world = world
        self._open: dict[int, Outside] = {}
        self._until = ExitStack()
        self._guard = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._until.close()

    def __call__(self, requests: Sequence[Request]) -> Iterator[Reply]:
        with self._guard:
            mine = self._open.get(get_ident())
            if mine is None:
                mine = self._open[get_ident()] = self._until.enter_context(self._world())
        return mine.line(requests)


def now_and_then(say: Callable[[str], None], whose: str) -> Callable[[str], None]:
    """The same sentence need not be heard twice in an hour; it begins with `whose` it is."""
    said: OrderedDict[str, float] = OrderedDict()

    def speak(sentence: str) -> None:
        now = time.monotonic()
        if now - said.get(sentence, float("-inf")) >= 3600:
            said[sentence] = now
            said.move_to_end(sentence)
            say(f"{whose}{sentence}")
        while len(said) > 500:
            said.popitem(last=False)

    return speak
