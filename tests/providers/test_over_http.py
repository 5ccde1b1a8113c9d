"""From an approved issue to the provider's server and back, over a real wire, with the faults that happen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from pipeline import deliver, run
from pipeline.errors import NeedsPerson
from pipeline.model import Account
from tests.journeys import steps
from tests.providers import test_contract as contract
from tests.providers.carriers import Carrier, listening
from tests.world import World

HELD = {
    "postmark": contract.TestPostmark, "resend": contract.TestResend, "sendgrid": contract.TestSendGrid,
    "mailgun": contract.TestMailgun, "brevo": contract.TestBrevo, "mailjet": contract.TestMailjet, "ses": contract.TestSes,
    "listmonk": contract.TestListmonk, "buttondown": contract.TestButtondown,
    "resend_broadcasts": contract.TestResendBroadcasts,
}  # fmt: skip
READERS = ("ann@example.org", "ben@example.org", "cleo@bücher.example.org")
MAILED = ("ann@example.org", "ben@example.org", "cleo@xn--bcher-kva.example.org")
"""The same as mail is addressed to them, and as providers tell of them."""
LISTS = ("listmonk", "buttondown", "resend_broadcasts")


@contextlib.contextmanager
def ready(world: World, name: str) -> Iterator[Carrier]:
    """An approved issue for three readers, and the provider's server."""
    carrier = Carrier(name)
    with listening(carrier) as home:
        carry(world, name, home)
        steps.subscribe(world, *READERS)
        steps.pull(world)
        steps.build_now(world)
        steps.approve(world)
        yield carrier


def carry(world: World, name: str, home: str) -> None:
    """Let a provider whose server is at `home` carry the project's issues."""
    held = HELD[name]
    table = {**held.table, "base_url": home}
    rows = "".join(f"{key} = {list(value) if isinstance(value, tuple) else value!r}\n" for key, value in table.items())
    rows = rows.replace("= True", "= true").replace("= False", "= false")
    world.set("[[source]]", f'[delivery]\nprovider = "{name}"\n[delivery.{name}]\n{rows}\n[[source]]')
    world.whisper(**held.secrets)


def later(world: World) -> Account:
    """Half an hour of cron runs, and a look at the provider's records."""
    for _ in range(3):
        world.pass_time(minutes=11)
        with world.project() as project:
            section = project.settings.deliver
            run.perform(project, "deliver", lambda: deliver.due(project.store, section, world.now))  # noqa: B023
            with contextlib.suppress(NeedsPerson):
                deliver.reconcile(steps.ONE, project.store, section, project.out, resend=False)
    return sums(world)


def sums(world: World) -> Account:
    account = steps.account(world)
    assert account is not None
    assert account.balanced
    return account


def once(name: str) -> list[str]:
    return ["the whole list"] if name in LISTS else sorted(MAILED)


@pytest.mark.parametrize("name", HELD)
def test_everybody_is_written_to_once_and_the_ledger_says_so(name: str, world: World) -> None:
    with ready(world, name) as carrier:
        steps.send(world)
        at_once, account = sums(world), later(world)
    assert at_once.accepted == account.accepted == account.audience > 0
    assert sorted(carrier.taken) == once(name)


@pytest.mark.parametrize("name", HELD)
def test_a_busy_provider_is_asked_again_and_nobody_is_lost_or_written_to_twice(name: str, world: World) -> None:
    moods = iter(["busy"])
    with ready(world, name) as carrier:
        carrier.mood = lambda: next(moods, "answer")
        steps.send(world)
        account = later(world)
    assert account.accepted == account.audience
    assert sorted(carrier.taken) == once(name)


CANT_TELL = ("sendgrid", "ses")
"""Nobody can ask these what they took, and they don't recognise a repeat."""


@pytest.mark.parametrize("mood", ["hang up", "broken"])
@pytest.mark.parametrize("name", HELD)
def test_mail_that_was_taken_before_the_line_broke_is_never_sent_again(name: str, mood: str, world: World) -> None:
    moods = iter([mood])
    with ready(world, name) as carrier:
        carrier.mood = lambda: next(moods, "answer")
        steps.send(world)
        account = later(world)
    assert sorted(carrier.taken) == once(name)
    if name in CANT_TELL:
        assert account.unknown == account.audience
    else:
        assert account.accepted == account.audience
