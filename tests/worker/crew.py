"""Several workers, a mail service, and a newsletter with very many readers."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import sqlalchemy as sa

from pipeline.model import Account
from pipeline.store import tables
from tests.journeys import steps
from tests.world import START, World

ROOT = Path(__file__).parents[2]
QUICK = {"every": 2, "look": 0.2, "heartbeat": 1.0, "silent": 4.0, "line": 0.5}


class Service:
    """A mail service in a process of its own, which takes so many seconds for each request."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> Any:
        with urlopen(self.url + path) as answer:
            return json.load(answer)

    @property
    def arrived(self) -> int:
        return int(self.get("/")["arrived"])


@contextmanager
def service(seconds: float) -> Iterator[Service]:
    command = [sys.executable, "-m", "tests.worker.service", str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout
        try:
            yield Service(int(child.stdout.readline()))
        finally:
            child.kill()


def approved(world: World, service: Service, provider: str, readers: int, at_once: int) -> None:
    """An issue that somebody has said yes to, for so many readers, carried by the service."""
    more = f'\n[delivery]\nprovider = "{provider}"\nat_once = {at_once}\n[delivery.{provider}]\nbase_url = "{service.url}"\n'
    path = world.folder / "sources/newsletter.toml"
    path.write_text(path.read_text("utf-8") + more, "utf-8")
    with (world.folder / ".env").open("a", encoding="utf-8") as handle:
        names = ("SENDGRID_TOKEN", "MAILJET_KEY", "MAILJET_SECRET")
        handle.writelines(f"PAPERROUND_{name}=only-for-tests\n" for name in names)
    people = [person(number) for number in range(readers)]
    with world.project() as project, project.store.writing() as tx:
        for at in range(0, readers, 5000):
            tx.execute(sa.insert(tables.subscribers), people[at : at + 5000])
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)


def person(number: int) -> dict[str, Any]:
    address = f"reader{number}@example.org"
    row = {"address": address, "address_key": address, "state": "active", "consent": "told me so", "since": START}
    return row | {"token": secrets.token_urlsafe(32)}


class Hand:
    """One worker: the program `module` of the tests, which says what it does into a file of `folder`."""

    def __init__(self, folder: Path, module: str, *words: str) -> None:
        self.log = folder / f"worker-{secrets.token_hex(3)}.log"
        with self.log.open("w") as log:
            command = [sys.executable, "-m", module, *words]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env={**os.environ})

    def leave(self) -> int:
        self.process.terminate()
        return self.process.wait(60)


@contextmanager
def crew(world: World, count: int, **options: Any) -> Iterator[list[Hand]]:
    begun = time.time()
    words = (str(world.folder), str(begun), json.dumps(options))
    hands = [Hand(world.folder, "tests.worker.hand", *words) for _ in range(count)]
    try:
        yield hands
    finally:
        for hand in hands:
            hand.process.kill()
            hand.process.wait()


def until(true: Callable[[], bool], hands: list[Hand], seconds: float = 300) -> None:
    """Wait; when it takes too long, show what the workers said."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            said = "\n".join(f"{hand.process.pid}: {hand.log.read_text('utf-8')[-1500:]}" for hand in hands)
            raise AssertionError(f"it takes too long; the workers said:\n{said}")
        time.sleep(0.05)


def under_way(world: World) -> int:
    """How many batches of the issue are being handed over or will be."""
    batches = tables.batches.c
    ahead = sa.select(sa.func.count()).where(batches.number == steps.ONE, batches.state.in_(("pending", "claimed")))
    with world.project(alone=False) as project, project.store.reading() as tx:
        return int(tx.execute(ahead).scalar_one())


def account(world: World) -> Account | None:
    with world.project(alone=False) as project, project.store.reading() as tx:
        from pipeline.store import ledger

        return ledger.account(tx, steps.ONE)
