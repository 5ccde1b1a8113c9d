"""Wide lives whose author looks at all that her page and the command line tell of them, and does what they offer.

The same ones each time; HER_PAGE="7" or HER_PAGE="40-90" in the environment lives others, of three times the length,
each for about a minute.
"""

from __future__ import annotations

import os
import random
import re
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pipeline import config, folder, run
from pipeline.model import Report
from pipeline.preview import ask
from tests.journeys import eyes
from tests.journeys import test_a_life as life
from tests.journeys import test_a_wide_life as wide
from tests.preview import test_a_life_at_the_page as at_the_page
from tests.preview.tab import Form, Page
from tests.preview.test_a_life_at_the_page import TOKEN
from tests.world import World

ROWS = "email,name\r\nzoë@example.org,Zoë\r\nq1@example.org,Ünal\r\n"
FILES = (
    *(ROWS.encode(code) for code in ("utf-16", "latin-1", "utf-8-sig", "utf-16-le")),
    b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
    b"email\n" + b'"' * 5000,
    b"email;name\nq2@example.org;Q\n",
    b"a,b,c\n1,2,3\n",
    b"email,email\nq3@example.org,q4@example.org\n",
    b"\0" * 500,
    b"email\n" + b"\n".join(b"x%d@example.org" % at for at in range(3000)),
    b"x" * 1_200_000,
)
"""What somebody may take for a list of readers."""
EVERY = 6
"""Deeds from one look to the next."""
LENGTH = 3 if "HER_PAGE" in os.environ else 1
TESTS = count()
"""Copies to try an issue out."""


class Noted(wide.WideLife):
    """The same, with an account of each run, as `run` leaves it."""

    def _walk(self) -> Report:
        with self.world.project() as project:
            report = run.walk(self.host.carries(project))
            run.remember(project, report, self.world.now)
        return report


def copy(address: str, subject: str, text: str) -> life.Copy:
    """A mail, whatever its author has named it; a test copy is one to nobody."""
    _, corrects, of = subject.partition("Correction: ")
    found = frozenset(map(int, {*re.findall(r"number(\d+)x lamp", text), *re.findall(r"(?m)^LETTER (\d+)", text)}))
    if subject.startswith("[Test] "):
        return life.Copy(address=f"nobody {next(TESTS)}", posts=found, corrects="" if found else "a test")
    of_posts = found and not corrects
    return life.Copy(
        address=address, posts=found if of_posts else frozenset(), corrects="" if of_posts else of or subject
    )


class AtHerPage(at_the_page.Life):
    """Her two tabs, in a life that has more in it."""

    samples: dict[str, bytes]
    begun: set[str]
    read: int
    filled: dict[str, str]

    def begins_in(self, lived: HerLife) -> None:
        """That life."""
        self.lived = lived
        self.samples, self.begun, self.read = {}, set(), 0

    def _some_form(self, tab: int, dice: random.Random, only: Any = bool) -> Any:
        """But for orders to send something twice, and second corrections of an issue, which no mail could tell apart."""
        not_meant = r"/go/N/(resend|correct|drop)$" + (r"|.*/(keep|pin)$" if self.lived.was_put_back else "")

        def may(does: str) -> bool:
            return only(does) and not re.match(not_meant, does)

        return super()._some_form(tab, dice, may)

    def she_sends(self, tab: int, seed: int) -> None:
        """At times the same twice in a row."""
        for _ in range(2 if seed % 10 == 0 else 1):
            super().she_sends(tab, seed)

    def _send(self, tab: int, page: Page, form: Form, dice: random.Random) -> tuple[int, str]:
        if re.search("/keep|/pin", form.action):
            self.lived.kept |= {1, 2, 3}
        status, said = super()._send(tab, page, form, dice)
        if status >= 400 and re.match(r"/issue/|/books/change", form.does):
            mine = [self.filled.get(name, "") for name in ask.WRITTEN]
            new = {*TOKEN.findall(" ".join(mine))} - {*TOKEN.findall(" ".join(form.holds.values()))}
            assert new <= {*TOKEN.findall(said)}, "her words are gone, and were not kept"
        return status, said

    def _plan(self) -> tuple[Any, ...]:
        """As she sees it: what is taken after all is fetched whole, and with it what else was there as an excerpt."""
        found = super()._plan()
        if not found:
            return ()
        number, issue, waiting, choices, posts = found
        shown = issue and [(item.post.id, [pick.book.key for pick in item.picks]) for item in issue.items]
        mine = issue and (issue.subject, issue.preheader, issue.intro, issue.events, issue.notes)
        return number, (shown, mine), waiting, choices, [(post.id, how.state) for post, how in posts]

    def _filled(self, page: Page, form: Form, dice: random.Random) -> tuple[dict[str, str], dict[str, Any]]:
        fields, upload = super()._filled(page, form, dice)
        for name in ("delivery.provider", "newsletter.language"):
            if name in form.holds:
                fields[name] = form.holds[name]
        self.filled = fields
        return fields, upload

    def _csv(self, dice: random.Random) -> bytes:
        return dice.choice([super()._csv(dice), *FILES])

    def _is_an_answer(self, status: int, page: str) -> None:
        super()._is_an_answer(status, page)
        if "<html" in page:
            eyes.sound("answer", page, hers=True)

    def _nothing_went_out_but_what_was_approved(self) -> None:
        errand = self.author.desk.errands.last
        assert not errand or not errand.report or not re.search("fault of Paperround", " ".join(errand.report.errors))
        now = self._known()
        for number, (sha, _) in now.yes.items():
            for where in (self.world.folder / "outbox/issues").glob(f"{number}-*"):
                if sha not in self.samples and folder.sha(where) == sha:
                    self.samples[sha] = (where / "sample.eml").read_bytes()
        self.begun |= {*now.begun.values()}
        if isinstance(self.lived.host, life.Host):
            mails = sorted(self.lived.host.log.iterdir())
            meant = [
                at_the_page.letter(self.samples[sha].replace(b"\r\n", b"\n"))
                for sha in self.begun
                if sha in self.samples
            ]
            for path in mails[self.read :]:
                found = at_the_page.letter(re.sub(rb"(?m)^\.\.", b".", path.read_bytes().replace(b"\r\n", b"\n")))
                if not dict(found[0])["Subject"].startswith("[Test]"):
                    assert found in meant, "what went out is not what was approved"
            self.read = len(mails)


class HerLife(Noted):
    """A wide life in which she also does what her page offers."""

    at: AtHerPage
    was_put_back = False

    def the_backup_is_put_back(self, after: Any) -> None:
        """Unless she had taken an old post after all: such a state can't know it, and her word would mail it again."""
        if not self.kept & {1, 2, 3}:
            self.was_put_back = True
            super().the_backup_is_put_back(after)

    def all_is_calm_for_a_while(self) -> None:
        """Not where a subject of hers may have no room in any mail, and its issue waits for ever."""

    def she_looks(self, **how: Any) -> None:
        """At a page."""
        self.at.she_looks(**how)

    def she_uses_a_form(self, **how: Any) -> None:
        """As it stands in a page of one of her tabs, be it old."""
        self.at.she_sends(**how)

    def she_changes_and_undoes(self, **how: Any) -> None:
        """Something about the next issue."""
        self.at.she_changes_and_undoes(**how)

    def _what_was_promised_holds(self) -> None:
        super()._what_was_promised_holds()
        if hasattr(self, "at"):
            self.at._nothing_went_out_but_what_was_approved()


def happening(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """What happens next, and how."""
    if dice.random() < 0.35:
        return wide.happening(dice)
    what = dice.choices(["she_looks", "she_uses_a_form", "she_changes_and_undoes"], [3, 5, 1])[0]
    how = {"at": dice.random()} if what == "she_looks" else {"seed": dice.randrange(1 << 30)}
    return what, {"tab": dice.randint(0, 1), **how}


@pytest.mark.parametrize("number", life.lives("HER_PAGE", "1-2"))
def test_whatever_she_does_at_her_page_in_whatever_state_what_was_promised_holds(
    number: int, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "copy", copy)
    dice = random.Random(number)
    world.blog = wide.TwoFeeds()
    cadence, approval = life.settings_of(dice)
    with ExitStack() as until:
        host = life.host(until, dice.choice(["smtp"] * 4 + [*life.CARRIERS]), world, tmp_path)
        lived = HerLife(world, host, cadence, approval)
        author = until.enter_context(eyes.Eyes(world=world, host=host).at_her_page())
        store = run.opened_store(config.load(world.folder, {}))
        until.callback(store.close)
        at = AtHerPage(world, author, store, dice)
        at.begins_in(lived)
        lived.at = at
        for _ in range(30 * LENGTH):
            lived.does(*happening(dice))


@pytest.mark.parametrize("number", life.lives("HER_PAGE", "1-2"))
def test_in_whatever_state_a_newsletter_is_its_author_sees_it_whole_and_the_same_everywhere(
    number: int, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(life, "copy", wide.copy)
    server = request.getfixturevalue("postgresql") if world.database else None
    dice = random.Random(number)
    world.blog = wide.TwoFeeds()
    cadence, approval = life.settings_of(dice)
    with ExitStack() as until:
        host = life.host(until, dice.choice(["smtp"] * 4 + [*life.CARRIERS]), world, tmp_path)
        lived = Noted(world, host, cadence, approval)
        her = eyes.Eyes(world=world, host=host)
        for at in range(15 * LENGTH):
            lived.does(*wide.happening(dice))
            if at % EVERY == EVERY - 1:
                her.look()
                her.what_is_planned_is_made(tmp_path / "other", server)
