"""Mailjet: one body for up to 50 readers in a request; it lets no campaign reach an address twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from html import escape
from typing import Any

import msgspec

from pipeline.carrying import api, signed
from pipeline.carrying.fates import Part, Verdict, in_parts
from pipeline.carrying.letter import Letterhead, addressee, as_told, letterhead
from pipeline.carrying.merge import Syntax, template
from pipeline.carrying.packing import sharing
from pipeline.model import Answer, Batch, Outcome, Recipient, Reply, Request, Signal, Welcome
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=50,
    body_max_bytes=15_000_000,
    idempotency="recipient",
    key_lifetime_seconds=None,
    merge=True,
    lookup="none",
    per_second=None,
    real=True,
    docs="https://dev.mailjet.com/email/guides/send-api-v31/",
)
KEY, SECRET = "PAPERROUND_MAILJET_KEY", "PAPERROUND_MAILJET_SECRET"
WEBHOOK = "PAPERROUND_MAILJET_WEBHOOK"
SECRETS: Mapping[str, str] = {
    KEY: "the API key",
    SECRET: "the secret key that belongs to it",
    WEBHOOK: "for webhooks: the password that you put into the webhook's address",
}

# The template language is {{…}} and {%…%}; [[…]] is its older form.
_SYNTAX = Syntax(
    special=re.compile(r"\{|\[(?=\[|\Z)"),
    plain={"{": "{{var:brace}}", "[": "{{var:bracket}}"},
    in_style=re.compile(r"\{(?=[{%#])|\[(?=\[)"),
)

# A message with one of these is refused (error send-0011): Mailjet writes them itself.
_ITS_OWN = ("list-id", "feedback-id", "x-feedback-id")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.mailjet]: nothing has to be set."""

    base_url: str = "https://api.mailjet.com"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Mailjet. Raises ValueError with a sentence for missing keys or a wrong address."""
    key, secret = api.secret(secrets, KEY), api.secret(secrets, SECRET)
    return _Mailjet(base=api.base(settings.base_url), key=key, secret=secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mailjet:
    base: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if replies:
            return ()
        head, sign_in = letterhead(batch), {"Authorization": api.basic(self.key, self.secret)}
        return [
            api.post(f"{self.base}/v3.1/send", api.encoded(_mails(batch, head, part)), sign_in)
            for part in sharing(batch, CAN, 4)
        ]

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return in_parts(batch, sharing(batch, CAN, 4), replies, self._judge)

    def _judge(self, part: Part, answer: Answer) -> Sequence[Verdict]:
        """Each message has its own status, in order; the answer is a 400 when one of them was refused."""
        found = api.table(api.document(answer.body))
        entries = api.rows(found.get("Messages"))
        if answer.status in (200, 400) and len(entries) == len(part):
            return [self._entry(one, api.table(entry)) for one, entry in zip(part, entries, strict=True)]
        words = api.text(found.get("ErrorMessage")) if "ErrorIdentifier" in found else ""
        return [api.refusal(answer, "" if entries else words, self.key, self.secret)] * len(part)

    def _entry(self, one: Recipient, entry: Mapping[str, Any]) -> Verdict:
        to = [api.table(person) for person in api.rows(entry.get("To"))]
        shown = [api.text(person.get("Email")).lower() for person in to]
        if entry.get("Status") == "success" and shown == [as_told(one)]:
            name = api.text(to[0].get("MessageID"))
            return ("accepted", "", name) if name else ("unknown", "the answer has no id", None)
        errors = [api.table(error) for error in api.rows(entry.get("Errors"))]
        if entry.get("Status") != "error" or not errors:
            return "unknown", "the answer does not tell what became of this reader", None
        words = api.said("; ".join(api.text(error.get("ErrorMessage")) for error in errors), self.key, self.secret)
        related = [api.text(place) for error in errors for place in api.rows(error.get("ErrorRelatedTo"))]
        hers = bool(related) and all(place.startswith(("To", "Messages.To")) for place in related)
        return ("rejected" if hers else "not-sent"), words, None

    def greet(self) -> Request:
        return api.get(f"{self.base}/v3/REST/sender?Limit=1", {"Authorization": api.basic(self.key, self.secret)})

    def greeted(self, answer: Answer) -> Welcome:
        return api.welcome(answer, self.key, self.secret)

    def look_up(self, _batch: Batch, _replies: Sequence[Reply] = ()) -> Sequence[Request]:
        return ()

    def found(self, _batch: Batch, _replies: Sequence[Reply]) -> Sequence[Outcome]:
        return ()


def _mails(batch: Batch, head: Letterhead, part: Part) -> dict[str, Any]:
    body = template(batch.message, head.subject, _SYNTAX, "{{var:html_link}}", "{{var:link}}")
    return {
        "Globals": {
            "From": _person(*head.sender),
            **({"ReplyTo": _person(*head.reply_to)} if head.reply_to else {}),
            "Subject": body.subject,
            "HTMLPart": body.html,
            "TextPart": body.text,
            "TemplateLanguage": True,
            "TrackOpens": "disabled",
            "TrackClicks": "disabled",
            **_campaign(batch),
        },
        "Messages": [_mail(batch, head, one) for one in part],
    }


def _campaign(batch: Batch) -> dict[str, Any]:
    """The campaign is the issue and its words, not the batch: a copy made again in another batch is still the same.

    A test copy belongs to none: it must neither use up an address nor be held back.
    """
    if not batch.id:
        return {}
    words = f"{batch.message.subject}\n{batch.message.html}\n{batch.message.text}".encode("utf-8", "replace")
    name = f"issue-{batch.issue}-{hashlib.sha256(words).hexdigest()[:16]}"
    return {"CustomCampaign": name, "DeduplicateCampaign": True}


def _mail(batch: Batch, head: Letterhead, one: Recipient) -> dict[str, Any]:
    reader, link = addressee(batch, one), one.unsubscribe
    return {
        "To": [_person("" if set("{[") & set(reader.name) else reader.name, reader.address)],
        "Variables": {"link": link, "html_link": escape(link), "brace": "{", "bracket": "["},
        "Headers": {name: value for name, value in (*head.headers, *reader.headers) if name.lower() not in _ITS_OWN},
        "EventPayload": api.encoded(api.marks(batch, one)).decode(),
    }


def _person(name: str, address: str) -> dict[str, str]:
    return {"Email": address, **({"Name": name} if name else {})}


def events(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> Sequence[Signal]:
    """The signals of a webhook call (https://dev.mailjet.com/email/guides/webhooks/)."""
    signed.password(headers, secrets, WEBHOOK)
    return [one for call in signed.calls(body) for one in _signals(api.table(call), now)]


def _signals(event: Mapping[str, Any], now: datetime) -> Iterator[Signal]:
    kind, address, message = (api.text(event.get(part)) for part in ("event", "email", "MessageID"))
    told = partial(
        signed.signal,
        id=signed.name(kind, address, message, event.get("time")),
        at=api.moment(event.get("time")) or now,
        address=address,
        provider_id=message,
        marks=api.table(api.document(api.text(event.get("Payload")).encode("utf-8", "replace"))),
        words=f"{api.text(event.get('error'))} {api.text(event.get('comment'))}",
    )
    match kind:
        case "sent":
            yield told("delivered")
        # A copy that was held back because its reader had it already is no failure.
        case "blocked" if "duplicate" in api.text(event.get("error")):
            return
        case "bounce" | "blocked":
            # A blocked copy tells of no hard bounce, but of the same error.
            gone = kind == "blocked" and event.get("error") == "user unknown"
            yield told("bounced", permanent=gone or event.get("hard_bounce") is True)
        case "spam":
            yield told("complained", permanent=True)
        case "unsub":
            yield told("unsubscribed", permanent=True)
