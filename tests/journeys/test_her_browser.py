"""Wide lives whose author clicks, types, drags and goes back in a real Chromium: at her desk, and on a dark phone.

The same ones each time; HER_BROWSER="7" or HER_BROWSER="40-90" in the environment lives others, of four times the
length, each for about a minute.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError  # noqa: A004 - what this page's waiting ends with

from pipeline.model import Report
from pipeline.preview import Desk
from tests.journeys import eyes
from tests.journeys import test_a_life as life
from tests.journeys import test_a_wide_life as wide
from tests.journeys import test_her_page as her_page
from tests.looking import chromium
from tests.preview.browser import needs_chromium, served, window
from tests.world import World

pytestmark = [needs_chromium, pytest.mark.timeout(600)]

LENGTH = 4 if "HER_BROWSER" in os.environ else 1
PHONE = {"viewport": {"width": 375, "height": 700}, "color_scheme": "dark", "has_touch": True}
WORDS = ("Dear readers,", "", "A **bold** word", "12", "x" * 300, "<b>&amp;", "zoë@example.org", "2026-12-01")
KEYS = ("Control+z", "Control+z", "Control+Shift+z", "Tab", "Escape", "Space")
FIELDS = ", ".join(f"main input[type={kind}]" for kind in ("text", "email", "number", "search"))

NOTES = """() => {
    window.asking = 0;
    window.unanswered = 0;
    document.addEventListener("htmx:before:request", () => { window.asking += 1; });
    document.addEventListener("htmx:finally:request", () => { window.asking -= 1; });
    new MutationObserver((changes) => {
        for (const node of changes.flatMap((one) => [...one.addedNodes]))
            if (node.classList?.contains("unanswered")) window.unanswered += 1;
    }).observe(document, {subtree: true, childList: true});
}"""
"""What a page notes of itself from its beginning."""

UNLIKE = """async () => {
    const shown = (page) => {
        const main = page.querySelector("main").cloneNode(true);
        for (const one of main.querySelectorAll("[aria-live]")) one.remove();
        for (const one of main.querySelectorAll("iframe")) one.replaceWith(` ${one.getAttribute("src")} `);
        for (const one of main.querySelectorAll("input, select"))
            one.replaceWith(` ${one.name}=${one.getAttribute("value")},${one.hasAttribute("checked")} `);
        return main.textContent.split(/\\s+/).join(" ");
    };
    const address = document.querySelector("main").getAttribute("hx-get").replace(/[?&]seen=.*/, "");
    const anew = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
    return [shown(document), shown(anew)];
}"""
"""What the page shows, and what it would if it were loaded anew; but for answers, which stand until they are read."""


class Unasked(her_page.Noted):
    """A life of which others ask whether its promises are kept."""

    def _what_was_promised_holds(self) -> None:
        pass

    def cron(self) -> Report:
        """Whatever it meets."""
        return self._walk()


@dataclass
class Window:
    """One of hers; each deed says what it was."""

    page: Any
    dice: random.Random
    home: str
    chosen: Any = None

    def she_does_something(self) -> str:
        """And waits until the page has come to rest."""
        deeds = [self.clicks] * 6 + [self.types, self.follows] * 2 + [self.unfolds, self.drags, self.presses_keys]
        deed = self.dice.choice([*deeds, self.clicks, self.types, self.moves_on])
        try:
            said = deed()
        except TimeoutError:
            # What the other window did may have taken away what she was about to use.
            if self.chosen is None or self.chosen.count():
                raise
            said = "what is gone"
        self.rests()
        return f"{deed.__name__} {said}"

    def rests(self) -> None:
        """Nothing is asked any more, nor does it begin to be."""
        for _ in range(2):
            self.page.wait_for_timeout(60)
            self.page.wait_for_function("() => !window.asking && document.readyState === 'complete'")

    def _one(self, selector: str) -> Any:
        found = [one for one in self.page.locator(selector).all() if one.is_visible() and one.is_enabled()]
        self.chosen = self.dice.choice(found) if found else None
        return self.chosen

    def clicks(self) -> str:
        """A button, or presses it; then the keys do not begin at the page's top again."""
        one = self._one("main button")
        if one is None:
            return ""
        words: str = one.inner_text()
        loads = one.evaluate("(one) => !one.form?.matches('[hx-post]')")
        if self.dice.random() < 0.5:
            one.click()
            return words
        one.press("Enter")
        self.rests()
        lost = self.page.evaluate("document.activeElement === document.body")
        assert loads or not lost, f"whoever pressed “{words}” is nowhere"
        return f"{words} by Enter"

    def types(self) -> str:
        """Into a field, and sends it or goes on."""
        one = self._one(f"{FIELDS}, main textarea:not([readonly])")
        if one is None:
            return ""
        words = self.dice.choice(WORDS)
        one.fill(words)
        if self.dice.random() < 0.6:
            one.press(self.dice.choice(["Enter", "Tab"]))
        return words

    def follows(self) -> str:
        """A link to another page of hers."""
        one = self._one("main a[href^='/']:not([download], [target]), nav a")
        address = one.get_attribute("href") if one else ""
        if not address or re.search(r"[.]\w+$|/export", address):
            return ""
        one.click()
        return address

    def unfolds(self) -> str:
        """What is folded, or folds it."""
        one = self._one("main summary")
        if one is None:
            return ""
        one.click()
        words: str = one.inner_text()
        return words

    def drags(self) -> str:
        """A post up or down."""
        one = self._one("[data-handle]")
        if one is None:
            return ""
        one.scroll_into_view_if_needed()
        box = one.bounding_box()
        self.page.mouse.move(box["x"] + 5, box["y"] + 5)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + 5, box["y"] + self.dice.choice([-250, 250]), steps=4)
        self.page.mouse.up()
        return "a post"

    def presses_keys(self) -> str:
        """Wherever she is."""
        key = self.dice.choice(KEYS)
        self.page.keyboard.press(key)
        return key

    def moves_on(self) -> str:
        """By the browser's own means."""
        how = self.dice.choice(["back", "reload", "home"])
        match how:
            case "back":
                self.page.evaluate("history.back()")
                self.page.wait_for_timeout(600)
                if self.page.url == "about:blank":
                    self.page.goto(self.home)
            case "reload":
                self.page.reload()
            case "home":
                self.page.goto(self.home)
        return how

    def is_sound(self) -> None:
        """Every question got an answer, and nothing is wider than the window."""
        assert self.page.evaluate("window.unanswered") == 0
        beyond = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{self.page.url} is wider than its window by {beyond}"

    def shows_what_is(self) -> None:
        """As soon as it heard that something has changed, unless words of hers are on it."""
        self.page.evaluate("document.dispatchEvent(new Event('state'))")
        self.rests()
        fields = "[...document.querySelectorAll('main input, main textarea')]"
        written = self.page.evaluate(f"{fields}.some((one) => one.value !== one.defaultValue)")
        if not written and self.page.evaluate("document.querySelector('main').hasAttribute('hx-get')"):
            here, anew = self.page.evaluate(UNLIKE)
            assert here == anew, f"{self.page.url} shows what was"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("number", life.lives("HER_BROWSER", "1"))
def test_whatever_she_clicks_her_page_shows_what_is(
    number: int, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Any
) -> None:
    monkeypatch.setattr(life, "copy", her_page.copy)
    dice = random.Random(number)
    world.blog = wide.TwoFeeds()
    cadence, approval = life.settings_of(dice)
    with ExitStack() as until:
        host = life.host(until, "smtp", world, tmp_path)
        lived = Unasked(world, host, cadence, approval)
        around = eyes.Eyes(world=world, host=host).around
        desk = Desk(world.folder, environment={}, opener=around, clock=lambda: world.now, person="Lisa")
        door = until.enter_context(served(until.enter_context(closing(desk))))
        hers = []
        for how in ({}, PHONE):
            page = until.enter_context(window(browser, door, **how))
            page.on("dialog", lambda asked: asked.accept())
            page.add_init_script(f"({NOTES})()")
            page.set_default_timeout(10_000)
            page.goto(door.url)
            hers.append(Window(page, dice, door.url))
        for at in range(25 * LENGTH):
            if dice.random() < 0.25:
                what, how = wide.happening(dice)
                # Its server is a thread of this process, and what is killed would be made by its fork.
                lived.does(what, how | {"killed_at": 0} if "killed_at" in how else how)
                continue
            one = dice.choice(hers)
            print(f"{one.page.url} {one.she_does_something()}")  # noqa: T201 - pytest shows it of a life that fails
            one.is_sound()
            if at % 3 == 0:
                one.shows_what_is()
