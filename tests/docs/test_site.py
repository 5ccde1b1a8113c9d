"""The documentation as a site: every link leads somewhere, every command is in it, and nothing is fetched from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import html

ROOT = Path(__file__).parents[2]
QUIET = os.environ | {"NO_MKDOCS_2_WARNING": "1"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=QUIET)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_made_and_no_link_in_it_is_broken(site: Path) -> None:
    for name in ("index", "tutorial", "settings", "providers", "commands", "changelog", "security", "faq"):
        assert (site / f"{name}.html").is_file()
    assert "paperround subscribers import" in (site / "commands.html").read_text("utf-8")


def test_reading_it_asks_no_other_host_for_anything(site: Path) -> None:
    for page in site.glob("*.html"):
        tree = html.document_fromstring(page.read_bytes())
        fetched = [str(one.get("src") or "") for one in tree.iter("script", "img", "iframe")]
        fetched += [str(one.get("href") or "") for one in tree.iter("link") if one.get("rel") != "canonical"]
        assert [address for address in fetched if re.match(r"(https?:)?//", address)] == [], page.name


def test_a_page_of_the_documentation_links_no_file_that_is_not_there() -> None:
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8")):
            assert (ROOT / target).exists(), f"{page.name}: {target}"


def test_a_line_for_cron_names_the_program_by_its_path_as_cron_does_not_look_into_an_environment() -> None:
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "pipeline/cli/cron.py"]
    lines = [line for page in pages for line in page.read_text("utf-8").splitlines() if re.match(r"\s*\*/15 ", line)]
    assert len(lines) >= 4
    assert [line for line in lines if "/bin/paperround " not in line] == []


def test_the_words_of_the_documentation_name_only_commands_that_exist() -> None:
    import click

    from pipeline.cli.main import cli

    context = click.Context(cli)
    known = set(cli.list_commands(context))
    for page in (*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md"):
        named = set(
            re.findall(
                r"(?:^|`|\$ )paperround (?:--project [^ ]+ )?(?:--?[a-z]+ )*([a-z][a-z-]+)",
                page.read_text("utf-8"),
                re.MULTILINE,
            )
        )
        assert named <= known, page.name
