"""The wide lives, with pictures, covers and a site that moves; a visitor of the site and a keeper of old mails look on.

SEEN_LIVES="7" or SEEN_LIVES="40-90" in the environment lives others, each for the better part of a minute.
"""

from __future__ import annotations

import io
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image

from pipeline import compose, config, render, review, run
from pipeline.errors import PaperroundError, UserError
from pipeline.feedback import readers
from pipeline.model import IssueNumber, Reply, Report, Request
from pipeline.store import issues, people, posts
from tests.journeys import test_a_life as life
from tests.journeys import test_a_wide_life as wide
from tests.journeys.onlookers import Keeper, Page, Visitor
from tests.public import site
from tests.world import World

HOMES = ("https://news.example.org/", "https://letters.example.org/", "https://example.net/kind-words/")
TITLES = ('title = "Kind Words"', 'title = "Kinder Words"')
SHELF = """\
starter = false

[[book]]
title = "The Dot"
author = "Peter H. Reynolds"
isbn = "9780763619619"
ages = "4-8"
themes = ["creativity"]
cover = "https://blog.example.org/dot.jpg"

[[book]]
title = "The Invisible String"
author = "Patrice Karst"
ages = "4-8"
themes = ["worry"]
cover = "https://blog.example.org/string.jpg"
"""


@cache
def picture(colour: int, wide: int) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (wide, 200), (colour * 37 % 256, colour * 91 % 256, colour % 256)).save(kept, "JPEG")
    return kept.getvalue()


@dataclass
class Host(life.Host):
    """A mail host whose readers open each mail at once; `early` is what a mail led to before it was there."""

    keeper: Keeper
    early: set[str] = field(default_factory=set)

    def __call__(self, requests: Sequence[Request]) -> Iterator[Reply]:
        for reply in super().__call__(requests):
            files = {path for mail in self.keeper.looks() for path in mail.files}
            self.early |= {path for path in files if not self.keeper.visitor.has(path)}
            yield reply


class SeenLife(wide.WideLife):
    """A life that others look at."""

    def __init__(self, world: World, home: Path, cadence: str, approval: str) -> None:
        (home / "log").mkdir()
        self.visitor = Visitor(world.folder / "outbox/public", [HOMES[0]])
        self.keeper = Keeper(home / "log", self.visitor)
        self.eyes = Host(log=home / "log", moods=[], keeper=self.keeper)
        self.ran = False
        self.furthest = world.now
        self.begun: set[str] = set()
        self.settings = world.folder / config.FILE
        world.set("[[source]]", life.SMTP)
        (world.folder / "sources/books.toml").write_text(SHELF, "utf-8")
        for at, name in enumerate(("dot", "string")):
            world.blog.pictures[f"https://blog.example.org/{name}.jpg"] = picture(at, 90)
        super().__init__(world, self.eyes, cadence, approval)

    def _publish(self, days: float = 0) -> None:
        """A post that may have a picture, and may speak of a book."""
        super()._publish(days)
        number, slug = self.written, self.slugs[self.written]
        shown, post = f"https://blog.example.org/pictures/{number}.jpg", self.world.blog.posts[slug]
        more = f'<p><img src="{shown}" alt="What was seen, {number}"></p>' if number % 3 else ""
        more += "<p>We read <em>The Dot</em> by Peter H. Reynolds.</p>" if number % 2 else ""
        more += "<p>We read <em>The Invisible String</em> by Patrice Karst.</p>" if number % 5 == 0 else ""
        self.world.blog.pictures[shown] = picture(number, 900 if number % 4 == 0 else 300)
        self.world.blog.posts[slug] = replace(post, html=more + post.html)

    # What happens besides

    def her_newsletter_is_called(self, old: str, new: str) -> None:
        """Otherwise, if it was called so."""
        self.settings.write_text(self.settings.read_text("utf-8").replace(old, new), "utf-8")

    def the_site_moves(self, to: int) -> None:
        """Its old address leads there, too."""
        self._sets_site(f'public_url = "{HOMES[to]}"')
        self.visitor.homes[:] = [*(home for home in self.visitor.homes if home != HOMES[to]), HOMES[to]]

    def the_site_is(self, *, on: bool) -> None:
        """In the settings, or out of them for a while."""
        self._sets_site(r"\2" if on else r"# \2")

    def _sets_site(self, line: str) -> None:
        text = self.settings.read_text("utf-8")
        self.settings.write_text(re.sub(r"(?m)^(# )?(public_url = .*)$", line, text), "utf-8")

    def a_picture_is(self, back: int, how: int) -> None:
        """Another one, or not there any more."""
        self._shows(f"pictures/{self.written - back}", how and self.written + how, 640)

    def a_cover_is(self, name: str, how: int) -> None:
        """Another one, or not there for a while."""
        self._shows(name, how, 90)

    def _shows(self, name: str, how: int, wide: int) -> None:
        url = f"https://blog.example.org/{name}.jpg"
        self.world.blog.pictures.pop(url, None)
        if how:
            self.world.blog.pictures[url] = picture(how, wide)

    def her_shelf_lacks(self, title: str) -> None:
        """Some book, or none."""
        books = [book for book in SHELF.split("[[book]]") if not title or title not in book]
        (self.world.folder / "sources/books.toml").write_text("[[book]]".join(books), "utf-8")

    def she_edits_a_page(self, back: int) -> None:
        """Of one of the last issues, wherever it is by now."""
        folders = sorted((self.world.folder / "outbox/issues").glob("*/web.html"))
        for page in folders[-back - 1 : len(folders) - back]:
            page.write_text(page.read_text("utf-8").replace("</main>", "<p>By hand</p></main>"), "utf-8")

    def years_pass(self, days: int) -> None:
        """With a run now and then."""
        for _ in range(4):
            self.time_passes(hours=days * 6)

    def somebody_leaves_by_an_old_mail(self, which: int) -> None:
        """With one click; she is written to no more."""
        mails = [mail for mail in self.keeper.mails.values() if mail.address not in self.left]
        for mail in mails[which % len(mails) :][:1] if mails else ():
            with site.up(self.world) as up:
                assert up.client.post(mail.way_out, content=site.ONE_CLICK, headers=site.FORM).status_code == 200
                with up.project.store.reading() as tx:
                    reader = people.by_token(tx, mail.token)
            assert reader is None or reader.state == "unsubscribed"
            if reader is not None:
                self.left[mail.address] = len(self.host.copies())

    def the_machine_is_lost(self) -> None:
        """The backup goes to another one, and who left is asked of the provider; what later mails led to is lost."""
        if not self.backup.exists() or self.world.now < self.latest:
            return
        shutil.rmtree(self.world.folder / "outbox")
        self.the_backup_is_put_back("at once")
        for address in self.left:
            with self.world.project() as project, suppress(UserError):
                readers.unsubscribe(project.store, address, evidence="the provider's list", now=self.world.now)
        self.cron()
        folders, _ = self._issues()
        there = {f"issues/{folder}/" for folder, agreed in folders.items() if agreed}
        self.keeper.loses({mail.page for mail in self.keeper.mails.values()} - there)

    def all_is_calm_for_a_while(self) -> None:
        """And there is a site; what she edited by hand while there was none can't go, so she throws it away."""
        self.the_site_is(on=True)
        with self.world.project() as project:
            for line in review.overview(project.store, project.settings.review):
                if line.state == "draft":
                    render.forget(line.issue.number, project.store)
        super().all_is_calm_for_a_while()

    def the_backup_is_put_back(self, after: Any) -> None:
        """It may know nothing of corrections that went out since; what she is asked about of these she takes back."""
        super().the_backup_is_put_back(after)
        for number in self.corrected:
            with self.world.project() as project, suppress(PaperroundError):
                compose.drop(IssueNumber(number), project.store)
        self.keeper.forgotten = {*self.keeper.mails}

    # As the commands do it

    def she_builds(self) -> None:
        """Without waiting for the turn."""
        super().she_builds()
        self._walks("pictures", "links", "render", "syndicate")

    def she_approves(self) -> None:
        """Whatever may be approved."""
        self._walks("pictures", "links")
        super().she_approves()
        self._walks("review", "syndicate")

    def she_corrects(self, number: int) -> None:
        """An issue that went out."""
        super().she_corrects(number)
        self._walks("pictures", "links", "render", "syndicate")

    def she_sends(self, number: int) -> None:
        """An issue, whether it may be sent or not."""
        with self.world.project() as project, suppress(PaperroundError):
            run.hand_over(self.host.carries(project), IssueNumber(number))

    def _walks(self, *names: str) -> None:
        with self.world.project() as project:
            run.walk(project, *names)

    def cron(self) -> Report:
        """A run."""
        report = super().cron()
        self.ran, self.furthest = True, max(self.furthest, self.world.now)
        return report

    # What they see

    def does(self, what: str, how: dict[str, Any]) -> None:
        """One thing happens, and they look."""
        self.ran = False
        super().does(what, how)

    def _what_was_promised_holds(self) -> None:
        super()._what_was_promised_holds()
        self.keeper.looks()
        assert not self.eyes.early, f"a mail led to {self.eyes.early} before that was there"
        seen = self.visitor.looks()
        self.keeper.follows()
        self.keeper.compares(seen)
        self._ways_out_are_open()
        folders, begun = self._issues()
        self.begun |= begun
        if self.ran:
            self._archive_is_whole(seen, folders)
            self._nothing_is_shown_too_early()

    def _issues(self) -> tuple[dict[str, bool], set[str]]:
        """The folders of issues, whether somebody said yes to each, and those that began to go out."""
        with self.world.project() as project, project.store.reading() as tx:
            agreed, begun = issues.all_settled(tx), issues.all_begun(tx)
            known = [one for one in issues.outlines(tx) if one.corrects is None]
        folders = {one.folder: one.number in agreed for one in known}
        return folders, {one.folder for one in known if one.number in begun}

    def _ways_out_are_open(self) -> None:
        ways = {mail.token: (mail.address, mail.way_out) for mail in self.keeper.mails.values()}
        with site.up(self.world) as up:
            with up.project.store.reading() as tx:
                known = {token: people.by_token(tx, token) for token in ways}
            for token, (address, way_out) in ways.items():
                answer, reader = up.client.get(way_out), known[token]
                assert answer.status_code == 200, f"the way out of {address} answers {answer.status_code}"
                assert reader is None or reader.address == address
                assert ("<button" in answer.text) == (reader is None or reader.state != "unsubscribed")
                assert up.client.get(f"/preferences/{token}").status_code == (200 if reader else 404)
            newest = [*self.keeper.mails.values()][-1:]
            for path in ("", *(path for mail in newest for path in mail.files)):
                assert up.client.get(f"/{path}").status_code == 200, path

    def _archive_is_whole(self, seen: dict[str, Page], folders: dict[str, bool]) -> None:
        """It lists what has a yes, and has pages of nothing but issues that there are, or that were mailed."""
        there = {name.split("/")[1] for name in seen if name.startswith("issues/")}
        assert there <= self.begun | {*folders}, f"pages of what is no more: {there - self.begun - {*folders}}"
        is_on = "\npublic_url" in self.settings.read_text("utf-8")  # else addresses begin with the blog's
        for name in ("index.html", "issues.xml") if is_on else ("index.html",):
            ways = {self.visitor.path_of(link) or "" for link in seen[name].links}
            listed = {way.split("/")[1] for way in ways if way.startswith("issues/")}
            assert listed == {folder for folder, agreed in folders.items() if agreed}, name

    def _nothing_is_shown_too_early(self) -> None:
        """But for what she kept, and for what everybody has."""
        with self.world.project() as project:
            known = compose.outlines(project.store, project.settings.compose, self.world.now)
            with project.store.reading() as tx:
                skipped = {post for post, choice in posts.choices(tx).items() if choice == "skip"}
        hidden = [post for post, _ in known if post.id in skipped or post.held or post.fault]
        numbers = {int(number) for post in hidden for number in re.findall(r"Letter (\d+)", post.article.title)[:1]}
        ahead = {number for number, slug in self.slugs.items() if self.world.blog.posts[slug].when > self.furthest}
        mailed = {number for copy in self.host.copies() for number in copy.posts}
        shown = self.app.reads(self.visitor.public / "feed.json") - mailed - self.kept
        assert not shown & (numbers | ahead), f"skipped, held or ahead: {shown & (numbers | ahead)}"


_CHANCES: list[tuple[int, str, list[dict[str, Any]]]] = [
    (3, "the_site_moves", [{"to": to} for to in range(len(HOMES))]),
    (2, "the_site_is", [{"on": on} for on in (False, True, True)]),
    (2, "her_newsletter_is_called", [dict(zip(("old", "new"), way, strict=True)) for way in (TITLES, TITLES[::-1])]),
    (4, "a_picture_is", [{"back": back, "how": how} for back in range(7) for how in (0, 100)]),
    (3, "her_shelf_lacks", [{"title": title} for title in ("", "", "The Dot", "Invisible")]),
    (2, "a_cover_is", [{"name": name, "how": how} for name in ("dot", "string") for how in range(3)]),
    (2, "she_edits_a_page", [{"back": back} for back in range(2)]),
    (1, "years_pass", [{"days": days} for days in (100, 800)]),
    (3, "somebody_leaves_by_an_old_mail", [{"which": which} for which in range(0, 40, 3)]),
    (4, "a_backup_is_made", [{}]),
    (3, "the_backup_is_put_back", [{"after": after} for after in ("at once", "a run")]),
    (1, "the_machine_is_lost", [{}]),
]


def happening(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """What happens next, and how."""
    if dice.random() < 0.75:
        return wide.happening(dice)
    _, what, how = dice.choices(_CHANCES, [weight for weight, _, _ in _CHANCES])[0]
    return what, dice.choice(how)


@pytest.mark.parametrize("number", life.lives("SEEN_LIVES", "13"))
def test_whoever_looks_at_the_site_or_keeps_old_mails_finds_what_was_promised(
    number: int, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "copy", wide.copy)
    dice = random.Random(number)
    world.blog = wide.TwoFeeds()
    cadence, approval = life.settings_of(dice)
    lived = SeenLife(world, tmp_path, cadence, approval)
    for _ in range(45):
        lived.does(*happening(dice))
    lived.does("all_is_calm_for_a_while", {})
