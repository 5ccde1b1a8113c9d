"""What providers report: real signatures, made as each provider makes them, and what they are worth when tampered with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from pipeline.errors import Forged, Outdated, Unverifiable
from pipeline.model import Signal
from pipeline.providers import brevo, buttondown, mailgun, mailjet, postmark, resend, resend_broadcasts, sendgrid, ses

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
MARKS = {"batch": "k", "issue": "7", "reader": "12"}
WHO = "ann@example.org"


@dataclass
class Call:
    """A webhook call as the provider makes it, with our secrets to verify it by."""

    module: ModuleType
    event: Any
    secrets: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def signals(self, now: datetime = NOW) -> list[Signal]:
        return list(self.module.events(self.headers, self.body, self.secrets, now))


def passworded(module: ModuleType, event: Any) -> Call:
    password = base64.b64encode(b"anybody:s3cret").decode()
    secrets = {module.WEBHOOK: "s3cret"}
    return Call(module, event, secrets, {"authorization": f"Basic {password}"}, json.dumps(event).encode())


def svix(event: Any, module: ModuleType = resend) -> Call:
    key, body = b"a key of 24 bytes in all", json.dumps(event).encode()
    made = base64.b64encode(hmac.digest(key, f"msg_1.{STAMP}.".encode() + body, "sha256")).decode()
    headers = {"svix-id": "msg_1", "svix-timestamp": STAMP, "svix-signature": f"v1,AAAA v2,x v1,{made}"}
    return Call(module, event, {resend.WEBHOOK: f"whsec_{base64.b64encode(key).decode()}"}, headers, body)


def ecdsa(event: Any) -> Call:
    key, body = ec.generate_private_key(ec.SECP256R1()), json.dumps([event]).encode()
    made = key.sign(STAMP.encode() + body, ec.ECDSA(SHA256()))
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    name = "x-twilio-email-event-webhook"
    headers = {f"{name}-signature": base64.b64encode(made).decode(), f"{name}-timestamp": STAMP}
    return Call(sendgrid, event, {sendgrid.WEBHOOK: base64.b64encode(public).decode()}, headers, body)


def mailguns(event: Any) -> Call:
    token = "a" * 50
    made = hmac.new(b"signing-key", f"{STAMP}{token}".encode(), hashlib.sha256).hexdigest()
    call = {"signature": {"timestamp": STAMP, "token": token, "signature": made}, "event-data": event}
    return Call(mailgun, event, {mailgun.WEBHOOK: "signing-key"}, {}, json.dumps(call).encode())


def buttondowns(event: Any) -> Call:
    body = json.dumps(event).encode()
    made = hmac.new(b"signing-key", body, hashlib.sha256).hexdigest()
    headers = {"x-buttondown-signature": f"sha256={made}"}
    return Call(buttondown, event, {buttondown.WEBHOOK: "signing-key"}, headers, body)


TOPIC = "arn:aws:sns:eu-central-1:123456789012:newsletter"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(valid: timedelta = timedelta(days=30)) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    dated = made.not_valid_before(NOW - timedelta(days=60)).not_valid_after(NOW + valid)
    signed = dated.serial_number(x509.random_serial_number()).sign(KEY, SHA256())
    return signed.public_bytes(Encoding.PEM).decode()


def sns(event: Any, version: str = "2", **changed: str) -> Call:
    call = {
        "Type": "Notification", "MessageId": "22b80b92", "TopicArn": TOPIC, "Message": json.dumps(event),
        "Timestamp": "2026-11-23T09:30:00.000Z", "SignatureVersion": version,
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-x.pem",
    } | changed  # fmt: skip
    parts = [
        part
        for part in ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        if part in call
    ]
    text = "".join(f"{part}\n{call[part]}\n" for part in parts)
    kind: HashAlgorithm = SHA256() if version == "2" else SHA1()
    call["Signature"] = base64.b64encode(KEY.sign(text.encode(), padding.PKCS1v15(), kind)).decode()
    return Call(ses, event, {ses.TOPIC: TOPIC, ses.CERTIFICATE: certificate()}, {}, json.dumps(call).encode())


POSTMARK = {
    "RecordType": "Bounce",
    "ID": 42,
    "Type": "HardBounce",
    "MessageID": "m1",
    "Email": WHO,
    "Details": "smtp;550 5.1.1 no such user",
    "BouncedAt": "2026-11-23T09:29:00Z",
    "Metadata": MARKS,
}
RESEND = {
    "type": "email.bounced",
    "created_at": "2026-11-23T09:29:00.000Z",
    "data": {
        "email_id": "m1",
        "to": [WHO],
        "tags": MARKS,
        "bounce": {"type": "Permanent", "subType": "General", "message": "smtp;550 5.1.1 no such user"},
    },
}
SENDGRID = {
    "email": WHO,
    "timestamp": int(NOW.timestamp()) - 60,
    "event": "bounce",
    "type": "bounce",
    "status": "5.1.1",
    "reason": "550 5.1.1 no such user",
    "sg_event_id": "ev42",
    "sg_message_id": "m1.recvd-canary",
    **MARKS,
}
MAILGUN = {
    "event": "failed",
    "id": "ev42",
    "timestamp": NOW.timestamp() - 60,
    "recipient": WHO,
    "severity": "permanent",
    "reason": "bounce",
    "delivery-status": {"code": 550, "message": "5.1.1 no such user"},
    "message": {"headers": {"message-id": "m1"}},
    "user-variables": MARKS,
}
BREVO = {
    "event": "hard_bounce",
    "email": WHO,
    "id": 1,
    "ts_event": int(NOW.timestamp()) - 60,
    "message-id": "m1",
    "reason": "550 5.1.1 no such user",
    "X-Mailin-custom": json.dumps(MARKS),
}
MAILJET = {
    "event": "bounce",
    "time": int(NOW.timestamp()) - 60,
    "MessageID": "m1",
    "email": WHO,
    "hard_bounce": True,
    "error": "user unknown",
    "comment": "550 5.1.1 no such user",
    "Payload": json.dumps(MARKS),
}
SES = {
    "eventType": "Bounce",
    "mail": {"messageId": "m1", "tags": {name: [value] for name, value in MARKS.items()}},
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [
            {"emailAddress": WHO, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no such user"}
        ],
        "timestamp": "2026-11-23T09:29:00.000Z",
        "feedbackId": "f",
    },
}

BOUNCES = {
    "postmark": passworded(postmark, POSTMARK),
    "resend": svix(RESEND),
    "resend_broadcasts": svix(RESEND, resend_broadcasts),
    "sendgrid": ecdsa(SENDGRID),
    "mailgun": mailguns(MAILGUN),
    "brevo": passworded(brevo, BREVO),
    "mailjet": passworded(mailjet, MAILJET),
    "ses": sns(SES),
}  # fmt: skip


@pytest.mark.parametrize("name", BOUNCES)
def test_a_hard_bounce_is_told_with_its_reader_issue_and_words(name: str) -> None:
    (signal,) = BOUNCES[name].signals()
    assert (signal.kind, signal.permanent) == ("bounced", True)
    assert (signal.issue, signal.subscriber, signal.address, signal.provider_id) == (7, 12, WHO, "m1")
    assert signal.at == NOW - timedelta(minutes=1)
    assert "5.1.1 no such user" in signal.words


@pytest.mark.parametrize("name", BOUNCES)
def test_the_same_event_told_again_has_the_same_id(name: str) -> None:
    (first,), (again,) = BOUNCES[name].signals(), BOUNCES[name].signals()
    assert first.id == again.id
    assert first.id


SIGNED_WHOLE = ("resend", "resend_broadcasts", "sendgrid")


@pytest.mark.parametrize("name", SIGNED_WHOLE)
def test_a_body_that_differs_in_one_byte_is_not_believed(name: str) -> None:
    call = BOUNCES[name]
    for at in range(0, len(call.body), 7):
        body = bytearray(call.body)
        body[at] ^= 1
        with pytest.raises(Forged):
            call.module.events(call.headers, bytes(body), call.secrets, NOW)


@pytest.mark.parametrize("name", BOUNCES)
def test_a_call_under_another_secret_or_without_one_is_not_believed(name: str) -> None:
    call = BOUNCES[name]
    other = {"ses": sns(SES), "sendgrid": ecdsa(SENDGRID)}.get(name, call).secrets
    for secrets in ({}, dict.fromkeys(other, "another-secret-altogether")):
        with pytest.raises(Forged):
            call.module.events(call.headers, call.body, secrets, NOW)


@pytest.mark.parametrize("name", BOUNCES)
def test_a_call_is_wanted_again_while_there_is_no_key_to_verify_it_with(name: str) -> None:
    call = BOUNCES[name]
    with pytest.raises(Unverifiable, match=r"PAPERROUND_[A-Z_]+ is not set"):
        call.module.events(call.headers, call.body, {}, NOW)


RSA = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("resend", "whsec_"),
        ("resend", "a key of a friend"),
        ("resend", "ü"),
        ("sendgrid", "-----BEGIN PUBLIC KEY-----"),
        ("sendgrid", "MFkw"),
        ("sendgrid", base64.b64encode(RSA).decode()),
    ],
)
def test_what_is_no_key_is_the_settings_fault_and_not_the_callers(name: str, wrong: str) -> None:
    call = BOUNCES[name]
    with pytest.raises(Unverifiable, match="is no such key as the provider shows"):
        call.module.events(call.headers, call.body, dict.fromkeys(call.secrets, wrong), NOW)


@pytest.mark.parametrize("name", BOUNCES)
def test_a_call_without_its_proof_is_not_believed(name: str) -> None:
    call = BOUNCES[name]
    for headers in (
        {},
        dict.fromkeys(call.headers, ""),
        dict.fromkeys(call.headers, "ü"),
        {"authorization": "Basic !"},
    ):
        if name not in ("mailgun", "ses"):
            with pytest.raises(Forged):
                call.module.events(headers, call.body, call.secrets, NOW)
    with pytest.raises(Forged):
        call.module.events({}, json.dumps(call.event).encode(), call.secrets, NOW)


@pytest.mark.parametrize(("name", "days"), [("resend", 0.01), ("sendgrid", 1.1), ("mailgun", 31)])
def test_an_old_call_and_one_from_the_future_are_not_believed(name: str, days: float) -> None:
    with pytest.raises(Outdated, match="too long ago"):
        BOUNCES[name].signals(NOW + timedelta(days=days))
    with pytest.raises(Forged, match="in the future; is the clock"):
        BOUNCES[name].signals(NOW - timedelta(days=days))


def test_a_mailgun_call_counts_that_comes_days_late_and_only_once() -> None:
    (first,), (late,) = BOUNCES["mailgun"].signals(NOW), BOUNCES["mailgun"].signals(NOW + timedelta(days=20))
    assert (late.kind, late.permanent, late.id) == (first.kind, first.permanent, first.id)


@pytest.mark.parametrize("name", ["resend", "sendgrid", "mailgun"])
def test_a_stranger_is_not_told_that_a_call_is_too_old(name: str) -> None:
    call = BOUNCES[name]
    another = base64.b64encode(b"another key of 24 bytes.").decode()
    secrets = ecdsa(SENDGRID).secrets if name == "sendgrid" else dict.fromkeys(call.secrets, another)
    with pytest.raises(Forged) as fault:
        call.module.events(call.headers, call.body, secrets, NOW + timedelta(days=60))
    assert not isinstance(fault.value, Outdated)


def test_a_mailgun_call_that_is_repeated_with_other_words_keeps_its_id() -> None:
    call = BOUNCES["mailgun"]
    altered = json.loads(call.body)
    altered["event-data"]["recipient"] = "victim@example.org"
    altered["event-data"]["id"] = "another"
    (first,), (again,) = call.signals(), mailgun.events({}, json.dumps(altered).encode(), call.secrets, NOW)
    assert first.id == again.id


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_the_signature_of_sns_are_verified(version: str) -> None:
    assert len(sns(SES, version).signals()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"TopicArn": "arn:aws:sns:eu-central-1:999999999999:foreign"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://evil.example/x.pem"},
        {"SigningCertURL": "https://user@sns.eu-central-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com:8443/x.pem"},
        {"SigningCertURL": "https://[sns.eu-central-1.amazonaws.com/x.pem"},
        {"Type": "Other"},
    ],
)
def test_sns_calls_about_foreign_topics_or_with_foreign_certificates_are_not_believed(changed: dict[str, str]) -> None:
    with pytest.raises(Forged):
        sns(SES, **changed).signals()


def test_an_sns_call_is_not_believed_when_altered_or_under_an_old_certificate() -> None:
    call = sns(SES)
    altered = json.loads(call.body) | {"Message": json.dumps(SES | {"eventType": "Complaint"})}
    for body, secrets in (
        (json.dumps(altered).encode(), call.secrets),
        (call.body, call.secrets | {ses.CERTIFICATE: certificate(-timedelta(days=1))}),
        (call.body, call.secrets | {ses.CERTIFICATE: "no certificate"}),
        (call.body, {ses.TOPIC: TOPIC}),
    ):
        with pytest.raises(Forged):
            ses.events({}, body, secrets, NOW)


def test_where_the_certificate_and_the_confirmation_lie_is_told_only_for_amazons_own_hosts() -> None:
    url = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=x"
    call = sns({}, Type="SubscriptionConfirmation", Token="x", SubscribeURL=url)
    assert ses.certificate_url(call.body) == "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-x.pem"
    assert ses.confirm_url({}, call.body, call.secrets, NOW) == url
    assert call.signals() == []
    assert ses.confirm_url({}, sns(SES).body, call.secrets, NOW) is None
    hostile = sns({}, Type="SubscriptionConfirmation", Token="x", SubscribeURL="http://169.254.169.254/")
    with pytest.raises(Forged):
        ses.confirm_url({}, hostile.body, hostile.secrets, NOW)


SUPPRESSED = {"RecordType": "SubscriptionChange", "SuppressSending": True, "Origin": "Recipient"}


def kinds(call: Call) -> list[tuple[str, bool]]:
    return [(signal.kind, signal.permanent) for signal in call.signals()]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"RecordType": "Delivery", "Recipient": WHO, "DeliveredAt": "2026-11-23T09:29:00Z"}, [("delivered", False)]),
        ({"Type": "SoftBounce"}, [("bounced", False)]),
        ({"Type": "Transient"}, [("deferred", False)]),
        ({"Type": "Blocked"}, [("bounced", False)]),
        ({"Type": "SpamNotification"}, [("bounced", False)]),
        ({"Type": "AutoResponder"}, [("deferred", False)]),
        ({"Type": "AddressChange"}, [("deferred", False)]),
        ({"Type": "Unsubscribe"}, [("unsubscribed", True)]),
        ({"RecordType": "SpamComplaint"}, [("complained", True)]),
        (SUPPRESSED, [("unsubscribed", True)]),
        (SUPPRESSED | {"SuppressionReason": "ManualSuppression"}, [("unsubscribed", True)]),
        (SUPPRESSED | {"SuppressionReason": "HardBounce"}, [("bounced", True)]),
        (SUPPRESSED | {"SuppressionReason": "SpamComplaint"}, [("complained", True)]),
        ({"RecordType": "SubscriptionChange", "SuppressSending": False, "Origin": "Recipient"}, []),
        ({"RecordType": "SubscriptionChange", "SuppressSending": True, "Origin": "Admin"}, []),
        ({"RecordType": "Open"}, []),
    ],
)  # fmt: skip
def test_postmarks_events(changed: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    assert kinds(passworded(postmark, POSTMARK | changed)) == expected


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("email.delivered", {}, [("delivered", False)]),
        ("email.delivery_delayed", {}, [("deferred", False)]),
        ("email.suppressed", {"suppressed": {"reason": "previous_bounce"}}, [("bounced", True)]),
        ("email.suppressed", {"suppressed": {"reason": "previous_complaint"}}, [("complained", True)]),
        ("email.failed", {"failed": {"reason": "reached_daily_quota"}}, []),
        ("email.bounced", {"bounce": {"type": "Transient"}}, [("bounced", False)]),
        ("email.bounced", {"bounce": {"type": "Transient", "subType": "General", "message": "x"}}, [("deferred", False)]),
        ("email.bounced", {"bounce": {"type": "Transient", "subType": "General", "diagnosticCode": ["smtp; 452 4.2.2 full"]}}, [("bounced", False)]),
        ("email.bounced", {"bounce": {"type": "Transient", "subType": "MailboxFull"}}, [("bounced", False)]),
        ("email.complained", {}, [("complained", True)]),
        ("contact.updated", {"email": WHO, "unsubscribed": True}, [("unsubscribed", True)]),
        ("contact.updated", {"email": WHO, "unsubscribed": False}, []),
        ("email.opened", {}, []),
        ("email.delivered", {"tags": [{"name": "issue", "value": "7"}, {"name": "reader", "value": "12"}]}, [("delivered", False)]),
    ],
)  # fmt: skip
def test_resends_events(kind: str, more: Mapping[str, Any], expected: list[tuple[str, bool]]) -> None:
    assert kinds(svix(RESEND | {"type": kind, "data": {**RESEND["data"], **more}})) == expected  # type: ignore[dict-item]


def test_resend_may_name_a_reader_as_the_copy_was_addressed_and_repeat_her_mail_hosts_words() -> None:
    bounce = {"type": "Permanent", "message": "It bounced.", "diagnosticCode": ["smtp; 550 5.1.1 no such user"]}
    event = {**RESEND, "data": {**RESEND["data"], "to": [f'"Ann, of X" <{WHO}>'], "bounce": bounce}}  # type: ignore[dict-item]
    (signal,) = svix(event).signals()
    assert (signal.address, signal.words) == (WHO, "smtp; 550 5.1.1 no such user It bounced.")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"event": "delivered"}, [("delivered", False)]),
        ({"event": "deferred"}, [("deferred", False)]),
        ({"type": "blocked"}, [("bounced", False)]),
        ({"event": "dropped", "reason": "Bounced Address"}, [("bounced", True)]),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, [("unsubscribed", True)]),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, [("complained", True)]),
        ({"event": "dropped", "reason": "Spam Content"}, [("bounced", False)]),
        ({"event": "spamreport"}, [("complained", True)]),
        ({"event": "group_unsubscribe"}, [("unsubscribed", True)]),
        ({"event": "open"}, []),
    ],
)
def test_sendgrids_events(changed: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    assert kinds(ecdsa(SENDGRID | changed)) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"event": "delivered"}, [("delivered", False)]),
        ({"severity": "temporary"}, [("deferred", False)]),
        ({"reason": "suppress-unsubscribe"}, [("unsubscribed", True)]),
        ({"reason": "suppress-complaint"}, [("complained", True)]),
        ({"reason": "espblock"}, [("bounced", False)]),
        ({"event": "complained"}, [("complained", True)]),
        ({"event": "unsubscribed"}, [("unsubscribed", True)]),
        ({"event": "opened"}, []),
    ],
)
def test_mailguns_events(changed: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    assert kinds(mailguns(MAILGUN | changed)) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("delivered", [("delivered", False)]),
        ("soft_bounce", [("bounced", False)]),
        ("deferred", [("deferred", False)]),
        ("invalid_email", [("bounced", True)]),
        ("blocked", [("bounced", False)]),
        ("spam", [("complained", True)]),
        ("unsubscribed", [("unsubscribed", True)]),
        ("opened", []),
    ],
)
def test_brevos_events(kind: str, expected: list[tuple[str, bool]]) -> None:
    assert kinds(passworded(brevo, BREVO | {"event": kind})) == expected
    assert kinds(passworded(brevo, [BREVO | {"event": kind}] * 2)) == expected * 2


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"event": "sent"}, [("delivered", False)]),
        ({"hard_bounce": False}, [("bounced", False)]),
        ({"event": "blocked", "hard_bounce": False, "error": "duplicate in campaign"}, []),
        ({"event": "blocked", "hard_bounce": None, "error": "user unknown"}, [("bounced", True)]),
        ({"event": "blocked", "hard_bounce": None, "error": "preblocked"}, [("bounced", False)]),
        ({"event": "spam"}, [("complained", True)]),
        ({"event": "unsub"}, [("unsubscribed", True)]),
        ({"event": "click"}, []),
    ],
)
def test_mailjets_events(changed: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    assert kinds(passworded(mailjet, MAILJET | changed)) == expected


PEOPLE = [{"emailAddress": WHO}, {"emailAddress": "ben@example.org"}]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"eventType": "Delivery", "delivery": {"recipients": [WHO]}}, [("delivered", False)]),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Transient", "bouncedRecipients": PEOPLE}}, [("bounced", False)] * 2),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Undetermined", "bouncedRecipients": PEOPLE[:1]}}, [("bounced", False)]),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Transient", "bounceSubType": "General", "bouncedRecipients": PEOPLE[:1]}}, [("deferred", False)]),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Undetermined", "bounceSubType": "Undetermined", "bouncedRecipients": PEOPLE[:1]}}, [("deferred", False)]),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Transient", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": WHO, "status": "4.4.7"}]}}, [("bounced", False)]),
        ({"eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": PEOPLE[:1]}}, [("bounced", True)]),
        ({"notificationType": "Complaint", "complaint": {"complainedRecipients": PEOPLE[:1]}}, [("complained", True)]),
        ({"eventType": "Complaint", "complaint": {"complainedRecipients": PEOPLE[:1], "complaintFeedbackType": "not-spam"}}, []),
        ({"eventType": "DeliveryDelay", "deliveryDelay": {"delayedRecipients": PEOPLE[:1]}}, [("deferred", False)]),
        ({"eventType": "Open", "open": {}}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_amazons_events(event: Mapping[str, Any], expected: list[tuple[str, bool]]) -> None:
    signals = sns(event).signals()
    assert [(signal.kind, signal.permanent) for signal in signals] == expected
    assert len({signal.id for signal in signals}) == len(signals)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("subscriber.delivered", [("delivered", False)]),
        ("subscriber.bounced", [("bounced", True)]),
        ("subscriber.complained", [("complained", True)]),
        ("subscriber.unsubscribed", [("unsubscribed", True)]),
        ("subscriber.opened", []),
        ("email.sent", []),
    ],
)
def test_buttondowns_events(kind: str, expected: list[tuple[str, bool]]) -> None:
    call = buttondowns({"id": "ext_evt_1", "event_type": kind, "data": {"subscriber": "sub_1", "email": "em_1"}})
    assert kinds(call) == expected
    for body in (call.body + b" ", call.body[:-1], b""):
        with pytest.raises(Forged):
            buttondown.events(call.headers, body, call.secrets, NOW)


def test_a_test_copys_bounce_names_no_reader() -> None:
    event = POSTMARK | {"Metadata": {"batch": "test-7-1790000000"}}
    (signal,) = passworded(postmark, event).signals()
    assert (signal.issue, signal.subscriber, signal.address) == (None, None, WHO)


def test_a_password_may_come_as_a_bearer_token() -> None:
    call = passworded(brevo, BREVO)
    assert len(brevo.events({"authorization": "Bearer s3cret"}, call.body, call.secrets, NOW)) == 1


@pytest.mark.parametrize("issue", ["202611231200", "-7", "7.0", "VII", ""])
def test_another_program_s_marks_beside_our_events_are_no_issue_of_ours(issue: str) -> None:
    (signal,) = passworded(postmark, {**POSTMARK, "Metadata": {"issue": issue}}).signals()
    assert (signal.issue, signal.subscriber, signal.address) == (None, None, WHO)


@pytest.mark.parametrize("moment", ["9999-12-31T23:00:00-12:00", "0001-01-01T00:00:00+12:00", "not yet"])
def test_an_event_at_a_time_that_no_calendar_reaches_is_one_of_now(moment: str) -> None:
    (signal,) = passworded(postmark, {**POSTMARK, "BouncedAt": moment}).signals()
    assert (signal.at, signal.permanent) == (NOW, True)
