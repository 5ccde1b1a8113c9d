"""The tutorial is typed in, line by line: what it says the program answers is what the program answers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import site

PAGE = (Path(__file__).parents[2] / "docs/tutorial.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOVING = re.compile(r"\w+day, \d{1,2} \w+(?: \d{4})?, \d\d:\d\d|\bhash [0-9a-f]{12}|\d{4}-\d\d-\d\d|127\.0\.0\.1:\d+")
"""What another day, another run or another port makes different."""
WHERE_A_NETWORK_IS_NEEDED = ("lint",)

MAILCHIMP = "Email Address,First Name,LEID,EUID,{more}\n"
LISTS = {
    "subscribed_email_audience_export_1.csv": MAILCHIMP.format(more="TAGS")
    + "bea@example.org,Bea,1,a,\ncarlos@example.org,Carlos,2,b,\n",
    "unsubscribed_email_audience_export_1.csv": MAILCHIMP.format(more="UNSUB_TIME")
    + "dora@example.org,Dora,3,c,2025-01-01 10:00:00\n",
}


def typed() -> Iterator[tuple[str, list[str]]]:
    """Each command of the page with the lines that stand below it."""
    for kind, text in BLOCK.findall(PAGE):
        if not kind and text.startswith("$ "):
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *answer = part.rstrip("\n").split("\n")
                yield command, [line.rstrip() for line in answer if line.strip()]


def still(text: str) -> str:
    return MOVING.sub("…", text)


@pytest.mark.timeout(600)
def test_what_the_tutorial_shows_is_what_the_program_answers(tmp_path: Path) -> None:
    for name, text in LISTS.items():
        (tmp_path / name).write_text(text)
    folder, done = tmp_path, 0
    with site.serving(0) as home:
        for command, answer in typed():
            if command.startswith("cd "):
                folder /= command.removeprefix("cd ")
                follow_the_page(folder)
                continue
            words = command.replace("http://127.0.0.1:8421/", home).split()
            assert words[0] == "paperround"
            if words[1] in WHERE_A_NETWORK_IS_NEEDED:
                continue
            said = says(folder, words[1:])
            for line in answer:
                assert still(line) in said, (
                    f"{command}: the page has a line that was not said; it was:\n{chr(10).join(said)}"
                )
            done += 1
    assert done > 15


def says(folder: Path, words: list[str]) -> list[str]:
    program = [sys.executable, "-m", "pipeline.cli.main", *words]
    told = subprocess.run(
        program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, cwd=folder, timeout=300
    )
    assert told.returncode == 0, f"{words}: {told.stdout}"
    return [still(line.rstrip()) for line in told.stdout.splitlines()]


def follow_the_page(project: Path) -> None:
    """Her settings and her book, as the page has them; but no public address, whose links would be looked up."""
    settings, book, *_ = [text for kind, text in BLOCK.findall(PAGE) if kind == "toml"]
    file = project / "sources/newsletter.toml"
    text = file.read_text("utf-8")
    for line in settings.splitlines():
        key = line.partition(" ")[0]
        if key != "public_url":
            text, changed = re.subn(rf"^(# )?{key} = .*$", line, text, count=1, flags=re.MULTILINE)
            assert changed, f"{key} does not stand in a new project"
    file.write_text(text, "utf-8")
    shelf = project / "sources/books.toml"
    shelf.write_text(shelf.read_text("utf-8") + "\n" + book, "utf-8")
