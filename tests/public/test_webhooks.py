"""What providers report, as their servers send it; the signatures are real."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from pipeline.feedback import hooks
from pipeline.providers import ses
from pipeline.store import people
from tests.journeys import steps
from tests.providers.test_webhooks import SES, TOPIC, sns
from tests.public.site import Site, up
from tests.world import World

PASSWORD = "a password of the webhook's own"


@pytest.fixture
def world(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    world.whisper(PAPERROUND_POSTMARK_TOKEN="token", PAPERROUND_POSTMARK_WEBHOOK=PASSWORD)
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    return world


def path(site: Site, provider: str = "postmark") -> str:
    with site.project.store.reading() as tx:
        return f"/webhooks/{provider}/{hooks.secret(site.project.store.secret(tx), provider)}"


def bounce(address: str = "ann@example.org", name: int = 692560173, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "ID": name,
        "Type": "HardBounce",
        "Description": "The server was unable to deliver your message.",
        "Details": f"550 5.1.1 {address}: no such mailbox",
        "Email": address,
        "BouncedAt": "2026-11-23T12:00:00Z",
        "Metadata": {"issue": "1", "reader": "1"},
    } | more


def call(site: Site, document: Any, password: str = PASSWORD, to: str = "", **headers: str) -> Any:
    basic = base64.b64encode(f"paperround:{password}".encode()).decode()
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return site.client.post(to or path(site), content=body, headers={"authorization": f"Basic {basic}"} | headers)


def state(site: Site, address: str = "ann@example.org") -> str:
    with site.project.store.reading() as tx:
        reader = people.by_address(tx, address)
    assert reader is not None
    return reader.state


def test_a_bounce_takes_one_reader_off_with_the_evidence(world: World) -> None:
    with up(world) as site:
        assert call(site, bounce()).status_code == 200
        assert (state(site), state(site, "ben@example.org")) == ("bounced", "active")
        with site.project.store.reading() as tx:
            hashed = people.address_hash(site.project.store.secret(tx), "ann@example.org")
            found = people.suppressed(tx, hashed)
    assert found is not None
    assert found.evidence == "postmark, issue 1, 2026-11-23 12:00 UTC: 550 5.1.1 (the address): no such mailbox"


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + "x", PASSWORD[:-1], PASSWORD.upper(), "ü"])
def test_g1_a_call_with_another_password_is_refused_and_changes_nothing(world: World, password: str) -> None:
    with up(world) as site:
        answer = call(site, bounce(), password)
        assert (answer.status_code, state(site)) == (403, "active")
        (said,) = site.said
        assert said == "postmark called, and its report was not believed. The call does not bring the right password."
        assert PASSWORD not in answer.text + said


@pytest.mark.parametrize("secret", ["", "x", "A" * 32, "%00", "../../subscribe", "é"])
def test_g1_an_address_with_another_secret_does_not_exist(world: World, secret: str) -> None:
    with up(world) as site:
        answer = call(site, bounce(), to=f"/webhooks/postmark/{secret}")
        assert (answer.status_code, state(site)) in ((404, "active"), (405, "active"), (422, "active"))


def test_g8_the_secret_of_one_provider_is_not_that_of_another(world: World) -> None:
    with up(world) as site:
        other = path(site, "smtp").rpartition("/")[2]
        assert call(site, bounce(), to=f"/webhooks/postmark/{other}").status_code == 404
        assert call(site, bounce(), to=path(site, "smtp")).status_code == 404
        assert call(site, bounce(), to=path(site, "nobody")).status_code == 404
        assert state(site) == "active"


def test_g1_without_a_password_in_the_settings_nobody_is_believed(world: World) -> None:
    env = world.folder / ".env"
    env.write_text(env.read_text().replace(f"PAPERROUND_POSTMARK_WEBHOOK={PASSWORD}\n", ""))
    with up(world) as site:
        # A 403 is the end of it for Postmark, and the report lost; this one is wanted again when the password is set.
        assert call(site, bounce(), "").status_code == 503
        assert state(site) == "active"
        (said,) = site.said
        assert said.endswith(
            "PAPERROUND_POSTMARK_WEBHOOK is not set, so nobody can tell who calls. Set it, and restart."
        )
        assert hooks.unset("postmark", site.project.settings.feedback) == ["PAPERROUND_POSTMARK_WEBHOOK"]


def test_what_is_set_is_not_asked_for(world: World) -> None:
    with up(world) as site:
        assert hooks.unset("postmark", site.project.settings.feedback) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"RecordType": ["Bounce"]}',
        b'{"RecordType":"Bounce"}',
    ],
)
def test_g1_what_is_no_report_changes_nothing(world: World, body: bytes) -> None:
    with up(world) as site:
        assert call(site, body).status_code in (200, 403)
        assert (state(site), state(site, "ben@example.org")) == ("active", "active")


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        ("BouncedAt", "yesterday"),
        ("BouncedAt", 10**30),
        ("Email", 7),
        ("Email", "no address"),
        ("Email", "a@\ud800"),
        ("Metadata", []),
        ("ID", None),
        ("Type", {}),
    ],
)
def test_g1_a_report_with_a_strange_value_is_no_fault_of_ours(world: World, at: str, wrong: Any) -> None:
    with up(world) as site:
        assert call(site, bounce(**{at: wrong})).status_code == 200
        assert state(site, "ben@example.org") == "active"


def test_g4_forty_six_copies_are_one_and_an_unknown_kind_is_thanked(world: World) -> None:
    with up(world) as site:
        assert {call(site, bounce(Type="SoftBounce")).status_code for _ in range(46)} == {200}
        assert call(site, {"RecordType": "SomethingNew", "Email": "ann@example.org"}).status_code == 200
        assert state(site) == "active"


def test_a_body_of_five_megabytes_is_not_read(world: World) -> None:
    with up(world) as site:
        assert call(site, b" " * (5 << 20)).status_code == 413


def test_looking_at_the_address_changes_nothing(world: World) -> None:
    with up(world) as site:
        assert site.client.get(path(site)).status_code == 200
        assert site.client.head(path(site)).status_code == 200


def test_who_was_taken_off_by_a_report_is_left_out_of_what_has_not_gone(world: World) -> None:
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    with up(world) as site:
        call(site, bounce())
    steps.send(world)
    assert [mail["To"] for mail in steps.mails(world)] == ["ben@example.org"]


def test_a_call_whose_certificate_can_not_be_had_just_now_is_wanted_again(world: World) -> None:
    world.whisper(**{ses.TOPIC: TOPIC})
    with up(world) as site:
        answer = site.client.post(path(site, "ses"), content=sns(SES).body)
        assert answer.status_code == 503
        assert state(site) == "active"


@pytest.mark.parametrize(
    ("days", "key", "answer", "becomes"),
    [(0, "key", 200, "bounced"), (3, "key", 200, "bounced"), (40, "key", 406, "active"), (0, "other", 403, "active")],
    ids=["at once", "days late", "too late to be believed", "wrong signature"],
)
def test_mailgun_calls_late_with_a_right_signature_and_is_told_when_not_to_call_again(
    world: World, days: int, key: str, answer: int, becomes: str
) -> None:
    """It calls again for eight hours unless the answer is 200 or 406."""
    world.whisper(PAPERROUND_POSTMARK_TOKEN="token", PAPERROUND_MAILGUN_WEBHOOK="key")
    stamp, token = str(int(world.now.timestamp())), "t" * 50
    proof = {
        "timestamp": stamp,
        "token": token,
        "signature": hmac.digest(key.encode(), f"{stamp}{token}".encode(), "sha256").hex(),
    }
    event = {"event": "failed", "severity": "permanent", "reason": "bounce", "recipient": "ann@example.org",
             "timestamp": int(stamp) + 1, "delivery-status": {"code": 550, "message": "5.1.1 no such mailbox"}}  # fmt: skip
    world.pass_time(days=days)
    with up(world) as site:
        for _ in range(2):
            said = call(site, {"signature": proof, "event-data": event}, to=path(site, "mailgun"))
            assert (said.status_code, state(site)) == (answer, becomes)
