"""An approved issue for four readers, and a provider's double to hand it over to."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from pipeline import deliver, review, run
from pipeline.line import Wire
from pipeline.model import Account, IssueNumber, Report
from pipeline.notices import matters as told_of
from pipeline.run import Project
from tests import postgres
from tests.doubles.mail import MailDouble
from tests.doubles.provider import Double
from tests.journeys import steps
from tests.world import World

ONE = IssueNumber(1)
READERS = tuple(f"reader{number}@example.org" for number in range(1, 5))
Stage = Callable[..., AbstractContextManager["Scene"]]


@dataclass(slots=True, eq=False)
class Scene:
    """A project whose issue 1 is approved, and its provider."""

    world: World
    double: Double
    mail: MailDouble | None = None
    server: postgres.Server | None = None

    @contextmanager
    def project(self) -> Iterator[Project]:
        """The project, with a line that soon loses patience where the provider is about to hang."""
        with self._connected(alone=True) as project:
            yield project

    @contextmanager
    def beside(self) -> Iterator[Project]:
        """The same as a worker has it: it works while another holds the project's lock."""
        with self._connected(alone=False) as project:
            yield project

    @contextmanager
    def _connected(self, *, alone: bool) -> Iterator[Project]:
        patience = 1.0 if "hang" in self.double.faults else 20.0
        with self.world.project(alone=alone) as project, Wire(project.settings.outbox, patience) as line:
            yield replace(project, out=replace(project.out, line=line))

    def send(self, canary: int | None = None) -> Report:
        """What `paperround send 1` does."""
        with self.project() as project:
            section = project.settings.deliver
            deliver.ask(ONE, project.store, section, self.world.now, canary=canary)
            report = run.perform(project, "deliver", lambda: deliver.due(project.store, section, self.world.now, ONE))
            return report + run.walk(project, "review")

    def cron(self) -> Report:
        """What the cron line does of it."""
        with self.project() as project:
            return run.walk(project, "deliver", "review")

    @property
    def account(self) -> Account | None:
        """The issue's account."""
        return steps.account(self.world)

    @property
    def sums(self) -> dict[str, int]:
        """Fates that at least one reader has; together they are the audience."""
        account = self.account
        assert account is not None
        assert account.balanced
        fates = ("accepted", "rejected", "suppressed", "unknown", "pending")
        return {fate: count for fate in fates if (count := getattr(account, fate))}

    @property
    def state(self) -> str:
        """The issue's state."""
        with self.project() as project:
            return review.overview(project.store, project.settings.review)[-1].state

    @property
    def matters(self) -> list[str]:
        """What the author would be told, by name."""
        with self.project() as project:
            return [one.key for one in told_of(project.store, project.settings, self.world.now)]

    @property
    def folder(self) -> Path:
        """The issue's folder."""
        return steps.folder(self.world)

    def set(self, old: str, new: str) -> None:
        """Change newsletter.toml."""
        self.world.set(old, new)

    @contextmanager
    def restored(self, *, mark: bool = False) -> Iterator[None]:
        """A backup of the state is put back afterwards; with `mark` all of outbox/ is."""
        with self.project() as project:
            run.perform(project, "deliver", lambda: ["freeze/1"])
        outbox = self.world.folder / "outbox"
        with self.world.copied(self._beside("backup"), self.server) as backup:
            yield
            if self.server and self.world.database and backup.database:
                self.server.put_back(self.world.database, backup.database)
            for path in outbox.glob("paperround.sqlite3*"):
                path.unlink()
                if path.suffix == ".sqlite3":
                    shutil.copy(backup.folder / "outbox" / path.name, outbox)
        if mark:
            (outbox / "ledger.mark").unlink(missing_ok=True)

    @contextmanager
    def again(self) -> Iterator[None]:
        """The scene as it was set, once more; what is done in it leaves no trace."""
        world = self.world
        (self.mail or self.double).forget()
        with world.copied(self._beside("again"), self.server) as self.world:
            yield
        self.world = world

    def _beside(self, word: str) -> Path:
        return self.world.folder.with_name(f"{self.world.folder.name}-{word}")

    @property
    def taken_by_reader(self) -> dict[str, int]:
        """How many copies the provider took for each address."""
        if self.mail:
            return dict(self.mail.taken)
        everybody = "everybody on the list that double keeps"
        return {READERS[reader - 1] if reader else everybody: count for (_, reader), count in self.double.taken.items()}

    def when_taking(self, moment: str) -> Callable[[int], None]:
        """What kills a process while the provider takes its first batch, before or after that is done."""
        double = self.mail or self.double

        def arm(process: int) -> None:
            def kill() -> None:
                double.told = double.after = lambda: None
                os.kill(process, signal.SIGKILL)

            if moment == "before":
                double.told = kill
            else:
                double.after = kill

        return arm
