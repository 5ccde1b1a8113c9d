"""A whole project on a small imaginary web: everything is real but the clock and the network."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

import msgspec

from pipeline import config
from pipeline.errors import FetchFault
from pipeline.line import Wire
from pipeline.model import Fetched, Outside, Validators
from pipeline.run import Project, opened
from pipeline.store import dumping
from tests import postgres

START = datetime(2026, 11, 23, 12, tzinfo=UTC)

SETTINGS = """\
[newsletter]
title = "Kind Words"
url = "https://blog.example.org/"
from = "Lisa <letters@example.org>"
reply_to = "lisa@example.org"
postal_address = "12 Main Street, Springfield"
public_url = "https://news.example.org/"

[[source]]
url = "https://blog.example.org/feed/"
name = "blog"

[schedule]
cadence = "each"
settle = "30m"
approval = "required"
"""

SHELF = """\
starter = false

[[book]]
title = "The Dot"
author = "Peter H. Reynolds"
isbn = "9780763619619"
ages = "4-8"
themes = ["creativity", "courage"]
description = "A girl who is sure that she can't draw makes one angry dot, and a teacher frames it."

[[book]]
title = "The Invisible String"
author = "Patrice Karst"
ages = "4-8"
themes = ["separation", "worry", "love"]
description = "Two children afraid of a storm hear about the string that ties them to everyone they love."
"""

PARAGRAPHS = (
    "Some children lie awake with worries that grow in the dark, and no night light is bright enough for them.",
    "A worried child needs company before advice. Sit down on the edge of the bed and ask what the worry looks like.",
    "When anxious thoughts have a shape and a name, a child can put them into a box until the morning comes.",
    "It helps to breathe together, slowly, as if you were cooling a bowl of soup, and to count the breaths aloud.",
)


@dataclass(slots=True, eq=False)
class Blog:
    """A blog that can be written to, edited, renamed and broken; `one_page` is where all entries lead, if it is one."""

    posts: dict[str, Article] = field(default_factory=dict)
    broken: FetchFault | None = None
    excerpts: bool = False
    pages_gone: bool = False
    parked: bool = False
    home: str = "https://blog.example.org/"
    window: int = 100
    one_page: str = ""
    spoken: dict[str, str] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    date: datetime | None = None

    def publish(self, slug: str, title: str, when: datetime, body: str | None = None, guid: str | None = None) -> None:
        """A post at https://blog.example.org/<slug>/; an empty guid is none."""
        html = body or "".join(f"<p>{escape(text)} ({escape(title)})</p>" for text in PARAGRAPHS)
        self.posts[slug] = Article(
            title=title, when=when, html=html, guid=f"https://blog.example.org/?p={slug}" if guid is None else guid
        )

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        """What the web answers, with an ETag as a well-kept blog has it."""
        self.fetched.append(url)
        if self.broken:
            raise self.broken
        kind, body = self._body(url)
        etag = hashlib.sha256(body).hexdigest()[:16]
        same = validators is not None and validators.etag == etag
        return Fetched(
            url=url,
            status=304 if same else 200,
            headers={"content-type": kind} | ({"date": format_datetime(self.date, usegmt=True)} if self.date else {}),
            body=b"" if same else body,
            validators=Validators(etag=etag),
        )

    def _body(self, url: str) -> tuple[str, bytes]:
        if url == f"{self.home}feed/":
            if self.parked:
                return "text/html", b"<!DOCTYPE html><html><body>This domain is for sale.</body></html>"
            return "application/rss+xml", self._feed().encode()
        if url in self.pictures:
            return "image/jpeg", self.pictures[url]
        slug = url.removeprefix(self.home).strip("/")
        if slug not in self.posts or self.pages_gone:
            raise FetchFault("There is no such page (404).", where=url, gone=True)
        return "text/html; charset=utf-8", self._page(self.posts[slug]).encode()

    def _feed(self) -> str:
        newest_first = sorted(self.posts.items(), key=lambda pair: pair[1].when, reverse=True)
        items = "".join(self._item(slug, post) for slug, post in newest_first[: self.window])
        head = f"<title>Blog</title><link>{self.home}</link><description>A blog</description>"
        return f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'

    def _item(self, slug: str, post: Article) -> str:
        body = f"<p>{PARAGRAPHS[0][:60]} [&amp;hellip;]</p>" if self.excerpts else post.html
        guid = f'<guid isPermaLink="false">{escape(post.guid)}</guid>' if post.guid else ""
        return (
            f"<item><title>{escape(post.title)}</title><link>{self.one_page or f'{self.home}{slug}/'}</link>"
            f"{guid}"
            f"<pubDate>{self.spoken.get(slug, format_datetime(post.when))}</pubDate>"
            f"<description>{escape(body)}</description></item>"
        )

    def _page(self, post: Article) -> str:
        return (
            f'<!DOCTYPE html><html lang="en"><head><title>{escape(post.title)}</title></head><body><nav>Home</nav>'
            f'<article><h1>{escape(post.title)}</h1><div class="entry-content">{post.html}</div></article></body></html>'
        )


class Article(msgspec.Struct, frozen=True):
    """One post of the imaginary blog."""

    title: str
    when: datetime
    html: str
    guid: str


@dataclass(slots=True)
class World:
    """A project folder, its blog, and a clock that moves only when told."""

    folder: Path
    blog: Blog = field(default_factory=Blog)
    now: datetime = START
    said: list[str] = field(default_factory=list)

    def pass_time(self, **length: float) -> None:
        """Let time go by: hours=1, days=7."""
        self.now += timedelta(**length)

    def set(self, old: str, new: str) -> None:
        """Change newsletter.toml."""
        path = self.folder / config.FILE
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def keep_in(self, url: str, password: str) -> None:
        """Keep the state in the database at `url`."""
        path = self.folder / config.FILE
        path.write_text(f'{path.read_text("utf-8")}\n[store]\nurl = "{url}"\n', "utf-8")
        self.whisper(PAPERROUND_STORE_PASSWORD=password)

    def whisper(self, **secrets: str) -> None:
        """Add lines to .env."""
        path = self.folder / ".env"
        with path.open("a", encoding="utf-8") as handle:
            handle.writelines(f"{name}={value}\n" for name, value in secrets.items())
        path.chmod(0o600)

    @property
    def database(self) -> str | None:
        """The name of the database that keeps its state, None for a file."""
        url = config.load(self.folder, {}).store.url
        return url.rpartition("/")[2] if url.startswith("postgresql") else None

    def state(self) -> bytes:
        """Every row of its state, wherever it is kept, and the bytes of the files that keep it."""
        with self.project(alone=False) as project, project.store.reading() as tx:
            rows = b"".join(line for name in dumping.names() for line in dumping.rows(tx, name))
        return rows + b"".join(path.read_bytes() for path in (self.folder / "outbox").glob("paperround.sqlite3*"))

    @contextmanager
    def copied(self, folder: Path, server: postgres.Server | None) -> Iterator[World]:
        """The same project in another folder, with a state of its own; what is done in it leaves no trace."""
        other = World(folder=folder, blog=self.blog, now=self.now)
        shutil.copytree(self.folder, folder)
        with ExitStack() as until:
            until.callback(shutil.rmtree, folder)
            if server and (name := self.database):
                other.set(name, until.enter_context(server.database(like=name)))
            yield other

    @contextmanager
    def project(self, *, alone: bool = True) -> Iterator[Project]:
        """The project, open as a command has it."""
        settings = config.load(self.folder, {})
        with Wire(settings.outbox) as line:
            out = Outside(
                clock=lambda: self.now, fetch=self.blog, line=line, rest=lambda length: self.pass_time(seconds=length)
            )
            with opened(settings, out, self.said.append, alone=alone) as project:
                yield project


def lay_out(folder: Path) -> World:
    """A project in an empty folder, with one post on its blog."""
    (folder / "sources").mkdir(parents=True)
    (folder / "sources/newsletter.toml").write_text(SETTINGS, "utf-8")
    (folder / "sources/books.toml").write_text(SHELF, "utf-8")
    world = World(folder=folder)
    world.blog.publish("worries", "Worries at Bedtime", START - timedelta(days=2))
    return world


@contextmanager
def laid_out(folder: Path, server: postgres.Server | None) -> Iterator[World]:
    """The same, with its state in a file or in a new database of a server."""
    world = lay_out(folder)
    with ExitStack() as until:
        if server:
            world.keep_in(server.url(until.enter_context(server.database())), postgres.PASSWORD)
        yield world
