"""A project of ours that is ready to be measured: laid out with the program's own commands."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.bench import words
from tests.bench.measure import environment
from tests.bench.row import Plan

NEWSLETTER = """\
[newsletter]
title = "Kind Words"
url = "https://blog.example.org/"
from = "Lisa <letters@example.org>"
reply_to = "lisa@example.org"
postal_address = "12 Main Street, Springfield"
public_url = "https://news.example.org/"

[schedule]
cadence = "each"
max_posts = 50
approval = "required"

[books]
covers = false
per_issue = {books}
"""
LOCAL = """
[[source]]
url = "sources/posts"
kind = "markdown"
name = "blog"
"""


POSTS = 6
"""How many posts an ordinary issue has."""
STAND_IN = re.compile(r"https://unsubscribe\.invalid/\w+")


def done(plan: Plan, folder: Path, *said: str) -> str:
    """What one command of ours prints. Raises AssertionError with its words when it does not end with 0 or 3."""
    command = plan.tools.ours("--project", str(folder), *said)
    ended = subprocess.run(command, capture_output=True, text=True, env=environment())
    assert ended.returncode in (0, 3), f"{said}: {ended.stdout[-1500:]} {ended.stderr[-1500:]}"
    return ended.stdout


def lay_out(folder: Path, *, more: str = LOCAL, shelf: int = 20, books: int = 4) -> None:
    """Settings and a shelf."""
    (folder / "sources").mkdir(parents=True)
    (folder / "sources/newsletter.toml").write_text(NEWSLETTER.format(books=books) + more, "utf-8")
    (folder / "sources/books.toml").write_text(words.shelf(shelf), "utf-8")


def write_posts(folder: Path, count: int) -> None:
    """So many local posts."""
    where = folder / "sources/posts"
    where.mkdir(exist_ok=True)
    for number in range(count):
        post = words.post(7, number)
        head = f"---\ntitle: '{post.title}'\ndate: {post.when.isoformat()}\nurl: {post.link}\n---\n"
        (where / f"{number}.md").write_text(head + "\n\n".join(post.paragraphs), "utf-8")


def with_posts(plan: Plan, folder: Path, posts: int, *, more: str = LOCAL, books: int = 4, shelf: int = 20) -> None:
    """Posts of which the next issue holds all."""
    lay_out(folder, more=more, books=books, shelf=shelf)
    write_posts(folder, posts)
    done(plan, folder, "pull")
    done(plan, folder, "posts", "keep", *map(str, range(1, posts + 1)))


def copied(plan: Plan, name: str, make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Fills a folder with a copy of what `make` makes, which is made once in a bench."""
    whole = plan.folder / "projects" / name

    def fill(folder: Path) -> None:
        if not whole.exists():
            half = whole.with_name(f"{name}.half")
            make(half)
            half.rename(whole)
        shutil.copytree(whole, folder, dirs_exist_ok=True)

    return fill


def ordinary(plan: Plan, folder: Path) -> None:
    """Posts of an ordinary issue."""
    copied(plan, "ordinary", lambda empty: with_posts(plan, empty, POSTS))(folder)


def issue(plan: Plan) -> Path:
    """A folder with issue.html and issue.txt, in which {{link}} stands for the reader's link; made once."""
    folder = plan.folder / "issue"
    if not folder.exists():
        ordinary(plan, folder)
        done(plan, folder, "build", "--now")
        for kind in ("html", "txt"):
            (made,) = (folder / "outbox/issues").glob(f"*/email.{kind}")
            (folder / f"issue.{kind}").write_text(STAND_IN.sub("{{link}}", made.read_text("utf-8")), "utf-8")
    return folder
