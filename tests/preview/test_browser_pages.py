"""The pages around the next issue in a real Chromium: a story for each, and what axe-core says on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipeline import run
from pipeline.preview import Door
from tests.journeys import steps
from tests.looking import AXE, WORDS_OF_PLOTS, chromium
from tests.preview.author import desk
from tests.preview.browser import needs_chromium, serious, served, window
from tests.world import World

pytestmark = [needs_chromium, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    """Lisa's page after one sent issue and a run."""
    world.blog.publish("kindness", "A jar of kind words", world.now - timedelta(days=1))
    steps.subscribe(world, "ann@example.org")
    with world.project() as project:
        run.remember(project, run.walk(project, "pull", "clean", "books"), world.now)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    with closing(desk(world)) as page, served(page) as door:
        yield door


def opened(page: Any, name: str) -> None:
    """Go there by the page's own navigation."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()
    page.locator("main h1", has_text=name).wait_for()
    page.wait_for_load_state()  # its style sheets too


def good(page: Any) -> None:
    """Nothing of weight is wrong for those who can't see, and nothing is wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if AXE.is_file():
        assert serious(page) == []


def said(page: Any, words: str) -> None:
    page.locator("main").get_by_text(words).first.wait_for()


def test_a_post_is_found_looked_at_and_taken_after_all(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        opened(page, "Posts")
        page.get_by_label("Words of a title or tag").fill("worries")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Worries at Bedtime").click()
        page.locator("h2", has_text="Side by side").wait_for()
        good(page)
        page.get_by_role("button", name="Take it").click()
        said(page, "may go into the next issue")
        page.get_by_role("link", name="Next issue").click()
        page.locator(".posts h3", has_text="Worries at Bedtime").wait_for()


def test_a_book_is_given_another_theme_on_a_phone(browser: Any, door: Door, world: World) -> None:
    with window(browser, door, viewport={"width": 375, "height": 800}, color_scheme="dark") as page:
        opened(page, "Books")
        page.get_by_role("link", name="The Dot").click()
        page.get_by_label("Themes, with commas").fill("creativity, courage, art")
        good(page)
        page.get_by_role("button", name="Write it to the shelf").click()
        said(page, "Written to your shelf")
        assert '"art"' in (world.folder / "sources/books.toml").read_text("utf-8")


def test_readers_come_from_a_file_and_one_is_forgotten(browser: Any, door: Door, tmp_path: Path) -> None:
    file = tmp_path / "friends.csv"
    file.write_text("email,name\nben@example.org,Ben\nno address,X\nann@example.org,Ann\n")
    with window(browser, door) as page:
        opened(page, "Subscribers")
        page.get_by_label("A CSV file").set_input_files(file)
        page.get_by_role("button", name="Look at it").click()
        said(page, "Nothing has been changed yet")
        page.locator("tr", has_text="no address").first.wait_for()
        good(page)
        page.get_by_role("button", name="Take 1 reader in").click()
        page.get_by_role("link", name="ben@example.org").click()
        page.get_by_label("Type her address to be sure").fill("ben@example.org")
        good(page)
        page.get_by_role("button", name="Forget her for ever").click()
        said(page, "Forgotten")
        assert page.get_by_role("link", name="ben@example.org").count() == 0


def test_a_setting_is_mended_then_written(browser: Any, door: Door, world: World) -> None:
    with window(browser, door) as page:
        opened(page, "Settings")
        page.get_by_label("Time of day").fill("noon")
        page.get_by_label("Time of day").press("Enter")
        page.locator("#schedule\\.at-wrong").wait_for()
        good(page)
        page.get_by_label("Time of day").fill("12:00")
        page.get_by_role("button", name="Look at the change").click()
        said(page, 'at = "12:00"')
        good(page)
        page.get_by_role("button", name="Write it").click()
        said(page, "Written.")
        assert 'at = "12:00"' in (world.folder / "sources/newsletter.toml").read_text("utf-8")


@pytest.mark.parametrize("width", [375, 1280])
def test_the_words_of_plots_are_large_enough_and_stand_beside_each_other(browser: Any, door: Door, width: int) -> None:
    with window(browser, door, viewport={"width": width, "height": 800}) as page:
        opened(page, "Health")
        plots = page.evaluate(WORDS_OF_PLOTS)
        assert plots
        for words in plots:
            assert min(size for size, *_ in words) >= 12
            foot = max(top for *_, top in words)
            labels = sorted((left, right) for _, left, right, top in words if top > foot - 1)
            assert all(right < left for (_, right), (left, _) in pairwise(labels))
            assert labels[-1][1] <= width


def test_plots_that_have_nothing_to_show_leave_no_holes_between_the_others(browser: Any, door: Door) -> None:
    with window(browser, door) as page:
        opened(page, "Health")
        boxes = page.locator(".plots > .card").evaluate_all(
            "all => all.map(one => one.getBoundingClientRect()).map(box => [box.top, box.bottom])"
        )
        assert len(boxes) == 4
        assert boxes[0] == pytest.approx(boxes[1])
        assert boxes[2] == pytest.approx(boxes[3])
        assert page.locator(".plots > .card:has(svg) ~ .card:not(:has(svg)) ~ .card:has(svg)").count() == 0


def test_the_archive_and_the_plots_can_be_read_without_scripts_and_by_everybody(browser: Any, door: Door) -> None:
    with window(browser, door, viewport={"width": 375, "height": 800}) as page:
        opened(page, "Health")
        plot = page.get_by_role("img", name="Copies handed over")
        assert "1 taken by the provider in all" in plot.locator("desc").text_content()
        page.get_by_text("The numbers").first.click()
        good(page)
    with window(browser, door, java_script_enabled=False) as page:
        opened(page, "Issues")
        said(page, "1 = 1 written")
        page.get_by_role("link", name="Look at issue 1").click()
        said(page, "1 written")
