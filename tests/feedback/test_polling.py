"""Asking providers for bounces; the provider is a small server on loopback that answers as theirs do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline.store import people
from tests.journeys import steps
from tests.world import World

ANN, BEN, CLEO = "ann@example.org", "ben@example.org", "cleo@example.org"
AT = "2026-11-23T13:00:00Z"
STAMP = 1795438800  # the same moment
POSTMARK = {
    "/bounces": {
        "TotalCount": 1,
        "Bounces": [
            {"ID": 1, "Type": "HardBounce", "MessageID": "m1", "Details": "550 5.1.1", "Email": ANN, "BouncedAt": AT},
            {"ID": 2, "Type": "SoftBounce", "MessageID": "m2", "Details": "452 4.2.2", "Email": CLEO, "BouncedAt": AT},
        ],
    },
    "/message-streams/broadcast/suppressions/dump": {
        "Suppressions": [
            {"EmailAddress": BEN, "SuppressionReason": "ManualSuppression", "Origin": "Recipient", "CreatedAt": AT},
            {"EmailAddress": CLEO, "SuppressionReason": "ManualSuppression", "Origin": "Customer", "CreatedAt": AT},
        ]
    },
}
MAILGUN = {
    "/v3/kindwords.net/events": {
        "items": [
            {"event": "failed", "severity": "permanent", "reason": "bounce", "id": "e1", "timestamp": STAMP, "recipient": ANN,
             "delivery-status": {"code": 550, "message": "5.1.1 no such user"}},
            {"event": "complained", "id": "e2", "timestamp": STAMP, "recipient": BEN},
            {"event": "failed", "severity": "temporary", "id": "e3", "timestamp": STAMP, "recipient": CLEO},
        ],
        "paging": {"next": "https://elsewhere.example/v3/kindwords.net/events/x"},
    }
}  # fmt: skip
SENDGRID = {
    "/v3/suppression/bounces": [{"created": STAMP, "email": ANN, "reason": "550 5.1.1", "status": "5.1.1"}],
    "/v3/suppression/spam_reports": [{"created": STAMP, "email": BEN, "ip": "192.0.2.1"}],
    "/v3/suppression/unsubscribes": [],
}
PROVIDERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "postmark": (POSTMARK, "", "PAPERROUND_POSTMARK_TOKEN"),
    "mailgun": (MAILGUN, 'domain = "kindwords.net"\n', "PAPERROUND_MAILGUN_KEY"),
    "sendgrid": (SENDGRID, "", "PAPERROUND_SENDGRID_KEY"),
}
LEFT = {"postmark": "unsubscribed", "mailgun": "complained", "sendgrid": "complained"}


@contextmanager
def answering(answers: dict[str, Any], status: int = 200) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Visit(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(answers.get(urlsplit(self.path).path, {})).encode()
            self.send_response(status if urlsplit(self.path).path in answers else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Visit) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def use(world: World, provider: str, base: str) -> None:
    _, more, _ = PROVIDERS[provider]
    from pipeline import providers

    secrets = providers.load(provider).SECRETS
    path, env = world.folder / "sources/newsletter.toml", world.folder / ".env"
    table = f'[delivery]\nprovider = "{provider}"\n\n[delivery.{provider}]\nbase_url = "{base}"\n{more}'
    path.write_text(path.read_text().partition("[delivery]")[0].rstrip() + "\n\n" + table)
    others = env.read_text() if env.is_file() else ""
    env.write_text(others + "".join(f"{name}=a-token-of-thirty-two-characters\n" for name in secrets))
    env.chmod(0o600)


def states(world: World) -> dict[str, str]:
    with world.project() as project, project.store.reading() as tx:
        return {reader.address: reader.state for reader in people.every(tx)}


@pytest.fixture
def world(world: World) -> World:
    steps.subscribe(world, ANN, BEN, CLEO)
    world.pass_time(hours=2)
    return world


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_the_provider_has_learnt_is_acted_upon_once(world: World, provider: str) -> None:
    with answering(PROVIDERS[provider][0]) as (base, asked):
        use(world, provider, base)
        report = steps.cron(world)
        assert f"{provider} reports that 2 readers must not be mailed any more." in report.done
        assert states(world) == {ANN: "bounced", BEN: LEFT[provider], CLEO: "active"}
        first = len(asked)
        steps.cron(world)
        assert len(asked) == first
        world.pass_time(hours=1)
        assert f"{provider} reports" not in " ".join(steps.cron(world).done)
        assert len(asked) > first
    assert not [path for path in asked if "elsewhere" in path]


def test_the_time_before_is_asked_for_again_by_a_day(world: World) -> None:
    with answering(SENDGRID) as (base, asked):
        use(world, "sendgrid", base)
        steps.cron(world)
        world.pass_time(hours=3)
        steps.cron(world)
        starts = [int(parse_qs(urlsplit(path).query)["start_time"][0]) for path in asked[::3]]
    assert starts[1] - starts[0] == 7 * 86_400


def test_after_a_clock_that_ran_ahead_the_last_week_is_asked_for(world: World) -> None:
    with answering(SENDGRID) as (base, asked):
        use(world, "sendgrid", base)
        world.pass_time(days=400)
        steps.cron(world)
        world.pass_time(days=-400)
        world.blog.date = world.now
        steps.cron(world)
        world.pass_time(hours=1)
        steps.cron(world)
        starts = [int(parse_qs(urlsplit(path).query)["start_time"][0]) for path in asked[::3]]
    assert starts[1] == int(world.now.timestamp()) - 8 * 86_400


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_provider_that_does_not_answer_well_is_asked_again_and_about_the_same_time(world: World, status: int) -> None:
    with answering(SENDGRID, status) as (base, _):
        use(world, "sendgrid", base)
        report = steps.cron(world)
        assert "could not be asked about bounces" in " ".join(report.waiting)
        assert f"answers {status}" in " ".join(report.waiting)
    world.pass_time(hours=1)
    with answering(SENDGRID) as (base, asked):
        use(world, "sendgrid", base)
        steps.cron(world)
    assert states(world)[ANN] == "bounced"
    assert asked


def test_an_author_may_forbid_it(world: World) -> None:
    with answering(SENDGRID) as (base, asked):
        use(world, "sendgrid", base)
        world.set("[delivery]\n", "[feedback]\npoll = false\n\n[delivery]\n")
        steps.cron(world)
    assert asked == []
