"""The pictures in docs/gallery/: each design with the sample blog, one newsletter from right to left, the site's pages.

    python -m tools.gallery

Look at each before it is committed. Needs Chromium.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec.structs import replace
from PIL import Image

from demo import pictures, site
from pipeline.render.message import rendered
from tests.looking import Scheme, chromium
from tests.render.specimens import DESIGNS, specimens

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

ROOT = Path(__file__).resolve().parents[1]
GALLERY = ROOT / "docs/gallery"
GROUND, GAP, HEIGHT = "#d9d3c9", 28, 1500
View = tuple[int, Scheme, int, bool]
"""Width, light or dark, from which pixel on, and whether pictures are shown."""
MAIL: tuple[View, ...] = (
    (700, "light", 0, True),
    (700, "light", 1500, True),
    (375, "light", 0, True),
    (375, "dark", 2600, True),
    (375, "light", 0, False),
)


def main() -> None:
    """Make every sheet anew."""
    with site.serving(0) as blog, chromium() as browser, tempfile.TemporaryDirectory() as folder:
        for design in DESIGNS:
            project = Path(folder) / design
            lay_out(project, design, blog)
            publish(project)
            (mail,) = project.glob("outbox/issues/1-*/email.html")
            hosted = partial(_hosted, project / "outbox/public")
            sheet(design, [shot(browser, mail.as_uri(), view, hosted) for view in MAIL])
        sheet("pages", list(pages(browser, project)))
        sheet("right-to-left", list(from_the_right(browser)))


def lay_out(project: Path, design: str, blog: str) -> None:
    """A project with all posts of the sample blog in its first issue, a draft."""
    (project / "sources").mkdir(parents=True)
    settings = (ROOT / "sources/newsletter.toml").read_text("utf-8")
    settings = settings.replace("[newsletter]", f'[newsletter]\ndesign = "{design}"', 1)
    settings = settings.replace(f"{site.HOST}:{site.PORT}", urlsplit(blog).netloc)
    (project / "sources/newsletter.toml").write_text(settings, "utf-8")
    (project / "sources/books.toml").write_bytes((ROOT / "sources/books.toml").read_bytes())
    run = partial(ask, project)
    run("pull")
    for post in run("posts")["posts"]:
        if post["state"] == "before":
            run("posts", "keep", str(post["id"]))
    run("build", "--now")


def publish(project: Path) -> None:
    """Issue 1 is approved and stands on the newsletter's site."""
    ask(project, "approve", "1")
    ask(project, "run")


def ask(project: Path, *words: str) -> Any:
    """What a command answers."""
    program = [str(Path(sys.executable).with_name("paperround")), "--project", str(project), "--json", *words]
    return json.loads(subprocess.run(program, stdout=subprocess.PIPE, check=False).stdout)


def shot(browser: Browser, address: str, view: View, prepare: Any = None) -> Image.Image:
    """One column of a sheet: a part of a page as it is seen."""
    width, scheme, top, shown = view
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
    page = context.new_page()
    if prepare:
        prepare(page)
    if not shown:
        page.route("**/*.{png,jpg,jpeg,webp}", lambda route: route.abort())
    if address:
        page.goto(address, wait_until="networkidle")
    page.evaluate("top => window.scrollTo(0, top)", top)
    seen = Image.open(io.BytesIO(page.screenshot(timeout=120_000))).convert("RGB")
    context.close()
    return seen


def pages(browser: Browser, project: Path) -> Iterator[Image.Image]:
    """The archive's page of an issue, the front page and the feed, as their web host would serve them."""
    handler = partial(Quiet, directory=str(project / "outbox/public"))
    with ThreadingHTTPServer((site.HOST, 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://{site.HOST}:{server.server_address[1]}/"
        hosted = partial(_hosted, project / "outbox/public")
        (issue,) = (path.name for path in (project / "outbox/public/issues").iterdir())
        yield shot(browser, f"{home}issues/{issue}/", (800, "light", 0, True), hosted)
        yield shot(browser, f"{home}issues/{issue}/", (375, "dark", 2400, True), hosted)
        yield shot(browser, home, (375, "light", 0, True))
        yield shot(browser, f"{home}rss.xml", (600, "dark", 0, True))
        server.shutdown()


def _hosted(public: Path, page: Page) -> None:
    """Whatever the newsletter's own site would answer."""
    page.route(
        "https://news.example.org/**", lambda route: route.fulfill(path=public / urlsplit(route.request.url).path[1:])
    )


def from_the_right(browser: Browser) -> Iterator[Image.Image]:
    """A newsletter in Arabic, in every design."""
    for design, view in zip(
        DESIGNS, ((700, "light", 0, True), (375, "dark", 0, True), (375, "light", 0, True)), strict=True
    ):
        issue, settings = specimens(design, "ar")["everything"]
        html = rendered(issue, replace(settings, disclosure="")).message.html
        yield shot(browser, "", view, partial(_arabic, html))


def _arabic(html: str, page: Page) -> None:
    page.route("**/*", _landscape)
    page.set_content(html, wait_until="load")


def _landscape(route: Route) -> None:
    canvas = pictures.landscape(route.request.url)
    route.fulfill(body=pictures.png(canvas, ("#f6dfc6", "#fff6e3", "#d9a58a", "#8d5f5c"), 2), content_type="image/png")


def sheet(name: str, columns: Sequence[Image.Image]) -> None:
    """Columns side by side, as docs/gallery/<name>.jpg."""
    width = sum(column.width + GAP for column in columns) + GAP
    canvas = Image.new("RGB", (width, HEIGHT + 2 * GAP), GROUND)
    left = GAP
    for column in columns:
        canvas.paste(column, (left, GAP))
        left += column.width + GAP
    canvas.thumbnail((1800, 1800), Image.Resampling.LANCZOS)
    canvas.save(GALLERY / f"{name}.jpg", quality=84, optimize=True)
    print(f"docs/gallery/{name}.jpg: {(GALLERY / f'{name}.jpg').stat().st_size // 1000} kB")


class Quiet(SimpleHTTPRequestHandler):
    """The site's files, without a word."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""


if __name__ == "__main__":
    main()
