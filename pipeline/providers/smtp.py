"""Any SMTP server (RFC 5321), one reader at a time, so that a lost line leaves at most one fate unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pipeline.carrying import api
from pipeline.carrying.fates import one_by_one, refuses_us
from pipeline.mail import mime, sender
from pipeline.model import (
    Answer,
    Batch,
    Fate,
    Outcome,
    Recipient,
    Reply,
    Request,
    SmtpEnvelope,
    SmtpServer,
    SmtpVisit,
    Welcome,
)
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
DKIM_KEY = "PAPERROUND_SMTP_DKIM_KEY"
SECRETS: Mapping[str, str] = {
    PASSWORD: "the password that belongs to `user`",
    DKIM_KEY: "the private key for DKIM (PEM), if it is not in the file that `dkim_key` names",
}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.smtp]; `security` is "starttls" (required), "tls" (from the first byte) or "none".

    With `dkim_selector` each mail is signed here, for servers that do not sign themselves; `dkim_key` is the full path
    of the file with the private key.
    """

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    dkim_selector: str = ""
    dkim_key: str = ""


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Mail by SMTP. Raises ValueError with a sentence for settings that can't go together."""
    if settings.security == "none" and settings.host not in api.THIS_MACHINE:
        raise ValueError('security = "none" is for a server on this machine only. Use "starttls" or "tls".')
    if settings.user and not secrets.get(PASSWORD):
        raise ValueError(f"user is set, and {PASSWORD} is not. Put it into the environment or a private .env file.")
    return _Smtp(
        signer=_signer(settings, secrets),
        server=SmtpServer(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            user=settings.user or None,
            password=secrets.get(PASSWORD) if settings.user else None,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signer:
    """DKIM (RFC 6376) with every header, those for one click included, as RFC 8058 section 4 wants."""

    selector: str
    key: bytes = field(repr=False)

    def signed(self, message: bytes, domain: str) -> bytes:
        """The message with its signature on top; the signature holds the time, all else is the same each time."""
        import dkim

        head = message.partition(b"\r\n\r\n")[0]
        names = [name.lower() for name in re.findall(rb"^([!-9;-~]+):", head, re.MULTILINE)]
        ways = (b"relaxed", b"relaxed")
        made: bytes = dkim.sign(
            message, self.selector.encode(), domain.encode(), self.key, include_headers=names, canonicalize=ways
        )
        return made + message


def _signer(settings: Settings, secrets: Mapping[str, str]) -> _Signer | None:
    if not settings.dkim_selector:
        return None
    if find_spec("dkim") is None:
        raise ValueError("Signing mail needs dkimpy. Install it: pip install 'paperround[dkim]'.")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", settings.dkim_selector):
        raise ValueError(f'dkim_selector can\'t be {settings.dkim_selector!r}. It is a short name such as "mail".')
    key = _key_file(settings.dkim_key) if settings.dkim_key else secrets.get(DKIM_KEY, "").replace("\\n", "\n").encode()
    if not _is_rsa(key):
        raise ValueError(
            f"There is no usable DKIM key. Put an RSA private key (PEM) into the file dkim_key, or into {DKIM_KEY}."
        )
    return _Signer(selector=settings.dkim_selector, key=key)


def _key_file(path: str) -> bytes:
    place = Path(path).expanduser()
    if not place.is_absolute():
        raise ValueError(f"dkim_key can't be {path!r}. It must be the full path of a file.")
    try:
        return place.read_bytes()
    except OSError as fault:
        raise ValueError(f"dkim_key: {path} can't be read: {fault.strerror}.") from None


def _is_rsa(key: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return isinstance(load_pem_private_key(key, None), RSAPrivateKey)
    except (ValueError, TypeError):
        return False


class _Smtp(msgspec.Struct, frozen=True, kw_only=True):
    server: SmtpServer
    signer: _Signer | None
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if replies:
            return ()
        return [self._envelope(batch, recipient) for recipient in batch.recipients]

    def _envelope(self, batch: Batch, recipient: Recipient) -> SmtpEnvelope:
        # The copy is written first: it says what is wrong with an address.
        message, writer = mime(batch, recipient, stuffed=self.signer is None), sender(batch.sender)[1]
        if self.signer:
            message = self.signer.signed(message, writer.partition("@")[2])
        return SmtpEnvelope(
            server=self.server,
            sender=writer,
            recipient=sender(recipient.address)[1],
            message=message,
            stuffed=self.signer is None,
        )

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return one_by_one(batch, replies, self._judge)

    def _judge(self, answer: Answer) -> tuple[Fate, str]:
        words = f"{answer.status} {answer.body.decode('utf-8', 'replace')}"
        return _fate(answer, api.said(words, self.server.password or ""))

    def greet(self) -> Request:
        return SmtpVisit(to=self.server)

    def greeted(self, answer: Answer) -> Welcome:
        if answer.status == 250:
            return "ok", ""
        return "mend", f"does not take this user name and password ({answer.status})"

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
    return ("not-sent" if refuses_us(answer) else "rejected"), words
