"""Every provider is held to the published contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline import providers
from pipeline.model import FileDrop, Request, SmtpEnvelope
from pipeline.providers import (
    brevo,
    buttondown,
    listmonk,
    mailgun,
    mailjet,
    outbox,
    postmark,
    resend,
    resend_broadcasts,
    sendgrid,
    ses,
    smtp,
)
from pipeline.testing import Delivered, ProviderContract
from tests.providers import wire

ANSWERS = Path(__file__).parents[1] / "answers"


class TestOutbox(ProviderContract):
    module = outbox

    def delivered(self, request: Request) -> Sequence[Delivered]:
        assert isinstance(request, FileDrop)
        return wire.mime(request.content)


class TestSmtp(ProviderContract):
    module = smtp
    table = {"host": "mail.example.org", "user": "lisa"}
    secrets = {smtp.PASSWORD: "open-sesame"}

    def delivered(self, request: Request) -> Sequence[Delivered]:
        assert isinstance(request, SmtpEnvelope)
        assert request.recipient in str(wire.mime(request.message)[0].addresses)
        return wire.mime(request.message)


class TestPostmark(ProviderContract):
    module = postmark
    secrets = {postmark.TOKEN: "pm-secret-token", postmark.WEBHOOK: "pm-hook-password"}
    answers = ANSWERS / "postmark.json"

    def delivered(self, request: Request) -> Sequence[Delivered]:
        return wire.postmark(request)


class TestResend(ProviderContract):
    module = resend
    secrets = {resend.TOKEN: "re_secret-token", resend.WEBHOOK: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
    answers = ANSWERS / "resend.json"

    def delivered(self, request: Request) -> Sequence[Delivered]:
        return wire.resend(request)


class TestSendGrid(ProviderContract):
    module = sendgrid
    secrets = {sendgrid.TOKEN: "SG.secret-token", sendgrid.WEBHOOK: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"}
    answers = ANSWERS / "sendgrid.json"

    def delivered(self, request: Request) -> Sequence[Delivered]:
        return wire.sendgrid(request)


class TestMailgun(ProviderContract):
    module = mailgun
    table = {"domain": "news.example.org"}
    secrets = {mailgun.TOKEN: "key-secret-token", mailgun.WEBHOOK: "mg-signing-key"}
    answers = ANSWERS / "mailgun.json"

    def delivered(self, request: Request) -> Sequence[Delivered]:
        return wire.mailgun(request)


class TestBrevo(ProviderContract):
    module = brevo
    secrets = {brevo.TOKEN: "xkeysib-secret-token", brevo.WEBHOOK: "brevo-hook-password"}
    answers = ANSWERS / "brevo.json"

    def delivered(self, request: Request) -> Sequence[Delivered]:
        return wire.brevo(request)


class TestMailjet(ProviderContract):
    module = mailjet
    secrets = {mailjet.KEY: "mj-public", mailjet.SECRET: "mj-secret", mailjet.WEBHOOK: "mj-hook-password"}
    answers = ANSWERS / "mailjet.json"
    list_id = False

    def delivered(self, request: Request) -> Sequence[Delivered]:
        return wire.mailjet(request)


AWS = {ses.KEY_ID: "AKIAIOSFODNN7EXAMPLE", ses.KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}


class TestSes(ProviderContract):
    module = ses
    table = {"region": "eu-central-1", "configuration_set": "newsletter"}
    secrets = AWS
    answers = ANSWERS / "ses.json"

    def delivered(self, request: Request) -> Sequence[Delivered]:
        return wire.ses(request)


class TestSesOneByOne(ProviderContract):
    module = ses
    table = {"region": "eu-central-1", "bulk": False}
    secrets = AWS

    def delivered(self, request: Request) -> Sequence[Delivered]:
        return wire.ses(request)


class TestListmonk(ProviderContract):
    module = listmonk
    table = {"lists": (3,), "user": "paperround"}
    secrets = {listmonk.TOKEN: "lm-secret-token"}
    answers = ANSWERS / "listmonk.json"


class TestButtondown(ProviderContract):
    module = buttondown
    secrets = {buttondown.TOKEN: "bd-secret-token", buttondown.WEBHOOK: "bd-signing-key"}
    answers = ANSWERS / "buttondown.json"


class TestResendBroadcasts(ProviderContract):
    module = resend_broadcasts
    table = {"segment": "78261eea-8f8b-4381-83c6-79fa7120f1cf"}
    secrets = TestResend.secrets
    answers = ANSWERS / "resend_broadcasts.json"


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_is_held_to_the_contract(name: str) -> None:
    held = {kind.module.__name__.rpartition(".")[2] for kind in ProviderContract.__subclasses__()}
    assert name in held
