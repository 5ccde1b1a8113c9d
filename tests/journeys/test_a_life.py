"""Years in the life of a newsletter, made up at random: whatever comes after whatever, what was promised holds.

The same ones each time; LIVES=100 in the environment lives a hundred of them, each for the better part of a minute.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import pytest
from msgspec.structs import replace

from pipeline import compose, deliver, review, run
from pipeline.errors import FetchFault, NeedsPerson, PaperroundError, UserError
from pipeline.feedback import readers
from pipeline.model import Answer, IssueNumber, NoAnswer, Reply, Report, Request, SmtpEnvelope
from pipeline.projects import backup
from pipeline.run import Project
from tests.journeys import killing
from tests.journeys.test_identity import body
from tests.providers import test_over_http as over_http
from tests.providers.carriers import Carrier, listening
from tests.world import World

SMTP = '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "mail.example.org"\n\n[[source]]'
CARRIERS = ("postmark", "resend", "sendgrid", "mailgun", "brevo", "mailjet", "ses")
ANSWERS: dict[str, Reply] = {
    "taken": Answer(status=250, headers={"stage": "content"}, body=b"ok"),
    "nobody there": Answer(status=550, headers={"stage": "recipient"}, body=b"5.1.1 no such user"),
    "later": Answer(status=451, headers={"stage": "recipient"}, body=b"4.7.1 greylisted, come back later"),
    "spam": Answer(status=554, headers={"stage": "content"}, body=b"5.7.1 looks like spam"),
    "cut before": NoAnswer(sent="before", words="connection refused"),
    "cut after": NoAnswer(sent="after", words="the line broke after the last byte"),
}


class Copy(NamedTuple):
    """A mail that reached somebody; `corrects` is the subject of what it corrects."""

    address: str
    posts: frozenset[int]
    corrects: str = ""


def copy(address: str, subject: str, text: str) -> Copy:
    """As a reader finds it."""
    _, corrects, of = subject.partition("Correction: ")
    posts = [] if corrects else map(int, re.findall(r"number(\d+)x lamp", text))
    return Copy(address=address, posts=frozenset(posts), corrects=of)


@dataclass
class Host:
    """A mail host; what it took stays written down, whatever becomes of the process that handed it over."""

    log: Path
    moods: list[str]

    def carries(self, project: Project) -> Project:
        """The project with this host at the end of its line."""
        return replace(project, out=replace(project.out, line=self))

    def __call__(self, requests: Sequence[Request]) -> Iterator[Reply]:
        for request in requests:
            assert isinstance(request, SmtpEnvelope)
            reply = ANSWERS[self.moods.pop(0) if self.moods else "taken"]
            if reply in (ANSWERS["taken"], ANSWERS["cut after"]):
                name = f"{sum(1 for _ in self.log.iterdir()):06d}-{request.recipient}"
                (self.log / name).write_bytes(request.message)
            yield reply
            if isinstance(reply, NoAnswer) and reply.sent == "after":
                return

    def copies(self) -> list[Copy]:
        """What it took, in that order."""
        found = []
        for path in sorted(self.log.iterdir()):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            text = mail.get_body(("plain",))
            assert text is not None
            found.append(copy(path.name.partition("-")[2], mail["Subject"], text.get_content()))
        return found


@dataclass
class Api(Carrier):
    """A provider's API on this machine, in the same moods."""

    moods: list[str] = field(default_factory=list)
    letters: list[Copy] = field(default_factory=list)

    SAYS: ClassVar = {"later": "busy", "cut before": "busy", "cut after": "hang up", "spam": "broken"}

    def __post_init__(self) -> None:
        self.mood = lambda: self.SAYS.get(self.moods.pop(0), "answer") if self.moods else "answer"

    def carries(self, project: Project) -> Project:
        """It is reached over a real wire."""
        return project

    def copies(self) -> list[Copy]:
        """What it took, in that order."""
        return list(self.letters)

    def _write(self, mails: list[Any]) -> None:
        self.letters += [copy(mail.addresses[0], mail.subject, mail.text) for mail in mails]


class Life:
    """A blog, its author, her readers and a mail host, each doing what it likes."""

    def __init__(self, world: World, host: Host | Api, cadence: str, approval: str) -> None:
        self.world = world
        self.host = host
        self.backup = world.folder.parent / "backup.zip"
        self.latest = world.now
        self.corrected: set[int] = set()
        self.written = 0
        self.slugs: dict[int, str] = {}
        self.kept: set[int] = set()
        self.readers: set[str] = set()
        self.left: dict[str, int] = {}
        self.world.set('cadence = "each"', f'cadence = "{cadence}"')
        self.world.set('approval = "required"', f'approval = "{approval}"')
        self.world.set("[delivery]\n", '[delivery]\nmax_age = "30d"\n')
        self.world.blog.posts.clear()
        for days in (90, 60, 30, 2):
            self._publish(days)
        for name in "abc":
            self._join(f"{name}@example.org")
        self.cron()

    def does(self, what: str, how: dict[str, Any]) -> None:
        """One thing happens, and what was promised still holds."""
        print(f"{self.world.now:%d %b %H:%M} {what} {how}")  # noqa: T201 - pytest shows it of a life that fails
        getattr(self, what)(**how)
        self._what_was_promised_holds()

    # The blog

    def _publish(self, days: float = 0) -> None:
        self.written += 1
        slug = self.slugs[self.written] = f"letter-{self.written}"
        when = self.world.now - timedelta(days=days)
        self.world.blog.publish(slug, f"Letter {self.written}", when, body(f"number{self.written}x"))

    def she_changes(self, back: int, how: Literal["slug", "guid", "title", "text", "date"]) -> None:
        """One thing about one of her latest posts, and a run sees it: two things at once may make another post of it."""
        number = self.written - back
        slug = self.slugs.get(number)
        if slug is None or self.world.blog.broken or self.world.blog.parked:
            return
        self.time_passes(hours=2)
        post = self.world.blog.posts[slug]
        match how:
            case "slug":
                del self.world.blog.posts[slug]
                slug = self.slugs[number] = f"{slug}-renamed"
            case "guid":
                post = replace(post, guid=f"{post.guid}-new")
            case "title":
                post = replace(post, title=f"{post.title}, again")
            case "text":
                post = replace(post, html=f"{post.html}<p>Added to number{number}x at {self.world.now:%c}.</p>")
            case "date":
                post = replace(post, when=self.world.now)
        self.world.blog.posts[slug] = post
        self.time_passes(hours=2)

    def she_takes_down(self, back: int) -> None:
        """One of her latest posts."""
        if slug := self.slugs.pop(self.written - back, None):
            del self.world.blog.posts[slug]

    def the_blog_is(self, how: Literal["down", "parked", "well"]) -> None:
        """From now on."""
        self.world.blog.broken = FetchFault("no answer", where="blog") if how == "down" else None
        self.world.blog.parked = how == "parked"

    # The author

    def she_builds(self) -> None:
        """Without waiting for the turn."""
        with self.world.project() as project:
            slot = compose.at_once(self.world.now).key
            run.perform(project, "compose", lambda: [slot])

    def she_approves(self) -> None:
        """Whatever may be approved."""
        with self.world.project() as project:
            run.walk(project, "render")
            section = project.settings.review
            for line in review.overview(project.store, section):
                with suppress(PaperroundError):
                    if line.state == "draft":
                        review.approve(line.issue.number, project.store, section, by="Lisa", now=self.world.now)

    def she_decides(self, back: int, choice: Literal["keep", "skip"]) -> None:
        """About one of her latest posts."""
        number = max(self.written - back, 1)
        with self.world.project() as project:
            for post, _ in compose.outlines(project.store, project.settings.compose, self.world.now):
                with suppress(PaperroundError):
                    if re.match(rf"Letter {number}\b", post.article.title):
                        compose.choose(project.store, post.id, choice, self.world.now)
                        self.kept |= {number} if choice == "keep" else set()

    def she_sends(self, number: int) -> None:
        """An issue, whether it may be sent or not."""
        with self.world.project() as project, suppress(PaperroundError):
            project = self.host.carries(project)
            section, issue = project.settings.deliver, IssueNumber(number)
            deliver.ask(issue, project.store, section, self.world.now)
            run.perform(project, "deliver", lambda: deliver.due(project.store, section, self.world.now, issue))

    def she_lets_it_go_on(self) -> None:
        """Where nothing more is handed over until she has looked, and for what waits too long."""
        with self.world.project() as project:
            lines = review.overview(project.store, project.settings.review)
            stopped = deliver.stopped(project.store, project.settings.deliver)
        for line in lines:
            if line.account and line.account.pending and (stopped or line.state in ("held", "expired")):
                self.she_sends(line.issue.number)

    def she_corrects(self, number: int) -> None:
        """An issue that went out; each once, so that two mails about the same can be told."""
        if number in self.corrected:
            return
        with self.world.project() as project, suppress(PaperroundError):
            section = project.settings.compose
            compose.correct(
                IssueNumber(number), project.store, section, said="On *Friday*.", named=None, now=self.world.now
            )
            self.corrected.add(number)

    # Readers, and the way to them

    def _join(self, address: str) -> None:
        with self.world.project() as project:
            readers.add(project.store, address, name=None, consent="told me so", now=self.world.now)
        self.readers.add(address)

    def somebody_joins(self, name: str) -> None:
        """Unless she left before."""
        address = f"{name}@example.org"
        if address not in self.readers:
            self._join(address)

    def somebody_leaves(self, name: str) -> None:
        """For good."""
        address = f"{name}@example.org"
        if address in self.readers - {*self.left}:
            with self.world.project() as project, suppress(UserError):  # a state that was put back may not know her
                readers.unsubscribe(project.store, address, evidence="told me so", now=self.world.now)
                self.left[address] = len(self.host.copies())

    # Time, and the machine

    def cron(self) -> Report:
        """A run; no fault of the program's own is met."""
        report = self._walk()
        assert [words for words in report.errors if "Paperround" in words] == []
        return report

    def _walk(self) -> Report:
        with self.world.project() as project:
            return run.walk(self.host.carries(project))

    def time_passes(self, hours: float, posts: int = 0, moods: Sequence[str] = (), killed_at: int = 0) -> None:
        """She writes, the host is in some mood, and there is a run, which may be killed at one of its steps."""
        for _ in range(posts):
            self._publish()
        self.host.moods[:] = moods
        self.world.pass_time(hours=hours)
        self.latest = max(self.latest, self.world.now)
        if isinstance(self.host, Api) and self.host.name == "resend" and hours >= 24:
            self.host.seen.clear()
        if killed_at:
            killing.at_step(killed_at, self._walk)
        self.cron()

    def the_clock_goes_back(self, hours: float) -> None:
        """As that of a machine whose battery is empty."""
        self.world.pass_time(hours=-hours)

    def a_backup_is_made(self) -> None:
        """In place of the one before."""
        self.backup.unlink(missing_ok=True)
        with self.world.project(alone=False) as project:
            backup.back_up(project.settings, project.store, self.backup, self.world.now)

    def the_backup_is_put_back(self, after: Literal["at once", "a run"]) -> None:
        """And its mails reconciled, at once or after a run; unless the clock is wrong, of which nothing is promised."""
        if not self.backup.exists() or self.world.now < self.latest:
            return
        self.world.pass_time(minutes=1)
        backup.put_back(self.world.folder, self.backup, {}, self.world.now, force=True)
        if after == "a run":
            self.cron()
        with self.world.project() as project, suppress(NeedsPerson):
            project = self.host.carries(project)
            deliver.reconcile(IssueNumber(1), project.store, project.settings.deliver, project.out, resend=False)

    def all_is_calm_for_a_while(self) -> None:
        """Then nothing is left behind: every post is in an issue or waits for a word of hers, every issue has gone."""
        self.the_blog_is("well")
        for _ in range(8):
            self.time_passes(hours=190)
            self.she_approves()
            self.she_lets_it_go_on()
            self.cron()
        with self.world.project() as project:
            section = project.settings.compose
            states = [
                (post.article.title, standing.state)
                for post, standing in compose.outlines(project.store, section, self.world.now)
            ]
            accounts = [line.account for line in review.overview(project.store, project.settings.review)]
        assert {state for _, state in states} <= {"issue", "held", "before", "skipped"}, states
        assert {f"Letter {number}" for number in self.slugs} <= {title.partition(",")[0] for title, _ in states}
        assert all(account.pending == 0 for account in accounts if account), accounts
        titles = [title for title, _ in states]
        assert len(titles) == len({title.partition(",")[0] for title in titles}), titles

    # What was promised

    def _what_was_promised_holds(self) -> None:
        copies = self.host.copies()
        assert all(copy.posts or copy.corrects for copy in copies), "a mail without a post"
        corrections = Counter((copy.address, copy.corrects) for copy in copies if copy.corrects)
        assert [one for one, times in corrections.items() if times > 1] == [], "a correction twice to the same reader"
        counted = Counter((copy.address, post) for copy in copies for post in copy.posts)
        assert [one for one, times in counted.items() if times > 1] == [], "a post twice to the same reader"
        assert {post for copy in copies for post in copy.posts} & {1, 2, 3} <= self.kept, "an old post by accident"
        for address, before in self.left.items():
            assert address not in {copy.address for copy in copies[before:]}, "a mail to one who left"
        with self.world.project() as project:
            for line in review.overview(project.store, project.settings.review):
                assert line.account is None or line.account.balanced


def happening(dice: random.Random) -> tuple[str, dict[str, Any]]:
    """What happens next, and how."""
    latest, somebody = dice.randint(0, 6), dice.choice("abcdefghijk")
    moods = dice.choices(sorted(ANSWERS), k=dice.choice([0, 0, 1, 2, 4]))
    killed_at = dice.choice([0, dice.randint(1, 300)])
    hours, posts = dice.choice([1, 5, 24, 24, 170]), dice.choice([0, 1, 1, 2])
    each: list[tuple[int, str, dict[str, Any]]] = [
        (40, "time_passes", {"hours": hours, "posts": posts, "moods": moods, "killed_at": killed_at}),
        (18, "she_changes", {"back": latest, "how": dice.choice(["slug", "guid", "guid", "title", "text", "date"])}),
        (4, "she_takes_down", {"back": latest}),
        (6, "the_blog_is", {"how": dice.choice(["down", "parked", "well", "well"])}),
        (4, "she_builds", {}),
        (6, "she_approves", {}),
        (5, "she_decides", {"back": latest, "choice": dice.choice(["keep", "skip"])}),
        (4, "she_sends", {"number": dice.randint(1, 12)}),
        (5, "somebody_joins", {"name": somebody}),
        (3, "somebody_leaves", {"name": somebody}),
        (3, "she_corrects", {"number": dice.randint(1, 8)}),
        (3, "a_backup_is_made", {}),
        (3, "the_backup_is_put_back", {"after": dice.choice(["at once", "a run"])}),
        (3, "the_clock_goes_back", {"hours": dice.randint(1, 30)}),
        (2, "all_is_calm_for_a_while", {}),
    ]
    _, what, how = dice.choices(each, [weight for weight, _, _ in each])[0]
    return what, how


def settings_of(dice: random.Random) -> tuple[str, str]:
    """Its first cadence, and who approves."""
    return dice.choice(["each", "each", "daily", "weekly"]), dice.choice(["automatic", "required"])


def lives(variable: str, usual: str) -> range:
    """Which ones the environment asks for: "7", or "40-90"."""
    first, _, last = os.environ.get(variable, usual).partition("-")
    return range(int(first), int(last or first) + 1)


@pytest.mark.parametrize("number", range(int(os.environ.get("LIVES", "4"))))
def test_whatever_happens_in_a_newsletter_s_life_what_was_promised_holds(
    number: int, world: World, tmp_path: Path
) -> None:
    dice = random.Random(number)
    cadence, approval = settings_of(dice)
    with ExitStack() as until:
        life = Life(world, host(until, dice.choice(["smtp"] * 4 + [*CARRIERS]), world, tmp_path), cadence, approval)
        for _ in range(40):
            life.does(*happening(dice))
        life.does("all_is_calm_for_a_while", {})


def host(until: ExitStack, name: str, world: World, home: Path) -> Host | Api:
    """The way to the readers, laid."""
    if name == "smtp":
        (home / "log").mkdir()
        world.set("[[source]]", SMTP)
        return Host(log=home / "log", moods=[])
    api = Api(name)
    over_http.carry(world, name, until.enter_context(listening(api)))
    return api
