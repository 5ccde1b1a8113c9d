"""Mail by SMTP that is signed here, judged by another implementation of DKIM."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from pipeline.errors import SettingsError
from pipeline.model import SmtpEnvelope
from pipeline.providers import open_provider
from pipeline.testing import a_batch

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
TABLE = {"host": "localhost", "security": "none", "dkim_selector": "mail"}
SECRET = {"PAPERROUND_SMTP_DKIM_KEY": PEM}


def published(name: bytes, timeout: int = 5) -> bytes:
    """What the sender's DNS says."""
    assert name == b"mail._domainkey.example.org."
    import base64

    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def messages(table: Mapping[str, object], secrets: dict[str, str], size: int = 2) -> list[bytes]:
    requests = open_provider("smtp", table, secrets).requests(a_batch(size))
    return [request.message for request in requests if isinstance(request, SmtpEnvelope)]


def test_each_mail_is_signed_with_the_headers_for_one_click() -> None:
    for message in messages(TABLE, SECRET):
        assert dkim.verify(message, dnsfunc=published)
        signature = message.partition(b"\r\nFrom:")[0].replace(b"\r\n", b"").lower()
        for name in (b"from", b"to", b"subject", b"list-unsubscribe", b"list-unsubscribe-post", b"list-id"):
            assert name in signature
        assert max(len(line) for line in message.split(b"\r\n")) <= 998
        assert b"\n" not in message.replace(b"\r\n", b"")


def test_a_mail_that_was_altered_does_not_verify() -> None:
    (message,) = messages(TABLE, SECRET, 1)
    assert not dkim.verify(message.replace(b"token-1-of-her-own", b"token-9-of-her-own"), dnsfunc=published)
    assert not dkim.verify(message.replace(b"Subject: ", b"Subject: x"), dnsfunc=published)


def test_the_key_may_lie_in_a_file_or_on_one_line_of_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "dkim.pem"
    file.write_text(PEM)
    for table, secrets in (
        (TABLE | {"dkim_key": str(file)}, {}),
        (TABLE, {"PAPERROUND_SMTP_DKIM_KEY": PEM.replace("\n", "\\n")}),
    ):
        (message,) = messages(table, secrets, 1)
        assert dkim.verify(message, dnsfunc=published)


def test_without_a_selector_nothing_is_signed() -> None:
    assert not any(b"DKIM-Signature" in message for message in messages({"host": "localhost"}, SECRET))


def test_the_key_is_shown_nowhere() -> None:
    by = open_provider("smtp", TABLE, SECRET)
    assert "PRIVATE KEY" not in f"{by!r} {by.requests(a_batch(1))!r}"


@pytest.mark.parametrize(
    ("table", "secrets", "words"),
    [
        ({}, {}, "There is no usable DKIM key"),
        ({}, {"PAPERROUND_SMTP_DKIM_KEY": "nonsense"}, "There is no usable DKIM key"),
        ({"dkim_key": "keys/dkim.pem"}, {}, "full path"),
        ({"dkim_key": "/does/not/exist.pem"}, {}, "can't be read"),
        ({"dkim_selector": "a b"}, SECRET, "dkim_selector can't be"),
    ],
)
def test_a_key_that_can_not_sign_is_told_at_once(table: dict[str, str], secrets: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        open_provider("smtp", TABLE | table, secrets)
