"""A newsletter after years of work, to measure what a run costs by what changed and what by all that there is.

    python -m tests.bench.years FOLDER [--posts 1000] [--issues 50] [--readers 20]

Makes the project in FOLDER by the program's own rooms, a week at a time: half of the posts are from before its first
day, the others come ten a week, and each week's issue is approved by rule and handed to the outbox provider. The blog
has its newest twenty posts in its feed; it is served nowhere, so a run afterwards says that the source is not there.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

from pipeline import books, clean, compose, config, deliver, pull, render, review, run
from pipeline.compose import schedule
from pipeline.feedback import readers
from pipeline.line import Wire
from pipeline.model import Fetched, Outside
from pipeline.run import Project
from pipeline.store import entries, issues, posts

LAST = datetime(2026, 11, 24, 15, tzinfo=UTC)
"""A Tuesday, an hour after the last turn of the schedule."""
WEEK = timedelta(days=7)
A_WEEK = 10
"""New posts in a week, all of which the week's issue holds."""
SETTINGS = """\
[newsletter]
title = "Kind Words"
url = "http://127.0.0.1:9/"
from = "Lisa <letters@example.org>"
reply_to = "lisa@example.org"
postal_address = "12 Main Street, Springfield"
public_url = "https://news.example.org/"

[[source]]
url = "http://127.0.0.1:9/feed/"
name = "blog"
kind = "feed"

[schedule]
cadence = "weekly"
day = "tuesday"
at = "14:00"
max_posts = 10
settle = "30m"
approval = "automatic"

[links]
check = false

[fetch]
allow_private_hosts = ["127.0.0.1:9"]
"""
OLDER = """
[[source]]
url = "http://127.0.0.1:9/before-{0}/"
name = "before {0}"
kind = "feed"
"""
AT_ONCE = 1000
"""Posts that one feed may hold; the older half comes from as many feeds as that takes."""
SENTENCES = (
    "Some children lie awake with worries that grow in the dark, and no night light is bright enough for them.",
    "A worried child needs company before advice, so sit down on the edge of the bed and ask what it looks like.",
    "When anxious thoughts have a shape and a name, a child can put them into a box until the morning comes.",
    "A new school begins with a bag that is too large and a friend who has not been found yet.",
    "Sharing is easier with two of everything, and harder, and more useful, with one.",
    "We read about a bear who was angry, and afterwards somebody could say what anger feels like in the belly.",
    "Winter brings mittens that are lost, soup that is hot, and long evenings with a pile of picture books.",
    "Grandparents tell stories that nobody else knows, and a family is made of stories that are told again.",
    "Kindness is not always loud: it may be a chair that is pulled out, or a swing that is given up.",
    "In the garden a seed takes its time, and waiting for it is the first lesson in patience.",
)
WORDS = "small brave quiet curious gentle muddy early late shared borrowed lost found patient noisy".split()


class Blog:
    """The blog's feed as it is at a moment: its newest posts, of those that are out by then."""

    def __init__(self, moments: list[datetime], window: int) -> None:
        self.moments = moments
        self.window = window
        self.now = moments[0]

    def __call__(self, url: str, **_: object) -> Fetched:
        out = [at for at, moment in enumerate(self.moments) if moment <= self.now]
        part = int(url.rstrip("/").rpartition("-")[2]) * AT_ONCE if "before-" in url else len(out) - self.window
        out = out[max(part, 0) : part + AT_ONCE] if "before-" in url else out[max(part, 0) :]
        items = "".join(self._item(at) for at in reversed(out))
        head = "<title>Blog</title><link>http://127.0.0.1:9/</link><description>A blog</description>"
        body = f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>{head}{items}</channel></rss>'
        return Fetched(url=url, status=200, headers={"content-type": "application/rss+xml"}, body=body.encode())

    def _item(self, at: int) -> str:
        chance = random.Random(at)
        title = f"{chance.choice(WORDS).title()} {chance.choice(WORDS)} things, part {at}"
        text = [" ".join(chance.choices(SENTENCES, k=4)) for _ in range(5)]
        body = "".join(
            f"<p>{escape(part)} ({at}) <a href='http://127.0.0.1:9/p{at - 1}/'>Before</a></p>" for part in text
        )
        tags = "".join(f"<category>{word}</category>" for word in chance.sample(WORDS, 3))
        return (
            f"<item><title>{title}</title><link>http://127.0.0.1:9/p{at}/</link>"
            f'<guid isPermaLink="false">post {at}</guid><pubDate>{format_datetime(self.moments[at])}</pubDate>{tags}'
            f"<description>{escape(body)}</description></item>"
        )


def make(folder: Path, count: int, issues: int, people: int) -> None:
    """The whole project, its last issue sent and everything syndicated."""
    for name in ("sources", "outbox"):
        (folder / name).mkdir(parents=True)
    weekly = min(issues * A_WEEK, count - 1)
    first = LAST - (weekly // A_WEEK) * WEEK
    old = [first - timedelta(hours=6 * back) for back in range(count - weekly, 0, -1)]
    new = [first + WEEK * (at // A_WEEK) + timedelta(hours=12 * (at % A_WEEK + 1)) for at in range(weekly)]
    blog = Blog([*old, *new], window=20)
    feeds = range(len(old) // AT_ONCE)
    (folder / config.FILE).write_text(SETTINGS + "".join(map(OLDER.format, feeds)), "utf-8")
    settings = config.load(folder, {})
    with Wire(settings.outbox) as line:
        out = Outside(clock=lambda: blog.now, fetch=blog, line=line, rest=lambda _: None)
        with run.opened(settings, out, lambda _: None, alone=True) as project:
            for at in range(people):
                readers.add(project.store, f"reader{at}@example.org", name=None, consent="bench", now=first)
            blog.now = first
            _take_in(project, *(f"before {at}" for at in feeds), "blog")
            while blog.now < LAST:
                blog.now += WEEK
                _take_in(project)
                _send(project)
    (folder / config.FILE).write_text(SETTINGS, "utf-8")
    settings = config.load(folder, {})
    with Wire(settings.outbox) as line:
        out = Outside(clock=lambda: blog.now, fetch=blog, line=line, rest=lambda _: None)
        with run.opened(settings, out, lambda _: None, alone=True) as project:
            run.walk(project)


def _take_in(project: Project, *sources: str) -> None:
    """What a run does with the feeds, without asking what else is due."""
    _each(pull, project, (f"source/{name}" for name in sources or ("blog",)))
    with project.store.reading() as tx:
        raw = entries.uncleaned(tx, clean.RULES)
    _each(clean, project, clean.due(project.store, project.settings.clean, project.out.clock()))
    with project.store.reading() as tx:
        owners = posts.of_entries(tx, raw)
    made = [owners[entry] for entry in raw if entry in owners]
    _each(books, project, (",".join(map(str, made[at : at + 50])) for at in range(0, len(made), 50)))


def _send(project: Project) -> None:
    now = project.out.clock()
    slot = schedule.latest(project.settings.schedule, project.settings.newsletter.timezone, now)
    assert slot is not None
    _each(compose, project, [slot.key])
    with project.store.reading() as tx:
        number = max((one.number for one in issues.outlines(tx)), default=None)
    _each(render, project, [f"issue/{number}"])
    _each(review, project, [f"approve/{number}"])
    for _ in range(2):
        _each(deliver, project, list(deliver.due(project.store, project.settings.deliver, now, number)))
    _each(review, project, [f"state/{number}/sent"])


def _each(room: object, project: Project, keys: Iterable[str]) -> None:
    name = room.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    for key in keys:
        report = room.work(key, project.store, getattr(project.settings, name), project.out)  # type: ignore[attr-defined]
        assert not report.errors, report.errors


def main() -> None:
    """Make one project."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("folder", type=Path)
    for name, value in (("posts", 1000), ("issues", 50), ("readers", 20)):
        asked.add_argument(f"--{name}", type=int, default=value)
    given = asked.parse_args()
    make(given.folder, given.posts, given.issues, given.readers)


if __name__ == "__main__":
    main()
