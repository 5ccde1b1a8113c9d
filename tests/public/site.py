"""The readers' side in a test: the real pages over a real state, asked as a browser or a mail host asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape

from starlette.testclient import TestClient

from pipeline import feedback
from pipeline.public.app import application
from pipeline.public.asked import Desk
from pipeline.public.limits import Limit
from pipeline.run import Project
from tests.world import World

ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(slots=True)
class Site:
    """A project whose readers' side is up; `due` is what waits to be done after the answers, `said` what its author is told."""

    project: Project
    client: TestClient
    due: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def later(self) -> None:
        """Do what the server does after its answers."""
        while self.due:
            project = self.project
            feedback.work(self.due.pop(0), project.store, project.settings.feedback, project.out)


@contextmanager
def up(world: World, *, clients: int = 1000) -> Iterator[Site]:
    with world.project(alone=False) as project:
        (project.settings.outbox / "public").mkdir(parents=True, exist_ok=True)
        due: list[str] = []
        said: list[str] = []
        desk = Desk(
            settings=project.settings,
            store=project.store,
            clock=project.out.clock,
            fetch=project.out.fetch,
            soon=due.append,
            say=said.append,
            clients=Limit(clients, timedelta(hours=1)),
        )
        with TestClient(application(desk), base_url="http://news.example.org", follow_redirects=False) as client:
            yield Site(project=project, client=client, due=due, said=said)


def words(page: str) -> str:
    """What a page says, without its markup."""
    body = page.partition("<body>")[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())
