from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UserError
from pipeline.feedback import importing, leave, readers, reports
from pipeline.model import Reason, Signal, SubscriberId
from pipeline.run import Project
from pipeline.store import people, signals, tables
from tests.world import START, World

ANN = "ann@example.org"


def signal(kind: str, at: datetime, name: str = "", **more: Any) -> Signal:
    values: dict[str, Any] = {
        "permanent": False,
        "id": name or f"{kind}-{at.isoformat()}",
        "address": ANN,
        "provider_id": None,
        "issue": None,
        "subscriber": None,
        "words": "452 4.2.2 mailbox full",
    }
    return Signal(kind=kind, at=at, **(values | more))  # type: ignore[arg-type]


def state(project: Project, address: str = ANN) -> str:
    with project.store.reading() as tx:
        reader = people.by_address(tx, address)
    assert reader is not None
    return reader.state


def reason(project: Project, address: str = ANN) -> Reason | None:
    with project.store.reading() as tx:
        found = people.suppressed(tx, people.address_hash(project.store.secret(tx), address))
    return found.reason if found else None


def subscribed(world: World, project: Project, *addresses: str) -> None:
    for address in addresses or (ANN,):
        readers.add(project.store, address, name=None, consent="told me", now=world.now)


@pytest.mark.parametrize(
    ("kind", "permanent", "becomes"),
    [
        ("bounced", True, "bounced"),
        ("complained", True, "complained"),
        ("unsubscribed", True, "unsubscribed"),
        ("bounced", False, "active"),
        ("deferred", False, "active"),
        ("delivered", False, "active"),
    ],
)
def test_what_each_report_means(world: World, kind: str, permanent: bool, becomes: str) -> None:
    with world.project() as project:
        subscribed(world, project)
        told = signal(kind, world.now, permanent=permanent)
        assert reports.take("postmark", [told], project.store, world.now) == int(becomes != "active")
        assert state(project) == becomes
        assert reason(project) == (None if becomes == "active" else becomes)


def test_forty_six_copies_of_a_report_are_one(world: World) -> None:
    with world.project() as project:
        subscribed(world, project)
        told = signal("bounced", world.now)
        for _ in range(46):
            reports.take("sendgrid", [told], project.store, world.now)
        with project.store.reading() as tx:
            kept = signals.of_address(tx, people.address_hash(project.store.secret(tx), ANN))
        assert len(kept) == 1


def test_five_full_mailboxes_in_a_row_over_a_week_are_the_last(world: World) -> None:
    with world.project() as project:
        subscribed(world, project)
        states = []
        for _ in range(6):
            world.pass_time(days=2)
            reports.take("postmark", [signal("bounced", world.now)], project.store, world.now)
            states.append(state(project))
        assert states == ["active"] * 4 + ["bounced"] * 2


@pytest.mark.parametrize(("every", "becomes"), [(31, "bounced"), (46, "active")])
def test_one_copy_a_month_can_come_back_five_times_in_a_row_and_a_longer_silence_begins_anew(
    world: World, every: int, becomes: str
) -> None:
    with world.project() as project:
        subscribed(world, project)
        for _ in range(5):
            world.pass_time(days=every)
            reports.take("mailbox", [signal("bounced", world.now)], project.store, world.now)
        assert state(project) == becomes


@pytest.mark.parametrize(
    "words",
    [
        "5.7.1 smtp; 550 5.7.1 [203.0.113.7] Messages weren't sent. Part of your network is on our block list (S3140).",
        "5.0.0 smtp; 554 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org",
        "4.7.0 smtp; 421 4.7.0 [TSS04] Messages from 203.0.113.7 temporarily deferred",
        "5.3.4 smtp; 552 5.3.4 Message too big for system",
    ],
)
def test_no_reader_is_lost_because_her_host_refuses_the_mail_or_who_sends_it(world: World, words: str) -> None:
    with world.project() as project:
        subscribed(world, project)
        for _ in range(9):
            world.pass_time(days=7)
            reports.take("mailbox", [signal("bounced", world.now, words=words)], project.store, world.now)
        assert state(project) == "active"
        states = []
        for _ in range(5):
            world.pass_time(days=7)
            reports.take("mailbox", [signal("bounced", world.now)], project.store, world.now)
            states.append(state(project))
        assert states == ["active"] * 4 + ["bounced"]


@pytest.mark.parametrize("hours", [1, 30])
def test_many_bounces_in_few_days_are_not_enough(world: World, hours: int) -> None:
    with world.project() as project:
        subscribed(world, project)
        for _ in range(5):
            world.pass_time(hours=hours)
            reports.take("postmark", [signal("bounced", world.now)], project.store, world.now)
        assert state(project) == "active"


def test_bounces_of_one_day_are_one_in_a_row(world: World) -> None:
    with world.project() as project:
        subscribed(world, project)
        for wait in (timedelta(days=1), timedelta(days=8), *[timedelta(hours=1)] * 4):
            world.pass_time(seconds=wait.total_seconds())
            reports.take("postmark", [signal("bounced", world.now)], project.store, world.now)
        assert state(project) == "active"


def test_a_delivery_begins_the_row_anew_in_whatever_order_reports_come(world: World) -> None:
    days = [START + timedelta(days=2 * number) for number in range(1, 7)]
    row = [signal("bounced", day) for day in days[:3]] + [signal("delivered", days[3])]
    row += [signal("bounced", day) for day in days[4:]]
    later = START + timedelta(days=20)
    orders = [order for order in permutations(row) if [one.kind for one in order].index("delivered") < 3]
    for number, order in enumerate(orders[::41]):
        address = f"reader{number}@example.org"
        with world.project() as project:
            subscribed(world, project, address)
            first = signal("bounced", START + timedelta(hours=1), address=address, name=f"{number}")
            told = [signal(one.kind, one.at, f"{number}{one.id}", address=address) for one in order]
            for one in [first, *told]:
                reports.take("postmark", [one], project.store, later)
            assert state(project, address) == "active"


def test_a_late_report_does_not_undo_what_she_decided_since(world: World) -> None:
    with world.project() as project:
        subscribed(world, project)
        early = world.now - timedelta(days=3)
        for kind in ("unsubscribed", "bounced", "complained"):
            reports.take("postmark", [signal(kind, early, permanent=True)], project.store, world.now)
        assert (state(project), reason(project)) == ("active", None)


def test_the_gravest_reason_stays_whatever_comes_after(world: World) -> None:
    for number, order in enumerate(permutations(("unsubscribed", "bounced", "complained"))):
        address = f"reader{number}@example.org"
        with world.project() as project:
            subscribed(world, project, address)
            for kind in order:
                told = signal(kind, world.now, f"{number}{kind}", permanent=True, address=address)
                reports.take("postmark", [told], project.store, world.now)
            assert (state(project, address), reason(project, address)) == ("complained", "complained")


@pytest.mark.parametrize("how", ["the bounce was first", "she left first", "her host told both", "it stood in a file"])
def test_who_has_left_stays_out_when_a_mailbox_that_bounced_as_well_works_again(world: World, how: str) -> None:
    bounce = signal("bounced", world.now, permanent=True)
    with world.project() as project:
        subscribed(world, project)
        with project.store.reading() as tx:
            ann = people.by_address(tx, ANN)
        assert ann is not None
        if how != "she left first":
            reports.take("mailbox", [bounce], project.store, world.now)
        if how == "her host told both":
            reports.take("mailbox", [signal("unsubscribed", world.now)], project.store, world.now)
        elif how == "it stood in a file":
            rows = io.BytesIO(f"email,status\n{ANN},unsubscribed\n".encode())
            importing.from_csv(project.store, rows, file="gone.csv", now=world.now)
        else:
            assert leave.by_link(ann.token, project.store, evidence="her link", now=world.now)
        if how == "she left first":
            reports.take("mailbox", [bounce], project.store, world.now)
        assert (state(project), reason(project)) == ("unsubscribed", "unsubscribed")
        with pytest.raises(UserError, match="filling in the form herself"):
            readers.allow(project.store, ANN, now=world.now)


def test_strangers_addresses_are_nothing_to_us(world: World) -> None:
    with world.project() as project:
        subscribed(world, project)
        told = signal("complained", world.now, permanent=True, address="stranger@example.com")
        assert reports.take("postmark", [told], project.store, world.now) == 0
        assert reason(project, "stranger@example.com") is None


def test_a_report_without_an_address_is_matched_by_what_was_sent_along(world: World) -> None:
    with world.project() as project:
        subscribed(world, project, "ben@example.org", ANN)
        told = signal("complained", world.now, permanent=True, address=None, subscriber=SubscriberId(2))
        reports.take("resend", [told], project.store, world.now)
        assert (state(project), state(project, "ben@example.org")) == ("complained", "active")


def test_a_report_about_a_copy_of_another_newsletter_touches_no_reader_of_the_same_number(world: World) -> None:
    with world.project() as project:
        subscribed(world, project)
        told = signal("complained", world.now, permanent=True, address="zoe@example.com", subscriber=SubscriberId(1))
        assert reports.take("sendgrid", [told], project.store, world.now) == 0
        assert state(project) == "active"


@pytest.mark.parametrize(
    ("hers", "told"),
    [
        ("ann@straße.de", "ann@xn--strae-oqa.de"),
        ("ann@βόλος.com", "ann@xn--nxasmm1c.com"),
        ("ann@bücher.de", "Ann@XN--BCHER-KVA.de"),
    ],
)
def test_a_report_about_an_address_as_it_was_mailed_to_is_about_its_reader(world: World, hers: str, told: str) -> None:
    with world.project() as project:
        subscribed(world, project, hers)
        reports.take(
            "postmark", [signal("complained", world.now, permanent=True, address=told)], project.store, world.now
        )
        assert state(project, hers) == "complained"


@pytest.mark.parametrize(
    ("hers", "told", "repeated"),
    [
        (ANN, ANN, ANN),
        (ANN, "Ann@Example.org", ANN),
        (ANN, ANN, "ANN@EXAMPLE.ORG"),
        ("Ann@example.org", ANN, ANN),
        ("ann@bücher.example", "ann@xn--bcher-kva.example", "ann@bücher.example"),
        ("ann@bücher.example", "ann@bücher.example", "Ann@xn--bcher-kva.example"),
    ],
)
def test_no_spelling_of_an_address_stands_in_what_is_kept_of_a_report(
    world: World, hers: str, told: str, repeated: str
) -> None:
    with world.project() as project:
        subscribed(world, project, hers)
        words = f"550 5.1.1 <{repeated}> does not exist, to={repeated}"
        bounce = signal("bounced", world.now, permanent=True, words=words, address=told)
        reports.take("postmark", [bounce], project.store, world.now)
        with project.store.reading() as tx:
            (told_words,) = [
                words for _, words, _ in signals.of_address(tx, people.address_hash(project.store.secret(tx), hers))
            ]
        assert told_words == "550 5.1.1 <(the address)> does not exist, to=(the address)"
        readers.forget(project.store, hers, now=world.now)
    with world.project() as project, project.store.reading() as tx:
        kept = "".join(str(tx.execute(sa.select(table)).all()) for table in tables.metadata.sorted_tables)
    assert "ann@" not in kept.lower()
    assert "does not exist" not in kept


@pytest.mark.parametrize("named", [ANN, None])
def test_nobody_else_s_address_stands_in_what_is_kept_of_a_report(world: World, named: str | None) -> None:
    with world.project() as project:
        subscribed(world, project)
        with project.store.reading() as tx:
            reader = people.by_address(tx, ANN)
        assert reader
        words = (
            "550 5.1.1 <Anna.Private+x@gmx.example>: forwarded from SRS0=a=b=anna.private=gmx.example@relay.example. "
            "See https://help.example/?e=anna.private%40gmx.example, or ask postmaster@relay.example."
        )
        bounce = signal("bounced", world.now, permanent=True, words=words, address=named, subscriber=reader.id)
        assert reports.take("mailgun", [bounce], project.store, world.now) == 1
    with world.project() as project, project.store.reading() as tx:
        kept = "".join(str(tx.execute(sa.select(table)).all()) for table in tables.metadata.sorted_tables)
    assert "550 5.1.1 <(an address)>: forwarded from (an address). See https://help.example/?(an address), or" in kept
    assert "ask postmaster@relay.example" in kept
    assert "anna" not in kept.lower()


def test_a_bounce_that_is_told_in_two_ways_is_one_reader_in_the_report(world: World) -> None:
    with world.project() as project:
        subscribed(world, project, ANN, "ben@example.org")
        bounce = signal("bounced", world.now, "Bounce 42", permanent=True, issue=1)
        change = signal("bounced", world.now, "SubscriptionChange", permanent=True, issue=1)
        other = signal("bounced", world.now, "Bounce 43", issue=1, address="ben@example.org")
        reports.take("postmark", [bounce, change, other], project.store, world.now)
        with project.store.reading() as tx:
            assert signals.counts(tx) == {1: {"bounced": 2}}


@given(st.lists(st.tuples(st.sampled_from(["bounced", "delivered"]), st.integers(0, 200)), max_size=12))
def test_no_row_is_too_long_without_five_bounces_over_a_week(past: list[tuple[str, int]]) -> None:
    told = [
        (kind, "", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day))
        for kind, day in sorted(past, key=lambda one: one[1])
    ]
    if reports.out_of_patience(told):
        bounces = [at for kind, _, at in told if kind == "bounced"]
        assert len(bounces) >= 5
        assert told[-1][0] == "bounced" or "delivered" in [kind for kind, *_ in told]
