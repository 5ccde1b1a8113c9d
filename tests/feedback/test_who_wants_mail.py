"""Whatever is said of an address, by whom, and in whatever order: who wants mail gets it, and nobody else.

The same lives each time; FATES="7" or FATES="40-90" in the environment lives others, each for some seconds.
"""

from __future__ import annotations

import io
import random
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import feedback
from pipeline.errors import UserError
from pipeline.feedback import choosing, importing, leave, readers, reports, signup
from pipeline.model import Signal, SubscriberId
from pipeline.projects import backup
from pipeline.store import Tx, people, signups
from tests.journeys.test_a_life import lives
from tests.world import World, lay_out

ADDRESSES = ("ann@example.org", "ben@example.org", "cleo@example.com", "dora@example.net", "eve@bücher.example")
OTHERWISE = {"ann@example.org": "Ann@Example.org", "eve@bücher.example": "eve@xn--bcher-kva.example"}
LENGTH = 300


@dataclass
class Fate:
    """What was said of an address, as somebody who hears it all would remember it."""

    here: bool = False
    said_no: bool = False
    complained: bool = False
    dead: bool = False
    paused: bool = False
    confirmed: bool = False
    since: datetime | None = None

    @property
    def out(self) -> bool:
        """Somebody said that no mail must go there."""
        return self.said_no or self.complained or self.dead

    @property
    def wants(self) -> bool:
        """She is to be mailed."""
        return self.here and not self.out and not self.paused

    def comes(self, now: datetime) -> None:
        """She is a reader from now on."""
        self.here, self.paused, self.since = True, False, now

    def says_no(self) -> None:
        """Which outweighs that her mailbox is gone."""
        self.said_no, self.dead = True, False

    def is_gone(self) -> None:
        """Her mailbox; of who has said no nothing more is to be known."""
        self.dead = not self.said_no and not self.complained


@dataclass
class Town:
    """Some people, an author, and a state."""

    world: World
    until: ExitStack
    dice: random.Random
    fates: dict[str, Fate] = field(default_factory=lambda: {one: Fate() for one in ADDRESSES})
    asked: dict[str, str] = field(default_factory=dict)
    old_links: set[str] = field(default_factory=set)
    told: int = 0
    remembered: tuple[dict[str, Fate], dict[str, str]] = field(default_factory=lambda: ({}, {}))

    def __post_init__(self) -> None:
        self.project = self.until.enter_context(self.world.project())

    @property
    def now(self) -> datetime:
        """By the town's clock."""
        return self.world.now

    def lives(self) -> str:
        """Something is said of somebody."""
        one = self.dice.choice(ADDRESSES)
        spelt = self.dice.choice([one, OTHERWISE.get(one, one)])
        deeds = [self.is_added, self.stands_in_a_file, self.leaves, self.is_reported, self.is_reported]
        deeds += [self.asks_by_the_form] * 2 + [self.follows_an_old_link, self.chooses, self.works_again]
        deed = self.dice.choice([*deeds, self.is_forgotten, self.and_all_are_put_into_or_come_out_of_a_backup])
        self.world.pass_time(minutes=self.dice.choice([1, 20, 600, 3000]))
        deed(one, spelt)
        return f"{deed.__name__} {one}"

    def is_added(self, one: str, spelt: str) -> None:
        """By the author's word, which is not enough for who is out."""
        done = readers.add(self.project.store, spelt, name=None, consent="told me so", now=self.now)
        fate = self.fates[one]
        assert done == ("left" if fate.out else "known" if fate.here else "added")
        if done == "added":
            fate.comes(self.now)

    def stands_in_a_file(self, one: str, spelt: str) -> None:
        """Of another program."""
        says = self.dice.choice(["active", "active", "unsubscribed", "bounced", "complained", "unconfirmed"])
        file = io.BytesIO(f"email,status\n{spelt},{says}\n".encode())
        importing.from_csv(self.project.store, file, file="list.csv", now=self.now)
        fate = self.fates[one]
        match says:
            case "active" if not fate.here and not fate.out:
                fate.comes(self.now)
            case "unsubscribed" if not fate.confirmed:
                fate.says_no()
            case "bounced" if not fate.confirmed:
                fate.is_gone()
            case "complained" if not fate.confirmed:
                fate.complained = True

    def leaves(self, one: str, spelt: str) -> None:
        """By a link of hers, or because she told the author."""
        with self._reading() as tx:
            reader = people.by_address(tx, one)
        if reader is None:
            with pytest.raises(UserError):
                readers.unsubscribe(self.project.store, spelt, evidence="told me so", now=self.now)
            return
        if self.dice.random() < 0.5:
            readers.unsubscribe(self.project.store, spelt, evidence="told me so", now=self.now)
        else:
            self.old_links.add(reader.token)
            assert leave.by_link(reader.token, self.project.store, evidence="her link", now=self.now)
        self.fates[one].says_no()

    def follows_an_old_link(self, one: str, spelt: str) -> None:
        """Somebody does, of a mail that said once how to leave; it may be hers still."""
        del one, spelt
        for link in sorted(self.old_links):
            with self._reading() as tx:
                reader = people.by_token(tx, link)
            assert leave.by_link(link, self.project.store, evidence="an old link", now=self.now)
            if reader:
                next(fate for name, fate in self.fates.items() if _same(name, reader.address)).says_no()

    def is_reported(self, one: str, spelt: str) -> None:
        """By a provider, at times late."""
        kind: Any = self.dice.choice(["bounced", "complained", "unsubscribed", "delivered", "deferred"])
        self.told += 1
        at = self.now - timedelta(hours=self.dice.choice([0, 0, 1, 30, 200]))
        report = Signal(
            kind=kind, permanent=True, id=str(self.told), address=spelt, provider_id=None, issue=None, subscriber=None,
            at=at, words="5.1.1 no such user",
        )  # fmt: skip
        for _ in range(self.dice.choice([1, 1, 3])):
            reports.take("postmark", [report], self.project.store, self.now)
        fate = self.fates[one]
        if fate.here and fate.since is not None and at >= fate.since:
            match kind:
                case "bounced":
                    fate.is_gone()
                case "complained":
                    fate.complained = True
                case "unsubscribed":
                    fate.says_no()

    def asks_by_the_form(self, one: str, spelt: str) -> None:
        """And some time later follows the link to say yes, or the one to say never, if there was a mail."""
        if one not in self.asked:
            asked = signup.ask(
                self.project.store, spelt, name=None, topics=(), words="Yes", source="the page", now=self.now
            )
            with self._reading() as tx:
                found = signups.by_id(tx, asked)
            assert found is not None
            fate = self.fates[one]
            assert not (found.mail and (fate.dead or fate.complained)), "a mail to who must not be mailed"
            if found.mail == "confirm":
                self.asked[one] = found.token
            return
        token = self.asked.pop(one)
        fate = self.fates[one]
        if self.dice.random() < 0.15:
            leave.by_link(token, self.project.store, evidence="never", now=self.now)
            with self._reading() as tx:
                known = signups.by_token(tx, token) is not None
            if known and fate.here:
                fate.says_no()
            elif known:
                fate.complained = True
            return
        may = not fate.dead and not fate.complained
        if signup.confirm(token, self.project.store, self.now) == "subscribed":
            assert may, "her yes was taken where no mail may go"
            if fate.out or not fate.here:
                fate.since = self.now
            fate.here, fate.said_no, fate.paused, fate.confirmed = True, False, False, True
        assert signup.confirm(token, self.project.store, self.now) in ("subscribed", "expired")

    def chooses(self, one: str, spelt: str) -> None:
        """To pause, or to go on."""
        del spelt
        with self._reading() as tx:
            reader = people.by_address(tx, one)
        if reader:
            every = self.dice.choice(["none", "issue"])
            done = choosing.choose(reader.token, self.project.store, every=every, topics=(), now=self.now)
            assert done == (not self.fates[one].out)
            if done:
                self.fates[one].paused = every == "none"

    def works_again(self, one: str, spelt: str) -> None:
        """Her mailbox, by the author's word."""
        fate = self.fates[one]
        if not fate.dead or fate.complained:
            with pytest.raises(UserError):
                readers.allow(self.project.store, spelt, now=self.now)
            return
        assert readers.allow(self.project.store, spelt, now=self.now) == fate.here
        fate.dead = False
        if fate.here:
            fate.comes(self.now)

    def is_forgotten(self, one: str, spelt: str) -> None:
        """As the law has it."""
        with suppress(UserError):
            readers.forget(self.project.store, spelt, now=self.now)
            self.asked.pop(one, None)
            self.fates[one] = Fate(said_no=True, complained=self.fates[one].complained)

    def and_all_are_put_into_or_come_out_of_a_backup(self, one: str, spelt: str) -> None:
        """Who has said no since it was made stays out; who came since is known no more."""
        del one, spelt
        path = self.world.folder.parent / "backup.zip"
        if not path.exists() or self.dice.random() < 0.5:
            path.unlink(missing_ok=True)
            backup.back_up(self.project.settings, self.project.store, path, self.now)
            self.remembered = {name: replace(fate) for name, fate in self.fates.items()}, dict(self.asked)
            return
        self.until.close()
        backup.put_back(self.world.folder, path, {}, self.now, force=True)
        self.project = self.until.enter_context(self.world.project())
        if "unmatched" in feedback.due(self.project.store, self.project.settings.feedback, self.now):
            feedback.work("unmatched", self.project.store, self.project.settings.feedback, self.project.out)
        before, self.asked = self.remembered[0], dict(self.remembered[1])
        for name, fate in self.fates.items():
            self.fates[name] = then = replace(before[name])
            then.complained |= fate.complained
            if fate.said_no:
                then.says_no()
            elif fate.dead:
                then.is_gone()

    def _reading(self) -> AbstractContextManager[Tx]:
        return self.project.store.reading()

    def who_is_mailed(self) -> set[str]:
        """By the state."""
        with self._reading() as tx:
            found: dict[SubscriberId, str] = {row.id: row.address for row in tx.execute(people.audience())}
            out = people.suppressed_among(tx, self.project.store.secret(tx), found)
        return {people.address_key(address) for reader, address in found.items() if reader not in out}

    def who_is_to_be(self) -> set[str]:
        """By what was said."""
        return {people.address_key(one) for one, fate in self.fates.items() if fate.wants}


def _same(one: str, other: str) -> bool:
    return people.address_key(one) == people.address_key(other)


@pytest.mark.parametrize("number", lives("FATES", "8-10"))
def test_whatever_is_said_of_an_address_who_wants_mail_gets_it_and_nobody_else(
    number: int, world: World, tmp_path: Path
) -> None:
    dice = random.Random(number)
    with ExitStack() as until:
        town = Town(world, until, dice)
        for _ in range(LENGTH):
            print(f"{world.now:%d %b %H:%M} {town.lives()}")  # noqa: T201 - pytest shows it of a life that fails
            assert town.who_is_mailed() == town.who_is_to_be()
        mine = "".join(readers.export_csv(town.project.store)).encode()
    with ExitStack() as until:
        other = Town(lay_out(tmp_path / "another"), until, dice)
        importing.from_csv(other.project.store, io.BytesIO(mine), file="readers.csv", now=world.now)
        assert other.who_is_mailed() == town.who_is_to_be()
        for one, fate in town.fates.items():
            if fate.here and fate.out:
                done = readers.add(other.project.store, one, name=None, consent="told me so", now=world.now)
                assert done == "left", f"{one} is out, and our own list brings her in"
