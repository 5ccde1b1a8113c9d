"""The sample blog: six posts as a WordPress site would serve them, clutter and all, built in memory.

`python demo/site.py` serves it at http://127.0.0.1:8421/ until it is stopped.
"""

from __future__ import annotations

import hashlib
import html
import re
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from demo import pictures

HOST, PORT = "127.0.0.1", 8421
HOME = f"http://{HOST}:{PORT}/"
POSTS, THEME = Path(__file__).with_name("posts"), Path(__file__).with_name("theme")
UPLOADS = "wp-content/uploads/"
PLACEHOLDER = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""What a lazy-loading plug-in shows until its script has run."""
TEASER_WORDS = 55
"""Words that WordPress puts into a feed of excerpts."""
LEAD, COVER = (600, 315), (300, 420)
"""Pixels of the smaller one of the two sizes in which each picture is kept."""
_COVER = re.compile(r'<img src="/wp-content/uploads/(\d{13})\.png" alt="([^"]+)">')


@dataclass(frozen=True, slots=True, kw_only=True)
class Blog:
    """The blog's name, and its address with a slash at its end."""

    title: str
    tagline: str
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post as its pages show it; `lead` and `content` are HTML, `colours` those of its lead picture."""

    id: int
    title: str
    slug: str
    date: datetime
    author: str
    categories: tuple[str, ...]
    excerpt: str
    colours: tuple[str, ...]
    url: str
    guid: str
    picture_url: str
    lead: Markup
    content: Markup
    teaser: str

    @property
    def day(self) -> str:
        """The date as an American blog shows it."""
        return f"{self.date:%B} {self.date.day}, {self.date.year}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What an address answers with; `changed` is when it last did, None for what is not asked about again."""

    kind: str
    body: bytes
    changed: datetime | None = None

    @property
    def etag(self) -> str:
        """A strong validator (RFC 9110 section 8.8.3)."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'

    @property
    def last_modified(self) -> str | None:
        """`changed` as HTTP writes it."""
        return format_datetime(self.changed.astimezone(UTC), usegmt=True) if self.changed else None


def build(home: str) -> dict[str, Page]:
    """Every page, feed and picture of the blog by its path; `home` is its address with a slash at its end."""
    blog = Blog(title="Kind Words", tagline="Notes from a family therapist’s bookshelf", home=home)
    posts = sorted((_post(path, home) for path in POSTS.glob("*.html")), key=lambda post: post.date, reverse=True)
    theme = Environment(loader=FileSystemLoader(THEME), autoescape=True, undefined=StrictUndefined)
    theme.globals.update(blog=blog, posts=posts, placeholder=PLACEHOLDER, rfc822=format_datetime)
    feed = theme.get_template("feed.xml").render().encode()
    pages = {
        "/": _html(theme.get_template("home.html").render()),
        "/feed/": Page(kind="application/rss+xml; charset=UTF-8", body=feed, changed=posts[0].date),
    }
    for post in posts:
        page = _html(theme.get_template("single.html").render(post=post, related=_related(post, posts)))
        pages |= dict.fromkeys((f"/{post.slug}/", f"/?p={post.id}"), page)
    return pages | {f"/{UPLOADS}{name}": Page(kind="image/png", body=body) for name, body in _uploads(posts)}


def find(pages: Mapping[str, Page], target: str) -> Page | None:
    """The page that a request's target means, or None; an unknown query changes nothing."""
    return pages.get(target) or pages.get(urlsplit(target).path)


@contextmanager
def serving(port: int = PORT) -> Iterator[str]:
    """The blog on this machine while the block runs; the value is its address. Port 0 takes any free one.

    Raises OSError when the port is taken.
    """
    server = _Server((HOST, port), _Visit)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.home
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _post(path: Path, home: str) -> Post:
    """A post from a file: TOML between two lines of +++, then the post's HTML."""
    _, head, body = path.read_text("utf-8").split("+++\n", maxsplit=2)
    facts = tomllib.loads(head)
    picture = f"{home}{UPLOADS}{facts['slug']}"
    alt = facts.pop("picture")
    return Post(
        **facts | {"categories": tuple(facts["categories"]), "colours": tuple(facts["colours"])},
        url=f"{home}{facts['slug']}/",
        guid=f"{home}?p={facts['id']}",
        picture_url=_file(picture, LEAD, 2),
        lead=_lazy(picture, alt, LEAD, shown=600),
        content=Markup(_COVER.sub(lambda it: _lazy(f"{home}{UPLOADS}{it[1]}", it[2], COVER, shown=200), body)),
        teaser=" ".join(html.unescape(re.sub("<[^>]+>", " ", body)).split()[:TEASER_WORDS]),
    )


def _lazy(name: str, alt: str, size: tuple[int, int], *, shown: int) -> Markup:
    """A picture as a lazy-loading plug-in leaves it, `shown` pixels wide; `alt` is HTML."""
    width, height = size
    small, large = _file(name, size, 1), _file(name, size, 2)
    return Markup(
        '<img class="lazyload" src="{}" data-lazy-src="{}" srcset="{} {}w, {} {}w"'
        ' sizes="(max-width: 600px) 100vw, 600px" alt="{}" width="{}" height="{}">'
    ).format(PLACEHOLDER, small, small, width, large, 2 * width, Markup(alt), shown, shown * height // width)


def _file(name: str, size: tuple[int, int], times: int) -> str:
    """A picture's name as WordPress gives it to each size that it makes."""
    return f"{name}-{size[0] * times}x{size[1] * times}.png"


def _related(post: Post, posts: Sequence[Post]) -> list[Post]:
    """The three posts that share most categories."""
    others = (other for other in posts if other is not post)
    return sorted(others, key=lambda other: -len({*post.categories} & {*other.categories}))[:3]


def _uploads(posts: Sequence[Post]) -> Iterator[tuple[str, bytes]]:
    """Every picture by its file name, in the sizes that pages name."""
    portrait = [row[100:250] for row in pictures.landscape("nora")[30:180]]
    yield "nora-150x150.png", pictures.png(portrait, pictures.COVERS[1], 1)
    for post in posts:
        canvas = pictures.landscape(post.slug)
        for times in (1, 2):
            yield _file(post.slug, LEAD, times), pictures.png(canvas, post.colours, times)
    for isbn, alt in sorted(
        {found for path in POSTS.glob("*.html") for found in _COVER.findall(path.read_text("utf-8"))}
    ):
        title, _, author = html.unescape(alt).rpartition(" by ")
        canvas, palette = pictures.cover(title, author)
        for times in (1, 2):
            yield _file(isbn, COVER, times), pictures.png(canvas, palette, 2 * times)


def _html(text: str) -> Page:
    return Page(kind="text/html; charset=UTF-8", body=text.encode())


class _Server(ThreadingHTTPServer):
    """The blog at its address; the pages are made once, when the port is known."""

    daemon_threads = True

    def server_activate(self) -> None:
        self.home = f"http://{HOST}:{self.server_address[1]}/"
        self.pages = build(self.home)
        super().server_activate()


class _Visit(BaseHTTPRequestHandler):
    """One request, answered from memory."""

    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    server: _Server

    def do_GET(self) -> None:
        page = find(self.server.pages, self.path)
        if page is None:
            self._answer(HTTPStatus.NOT_FOUND, _html("<h1>Oops! That page can&rsquo;t be found.</h1>"))
        elif self._has(page):
            self._answer(HTTPStatus.NOT_MODIFIED, page)
        else:
            self._answer(HTTPStatus.OK, page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing: the demo's own words are what a person wants to read."""

    def _has(self, page: Page) -> bool:
        """Whether the visitor holds this page already (RFC 9110 section 13.2.2: the ETag decides before the date)."""
        if tags := self.headers.get("If-None-Match"):
            return page.etag in tags
        return page.last_modified is not None and self.headers.get("If-Modified-Since") == page.last_modified

    def _answer(self, status: HTTPStatus, page: Page) -> None:
        body = b"" if status == HTTPStatus.NOT_MODIFIED else page.body
        self.send_response(status)
        self.send_header("Content-Type", page.kind)
        self.send_header("Content-Length", str(len(body)))
        if page.last_modified:
            self.send_header("ETag", page.etag)
            self.send_header("Last-Modified", page.last_modified)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with serving() as home:
        print(f"The sample blog is at {home}; Ctrl-C stops it.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()
