"""Brevo: one body for up to 1,000 readers, each a version of the message with parameters of her own."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from html import escape
from typing import Any
from urllib.parse import urlencode

import msgspec

from pipeline.carrying import api, signed
from pipeline.carrying.fates import Part, Rounds, Verdict, adjudged, rounds
from pipeline.carrying.letter import Addressee, Letterhead, addressees, as_told, letterhead
from pipeline.carrying.merge import Syntax, template
from pipeline.carrying.packing import sharing
from pipeline.model import Answer, Batch, Outcome, Recipient, Reply, Request, Signal, Welcome
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=1000,
    body_max_bytes=20_000_000,
    idempotency="key",
    # The guide says 30 minutes, the change log 15.
    key_lifetime_seconds=15 * 60,
    merge=True,
    lookup="lagging",
    # 6,000 batches an hour.
    per_second=1.6,
    real=True,
    docs="https://developers.brevo.com/docs/batch-send-transactional-emails",
)
TOKEN, WEBHOOK = "PAPERROUND_BREVO_TOKEN", "PAPERROUND_BREVO_WEBHOOK"
SECRETS: Mapping[str, str] = {
    TOKEN: "the API key, which begins with xkeysib-",
    WEBHOOK: "for webhooks: the token or password that you chose for the webhook",
}

_SYNTAX = Syntax(special=re.compile(r"\{"), plain={"{": "{{params.brace}}"})
_PAGE, _PAGES = 100, 25


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.brevo]: nothing has to be set."""

    base_url: str = "https://api.brevo.com/v3"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Brevo. Raises ValueError with a sentence for a missing key or a wrong address."""
    return _Brevo(base=api.base(settings.base_url), token=api.secret(secrets, TOKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brevo:
    base: str
    token: str = field(repr=False)
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        head = letterhead(batch)
        return [
            api.post(f"{self.base}/smtp/email", api.encoded(_mail(batch, head, part)), self._key)
            for part in _rounds(batch, replies).waiting
        ]

    @property
    def _key(self) -> Mapping[str, str]:
        return {"api-key": self.token}

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return adjudged(
            batch, _rounds(batch, replies), self._judge, lambda answer: "email is not valid" in _said(answer)
        )

    def _judge(self, part: Part, answer: Answer) -> Sequence[Verdict]:
        """201 with an id for each version; all were taken, or nobody."""
        found = api.table(api.document(answer.body))
        ids = [api.text(one) for one in api.rows(found.get("messageIds"))] or [api.text(found.get("messageId"))]
        if answer.status == 201 and len(ids) == len(part) and all(ids):
            return [("accepted", "", name) for name in ids]
        # A request under the same key was seen before, so it may have been taken then.
        words = "" if found.get("code") == "duplicate_request" else _said(answer)
        return [api.refusal(answer, words, self.token)] * len(part)

    def greet(self) -> Request:
        return api.get(f"{self.base}/account", self._key)

    def greeted(self, answer: Answer) -> Welcome:
        return api.welcome(answer, self.token)

    def look_up(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        """The events of our tag: "requests" is what Brevo calls a copy that it took."""
        more = not replies or len(api.listed(replies[-1], "events")) == _PAGE
        if not more or len(replies) >= _PAGES:
            return ()
        query = {"tags": f'["{batch.key}"]', "event": "requests", "limit": _PAGE, "offset": _PAGE * len(replies)}
        return [api.get(f"{self.base}/smtp/statistics/events?{urlencode(query)}", self._key)]

    def found(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        names = {as_told(one): one.subscriber for one in batch.recipients}
        told = dict[int, str]()
        for event in (one for reply in replies for one in api.listed(reply, "events")):
            reader = names.get(api.text(event.get("email")).lower())
            ours = batch.key in (event.get("tag"), *api.rows(event.get("tags")))
            if ours and reader is not None and event.get("event") == "requests":
                told[reader] = api.text(event.get("messageId"))
        return api.evidence(batch, told)


def _rounds(batch: Batch, replies: Sequence[Reply]) -> Rounds:
    return rounds(sharing(batch, CAN, 3), replies, _refused)


def _refused(answer: Answer) -> bool:
    code = api.table(api.document(answer.body)).get("code")
    return answer.status == 400 and code in ("invalid_parameter", "missing_parameter", "out_of_range")


def _mail(batch: Batch, head: Letterhead, part: Part) -> dict[str, Any]:
    body = template(batch.message, head.subject, _SYNTAX, "{{params.html_link}}", "{{params.link}}")
    return {
        "sender": _person(*head.sender),
        **({"replyTo": _person(*head.reply_to)} if head.reply_to else {}),
        "subject": body.subject,
        "htmlContent": body.html,
        "textContent": body.text,
        "headers": {"idempotencyKey": _key(batch, part)},
        "tags": [batch.key],
        "messageVersions": [_version(batch, head, *pair) for pair in zip(part, addressees(batch, part), strict=True)],
    }


def _key(batch: Batch, part: Part) -> str:
    """A UUID, the same each time, for these readers of this batch."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{batch.key}/{part[0].subscriber}/{part[-1].subscriber}/{len(part)}"))


def _version(batch: Batch, head: Letterhead, one: Recipient, reader: Addressee) -> dict[str, Any]:
    link = one.unsubscribe
    custom = {"X-Mailin-custom": api.encoded(api.marks(batch, one)).decode()}
    return {
        "to": [_person(reader.name, reader.address)],
        "params": {"link": link, "html_link": escape(link), "brace": "{"},
        "headers": dict((*head.headers, *reader.headers)) | custom,
    }


def _person(name: str, address: str) -> dict[str, str]:
    """Names of more than 70 characters are refused; those with braces are left to nobody's engine."""
    return {"email": address, **({"name": name} if name and len(name) <= 70 and "{" not in name else {})}


def _said(answer: Answer) -> str:
    """What Brevo's own error says."""
    code, words = (api.text(api.table(api.document(answer.body)).get(part)) for part in ("code", "message"))
    return f"{code}: {words}" if code and words else ""


def events(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> Sequence[Signal]:
    """The signals of a webhook call (https://developers.brevo.com/docs/transactional-webhooks)."""
    signed.password(headers, secrets, WEBHOOK)
    return [one for call in signed.calls(body) for one in _signals(api.table(call), now)]


def _signals(event: Mapping[str, Any], now: datetime) -> Iterator[Signal]:
    kind, address, message = (api.text(event.get(part)) for part in ("event", "email", "message-id"))
    marks = api.table(api.document(api.text(event.get("X-Mailin-custom")).encode("utf-8", "replace")))
    told = partial(
        signed.signal,
        id=signed.name(kind, address, message, event.get("ts_event")),
        at=api.moment(event.get("ts_event")) or now,
        address=address,
        provider_id=message,
        marks=marks,
        words=api.text(event.get("reason")),
    )
    match kind:
        case "delivered":
            yield told("delivered")
        case "deferred":
            yield told("deferred")
        case "soft_bounce":
            yield told("bounced")
        case "hard_bounce" | "invalid_email" | "blocked" | "error":
            yield told("bounced", permanent=kind in ("hard_bounce", "invalid_email"))
        case "spam" | "complaint":
            yield told("complained", permanent=True)
        case "unsubscribed":
            yield told("unsubscribed", permanent=True)
