"""Resend Broadcasts: a whole issue is one broadcast; Resend knows the readers and writes to each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from pipeline.carrying import api, campaigns
from pipeline.carrying.campaigns import Campaign
from pipeline.carrying.fates import Verdict
from pipeline.carrying.letter import letterhead, mailbox
from pipeline.carrying.merge import Syntax, template
from pipeline.model import Answer, Batch, HttpRequest, Request, Welcome
from pipeline.providers import Capabilities, Provider
from pipeline.providers.resend import SECRETS as RESEND
from pipeline.providers.resend import TOKEN, events, reason

__all__ = ["CAN", "SECRETS", "Settings", "events", "provider"]

CAN = Capabilities(
    batch_max=campaigns.WHOLE_LIST,
    body_max_bytes=5_000_000,
    idempotency="campaign",
    key_lifetime_seconds=None,
    merge=True,
    lookup="sure",
    per_second=5,
    real=True,
    docs="https://resend.com/docs/api-reference/broadcasts/create-broadcast",
)
SECRETS: Mapping[str, str] = RESEND

# Fields are {{{…}}}. A mark that nobody sees keeps braces of the text apart.
_SYNTAX = Syntax(special=re.compile(r"\{(?=\{|\Z)"), plain={"{": "{\u2060"})
_LINK = "{{{RESEND_UNSUBSCRIBE_URL}}}"
_STATES: Mapping[str, campaigns.State] = {
    "draft": "draft",
    "scheduled": "started",
    "queued": "started",
    "sending": "started",
    "sent": "started",
}
_PAGE = 100
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.resend_broadcasts]; `segment` is the id of the segment that gets every issue."""

    segment: str
    base_url: str = "https://api.resend.com"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Resend Broadcasts. Raises ValueError with a sentence for a missing key or a wrong address."""
    token = api.secret(secrets, TOKEN)
    return _Broadcasts(base=api.base(settings.base_url), segment=settings.segment, token=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broadcasts(campaigns.Desk):
    base: str
    segment: str
    token: str = field(repr=False)
    can: Capabilities = CAN

    @property
    def _key(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def greet(self) -> Request:
        return api.get(f"{self.base}/broadcasts?limit=1", self._key)

    def greeted(self, answer: Answer) -> Welcome:
        return api.welcome(answer, self.token)

    def page(self, _batch: Batch, _number: int, last: Answer | None) -> HttpRequest:
        before = api.listed(last, "data") if last else []
        query = urlencode({"limit": _PAGE} | ({"after": api.text(before[-1].get("id"))} if before else {}))
        return api.get(f"{self.base}/broadcasts?{query}", self._key)

    def listed(self, batch: Batch, answer: Answer) -> tuple[Sequence[Campaign], bool] | None:
        """The newest come first; those from before the issue was frozen are of no interest."""
        page = api.table(api.document(answer.body))
        results = page.get("data")
        if answer.status != 200 or not isinstance(results, list) or type(page.get("has_more")) is not bool:
            return None
        name, known = campaigns.name(batch), [_campaign(api.table(one)) for one in results]
        ours = [one for one, shown in zip(known, results, strict=True) if one and shown.get("name") == name]
        oldest = api.moment(api.table(results[-1]).get("created_at")) if results else None
        return ours, page["has_more"] and (oldest is None or oldest > batch.date - timedelta(days=1))

    def make(self, batch: Batch) -> HttpRequest:
        head = letterhead(batch)
        body = template(batch.message, head.subject, _SYNTAX, _LINK, _LINK)
        draft = {
            "name": campaigns.name(batch),
            "segment_id": self.segment,
            "from": mailbox(*head.sender),
            "subject": body.subject,
            **({"reply_to": [mailbox(*head.reply_to)]} if head.reply_to else {}),
            "html": body.html,
            "text": body.text,
            "send": False,
        }
        return api.post(f"{self.base}/broadcasts", api.encoded(draft), self._key)

    def made(self, _batch: Batch, answer: Answer) -> Campaign | None:
        number = api.text(api.table(api.document(answer.body)).get("id"))
        return Campaign(id=number, state="draft") if answer.status in (200, 201) and _ID.fullmatch(number) else None

    def start(self, campaign: Campaign) -> HttpRequest:
        return api.post(f"{self.base}/broadcasts/{campaign.id}/send", b"{}", self._key)

    def begun(self, campaign: Campaign, answer: Answer) -> bool | None:
        shown = api.text(api.table(api.document(answer.body)).get("id"))
        return True if answer.status == 200 and shown == campaign.id else None

    def refused(self, answer: Answer) -> Verdict:
        return api.refusal(answer, reason(api.document(answer.body)), self.token)


def _campaign(found: Mapping[str, Any]) -> Campaign | None:
    number, status = api.text(found.get("id")), api.text(found.get("status"))
    if not status or not _ID.fullmatch(number):
        return None
    return Campaign(id=number, state=_STATES.get(status, "stopped"), words=api.said(f"Resend says: {status}"))
