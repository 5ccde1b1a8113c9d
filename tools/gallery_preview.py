"""The pictures docs/gallery/preview-*.jpg: every page of the author's, on a computer by day and on a phone by night.

    python -m tools.gallery_preview

Look at each before it is committed. Needs Chromium.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image

from demo import site
from pipeline.preview import Desk, Door, pages
from tests.looking import chromium
from tests.preview.browser import served
from tools.gallery import GALLERY, GAP, GROUND, ask, lay_out

WIDE, NARROW, HEIGHT = 1320, 390, 1240
READERS = ("Ann", "Bea", "Carlos", "Dora", "Emil", "Fay", "Gus")


def main() -> None:
    """Make every sheet anew."""
    with site.serving(0) as blog, chromium() as browser, tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "kind-words"
        lay_out(project, "digest", blog)
        for name in READERS:
            ask(project, "subscribers", "add", f"{name.lower()}@example.org", "--name", name)
        with closing(Desk(project, environment={}, person="nora")) as desk, served(desk) as door:
            sheet("preview-issue", shots(browser, door, "/?pictures=on", changed=True))
            ask(project, "approve", "1")
            ask(project, "send", "1")
            ask(project, "run")
            sheet("preview-sent", shots(browser, door, "/issue/1"))
            for page in pages.navigation():
                if page.address != "/":
                    sheet(f"preview-{page.address.strip('/')}", shots(browser, door, page.address))


def shots(browser: Any, door: Door, address: str, *, changed: bool = False) -> Iterator[Image.Image]:
    """A page on a computer by day and on a phone by night, as far as a sheet is high."""
    for width, scheme in ((WIDE, "light"), (NARROW, "dark"), (NARROW, "light")):
        context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
        page = context.new_page()
        page.goto(door.url)
        page.goto(door.home.rstrip("/") + address + ("&look=dark" if scheme == "dark" and "?" in address else ""))
        if changed and width == WIDE:
            _change(page)
        page.wait_for_load_state("load")
        page.wait_for_timeout(800)
        if changed and (width, scheme) == (NARROW, "light"):
            page.locator(".tools").scroll_into_view_if_needed()
            page.evaluate("document.querySelector('.tools').scrollIntoView()")
        yield Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        context.close()


def _change(page: Any) -> None:
    """A few of the things that an author does."""
    page.get_by_label("Before the posts").fill("Dear readers,\n\nthis week is all about *small* kindnesses.")
    page.locator("form", has=page.get_by_label("Before the posts")).get_by_role("button", name="Save").click()
    page.locator("li", has_text=re.compile("Your own words at the beginning")).first.wait_for()
    page.locator("h1").click()


def sheet(name: str, columns: Iterator[Image.Image]) -> None:
    """Columns side by side, as docs/gallery/<name>.jpg."""
    shown = list(columns)
    canvas = Image.new("RGB", (sum(one.width + GAP for one in shown) + GAP, HEIGHT + 2 * GAP), GROUND)
    left = GAP
    for one in shown:
        canvas.paste(one, (left, GAP))
        left += one.width + GAP
    canvas.thumbnail((1800, 1800), Image.Resampling.LANCZOS)
    canvas.save(GALLERY / f"{name}.jpg", quality=84, optimize=True)
    print(f"docs/gallery/{name}.jpg: {(GALLERY / f'{name}.jpg').stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
