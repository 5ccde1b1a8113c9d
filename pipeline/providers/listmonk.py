"""listmonk: a whole issue is a campaign on your own server, which knows the readers and writes to each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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

CAN = Capabilities(
    batch_max=campaigns.WHOLE_LIST,
    body_max_bytes=5_000_000,
    idempotency="campaign",
    key_lifetime_seconds=None,
    merge=True,
    lookup="sure",
    per_second=None,
    real=True,
    docs="https://listmonk.app/docs/apis/campaigns/",
)
TOKEN = "PAPERROUND_LISTMONK_TOKEN"  # noqa: S105 - the variable's name
SECRETS: Mapping[str, str] = {TOKEN: "the token of the API user"}

# Fields are Go templates; @TrackLink behind an address makes listmonk count clicks.
_SYNTAX = Syntax(special=re.compile(r"\{|@(?=TrackLink)"), plain={"{": '{{ "{" }}', "@": '{{ "@" }}'})
_PAGE = 50
_STATES: Mapping[str, campaigns.State] = {
    "draft": "draft",
    "scheduled": "started",
    "running": "started",
    "paused": "started",
    "finished": "started",
}


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.listmonk].

    `lists` are the numbers of the lists that get every issue, `user` the API user. `template` is the number of a
    campaign template that holds nothing but the content; without one listmonk puts its own frame around the issue.
    """

    lists: tuple[int, ...]
    user: str
    template: int | None = None
    base_url: str = "http://localhost:9000"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """A listmonk server. Raises ValueError with a sentence for a missing token, no list, or a wrong address."""
    if not settings.lists:
        raise ValueError("lists is empty. Name at least one list by its number, such as lists = [3].")
    token = api.secret(secrets, TOKEN)
    return _Listmonk(base=api.base(settings.base_url), settings=settings, token=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listmonk(campaigns.Desk):
    base: str
    settings: Settings
    token: str = field(repr=False)
    can: Capabilities = CAN

    @property
    def _key(self) -> Mapping[str, str]:
        return {"Authorization": f"token {self.settings.user}:{self.token}"}

    def greet(self) -> Request:
        return api.get(f"{self.base}/api/campaigns?no_body=true&page=1&per_page=1", self._key)

    def greeted(self, answer: Answer) -> Welcome:
        return api.welcome(answer, self.token)

    def page(self, batch: Batch, number: int, _last: Answer | None) -> HttpRequest:
        query = {"tags": campaigns.name(batch), "no_body": "true", "page": number + 1, "per_page": _PAGE}
        return api.get(f"{self.base}/api/campaigns?{urlencode(query)}", self._key)

    def listed(self, batch: Batch, answer: Answer) -> tuple[Sequence[Campaign], bool] | None:
        data = api.table(api.document(answer.body)).get("data")
        results = api.table(data).get("results")
        if answer.status != 200 or not isinstance(results, list):
            return None
        known = [_campaign(api.table(one), campaigns.name(batch)) for one in results]
        return [one for one in known if one], len(results) == _PAGE

    def make(self, batch: Batch) -> HttpRequest:
        return api.post(f"{self.base}/api/campaigns", api.encoded(self._draft(batch)), self._key)

    def _draft(self, batch: Batch) -> dict[str, Any]:
        head, name = letterhead(batch), campaigns.name(batch)
        body = template(batch.message, head.subject, _SYNTAX, "{{ UnsubscribeURL }}", "{{ UnsubscribeURL }}")
        reply = [{"Reply-To": mailbox(*head.reply_to)}] if head.reply_to else []
        return {
            "name": f"Issue {batch.issue}",
            "subject": body.subject,
            "lists": list(self.settings.lists),
            "from_email": mailbox(*head.sender),
            "type": "regular",
            "content_type": "html",
            "body": body.html,
            "altbody": body.text,
            "messenger": "email",
            "tags": [name],
            "headers": [*reply, *({title: value} for title, value in head.headers)],
            **({"template_id": self.settings.template} if self.settings.template else {}),
        }

    def made(self, batch: Batch, answer: Answer) -> Campaign | None:
        data = api.table(api.table(api.document(answer.body)).get("data"))
        return _campaign(data, campaigns.name(batch)) if answer.status == 200 else None

    def start(self, campaign: Campaign) -> HttpRequest:
        body = api.encoded({"status": "running"})
        url = f"{self.base}/api/campaigns/{campaign.id}/status"
        return HttpRequest(method="PUT", url=url, headers=api.JSON, secret_headers=self._key, body=body)

    def begun(self, campaign: Campaign, answer: Answer) -> bool | None:
        data = api.table(api.table(api.document(answer.body)).get("data"))
        if answer.status != 200 or str(api.whole(data.get("id"))) != campaign.id:
            return None
        return data.get("status") in ("running", "finished")

    def refused(self, answer: Answer) -> Verdict:
        return api.refusal(answer, api.text(api.table(api.document(answer.body)).get("message")), self.token)


def _campaign(data: Mapping[str, Any], name: str) -> Campaign | None:
    """A campaign with our tag; every other one is none of ours."""
    number, status = api.whole(data.get("id")), api.text(data.get("status"))
    if number is None or not status or name not in api.rows(data.get("tags")):
        return None
    return Campaign(id=str(number), state=_STATES.get(status, "stopped"), words=api.said(f"listmonk says: {status}"))
