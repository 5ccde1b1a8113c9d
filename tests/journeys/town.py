"""Several newsletters in one database, their blogs and providers, and the workers that serve them.

As a program it is one of those workers: `python -m tests.journeys.town HOME OPTIONS`, OPTIONS being JSON. All of them
share the files of HOME: a clock that goes on by itself and can be put forward, and what is on the web.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline import config, files, installed, worker
from pipeline.config import Settings
from pipeline.errors import FetchFault, PaperroundError
from pipeline.line import Wire
from pipeline.model import Fetched, Outside, Validators
from pipeline.run import Project, opened
from tests import postgres
from tests.doubles.installed import Doubles
from tests.doubles.mail import MailDouble, receiving
from tests.doubles.provider import Double, Letter, serving
from tests.worker.crew import Hand
from tests.world import SHELF, START, Blog

PACE = worker.Pace(every=1, look=0.1, heartbeat=0.5, silent=2.0, line=0.3, account=1.0, quiet=5.0)
PATIENCE = 2.0
"""Seconds that a provider may take to answer."""

CARRIERS = {
    "smtp": ("smtp", "none"),
    "like sendgrid": ("none", "none"),
    "like postmark": ("none", "lagging"),
    "like resend": ("key", "lagging"),
    "like mailjet": ("recipient", "none"),
    "like listmonk": ("campaign", "sure"),
}
"""What a provider does with a batch that comes again, and what its records are worth."""

SETTINGS = """\
[newsletter]
title = "{name}"
url = "https://{name}.example.org/"
from = "Lisa <letters@{name}.example.org>"
postal_address = "12 Main Street, Springfield"
public_url = "https://news.{name}.example.org/"

[[source]]
url = "https://{name}.example.org/feed/"
name = "blog"

[schedule]
cadence = "{cadence}"
settle = "30m"
approval = "{approval}"

[delivery]
max_age = "30d"
at_once = {at_once}
"""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock of all processes, in a file."""

    path: Path

    def __call__(self) -> datetime:
        return START + timedelta(seconds=time.time() - float(self.path.read_text("ascii")))

    def start(self) -> None:
        """It is noon."""
        self.path.write_text(str(time.time()), "ascii")

    def forward(self, **length: float) -> None:
        """So much time goes by at once."""
        begun = float(self.path.read_text("ascii")) - timedelta(**length).total_seconds()
        files.write(self.path, str(begun).encode())


@contextmanager
def outside(home: Path, settings: Settings) -> Iterator[Outside]:
    """The world as each process of a town has it."""

    def fetch(url: str, *, validators: Validators | None = None) -> Fetched:
        try:
            blog: Blog = pickle.loads((home / "web" / str(urlsplit(url).hostname)).read_bytes())
        except FileNotFoundError:
            raise FetchFault("There is no such page (404).", where=url, gone=True) from None
        return blog(url, validators=validators)

    with Wire(settings.outbox, PATIENCE) as line:
        yield Outside(clock=Clock(home / "clock"), fetch=fetch, line=line)


@dataclass(eq=False)
class Newsletter:
    """A blog, its author's project, her readers, and who carries their mail.

    Of a reader who `left` it is known which issues may still have been on their way to her.
    """

    home: Path
    name: str
    carrier: str
    double: Double
    mail: MailDouble
    batch: int = 3
    per_second: float | None = None
    blog: Blog = field(default_factory=Blog)
    said: list[str] = field(default_factory=list)
    slugs: dict[int, str] = field(default_factory=dict)
    written: int = 0
    changed: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    readers: set[str] = field(default_factory=set)
    left: dict[str, frozenset[int]] = field(default_factory=dict)

    def lay_out(self, store: str, **how: Any) -> None:
        """Make the project's folder; `store` is the address of its database, "" for a file."""
        self.blog.home = f"https://{self.name}.example.org/"
        (self.folder / "sources").mkdir(parents=True)
        (self.folder / "sources/books.toml").write_text(SHELF, "utf-8")
        (self.folder / ".env").write_text(f"PAPERROUND_STORE_PASSWORD={postgres.PASSWORD}\n", "utf-8")
        (self.folder / ".env").chmod(0o600)
        text = SETTINGS.format(name=self.name, **how) + self._carried()
        text += f'\n[store]\nurl = "{store}"\nname = "{self.name}"\n' if store else ""
        (self.folder / config.FILE).write_text(text, "utf-8")

    def _carried(self) -> str:
        kind, lookup = CARRIERS[self.carrier]
        if kind == "smtp":
            rows = [f'host = "127.0.0.1"\nport = {self.mail.port}\nsecurity = "none"']
        else:
            rows = [f'url = "{self.double.url}"\nkind = "{kind}"\nlookup = "{lookup}"\nbatch_max = {self.batch}']
        rows += [] if self.per_second is None or kind == "smtp" else [f"per_second = {self.per_second}"]
        name = "smtp" if kind == "smtp" else "double"
        return "\n".join([f'provider = "{name}"', f"[delivery.{name}]", *rows, ""])

    def change_settings(self, batch: int, per_second: float | None, at_once: int) -> None:
        """The author, in her editor."""
        before = self._carried()
        self.batch, self.per_second = batch, per_second
        path = self.folder / config.FILE
        text = path.read_text("utf-8").replace(before, self._carried())
        files.write(path, re.sub(r"at_once = \d+", f"at_once = {at_once}", text).encode())

    @property
    def folder(self) -> Path:
        """The project's."""
        return self.home / self.name

    @property
    def clock(self) -> Clock:
        """The town's."""
        return Clock(self.home / "clock")

    def show(self) -> None:
        """Put the blog as it is now on the web."""
        files.write(self.home / "web" / f"{self.name}.example.org", pickle.dumps(self.blog))

    @contextmanager
    def project(self, *, alone: bool = True) -> Iterator[Project]:
        """The project, open as a command has it."""
        settings = config.load(self.folder, {})
        with outside(self.home, settings) as out, opened(settings, out, self.said.append, alone=alone) as project:
            yield project

    def letters(self) -> list[Letter]:
        """All that reached her readers."""
        return [*self.double.letters, *(_letter(address, content) for address, content in self.mail.letters)]

    def the_provider_is_well(self) -> None:
        """From now on it takes what it is given and says so."""
        for double in (self.double, self.mail):
            double.faults[:] = []
            double.told = double.after = lambda: None


def _letter(address: str, content: bytes) -> Letter:
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    text = mail.get_body(("plain",))
    assert text is not None
    issue = re.match(r"<(\d+)\.", mail["Message-ID"])
    assert issue is not None
    return Letter(int(issue[1]), address, text.get_content())


@dataclass(eq=False)
class Town:
    """Newsletters, and the workers that serve them: those at work, and those that are paused."""

    home: Path
    server: postgres.Server
    database: str
    until: ExitStack
    newsletters: list[Newsletter] = field(default_factory=list)
    hands: list[Hand] = field(default_factory=list)
    paused: list[Hand] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)

    def found(self, name: str, carrier: str) -> Newsletter:
        """A new newsletter, with a provider of its own; nothing is laid out yet."""
        double = self.until.enter_context(serving(CARRIERS[carrier][0] if carrier != "smtp" else "none"))  # type: ignore[arg-type]
        double.seconds = PATIENCE + 0.5
        mail = self.until.enter_context(receiving())
        return Newsletter(home=self.home, name=name, carrier=carrier, double=double, mail=mail)

    def hire(self, **options: Any) -> Hand:
        """A worker for all newsletters; with `elsewhere` on a machine that has a copy of settings and secrets alone."""
        elsewhere = options.pop("elsewhere", False)
        folders = [self._copied(one) if elsewhere else one.folder for one in self.newsletters]
        words = json.dumps({"folders": list(map(str, folders)), **options})
        hand = Hand(self.home, "tests.journeys.town", str(self.home), words)
        self.hands.append(hand)
        self.logs.append(hand.log)
        return hand

    def _copied(self, one: Newsletter) -> Path:
        folder = self.home / "elsewhere" / f"{one.name}-{len(self.logs)}"
        folder.mkdir(parents=True)
        shutil.copytree(one.folder / "sources", folder / "sources")
        shutil.copy(one.folder / ".env", folder)
        return folder

    def kill(self, hand: Hand) -> None:
        """Whatever it was doing."""
        hand.process.kill()
        hand.process.wait()
        self.hands.remove(hand)

    def pause(self, hand: Hand) -> None:
        """It does not notice that time goes by."""
        hand.process.send_signal(signal.SIGSTOP)
        self.hands.remove(hand)
        self.paused.append(hand)

    def wake(self, hand: Hand) -> None:
        """It goes on as if nothing had happened."""
        hand.process.send_signal(signal.SIGCONT)
        self.paused.remove(hand)
        self.hands.append(hand)

    def cut(self, hand: Hand) -> None:
        """All its lines to the database, as happens to a machine that gives no sign of life."""
        mine = f"paperround % process {hand.process.pid}"
        sessions = "pg_stat_activity WHERE application_name LIKE %s"
        self.server.execute(f"SELECT pg_terminate_backend(pid) FROM {sessions}", mine)
        until(
            lambda: self.server.execute(f"SELECT count(*) FROM {sessions}", mine)[0][0] == 0 or hand in self.hands, 10
        )

    def dismiss(self) -> list[int]:
        """All leave, as soon as they may; their exit codes."""
        for hand in self.hands:
            hand.process.terminate()
        codes = [hand.process.wait(60) for hand in self.hands]
        self.hands.clear()
        return codes

    def end(self) -> None:
        """Nobody is left, whatever happened."""
        for hand in (*self.hands, *self.paused):
            hand.process.kill()
            hand.process.wait()

    def asked(self, query: str) -> list[Any]:
        """What a person at psql would see of the town's database."""
        return self.server.execute(query, database=self.database)


def until(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true in that time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def town(home: Path, server: postgres.Server) -> Iterator[Town]:
    """An empty town, in which it is noon."""
    (home / "web").mkdir(parents=True)
    Clock(home / "clock").start()
    with server.database() as database, ExitStack() as until:
        made = Town(home=home, server=server, database=database, until=until)
        until.callback(made.end)
        yield made


def said(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def serve(home: Path, folders: Sequence[str], options: dict[str, Any]) -> None:
    """One worker."""
    installed.brought = Doubles  # type: ignore[assignment]
    worker.serve(
        worker.Orders(
            folders=[Path(one) for one in folders],
            load=lambda folder: config.load(folder, os.environ),
            world=lambda settings: outside(home, settings),
            say=said,
            pace=PACE,
            **options,
        )
    )


def main() -> None:
    options = json.loads(sys.argv[2])
    try:
        serve(Path(sys.argv[1]), options.pop("folders"), options)
    except PaperroundError as fault:
        said(str(fault))
        sys.exit(fault.exit_code)


if __name__ == "__main__":
    main()
