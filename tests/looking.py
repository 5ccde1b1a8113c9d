"""What people see: Chromium, axe-core and npm's mjml, where this machine has them; else a test says what is missing."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from PIL import Image, ImageChops

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

Scheme = Literal["light", "dark"]

NODE = Path(__file__).with_name("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = NODE / "node_modules/axe-core/axe.min.js"
WORDS_OF_PLOTS = """() => [...document.querySelectorAll(".plot svg")].map(svg => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
    return [...svg.querySelectorAll(".axis")].map(one => [one, one.getBoundingClientRect()])
        .filter(([_, box]) => box.width)
        .map(([one, box]) => [parseFloat(getComputedStyle(one).fontSize) * scale, box.left, box.right, box.top])
})"""
"""Of each plot its words that are seen: size in pixels, left, right, top."""


def reference(documents: Sequence[str]) -> list[dict[str, Any]]:
    """What npm's mjml makes of each document: its `html` and its `errors`, the strict validator's sentences."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules/mjml").is_dir():
        pytest.skip("npm's mjml is not here: install node, then `npm ci --prefix tests/node`")
    script = [node, str(NODE / "compile.mjs")]
    done = subprocess.run(script, input=json.dumps(documents).encode(), stdout=subprocess.PIPE, check=True, timeout=120)
    made: list[dict[str, Any]] = json.loads(done.stdout)
    return made


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a network."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not here: install the system's package `chromium`")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def shown(browser: Browser, html: str, *, width: int = 800, scheme: Scheme = "light") -> Iterator[Page]:
    """A page with `html`; every picture it asks for is a grey one."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.route("**/*", _picture)
    page.set_content(html, wait_until="load")
    yield page
    context.close()


def _picture(route: Route) -> None:
    if route.request.resource_type != "image":
        route.abort()
        return
    made = io.BytesIO()
    Image.new("RGB", (1200, 800), "#8899aa").save(made, "png")
    route.fulfill(body=made.getvalue(), content_type="image/png")


def picture(page: Page) -> Image.Image:
    """The whole page as it is seen."""
    return Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")


def apart(one: Image.Image, other: Image.Image) -> float:
    """The share of pixels of the larger picture that look different (by more than 32 of 255 in some colour)."""
    size = max(one.width, other.width), max(one.height, other.height)
    canvases = [Image.new("RGB", size, colour) for colour in ("black", "white")]
    for canvas, picture in zip(canvases, (one, other), strict=True):
        canvas.paste(picture)
    red, green, blue = ImageChops.difference(*canvases).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return sum(most.histogram()[33:]) / (size[0] * size[1])


def axe(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical, and every contrast that it could not judge: a line for each."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here: install node, then `npm ci --prefix tests/node`")
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations', 'incomplete']})")
    grave = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    unsure = [one for one in found["incomplete"] if one["id"] == "color-contrast"]
    if unsure:  # of letters that are taller than their line axe can't tell what lies behind them
        style = page.add_style_tag(content="* { line-height: 2 !important; }")
        again = page.evaluate("() => axe.run(document, {runOnly: ['color-contrast']})")
        style.evaluate("style => style.remove()")
        unsure = [*again["violations"], *again["incomplete"]]
    return [f"{one['id']}: {one['help']}: {node['html'][:200]}" for one in grave + unsure for node in one["nodes"]]
