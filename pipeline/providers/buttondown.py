"""Buttondown: a whole issue is one email there; Buttondown knows the readers and writes to each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec

from pipeline.carrying import api, campaigns, signed
from pipeline.carrying.campaigns import Campaign
from pipeline.carrying.fates import Verdict
from pipeline.carrying.letter import letterhead
from pipeline.carrying.merge import Syntax, template
from pipeline.model import Answer, Batch, HttpRequest, Request, Signal, Welcome
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=campaigns.WHOLE_LIST,
    body_max_bytes=5_000_000,
    idempotency="campaign",
    key_lifetime_seconds=None,
    merge=True,
    lookup="sure",
    per_second=1,
    real=True,
    docs="https://docs.buttondown.com/api-emails-introduction",
)
TOKEN, WEBHOOK = "PAPERROUND_BUTTONDOWN_TOKEN", "PAPERROUND_BUTTONDOWN_WEBHOOK"
SECRETS: Mapping[str, str] = {
    TOKEN: "the API key",
    WEBHOOK: "for webhooks: the signing key that you chose for the webhook",
}

# Fields are {{…}} and {%…%}. No field stands for a brace, so a mark that nobody sees keeps a subject's braces apart.
_SYNTAX = Syntax(special=re.compile(r"\{(?=[{%#]|\Z)"), plain={"{": "{\u2060"})
_STATES: Mapping[str, campaigns.State] = {
    "draft": "draft",
    "about_to_send": "started",
    "scheduled": "started",
    "in_flight": "started",
    "throttled": "started",
    "resending": "started",
    "paused": "started",
    "sent": "started",
}
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.buttondown]: nothing has to be set."""

    base_url: str = "https://api.buttondown.com/v1"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Buttondown. Raises ValueError with a sentence for a missing key or a wrong address."""
    return _Buttondown(base=api.base(settings.base_url), token=api.secret(secrets, TOKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Buttondown(campaigns.Desk):
    base: str
    token: str = field(repr=False)
    can: Capabilities = CAN

    @property
    def _key(self) -> Mapping[str, str]:
        return {"Authorization": f"Token {self.token}"}

    def greet(self) -> Request:
        return api.get(f"{self.base}/emails?page=1", self._key)

    def greeted(self, answer: Answer) -> Welcome:
        return api.welcome(answer, self.token)

    def page(self, batch: Batch, number: int, _last: Answer | None) -> HttpRequest:
        since = (batch.date - timedelta(days=1)).date().isoformat()
        query = {"creation_date__start": since, "ordering": "creation_date", "excluded_fields": "body"}
        return api.get(f"{self.base}/emails?{urlencode(query | {'page': str(number + 1)})}", self._key)

    def listed(self, batch: Batch, answer: Answer) -> tuple[Sequence[Campaign], bool] | None:
        page = api.table(api.document(answer.body))
        results = page.get("results")
        if answer.status != 200 or not isinstance(results, list) or type(page.get("count")) is not int:
            return None
        known = [_campaign(api.table(one), campaigns.name(batch)) for one in results]
        return [one for one in known if one], bool(page.get("next"))

    def make(self, batch: Batch) -> HttpRequest:
        head = letterhead(batch)
        link = "{{ unsubscribe_url }}"
        body = template(batch.message, head.subject, _SYNTAX, link, link)
        draft = {
            "subject": body.subject,
            "body": f"<!-- buttondown-editor-mode: fancy -->{body.html}",
            "status": "draft",
            "template": "naked",
            "commenting_mode": "disabled",
            "metadata": {"paperround": campaigns.name(batch)},
        }
        return api.post(f"{self.base}/emails", api.encoded(draft), self._key)

    def made(self, batch: Batch, answer: Answer) -> Campaign | None:
        found = api.table(api.document(answer.body))
        return _campaign(found, campaigns.name(batch)) if answer.status in (200, 201) else None

    def start(self, campaign: Campaign) -> HttpRequest:
        return api.post(f"{self.base}/emails/{campaign.id}/publish", b"{}", self._key)

    def begun(self, campaign: Campaign, answer: Answer) -> bool | None:
        found = api.table(api.document(answer.body))
        if answer.status != 200 or found.get("id") != campaign.id:
            return None
        return _STATES.get(api.text(found.get("status"))) == "started"

    def refused(self, answer: Answer) -> Verdict:
        found = api.table(api.document(answer.body))
        return api.refusal(answer, api.text(found.get("detail")), self.token)


def _campaign(found: Mapping[str, Any], name: str) -> Campaign | None:
    """An email that holds our mark; every other one is none of ours."""
    number, status = api.text(found.get("id")), api.text(found.get("status"))
    ours = api.table(found.get("metadata")).get("paperround") == name
    if not ours or not status or not _ID.fullmatch(number):
        return None
    return Campaign(id=number, state=_STATES.get(status, "stopped"), words=api.said(f"Buttondown says: {status}"))


def events(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> Sequence[Signal]:
    """The signal of a webhook call, signed with HMAC (https://docs.buttondown.com/api-webhooks-introduction).

    Buttondown names a reader by its own id, which stands in `words`; an address is given only where it says one.
    """
    wanted = "sha256=" + signed.sha256(signed.key(secrets, WEBHOOK).encode(), body).hex()
    signed.insist(signed.same(headers.get("x-buttondown-signature", ""), wanted), "The signature is wrong.")
    return list(_signals(api.table(signed.content(body)), now))


def _signals(event: Mapping[str, Any], now: datetime) -> Iterator[Signal]:
    data = api.table(event.get("data"))
    told = partial(
        signed.signal,
        id=api.text(event.get("id")) or signed.name(event.get("event_type"), sorted(data.items(), key=str)),
        at=api.moment(data.get("creation_date")) or now,
        address=api.text(data.get("email_address")),
        provider_id=api.text(data.get("email")),
        words=f"Buttondown's subscriber {api.text(data.get('subscriber'))}",
    )
    match event.get("event_type"):
        case "subscriber.delivered":
            yield told("delivered")
        case "subscriber.deferred":
            yield told("deferred")
        case "subscriber.bounced" | "subscriber.rejected":
            yield told("bounced", permanent=event.get("event_type") == "subscriber.bounced")
        case "subscriber.complained":
            yield told("complained", permanent=True)
        case "subscriber.unsubscribed" | "subscriber.deleted":
            yield told("unsubscribed", permanent=True)
