"""Amazon SES (API v2): one template for up to 50 readers, each request signed by botocore's signer."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from html import escape
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from pipeline.carrying import api, signed
from pipeline.carrying.fates import Part, Verdict, in_parts
from pipeline.carrying.letter import Letterhead, addressee, letterhead
from pipeline.carrying.merge import Syntax, template
from pipeline.carrying.packing import sharing
from pipeline.errors import Forged
from pipeline.mail import encoded_mailbox, mime
from pipeline.model import Answer, Batch, Fate, HttpRequest, Outcome, Recipient, Reply, Request, Signal, Welcome
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=50,
    body_max_bytes=10_000_000,
    idempotency="none",
    key_lifetime_seconds=None,
    merge=True,
    lookup="none",
    # The quota is readers a second, 14 for many accounts; `per_second` in the settings raises it.
    per_second=14 / 50,
    real=True,
    docs="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html",
)
KEY_ID, KEY = "PAPERROUND_SES_ACCESS_KEY_ID", "PAPERROUND_SES_SECRET_ACCESS_KEY"
SESSION, TOPIC = "PAPERROUND_SES_SESSION_TOKEN", "PAPERROUND_SES_TOPIC"
CERTIFICATE = "certificate"
SECRETS: Mapping[str, str] = {
    KEY_ID: "the access key's id",
    KEY: "the secret access key that belongs to it",
    SESSION: "the session token, for temporary keys only",
    TOPIC: "for webhooks: the ARN of the SNS topic that your configuration set publishes events to",
}

_SYNTAX = Syntax(special=re.compile(r"[{\\]"), plain={"{": "{{brace}}", "\\": "{{backslash}}"})
_ID = re.compile(r"[A-Za-z0-9-]{20,100}")
_FATES: Mapping[str, Fate] = {
    "SUCCESS": "accepted",
    "INVALID_PARAMETER": "rejected",
    "MESSAGE_REJECTED": "not-sent",
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": "not-sent",
    "CONFIGURATION_SET_NOT_FOUND": "not-sent",
    "TEMPLATE_NOT_FOUND": "not-sent",
    "ACCOUNT_SUSPENDED": "not-sent",
    "ACCOUNT_THROTTLED": "not-sent",
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": "not-sent",
    "INVALID_SENDING_POOL_NAME": "not-sent",
    "ACCOUNT_SENDING_PAUSED": "not-sent",
    "CONFIGURATION_SET_SENDING_PAUSED": "not-sent",
    "TRANSIENT_FAILURE": "not-sent",
}
"""BulkEmailStatus; what is not here ("FAILED") may be either."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.ses].

    `bulk = false` writes each mail here and sends it alone, byte for byte as SMTP would. `per_second` is your account's
    sending quota, in readers. `base_url` is the region's own when empty.
    """

    region: str
    configuration_set: str = ""
    bulk: bool = True
    per_second: float = 14
    base_url: str = ""


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """SES. Raises ValueError with a sentence for missing keys, a wrong region, or when botocore is not installed."""
    if find_spec("botocore") is None:
        raise ValueError("SES needs botocore to sign its requests. Install it: pip install 'paperround[ses]'.")
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+){1,2}-\d", settings.region):
        raise ValueError(f'region can\'t be {settings.region!r}. It must be a name like "eu-central-1".')
    if settings.per_second <= 0:
        raise ValueError("per_second must be more than 0.")
    rate = settings.per_second / (CAN.batch_max if settings.bulk else 1)
    return _Ses(
        base=api.base(settings.base_url or f"https://email.{settings.region}.amazonaws.com"),
        region=settings.region,
        configuration=settings.configuration_set,
        bulk=settings.bulk,
        key_id=api.secret(secrets, KEY_ID),
        key=api.secret(secrets, KEY),
        session=secrets.get(SESSION) or None,
        can=replace(CAN, per_second=rate),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ses:
    base: str
    region: str
    configuration: str
    bulk: bool
    key_id: str = field(repr=False)
    key: str = field(repr=False)
    session: str | None = field(repr=False)
    can: Capabilities

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if replies:
            return ()
        if not self.bulk:
            return [self._signed("outbound-emails", _raw(batch, one) | self._set) for one in batch.recipients]
        head = letterhead(batch)
        return [
            self._signed("outbound-bulk-emails", _bulk(batch, head, part) | self._set) for part in self._parts(batch)
        ]

    @property
    def _set(self) -> dict[str, str]:
        return {"ConfigurationSetName": self.configuration} if self.configuration else {}

    def _signed(self, what: str, document: Mapping[str, Any] | None = None) -> Request:
        """Signature Version 4: it holds for five minutes, and holds the time; everything else is the same each time."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        url, method = f"{self.base}/v2/email/{what}", "POST" if document else "GET"
        body = api.encoded(document) if document else b""
        request = AWSRequest(method, url, headers={"Content-Type": "application/json"}, data=body)
        SigV4Auth(Credentials(self.key_id, self.key, self.session), "ses", self.region).add_auth(request)
        headers = dict(request.headers.items())
        hidden = {name: headers.pop(name) for name in ("Authorization", "X-Amz-Security-Token") if name in headers}
        return HttpRequest(method=method, url=url, headers=headers, secret_headers=hidden, body=body)

    def _parts(self, batch: Batch) -> tuple[Part, ...]:
        if not self.bulk:
            return tuple((one,) for one in batch.recipients)
        return sharing(batch, CAN, 4)

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return in_parts(batch, self._parts(batch), replies, self._judge)

    def _judge(self, part: Part, answer: Answer) -> Sequence[Verdict]:
        found = api.table(api.document(answer.body))
        if answer.status == 200 and not self.bulk:
            name = api.text(found.get("MessageId"))
            return [("accepted", "", name) if _ID.fullmatch(name) else ("unknown", "the answer has no id", None)]
        results = api.rows(found.get("BulkEmailEntryResults"))
        if answer.status == 200 and len(results) == len(part):
            return [self._entry(api.table(one)) for one in results]
        return [api.refusal(answer, _reason(answer, found), self.key, self.key_id, self.session or "")] * len(part)

    def _entry(self, result: Mapping[str, Any]) -> Verdict:
        """SES answers in the order of the entries."""
        status, name = api.text(result.get("Status")), api.text(result.get("MessageId"))
        words = api.said(f"{status} {api.text(result.get('Error'))}", self.key, self.key_id)
        fate = _FATES.get(status, "unknown")
        if fate == "accepted":
            return ("accepted", "", name) if name else ("unknown", "the answer has no id", None)
        return fate, words, None

    def greet(self) -> Request:
        return self._signed("account")

    def greeted(self, answer: Answer) -> Welcome:
        may_only_send = "AccessDenied" in _reason(answer, api.table(api.document(answer.body)))
        return ("ok", "") if may_only_send else api.welcome(answer, self.key, self.key_id, self.session or "")

    def look_up(self, _batch: Batch, _replies: Sequence[Reply] = ()) -> Sequence[Request]:
        return ()

    def found(self, _batch: Batch, _replies: Sequence[Reply]) -> Sequence[Outcome]:
        return ()


def _raw(batch: Batch, one: Recipient) -> dict[str, Any]:
    return {
        "FromEmailAddress": encoded_mailbox(*letterhead(batch).sender),
        "Destination": {"ToAddresses": [addressee(batch, one).address]},
        "Content": {"Raw": {"Data": base64.b64encode(mime(batch, one)).decode()}},
        "EmailTags": _tags(batch, one),
    }


def _bulk(batch: Batch, head: Letterhead, part: Part) -> dict[str, Any]:
    body = template(batch.message, head.subject, _SYNTAX, "{{html_link}}", "{{link}}")
    content = {"Subject": body.subject, "Html": body.html, "Text": body.text}
    return {
        "FromEmailAddress": encoded_mailbox(*head.sender),
        **({"ReplyToAddresses": [encoded_mailbox(*head.reply_to)]} if head.reply_to else {}),
        "DefaultContent": {
            "Template": {
                "TemplateContent": content,
                "TemplateData": api.encoded(_data("")).decode(),
                "Headers": _named(head.headers),
            }
        },
        "BulkEmailEntries": [_entry(batch, head, one) for one in part],
    }


def _entry(batch: Batch, head: Letterhead, one: Recipient) -> dict[str, Any]:
    reader = addressee(batch, one)
    data = api.encoded(_data(one.unsubscribe)).decode()
    return {
        "Destination": {"ToAddresses": [encoded_mailbox(reader.name, reader.address)]},
        "ReplacementTags": _tags(batch, one),
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": data}},
        "ReplacementHeaders": _named((*head.headers, *reader.headers)),
    }


def _data(link: str) -> dict[str, str]:
    return {"link": link, "html_link": escape(link), "brace": "{", "backslash": "\\"}


def _named(headers: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in headers]


def _tags(batch: Batch, one: Recipient) -> list[dict[str, str]]:
    return _named(list(api.marks(batch, one).items()))


def _reason(answer: Answer, found: Mapping[str, Any]) -> str:
    """What an AWS error says: its kind stands in a header."""
    kind = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    words = api.text(found.get("message") or found.get("Message"))
    return f"{kind} {words}".strip() if kind or words else ""


def certificate_url(body: bytes) -> str:
    """Where the certificate lies that a call is signed with; fetch it, and hand its PEM in as `secrets["certificate"]`.

    Raises Forged for every host but Amazon's own: a stranger's certificate proves nothing.
    """
    return _amazons(api.table(signed.content(body)).get("SigningCertURL"), r".*\.pem")


def confirm_url(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> str | None:
    """The address to ask once so that SNS begins to call, in a verified call that offers it; None in any other."""
    call = _verified(body, secrets, now)
    return _amazons(call.get("SubscribeURL"), r"/") if call.get("Type") == "SubscriptionConfirmation" else None


def _amazons(url: Any, path: str) -> str:
    try:
        parts = urlsplit(api.text(url))
    except ValueError:
        parts = urlsplit("")
    host = re.fullmatch(r"sns\.[a-z0-9-]{1,30}\.amazonaws\.com(\.cn)?", parts.netloc)
    right = parts.scheme == "https" and host and re.fullmatch(path, parts.path or "/")
    signed.insist(bool(right), "The call names an address that is not Amazon's.")
    return api.text(url)


def events(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> Sequence[Signal]:
    """The signals of a call by SNS, whose certificate is handed in (`certificate_url`)."""
    call = _verified(body, secrets, now)
    if call.get("Type") != "Notification":
        return ()
    event = api.table(api.document(api.text(call.get("Message")).encode("utf-8", "replace")))
    return list(_signals(event, api.text(call.get("MessageId")), now))


_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_SIGNED["UnsubscribeConfirmation"] = _SIGNED["SubscriptionConfirmation"]


def _verified(body: bytes, secrets: Mapping[str, str], now: datetime) -> Mapping[str, Any]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html."""
    topic, pem = signed.key(secrets, TOPIC), secrets.get(CERTIFICATE, "")
    call = api.table(signed.content(body))
    certificate_url(body)
    signed.insist(signed.same(api.text(call.get("TopicArn")), topic), f"The call is not about the topic in {TOPIC}.")
    parts = _SIGNED.get(api.text(call.get("Type")), ())
    signed.insist(bool(parts and pem), "The call is of a kind that nobody knows, or without a certificate.")
    text = "".join(f"{part}\n{api.text(call[part])}\n" for part in parts if part in call)
    _verify(
        pem,
        signed.unpacked(api.text(call.get("Signature"))),
        text.encode(),
        api.text(call.get("SignatureVersion")),
        now,
    )
    return call


def _verify(pem: str, signature: bytes, text: bytes, version: str, now: datetime) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256
    from cryptography.x509 import load_pem_x509_certificate

    try:
        certificate = load_pem_x509_certificate(pem.encode())
        valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        key = certificate.public_key()
        if not valid or not isinstance(key, RSAPublicKey):
            raise Forged("The certificate is not valid today.")
        # Version 1 is what a topic signs with unless it was set to 2.
        key.verify(signature, text, PKCS1v15(), SHA256() if version == "2" else SHA1())  # noqa: S303
    except (InvalidSignature, ValueError):
        raise Forged("The signature is wrong.") from None


def _signals(event: Mapping[str, Any], name: str, now: datetime) -> Iterator[Signal]:
    kind = api.text(event.get("eventType") or event.get("notificationType"))
    mail, detail = api.table(event.get("mail")), api.table(event.get(kind[:1].lower() + kind[1:]))
    tags = {tag: (api.rows(values) or [""])[0] for tag, values in api.table(mail.get("tags")).items()}
    told = partial(
        signed.signal,
        at=api.moment(detail.get("timestamp") or mail.get("timestamp")) or now,
        provider_id=api.text(mail.get("messageId")),
        marks=tags,
    )
    for at, (address, words) in enumerate(_people(kind, detail)):
        one = partial(told, id=f"{name} {at}", address=address, words=words)
        match kind:
            case "Bounce":
                permanent = detail.get("bounceType") == "Permanent"
                # What comes back without a host's report is most often a reader's "I am away".
                away = not words and detail.get("bounceSubType") in ("General", "Undetermined")
                yield one("deferred" if away and not permanent else "bounced", permanent=permanent)
            # A reader who took a mail out of her spam folder is reported, too (RFC 6430).
            case "Complaint" if detail.get("complaintFeedbackType") != "not-spam":
                yield one("complained", permanent=True)
            case "Delivery":
                yield one("delivered")
            case "DeliveryDelay":
                yield one("deferred")


def _people(kind: str, detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if kind == "Delivery":
        for address in api.rows(detail.get("recipients")):
            yield api.text(address), api.text(detail.get("smtpResponse"))
    names = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients", "DeliveryDelay": "delayedRecipients"}
    for person in map(api.table, api.rows(detail.get(names.get(kind, "")))):
        words = f"{api.text(person.get('status'))} {api.text(person.get('diagnosticCode'))}"
        yield api.text(person.get("emailAddress")), words.strip() or api.text(detail.get("complaintFeedbackType"))
