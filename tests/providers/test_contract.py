"""Every provider is held to the published contract."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline import providers
from pipeline.model import FileDrop, Request, SmtpEnvelope
from pipeline.providers import outbox, postmark, smtp
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


@pytest.mark.parametrize("name", providers.names())
def test_every_provider_is_held_to_the_contract(name: str) -> None:
    held = {kind.module.__name__.rpartition(".")[2] for kind in ProviderContract.__subclasses__()}
    assert name in held
