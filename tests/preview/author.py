"""An author at her page: the real application on an imaginary web, asked as a browser asks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

from starlette.testclient import TestClient

from pipeline.config import Settings
from pipeline.line import Wire
from pipeline.model import Outside
from pipeline.preview import Desk, Door, Password, application
from tests.world import World

ORIGIN = "http://127.0.0.1:8420"


def desk(world: World) -> Desk:
    """The world's project as the page has it."""

    @contextmanager
    def opener(settings: Settings) -> Iterator[Outside]:
        with Wire(settings.outbox) as line:
            yield Outside(clock=lambda: world.now, fetch=world.blog, line=line)

    return Desk(world.folder, environment={}, opener=opener, clock=lambda: world.now, person="Lisa")


class Author:
    """A browser with the author's session; `post` fills the forms of the page as it was last seen."""

    def __init__(self, client: TestClient, door: Door, desk: Desk) -> None:
        self.client = client
        self.door = door
        self.desk = desk

    def look(self, address: str = "/", *, status: int = 200) -> str:
        """A page, as HTML."""
        answer = self.client.get(address)
        assert answer.status_code == status, answer.text
        return answer.text

    def reads(self, address: str = "/") -> str:
        """A page, as words."""
        return words(self.look(address))

    def post(self, address: str, /, *, status: int = 200, csrf: str | None = None, **fields: str) -> str:
        """Send a form; the page that comes after it, as words."""
        answer = self.client.post(
            address,
            data={"csrf": self.door.csrf if csrf is None else csrf, **fields},
            headers={"origin": ORIGIN, "referer": f"{ORIGIN}/"},
        )
        assert answer.status_code == status, answer.text
        return words(answer.text)


def words(page: str) -> str:
    """What a page says, in one line."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page.partition("<body")[2] or page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


@contextmanager
def at_her_page(
    world: World, *, password: str | None = None, enter: bool = True, at: Desk | None = None
) -> Iterator[Author]:
    """The author, let in; nobody watches the files."""
    door = Door(password=Password(password) if password else None)
    with closing(at or desk(world)) as project:
        author = Author(TestClient(application(project, door), base_url=ORIGIN), door, project)
        if enter:
            author.client.get(f"/enter?token={door.token}", follow_redirects=False)
        yield author
