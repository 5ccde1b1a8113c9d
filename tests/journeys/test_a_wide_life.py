"""A newsletter's life in which its author also edits, and its settings, its blog and its readers' wishes change.

The same ones each time, of those in which no post changes in several ways before anybody looks. WIDE_LIVES="7" or
WIDE_LIVES="40-90" in the environment lives others, each for the better part of a minute.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from pipeline import compose, config, review
from pipeline.errors import PaperroundError
from pipeline.feedback import choosing, readers
from pipeline.model import IssueNumber, edit
from pipeline.store import people, posts
from tests.journeys import test_a_life as life
from tests.world import Article, Blog, World

How = Literal["pin", "keep", "skip", "later", "excerpt", "subject", "undo", "redo"]
_SECOND = re.compile(r'\[\[source\]\]\nurl = "[^"]*atom/"\nname = "second"\n(?:exclude = .*\n)?\n')


class TwoFeeds(Blog):
    """A blog that has its posts in two feeds."""

    __slots__ = ()

    def _body(self, url: str) -> tuple[str, bytes]:
        return super()._body(f"{self.home}feed/" if url == f"{self.home}atom/" else url)


def copy(address: str, subject: str, text: str) -> life.Copy:
    """A mail that has what its subject names, be it whole or by its title and a few words."""
    _, corrects, of = subject.partition("Correction: ")
    found = {*re.findall(r"number(\d+)x lamp", text), *re.findall(r"(?m)^LETTER (\d+)", text)}
    assert corrects or {*re.findall(r"Letter (\d+)", subject)} <= found, "a subject without its post"
    return life.Copy(address=address, posts=frozenset() if corrects else frozenset(map(int, found)), corrects=of)


class ReaderApp:
    """Somebody's app that reads a feed of ours whenever it changes; a guid that it has not met is news to her."""

    def __init__(self) -> None:
        self._met: dict[str, int] = {}
        self._guids: dict[int, str] = {}

    def forgets(self, numbers: Iterable[int]) -> None:
        """What they were called."""
        for number in numbers:
            self._guids.pop(number, None)

    def reads(self, feed: Path) -> set[int]:
        """Which posts it shows."""
        items = json.loads(feed.read_bytes())["items"]
        shown = [(one["id"], int(*re.findall(r"Letter (\d+)", one["title"]))) for one in items]
        for guid, number in shown:
            assert self._met.setdefault(guid, number) == number, "a post in another one's place"
            assert self._guids.setdefault(number, guid) == guid, "a post as news again"
        numbers = {number for _, number in shown}
        assert len(numbers) == len(items), "a post twice in a feed"
        return numbers


class WideLife(life.Life):
    """The same, and more may happen."""

    seen_in_part = False

    def __init__(self, *given: Any) -> None:
        self.taken_down: dict[int, tuple[str, Article]] = {}
        self.app = ReaderApp()
        self.renamed: set[int] = set()
        super().__init__(*given)

    def _what_was_promised_holds(self) -> None:
        super()._what_was_promised_holds()
        self.app.reads(self.world.folder / "outbox/public/feed.json")

    # The author

    def she_edits(self, back: int, how: How) -> None:
        """The next issue, or its draft."""
        by: dict[str, Any] = {"by": "Lisa", "now": self.world.now}
        number = max(self.written - back, 1)
        with self.world.project() as project, suppress(PaperroundError):
            store, section = project.store, project.settings.compose
            known = [post for post, _ in compose.outlines(store, section, self.world.now)]
            named = [post.id for post in known if re.match(rf"Letter {number}\b", post.article.title)]
            lines = review.overview(store, project.settings.review)
            drafts = [line.issue.number for line in lines if line.state == "draft"]
            issue = drafts[0] if drafts else IssueNumber(len(lines) + 1)
            for post in named[:1]:
                match how:
                    case "pin":
                        compose.pin(store, section, post, **by)
                        self.kept.add(number)
                    case "keep" | "skip":
                        compose.decide(store, section, post, how, **by)
                        self.kept |= {number} if how == "keep" else set()
                    case "later":
                        compose.change(store, section, issue, edit.Later(post=post), **by)
                    case "excerpt":
                        compose.change(store, section, issue, edit.Shape(post=post, form="excerpt"), **by)
                    case "subject":
                        compose.change(store, section, issue, edit.Subject(words="Hello to you"), **by)
                    case "undo":
                        compose.undo(store, section, issue, now=self.world.now)
                    case "redo":
                        compose.redo(store, section, issue, now=self.world.now)

    def she_edits_a_file(self, back: int) -> None:
        """Of an issue, by hand."""
        folders = sorted((self.world.folder / "outbox/issues").glob("*"))
        for path in folders[-back - 1 : len(folders) - back]:
            mail = path / "email.html"
            if mail.exists():
                mail.write_text(mail.read_text("utf-8").replace("</body>", "<p>By hand</p></body>"), "utf-8")

    def she_takes_her_yes_back(self, number: int) -> None:
        """While nothing has gone out."""
        with self.world.project() as project, suppress(PaperroundError):
            review.withdraw(IssueNumber(number), project.store, by="Lisa", now=self.world.now)

    def she_sets(self, key: str, value: str) -> None:
        """The schedule."""
        path = self.world.folder / config.FILE
        text = re.sub(rf"(?m)^{key} = .*\n", "", path.read_text("utf-8"))
        path.write_text(text.replace("[schedule]\n", f"[schedule]\n{key} = {value}\n"), "utf-8")

    def she_leaves_out(self, back: int) -> None:
        """One of her latest posts, by its title, in the settings; what was left out before may come again."""
        path, number = self.world.folder / config.FILE, self.written - back
        text = re.sub(r"(?m)^exclude = .*\n", "", path.read_text("utf-8"))
        rule = f'exclude = ["Letter {number}", "Letter {number},*"]\n' if number in self.slugs else ""
        path.write_text(re.sub(r'(?m)^name = ".*"\n', lambda found: found[0] + rule, text), "utf-8")

    # The blog

    def she_writes_ahead(self, days: float) -> None:
        """A post with a date to come."""
        self._publish(-days)

    def she_takes_down(self, back: int) -> None:
        """And may put it up again."""
        number = self.written - back
        if slug := self.slugs.get(number):
            self.taken_down[number] = slug, self.world.blog.posts[slug]
        super().she_takes_down(back)

    def she_puts_up_again(self) -> None:
        """What she took down last."""
        if self.taken_down:
            number, (slug, post) = self.taken_down.popitem()
            self.slugs[number] = slug
            self.world.blog.posts[slug] = post

    def the_blog_moves(self) -> None:
        """To another host, and the settings with it; nothing else changes in that hour."""
        if self.world.blog.broken or self.world.blog.parked:
            return
        self.time_passes(hours=2)
        old, path = self.world.blog.home, self.world.folder / config.FILE
        new = "https://letters.example.net/" if "blog" in old else "https://blog.example.org/"
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
        self.world.blog.home = new
        self.time_passes(hours=2)

    def its_source_gets_another_name(self) -> None:
        """In the settings."""
        path = self.world.folder / config.FILE
        text, (old, new) = path.read_text("utf-8"), ('name = "blog"', 'name = "journal"')
        path.write_text(text.replace(old, new) if old in text else text.replace(new, old), "utf-8")

    def a_second_source_has_the_same(self) -> None:
        """Or has it no more."""
        path = self.world.folder / config.FILE
        text = path.read_text("utf-8")
        more = f'[[source]]\nurl = "{self.world.blog.home}atom/"\nname = "second"\n\n[schedule]\n'
        there = _SECOND.search(text)
        path.write_text(_SECOND.sub("", text) if there else text.replace("[schedule]\n", more), "utf-8")

    def the_blog_shows(self, what: str, how: int) -> None:
        """Fewer posts, only their beginnings, or no pages."""
        setattr(self.world.blog, what, how)
        self.seen_in_part |= what == "window"

    def she_changes(self, back: int, how: Any) -> None:
        """One thing about one of her latest posts."""
        self.renamed |= {self.written - back} if how in ("slug", "title") else set()
        super().she_changes(back, how)

    def the_backup_is_put_back(self, after: Any) -> None:
        """What it has not, and got another address or title since, can't be called as before."""
        self.app.forgets(self.renamed)
        super().the_backup_is_put_back(after)

    # Readers, and the machine

    def its_clock_is_ahead_for_a_run(self, days: int) -> None:
        """And right again after it; the blog's server always knew the day."""
        right = self.world.now
        self.world.blog.date = right
        self.world.pass_time(days=days)
        self.cron()
        self.world.now = right
        self.cron()
        self.world.blog.date = None

    def somebody_chooses(self, name: str, every: str) -> None:
        """How often she is written to."""
        with self.world.project() as project:
            with project.store.reading() as tx:
                reader = people.by_address(tx, f"{name}@example.org")
            if reader is not None:
                choosing.choose(reader.token, project.store, every=every, topics=(), now=self.world.now)

    def somebody_is_forgotten(self, name: str) -> None:
        """As the law has it; she is not mailed again."""
        address = f"{name}@example.org"
        with self.world.project() as project, suppress(PaperroundError):
            readers.forget(project.store, address, now=self.world.now)
            self.left.setdefault(address, len(self.host.copies()))

    def all_is_calm_for_a_while(self) -> None:
        """What a short feed had dropped before anybody looked, nobody can know."""
        self.she_sets("min_posts", "1")
        self.she_sets("cadence", '"daily"')
        self.she_sets("max_posts", "10")
        self.she_sets("late", '"6d"')
        self.the_blog_shows("pages_gone", how=False)
        slugs = self.slugs
        self.slugs = {} if self.seen_in_part else slugs
        super().all_is_calm_for_a_while()
        self.slugs = slugs
        self._feeds_have_what_the_blog_has()

    def _feeds_have_what_the_blog_has(self) -> None:
        """But for the blog's oldest posts: of those nobody can tell whether they were taken down, or are too old now."""
        shown = self.app.reads(self.world.folder / "outbox/public/feed.json")
        sure = {number for number in shown if sum(older < number for older in self.slugs) > 1}
        assert self.seen_in_part or sure <= {*self.slugs} | self.kept, "a post in the feeds that was taken down"
        mailed = {number for copy in self.host.copies() for number in copy.posts}
        with self.world.project() as project:
            states = compose.outlines(project.store, project.settings.compose, self.world.now)
            with project.store.reading() as tx:
                skipped = {post for post, choice in posts.choices(tx).items() if choice == "skip"}
        there = [post for post, how in states if how.state == "issue" and post.id not in skipped]
        placed = {int(*re.findall(r"Letter (\d+)", post.article.title)[:1]) for post in there}
        assert placed & mailed & {*self.slugs} <= shown, "a post that was mailed, and is in no feed"


@dataclass(frozen=True)
class _Chance:
    weight: int
    what: str
    how: list[dict[str, Any]]


_RHYTHMS = ("issue", "week", "month", "none")
_EDITS = ["pin", "keep", "skip", "later", "later", "excerpt", "subject", "undo", "undo", "redo"]
_SCHEDULES = [
    *[("cadence", f'"{one}"') for one in ("each", "daily", "weekly", "monthly")],
    *[("approval", f'"{one}"') for one in ("automatic", "required")],
    *[("max_posts", one) for one in ("1", "3", "10")],
    *[("min_posts", one) for one in ("1", "2")],
    *[("settle", f'"{one}"') for one in ("0m", "3h")],
    *[("day", f'"{one}"') for one in ("monday", "friday")],
    *[("at", f'"{one}"') for one in ("07:30", "18:00")],
    *[("late", f'"{one}"') for one in ("1h", "6d")],
]
_CHANCES = [
    _Chance(10, "she_edits", [{"back": back, "how": how} for back in range(7) for how in _EDITS]),
    _Chance(2, "she_edits_a_file", [{"back": back} for back in range(2)]),
    _Chance(2, "she_takes_her_yes_back", [{"number": number} for number in range(1, 9)]),
    _Chance(4, "she_sets", [{"key": key, "value": value} for key, value in _SCHEDULES]),
    _Chance(2, "she_leaves_out", [{"back": back} for back in range(9)]),
    _Chance(2, "she_writes_ahead", [{"days": days} for days in (0.2, 2, 9)]),
    _Chance(2, "she_puts_up_again", [{}]),
    _Chance(2, "the_blog_moves", [{}]),
    _Chance(2, "its_source_gets_another_name", [{}]),
    _Chance(2, "a_second_source_has_the_same", [{}]),
    _Chance(1, "the_blog_shows", [{"what": "window", "how": how} for how in (4, 8, 100)]),
    _Chance(2, "the_blog_shows", [{"what": what, "how": how} for what in ("excerpts", "pages_gone") for how in (1, 0)]),
    _Chance(3, "somebody_chooses", [{"name": name, "every": how} for name in "abcdef" for how in _RHYTHMS]),
    _Chance(1, "its_clock_is_ahead_for_a_run", [{"days": days} for days in (1, 20, 400)]),
    _Chance(1, "somebody_is_forgotten", [{"name": name} for name in "abcdefghijk"]),
]


def happening(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """What happens next, and how."""
    if dice.random() < 0.6:
        return life.happening(dice)
    chance = dice.choices(_CHANCES, [one.weight for one in _CHANCES])[0]
    return chance.what, dice.choice(chance.how)


@pytest.mark.parametrize("number", life.lives("WIDE_LIVES", "120-123"))
def test_whatever_else_changes_in_a_newsletter_s_life_what_was_promised_holds(
    number: int, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "copy", copy)
    dice = random.Random(number)
    world.blog = TwoFeeds()
    world.blog.publish("worries", "Worries at Bedtime", world.now)
    cadence, approval = life.settings_of(dice)
    with ExitStack() as until:
        host = life.host(until, dice.choice(["smtp"] * 4 + [*life.CARRIERS]), world, tmp_path)
        lived = WideLife(world, host, cadence, approval)
        for _ in range(45):
            lived.does(*happening(dice))
        lived.does("all_is_calm_for_a_while", {})
