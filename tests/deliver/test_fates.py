"""What becomes of a reader's copy when the provider refuses, hangs up or says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from msgspec.structs import replace

from pipeline import deliver, run
from pipeline.errors import NeedsPerson
from pipeline.model import Account, Answer, IssueNumber, NoAnswer, Reply, Report, Request, SmtpEnvelope
from pipeline.store import ledger, people
from tests.journeys import steps
from tests.world import World

ONE, TWO = IssueNumber(1), IssueNumber(2)
Says = Callable[[str], Reply]


TAKEN = Answer(status=250, headers={"stage": "content"}, body=b"ok")
NOBODY = Answer(status=550, headers={"stage": "recipient"}, body=b"5.1.1 no such user")
SPAM = Answer(status=554, headers={"stage": "content"}, body=b"5.7.1 looks like spam")


@pytest.fixture
def ready(world: World) -> World:
    """An approved issue for three readers, carried by SMTP."""
    world.set("[[source]]", '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "mail.example.org"\n\n[[source]]')
    steps.subscribe(world, "ann@example.org", "ben@example.org", "cleo@example.org")
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    return world


class Host:
    """A mail host that answers as it is told, and remembers what it was asked."""

    def __init__(self, says: Says) -> None:
        self.says = says
        self.asked: list[str] = []

    def __call__(self, requests: Sequence[Request]) -> Iterator[Reply]:
        for request in requests:
            assert isinstance(request, SmtpEnvelope)
            self.asked.append(request.recipient)
            reply = self.says(request.recipient)
            yield reply
            if isinstance(reply, NoAnswer) and reply.sent == "after":
                return


def send(world: World, host: Host) -> Report:
    with world.project() as project:
        project = replace(project, out=replace(project.out, line=host))
        section = project.settings.deliver
        return run.perform(project, "deliver", lambda: deliver.due(project.store, section, world.now, ONE))


def sums(world: World) -> Account:
    account = steps.account(world)
    assert account is not None
    assert account.balanced
    return account


def test_everybody_accepted(ready: World) -> None:
    host = Host(lambda _: TAKEN)
    send(ready, host)
    assert sums(ready).accepted == 3
    assert host.asked == ["ann@example.org", "ben@example.org", "cleo@example.org"]


def test_one_refused_address_stops_nobody_else_and_is_not_mailed_again(ready: World) -> None:
    def says(address: str) -> Reply:
        return NOBODY if address.startswith("ben") else TAKEN

    send(ready, Host(says))
    assert (sums(ready).accepted, sums(ready).rejected) == (2, 1)
    with ready.project() as project:
        run.walk(project, "feedback")
        with project.store.reading() as tx:
            hashed = people.address_hash(project.store.secret(tx), "ben@example.org")
            suppression = people.suppressed(tx, hashed)
    assert suppression is not None
    assert "5.1.1" in suppression.evidence


def test_a_refusal_for_the_content_suppresses_nobody(ready: World) -> None:
    send(ready, Host(lambda _: SPAM))
    with ready.project() as project:
        run.walk(project, "feedback")
        with project.store.reading() as tx:
            hashed = people.address_hash(project.store.secret(tx), "ben@example.org")
            assert people.suppressed(tx, hashed) is None


def test_a_host_that_can_not_be_reached_is_asked_again_later_and_nobody_is_lost(ready: World) -> None:
    down = Host(lambda _: NoAnswer(sent="before", words="connection refused"))
    report = send(ready, down)
    assert sums(ready).pending == 3
    assert report.errors
    up = Host(lambda _: TAKEN)
    send(ready, up)
    assert up.asked == []
    ready.pass_time(minutes=11)
    send(ready, up)
    assert sums(ready).accepted == 3
    assert len(up.asked) == 3


def test_who_can_not_be_reached_is_called_once_for_all_issues_and_each_is_told(ready: World) -> None:
    steps.approve_another(ready, TWO)

    def cron(host: Host) -> Report:
        with ready.project() as project:
            return run.walk(replace(project, out=replace(project.out, line=host)), "deliver")

    down = Host(lambda _: NoAnswer(sent="before", words="mail.example.org took too long."))
    report = cron(down)
    assert set(down.asked) == {"ann@example.org", "ben@example.org", "cleo@example.org"}
    assert len(down.asked) == 3
    assert set(report.errors) == {
        f"Issue {one}: 3 not handed over (mail.example.org took too long.); tried again in 10 minutes."
        for one in (1, 2)
    }
    ready.pass_time(minutes=11)
    up = Host(lambda _: TAKEN)
    cron(up)
    accounts = [steps.account(ready, one) for one in (ONE, TWO)]
    assert [account.accepted for account in accounts if account] == [3, 3]


def test_a_person_who_asks_again_need_not_wait(ready: World) -> None:
    send(ready, Host(lambda _: NoAnswer(sent="before", words="connection refused")))
    with ready.project() as project:
        deliver.ask(ONE, project.store, project.settings.deliver, ready.now)
    send(ready, Host(lambda _: TAKEN))
    assert sums(ready).accepted == 3


def test_one_reader_whose_host_says_not_now_holds_up_nobody_else(ready: World) -> None:
    busy = Answer(status=450, headers={"stage": "recipient"}, body=b"4.2.1 come back later")
    send(ready, Host(lambda address: busy if address.startswith("ann") else TAKEN))
    assert (sums(ready).accepted, sums(ready).pending) == (2, 1)


def test_a_host_that_refuses_us_is_not_asked_for_each_reader(ready: World) -> None:
    host = Host(lambda _: Answer(status=535, headers={"stage": "sender"}, body=b"5.7.8 wrong password"))
    send(ready, host)
    assert len(host.asked) == 1
    assert sums(ready).pending == 3


RULES = Answer(status=554, headers={"stage": "recipient"}, body=b"5.7.1 Recipient address rejected: Access denied")


def test_one_reader_whom_our_mail_server_refuses_by_its_rules_holds_up_nobody_else(ready: World) -> None:
    send(ready, Host(lambda address: RULES if address.startswith("ann") else TAKEN))
    assert (sums(ready).accepted, sums(ready).pending) == (2, 1)


def test_readers_who_are_refused_first_come_last_when_it_is_tried_again(ready: World) -> None:
    steps.subscribe(ready, *(f"reader{at}@example.net" for at in range(5)))
    host = Host(lambda address: TAKEN if address.endswith("net") else RULES)
    send(ready, host)
    assert (len(host.asked), sums(ready).accepted) == (3, 0)
    ready.pass_time(minutes=11)
    send(ready, host)
    assert (sums(ready).accepted, sums(ready).pending) == (5, 3)


def test_rules_that_refuse_one_reader_after_another_end_the_visit(ready: World) -> None:
    steps.subscribe(ready, *(f"reader{at}@example.net" for at in range(5)))
    host = Host(lambda _: RULES)
    send(ready, host)
    assert (len(host.asked), sums(ready).pending) == (3, 8)


def test_a_copy_whose_answer_was_lost_is_never_sent_again_by_itself(ready: World) -> None:
    def says(address: str) -> Reply:
        lost = NoAnswer(sent="after", words="the line broke after the last byte")
        return lost if address.startswith("ben") else TAKEN

    report = send(ready, Host(says))
    assert (sums(ready).accepted, sums(ready).unknown) == (2, 1)
    assert report.exit_code == 3
    for _ in range(3):
        ready.pass_time(days=1)
        host = Host(lambda _: TAKEN)
        send(ready, host)
        assert host.asked == []


def test_a_person_may_order_a_resend_of_what_is_unknown_and_only_of_that(ready: World) -> None:
    def says(address: str) -> Reply:
        return NoAnswer(sent="after", words="lost") if address.startswith("ben") else TAKEN

    send(ready, Host(says))
    with ready.project() as project:
        section = project.settings.deliver
        with pytest.raises(NeedsPerson, match="resend-unknown"):
            deliver.reconcile(ONE, project.store, section, project.out, resend=False)
        deliver.reconcile(ONE, project.store, section, project.out, resend=True)
    host = Host(lambda _: TAKEN)
    send(ready, host)
    assert host.asked == ["ben@example.org"]
    assert sums(ready).accepted == 3


def test_a_batch_that_a_killed_run_had_claimed_is_parked_not_sent(ready: World) -> None:
    with ready.project() as project:
        section = project.settings.deliver
        run.perform(project, "deliver", lambda: ["freeze/1"])
        with project.store.writing() as tx:
            first = ledger.claimable(tx, ready.now, ONE)[0][0]
            assert ledger.claim(tx, first, "a run that was killed", ready.now)
        assert next(iter(deliver.due(project.store, section, ready.now))) == f"orphan/{first}"
    host = Host(lambda _: TAKEN)
    report = send(ready, host)
    assert host.asked == []
    assert sums(ready).unknown == 3
    assert report.exit_code == 3


@pytest.mark.parametrize("other", ["outbox", "postmark"])  # the latter lacks its key
def test_readers_of_an_issue_begun_with_one_provider_are_not_handed_to_another(ready: World, other: str) -> None:
    send(ready, Host(lambda _: NoAnswer(sent="before", words="connection refused")))
    ready.pass_time(minutes=11)
    ready.set('provider = "smtp"', f'provider = "{other}"')
    report = send(ready, Host(lambda _: TAKEN))
    assert any("begun with the provider smtp" in sentence for sentence in report.errors)
    assert report.exit_code == 3
    assert sums(ready).pending == 3
    assert steps.mails(ready) == []


def test_a_batch_is_claimed_once_even_without_the_lock(ready: World) -> None:
    with ready.project() as project:
        run.perform(project, "deliver", lambda: ["freeze/1"])
        with project.store.writing() as tx:
            first = ledger.claimable(tx, ready.now, ONE)[0][0]
            assert ledger.claim(tx, first, "one", ready.now)
            assert not ledger.claim(tx, first, "two", ready.now)


def test_the_copies_are_the_approved_bytes_even_when_the_template_changes_in_between(ready: World) -> None:
    copies: dict[str, set[bytes]] = {}

    def host(requests: Sequence[Request]) -> Iterator[Reply]:
        for request in requests:
            assert isinstance(request, SmtpEnvelope)
            copies.setdefault(request.recipient, set()).add(request.message)
            yield NoAnswer(sent="before", words="connection refused")

    with ready.project() as project:
        project = replace(project, out=replace(project.out, line=host))
        section = project.settings.deliver
        for _ in range(6):
            run.perform(project, "deliver", lambda: deliver.due(project.store, section, ready.now, ONE))
            ready.pass_time(minutes=11)
            (steps.folder(ready) / "email.html").write_text("<p>something else</p>")
    assert len(copies) == 3
    assert all(len(different) == 1 for different in copies.values())
