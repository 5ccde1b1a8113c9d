"""The readers' side as people see it: the real server, a real browser, a narrow screen, and a check for barriers."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.journeys import steps
from tests.public.server import served
from tests.world import World

AXE = Path(__file__).parents[1] / "node/node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium") or ""
SHOTS = os.environ.get("PAPERROUND_SHOTS", "")
"""A folder for pictures of the pages, for people who want to look."""

pytestmark = pytest.mark.skipif(not (CHROMIUM and AXE.is_file()), reason="needs chromium and axe-core (make test)")


@contextmanager
def browser(**context: Any) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_context(bypass_csp=True, **context).new_page()
        yield page
        chromium.close()


def barriers(page: Any, name: str) -> list[str]:
    """What axe-core calls serious or critical, and whether the page is wider than the screen."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run()")["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in ("serious", "critical")] + (
        ["wider than the screen"] if wide else []
    )


def mailed(world: World) -> str:
    """Where the button of the newest mail leads, as a path; the server sends it after its answer."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = sorted((world.folder / "outbox/mail/0").rglob("*.eml"))
        if found:
            mail = message_from_bytes(found[-1].read_bytes(), policy=policy.default)
            text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
            return str(text.partition("https://news.example.org")[2].split()[0])
        time.sleep(0.05)
    raise AssertionError("no mail came")


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("de", "dark"), ("ar", "light")])
def test_the_whole_way_in_and_out_on_a_phone(world: World, language: str, scheme: str) -> None:
    steps.pull(world)
    world.set("[[source]]", f'language = "{language}"\n\n[readers]\ntopics = ["Sleep", "School"]\n\n[[source]]')
    steps.build_now(world)
    phone = {"viewport": {"width": 320, "height": 700}, "color_scheme": scheme, "java_script_enabled": True}
    with served(world) as home, browser(**phone) as page:

        def look(name: str) -> list[str]:
            return barriers(page, f"{name}-{language}-{scheme}")

        page.goto(f"{home}/subscribe")
        assert look("subscribe") == []
        page.fill("#email", "not an address")
        page.evaluate("document.querySelector('form').noValidate = true")
        page.check("input[name=consent]")
        page.click("button")
        assert look("subscribe-wrong") == []
        page.fill("#email", "ann@example.org")
        page.check("input[name=consent]")
        page.click("button")
        assert look("look") == []
        page.goto(home + mailed(world))
        assert look("confirm") == []
        page.click("button")
        assert look("welcome") == []
        with world.project(alone=False) as project, project.store.reading() as tx:
            from pipeline.store import people

            ann = people.by_address(tx, "ann@example.org")
        assert ann is not None
        assert ann.state == "active"
        page.goto(f"{home}/preferences/{ann.token}")
        assert look("preferences") == []
        page.check("input[value=month]")
        page.click("button")
        assert look("preferences-saved") == []
        page.goto(f"{home}/unsubscribe/{ann.token}")
        assert look("unsubscribe") == []
        page.click("button")
        assert look("left") == []
        page.goto(f"{home}/nowhere")
        assert look("lost") == []
        with world.project(alone=False) as project, project.store.reading() as tx:
            ann = people.by_address(tx, "ann@example.org")
        assert ann is not None
        assert (ann.state, ann.every) == ("unsubscribed", "month")
