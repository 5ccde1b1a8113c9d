"""SendGrid: one body for up to 1,000 readers, whose links it puts in by the tags that we choose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec

from pipeline.carrying import api, signed
from pipeline.carrying.fates import Part, Rounds, Verdict, adjudged, rounds
from pipeline.carrying.letter import Letterhead, addressees, html_links, letterhead
from pipeline.carrying.packing import sharing
from pipeline.errors import Forged
from pipeline.mail import between
from pipeline.model import Answer, Batch, Outcome, Reply, Request, Signal, Welcome
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=1000,
    body_max_bytes=19_000_000,
    idempotency="none",
    key_lifetime_seconds=None,
    merge=True,
    lookup="none",
    per_second=None,
    real=True,
    docs="https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send",
)
TOKEN, WEBHOOK = "PAPERROUND_SENDGRID_TOKEN", "PAPERROUND_SENDGRID_WEBHOOK"
SECRETS: Mapping[str, str] = {
    TOKEN: "the API key, which begins with SG.",
    WEBHOOK: "for webhooks: the public key of the signed event webhook",
}

_OFF = {"enable": False}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.sendgrid]; `base_url` is https://api.eu.sendgrid.com for accounts in Europe."""

    base_url: str = "https://api.sendgrid.com"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """SendGrid. Raises ValueError with a sentence for a missing key or a wrong address."""
    return _SendGrid(base=api.base(settings.base_url), token=api.secret(secrets, TOKEN))


# The lists that can be asked for, and what their rows would be in a webhook's call.
_LISTS = {
    "bounces": {"event": "bounce", "type": "bounce"},
    "spam_reports": {"event": "spamreport"},
    "unsubscribes": {"event": "unsubscribe"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _SendGrid:
    base: str
    token: str = field(repr=False)
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        head = letterhead(batch)
        key = {"Authorization": f"Bearer {self.token}"}
        return [
            api.post(f"{self.base}/v3/mail/send", api.encoded(_mail(batch, head, part)), key)
            for part in _rounds(batch, replies).waiting
        ]

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return adjudged(batch, _rounds(batch, replies), self._judge, _about_address)

    def _judge(self, part: Part, answer: Answer) -> Sequence[Verdict]:
        """SendGrid answers 202 with nothing in it: all were taken, or nobody."""
        name = answer.headers.get("x-message-id", "")
        if answer.status == 202 and not answer.body and name:
            return [("accepted", "", api.said(name))] * len(part)
        return [api.refusal(answer, _reason(answer), self.token)] * len(part)

    def greet(self) -> Request:
        return api.get(f"{self.base}/v3/scopes", {"Authorization": f"Bearer {self.token}"})

    def greeted(self, answer: Answer) -> Welcome:
        return api.welcome(answer, self.token)

    def look_up(self, _batch: Batch, _replies: Sequence[Reply] = ()) -> Sequence[Request]:
        return ()

    def found(self, _batch: Batch, _replies: Sequence[Reply]) -> Sequence[Outcome]:
        return ()

    def poll(self, since: datetime, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        """https://www.twilio.com/docs/sendgrid/api-reference/bounces-api and its neighbours."""
        query = urlencode({"start_time": int(since.timestamp()), "limit": 500})
        key = {"Authorization": f"Bearer {self.token}"}
        return () if replies else [api.get(f"{self.base}/v3/suppression/{name}?{query}", key) for name in _LISTS]

    def polled(self, replies: Sequence[Reply], now: datetime) -> Sequence[Signal]:  # noqa: ARG002 - rows have times
        told: list[Signal] = []
        for reply, (name, event) in zip(replies, _LISTS.items(), strict=False):
            rows = api.rows(api.document(reply.body)) if isinstance(reply, Answer) and reply.status == 200 else []
            for row in map(api.table, rows):
                at = row.get("created")
                known = {"email": row.get("email"), "reason": row.get("reason"), "status": row.get("status")}
                name_of_it = signed.name(name, row.get("email"), at)
                told += _signals({**known, **event, "timestamp": at, "sg_event_id": name_of_it})
        return told


def _rounds(batch: Batch, replies: Sequence[Reply]) -> Rounds:
    return rounds(sharing(batch, CAN, 4), replies, lambda answer: answer.status in (400, 413) and bool(_reason(answer)))


def _mail(batch: Batch, head: Letterhead, part: Part) -> dict[str, Any]:
    """Tags are replaced wherever they stand, so they hold a hash of the message: no message holds its own."""
    message = batch.message
    named = hashlib.sha256(f"{message.html}{message.text}{message.subject}".encode("utf-8", "replace")).hexdigest()[:24]
    in_html, in_text = f"-h{named}-", f"-t{named}-"
    html, text = between(message)
    return {
        "personalizations": [
            {
                "to": [_person(reader.name, reader.address)],
                "headers": dict(head.headers + reader.headers),
                "substitutions": {in_html: html_link, in_text: one.unsubscribe},
                "custom_args": api.marks(batch, one),
            }
            for one, reader, html_link in zip(part, addressees(batch, part), html_links(part), strict=True)
        ],
        "from": _person(*head.sender),
        **({"reply_to": _person(*head.reply_to)} if head.reply_to else {}),
        "subject": head.subject,
        "content": [
            {"type": "text/plain", "value": in_text.join(text)},
            {"type": "text/html", "value": in_html.join(html)},
        ],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": _OFF,
            "subscription_tracking": _OFF,
            "ganalytics": _OFF,
        },
    }


def _person(name: str, address: str) -> dict[str, str]:
    return {"email": address, "name": name} if name else {"email": address}


def _reason(answer: Answer) -> str:
    """What SendGrid's own errors say."""
    errors = [api.table(one) for one in api.rows(api.table(api.document(answer.body)).get("errors"))]
    return "; ".join(f"{api.text(one.get('message'))} ({api.text(one.get('field'))})" for one in errors[:3])


def _about_address(answer: Answer) -> bool:
    return "personalizations.0.to" in _reason(answer)


def events(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> Sequence[Signal]:
    """The signals of a webhook call, signed with ECDSA (the pages "Event Webhook Security Features")."""
    key, stamp = signed.key_bytes(secrets, WEBHOOK), headers.get("x-twilio-email-event-webhook-timestamp", "")
    signature = signed.unpacked(headers.get("x-twilio-email-event-webhook-signature", ""))
    _verify(key, signature, stamp.encode("utf-8", "replace") + body)
    # A call that fails is repeated for a day.
    signed.recent(stamp, now, timedelta(days=1, minutes=5))
    return [one for event in api.rows(signed.content(body)) for one in _signals(api.table(event))]


def _verify(key: bytes, signature: bytes, content: bytes) -> None:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        public = load_der_public_key(key)
    except (UnsupportedAlgorithm, ValueError):
        raise signed.wrong_key(WEBHOOK) from None
    if not isinstance(public, EllipticCurvePublicKey):
        raise signed.wrong_key(WEBHOOK)
    try:
        public.verify(signature, content, ECDSA(SHA256()))
    except InvalidSignature:
        raise Forged("The signature is wrong.") from None


def _signals(event: Mapping[str, Any]) -> Iterator[Signal]:
    told = partial(
        signed.signal,
        id=api.text(event.get("sg_event_id")) or signed.name(*sorted(event.items(), key=str)),
        at=api.moment(event.get("timestamp")) or datetime.fromtimestamp(0, UTC),
        address=api.text(event.get("email")),
        provider_id=api.text(event.get("sg_message_id")).partition(".")[0],
        marks=event,
        words=f"{api.text(event.get('status'))} {api.text(event.get('reason') or event.get('response'))}",
    )
    reason = api.text(event.get("reason")).lower()
    match event.get("event"):
        case "delivered":
            yield told("delivered")
        case "deferred":
            yield told("deferred")
        case "bounce":
            yield told("bounced", permanent=event.get("type") == "bounce")
        case "dropped" if "unsubscribed" in reason:
            yield told("unsubscribed", permanent=True)
        case "dropped" if "spam reporting" in reason:
            yield told("complained", permanent=True)
        case "dropped":
            yield told("bounced", permanent="bounced" in reason or "invalid" in reason)
        case "spamreport":
            yield told("complained", permanent=True)
        case "unsubscribe" | "group_unsubscribe":
            yield told("unsubscribed", permanent=True)
