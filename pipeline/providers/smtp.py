"""Any SMTP server (RFC 5321), one reader at a time, so that a lost line leaves at most one fate unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec

from pipeline import api
from pipeline.fates import one_by_one
from pipeline.mail import mime, sender
from pipeline.model import Answer, Batch, Fate, Outcome, Recipient, Reply, Request, SmtpEnvelope, SmtpServer
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=100,
    body_max_bytes=25_000_000,
    idempotency="none",
    key_lifetime_seconds=None,
    merge=False,
    lookup="none",
    per_second=None,
    real=True,
    docs="https://www.rfc-editor.org/rfc/rfc5321",
)
PASSWORD = "PAPERROUND_SMTP_PASSWORD"  # noqa: S105 - the variable's name
SECRETS: Mapping[str, str] = {PASSWORD: "the password that belongs to `user`"}

# RFC 4954: the server wants a sign-in, or another one.
_SIGN_IN = (530, 534, 535, 538)
# RFC 3463: the class 5.7 is about rights and policy, such as "relay access denied".
_POLICY = re.compile(rb"5\.7\.\d{1,3}\b")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.smtp]; `security` is "starttls" (required), "tls" (from the first byte) or "none"."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Mail by SMTP. Raises ValueError with a sentence for settings that can't go together."""
    if settings.security == "none" and settings.host not in api.THIS_MACHINE:
        raise ValueError('security = "none" is for a server on this machine only. Use "starttls" or "tls".')
    if settings.user and not secrets.get(PASSWORD):
        raise ValueError(f"user is set, and {PASSWORD} is not. Put it into the environment or a private .env file.")
    return _Smtp(
        SmtpServer(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            user=settings.user or None,
            password=secrets.get(PASSWORD) if settings.user else None,
        )
    )


@dataclass(frozen=True, slots=True)
class _Smtp:
    server: SmtpServer
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if replies:
            return ()
        return [self._envelope(batch, recipient) for recipient in batch.recipients]

    def _envelope(self, batch: Batch, recipient: Recipient) -> SmtpEnvelope:
        # The copy is written first: it says what is wrong with an address.
        message = mime(batch, recipient)
        return SmtpEnvelope(
            server=self.server, sender=sender(batch.sender)[1], recipient=sender(recipient.address)[1], message=message
        )

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return one_by_one(batch, replies, self._judge)

    def _judge(self, answer: Answer) -> tuple[Fate, str]:
        words = f"{answer.status} {answer.body.decode('utf-8', 'replace')}"
        return _fate(answer, api.said(words, self.server.password or ""))

    def look_up(self, _batch: Batch, _replies: Sequence[Reply] = ()) -> Sequence[Request]:
        return ()

    def found(self, _batch: Batch, _replies: Sequence[Reply]) -> Sequence[Outcome]:
        return ()


def _fate(answer: Answer, words: str) -> tuple[Fate, str]:
    """A no for now, to the sender, or to us as such is nobody's fate: the copy is tried again."""
    stage = answer.headers.get("stage")
    if stage not in ("sender", "recipient", "content"):
        return "unknown", words
    if 200 <= answer.status <= 299 and stage == "content":
        return "accepted", words
    if 400 <= answer.status <= 499:
        return "not-sent", words
    if not 500 <= answer.status <= 599:
        return "unknown", words
    ours = stage == "sender" or answer.status in _SIGN_IN or _POLICY.match(answer.body)
    return ("not-sent" if ours else "rejected"), words
