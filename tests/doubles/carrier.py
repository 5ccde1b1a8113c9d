"""The provider file that belongs to the double: what it can do is told by its settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from pipeline.carrying.fates import everyone
from pipeline.errors import PaperroundError
from pipeline.model import Answer, Batch, HttpRequest, NoAnswer, Outcome, Reply, Request
from pipeline.providers import Capabilities, Provider

TOKEN = "PAPERROUND_DOUBLE_TOKEN"
SECRETS: Mapping[str, str] = {TOKEN: "the double's token"}
CAN = Capabilities(
    batch_max=2,
    body_max_bytes=1 << 20,
    idempotency="none",
    key_lifetime_seconds=None,
    merge=False,
    lookup="none",
    per_second=None,
    real=True,
    docs="https://example.org/",
)


_MORE: dict[str, str] = {}
"""What a later version of this file would add to each request."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.double]."""

    url: str
    kind: Literal["none", "key", "recipient", "campaign"] = "none"
    lookup: Literal["none", "lagging", "sure"] = "none"
    lifetime: int = 86_400
    per_second: float | None = None
    batch_max: int = 2


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    return _Carrier(settings, secrets.get(TOKEN, "token-of-the-double"))


@dataclass(frozen=True, slots=True)
class _Carrier:
    settings: Settings
    token: str

    @property
    def can(self) -> Capabilities:
        given = self.settings
        return Capabilities(
            batch_max=given.batch_max,
            body_max_bytes=1 << 20,
            idempotency=given.kind,
            key_lifetime_seconds=given.lifetime if given.kind == "key" else None,
            merge=False,
            lookup=given.lookup,
            per_second=given.per_second,
            real=True,
            docs="https://example.org/",
        )

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if self.settings.kind == "campaign":
            return self._steps(batch, replies)
        if replies:
            return ()
        if any("unwritable" in one.address for one in batch.recipients):
            raise PaperroundError("An address can't be written.")
        readers = [{"id": one.subscriber, "address": one.address, "link": one.unsubscribe} for one in batch.recipients]
        return [self._post("/send", batch, {"to": readers, "html": batch.message.html})]

    def _steps(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Request]:
        """Find or make the object, then start it, unless it was started before."""
        if not replies:
            return [self._ask("PUT", f"/campaigns/{batch.key}", b"{}", batch)]
        if len(replies) == 1 and _state(replies[0]) == "draft":
            return [self._post(f"/campaigns/{batch.key}", batch, {})]
        return ()

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        if not replies:
            return everyone(batch, ("unknown", "no reply", None))
        last = replies[-1]
        if isinstance(last, NoAnswer):
            return everyone(batch, ("not-sent" if last.sent == "before" else "unknown", last.words, None))
        if self.settings.kind == "campaign":
            sent = last.status == 200 and _state(last) == "sent"
            return everyone(batch, ("accepted", "", None) if sent else ("unknown", f"{last.status}", None))
        return _read(batch, last)

    def look_up(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if replies or self.settings.lookup == "none":
            return ()
        if self.settings.kind == "campaign":
            return [self._ask("GET", f"/campaigns/{batch.key}", b"", batch)]
        return [self._post("/records", batch, {"readers": [one.subscriber for one in batch.recipients]})]

    def found(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        answer = replies[-1] if replies else None
        if not isinstance(answer, Answer) or answer.status != 200:
            return ()
        if self.settings.kind == "campaign":
            return everyone(batch, ("accepted" if _state(answer) == "sent" else "not-sent", "looked up", None))
        found = set(json.loads(answer.body)["found"])
        absent = [] if self.settings.lookup != "sure" else [x for x in batch.recipients if x.subscriber not in found]
        there = [one for one in batch.recipients if one.subscriber in found]
        return [
            *(Outcome(subscriber=one.subscriber, fate="accepted", words="found") for one in there),
            *(Outcome(subscriber=one.subscriber, fate="not-sent", words="not found") for one in absent),
        ]

    def _post(self, path: str, batch: Batch, document: dict[str, object]) -> HttpRequest:
        return self._ask("POST", path, json.dumps({"issue": batch.issue, **document, **_MORE}).encode(), batch)

    def _ask(self, method: str, path: str, body: bytes, batch: Batch) -> HttpRequest:
        return HttpRequest(
            method=method,
            url=self.settings.url + path,
            headers={"Content-Type": "application/json", "Idempotency-Key": batch.key},
            secret_headers={"X-Token": self.token},
            body=body,
        )


def _state(reply: Reply) -> str | None:
    try:
        return json.loads(reply.body)["state"] if isinstance(reply, Answer) and reply.status == 200 else None
    except (ValueError, KeyError):
        return None


def _read(batch: Batch, answer: Answer) -> Sequence[Outcome]:
    words = f"{answer.status} {answer.body[:60].decode('utf-8', 'replace')}"
    if answer.status in (401, 403, 429) and answer.body.startswith(b"{"):
        return everyone(batch, ("not-sent", words, None))
    try:
        results = (
            {one["reader"]: one["id"] for one in json.loads(answer.body)["results"]} if answer.status == 200 else {}
        )
    except (ValueError, KeyError, TypeError):
        results = {}
    return [
        Outcome(subscriber=one.subscriber, fate="accepted", provider_id=results[one.subscriber])
        if one.subscriber in results
        else Outcome(subscriber=one.subscriber, fate="unknown", words=words)
        for one in batch.recipients
    ]
