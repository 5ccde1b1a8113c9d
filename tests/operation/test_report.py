"""A look back at deliveries, bounces, readers and sources: as text, as figures, as a page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from pipeline import lookback, run
from pipeline.errors import UserError
from pipeline.feedback import readers
from pipeline.model import IssueNumber, Report
from tests.journeys import steps
from tests.looking import WORDS_OF_PLOTS, chromium
from tests.world import World

READERS = ["ann@example.org", "ben@example.org", "cleo@example.org"]
AXE = Path(__file__).parents[1] / "node/node_modules/axe-core/axe.min.js"


@pytest.fixture
def sent(world: World) -> World:
    world.set('title = "Kind Words"', 'title = "Kind <Words> & more"')
    steps.subscribe(world, *READERS)
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    with world.project() as project:
        readers.unsubscribe(project.store, READERS[0], evidence="wrote to me", now=world.now)
        run.remember(project, Report(), world.now)
        run.remember(project, Report(errors=("x",), codes=(1,)), world.now)
    return world


def look(world: World, only: int | None = None) -> lookback.Look:
    with world.project() as project:
        number = None if only is None else IssueNumber(only)
        return lookback.look(project.store, project.settings, world.now, number)


def test_text_and_figures_say_the_same_and_name_nobody(sent: World) -> None:
    found = look(sent)
    text, figures = "\n".join(lookback.lines(found)), lookback.document(found)
    assert re.search(r"\b1  2026-11-23 +3 +3 +0 +0 +0 +0 +0\b", text)
    assert "1 unsubscribed" in text
    assert "This month 3 came and 1 left." in text
    assert "Source blog: well" in text
    assert "1 failed" in text
    (issue,) = figures["issues"]
    assert (issue["audience"], issue["accepted"]) == (3, 3)
    assert figures["months"]["2026-11"]["left"] == 1
    assert not re.search(r"@example|ann|ben", text + json.dumps(figures) + lookback.page(found))


def test_the_page_needs_nothing_else_and_its_plots_have_words(sent: World) -> None:
    page = lookback.page(look(sent))
    assert "Kind &lt;Words&gt; &amp; more" in page
    tree: Any = html.fromstring(page)
    assert not tree.xpath("//script | //link | //img | //@src | //@href")
    assert "url(" not in page
    drawings = tree.xpath("//*[local-name()='svg']")
    assert len(drawings) >= 3
    for drawing in drawings:
        assert drawing.xpath("./*[local-name()='title']/text()")
        assert drawing.xpath("./*[local-name()='desc']/text()")
        assert drawing.get("role") == "img"
    assert len(tree.xpath("//details//table")) == len(drawings)


def test_a_trial_is_told_as_sent_to_nobody(sent: World) -> None:
    found = look(sent)
    assert "Issue 1 was only written into outbox/mail/, to nobody." in lookback.lines(found)
    assert "only written into outbox/mail/, to nobody" in lookback.page(found)


def test_one_issue_has_a_report_of_its_own(sent: World) -> None:
    found = look(sent, 1)
    assert "issue 1" in lookback.lines(found)[0]
    assert "What became of its copies" in lookback.page(found)
    with pytest.raises(UserError, match="has not been sent"):
        look(sent, 2)


def test_a_project_that_sent_nothing_has_a_report(world: World) -> None:
    found = look(world)
    assert "Nothing was sent yet." in lookback.lines(found)
    assert "Nothing yet." in lookback.page(found)


def test_the_command_leaves_a_page_and_prints_the_text(sent: World, tmp_path: Path) -> None:
    def command(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "pipeline.cli.main", "--project", str(sent.folder), *words]
        return subprocess.run(line, capture_output=True, text=True, timeout=60)

    done = command("report")
    assert done.returncode == 0, done.stderr
    assert "outbox/report/index.html" in done.stdout
    assert (sent.folder / "outbox/report/index.html").exists()
    assert command("report", "1", "--page", str(tmp_path / "one.html")).returncode == 0
    assert "issue 1" in (tmp_path / "one.html").read_text("utf-8")
    assert json.loads(command("--json", "report").stdout)["issues"][0]["number"] == 1
    assert command("report", "9").returncode == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_finds_nothing_that_shuts_somebody_out(sent: World, tmp_path: Path, scheme: str) -> None:
    if not AXE.exists() or not Path("/usr/bin/chromium").exists():
        pytest.skip("needs Chromium and axe-core")
    from playwright.sync_api import sync_playwright

    file = tmp_path / "report.html"
    file.write_text(lookback.page(look(sent)), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
        tab.goto(file.as_uri())
        tab.add_script_tag(path=str(AXE))
        found = tab.evaluate("axe.run()")
        browser.close()
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


def test_the_words_of_its_plots_can_be_read_on_a_phone(sent: World, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(lookback.page(look(sent)), "utf-8")
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 375, "height": 800})
        tab.goto(file.as_uri())
        plots = tab.evaluate(WORDS_OF_PLOTS)
    assert min(size for words in plots for size, *_ in words) >= 12
