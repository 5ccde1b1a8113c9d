"""Resend: up to 100 finished copies in a request, which arrives once under its key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from pipeline.carrying import api, signed
from pipeline.carrying.fates import Part, Verdict, in_parts
from pipeline.carrying.letter import Addressee, addressees, as_told, letterhead, mailbox
from pipeline.carrying.packing import copied
from pipeline.mail import merged
from pipeline.model import Answer, Batch, Outcome, Recipient, Reply, Request, Signal, Welcome
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=100,
    body_max_bytes=40_000_000,
    idempotency="key",
    key_lifetime_seconds=24 * 3600,
    merge=False,
    lookup="lagging",
    per_second=5,
    real=True,
    docs="https://resend.com/docs/api-reference/emails/send-batch-emails",
)
TOKEN, WEBHOOK = "PAPERROUND_RESEND_TOKEN", "PAPERROUND_RESEND_WEBHOOK"
SECRETS: Mapping[str, str] = {
    TOKEN: "the API key, which begins with re_",
    WEBHOOK: "for webhooks: the signing secret, which begins with whsec_",
}

_PAGE, _PAGES = 100, 20
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.resend]: nothing has to be set."""

    base_url: str = "https://api.resend.com"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Resend. Raises ValueError with a sentence for a missing key or a wrong address."""
    return _Resend(base=api.base(settings.base_url), token=api.secret(secrets, TOKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resend:
    base: str
    token: str = field(repr=False)
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if replies:
            return ()
        return [self._post(batch, part, at) for at, part in enumerate(copied(batch, CAN))]

    def _post(self, batch: Batch, part: Part, at: int) -> Request:
        body = api.array(_copy(batch, *pair) for pair in zip(part, addressees(batch, part), strict=True))
        # "permissive": one unusable address does not refuse the other copies.
        headers = {"Idempotency_Key": f"{batch.key}/{at}", "x_batch_validation": "permissive"}
        return api.post(f"{self.base}/emails/batch", body, self._key, **headers)

    @property
    def _key(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return in_parts(batch, copied(batch, CAN), replies, self._judge)

    def _judge(self, part: Part, answer: Answer) -> Sequence[Verdict]:
        found = api.table(api.document(answer.body))
        if answer.status == 200:
            return self._each(part, found)
        # 409: the key is in use, or was used for other bytes. Either way an earlier request may have been taken.
        words = "" if answer.status == 409 else reason(found)
        return [api.refusal(answer, words, self.token)] * len(part)

    def _each(self, part: Part, found: Mapping[str, Any]) -> Sequence[Verdict]:
        """`data` has the ids of those taken, in order; `errors` the places of those refused."""
        ids = [api.text(api.table(one).get("id")) for one in api.rows(found.get("data"))]
        errors = [api.table(one) for one in api.rows(found.get("errors"))]
        told = [(one.get("index"), api.said(api.text(one.get("message")), self.token)) for one in errors]
        refused = {at: words for at, words in told if type(at) is int and 0 <= at < len(part)}
        right = len(refused) == len(errors) and all(ids) and len(set(ids)) == len(ids)
        if not right or len(ids) + len(refused) != len(part):
            return [("unknown", "the answer does not count its readers right", None)] * len(part)
        taken = iter(ids)
        return [
            ("rejected", refused[at], None) if at in refused else ("accepted", "", next(taken))
            for at in range(len(part))
        ]

    def greet(self) -> Request:
        return api.get(f"{self.base}/domains", self._key)

    def greeted(self, answer: Answer) -> Welcome:
        may_only_send = api.table(api.document(answer.body)).get("name") == "restricted_api_key"
        return ("ok", "") if may_only_send else api.welcome(answer, self.token)

    def look_up(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        """Page through what was sent since the batch was frozen; then look at each mail that may be one of its."""
        records = _Records(batch, replies)
        if records.after is not None:
            query = urlencode({"limit": _PAGE} | ({"after": records.after} if records.after else {}))
            return [api.get(f"{self.base}/emails?{query}", self._key)]
        if records.rest or not records.likely:
            return ()
        return [api.get(f"{self.base}/emails/{quote(name)}", self._key) for name in records.likely]

    def found(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        """A mail counts that went to the reader and holds every word of her copy."""
        told = dict[int, str]()
        mails = [api.table(api.document(one.body)) for one in _Records(batch, replies).rest if isinstance(one, Answer)]
        for one in batch.recipients:
            text = merged(batch.message, one)[1].split()
            for mail in mails:
                if _went_to(mail, one) and api.text(mail.get("text")).split() == text:
                    told[one.subscriber] = api.text(mail.get("id"))
        return api.evidence(batch, told)


class _Records:
    """How far a look-up has come: `after` is the next page's cursor, None when there is no more to page through."""

    def __init__(self, batch: Batch, replies: Sequence[Reply]) -> None:
        wanted = {as_told(one) for one in batch.recipients}
        since, subject = batch.date - timedelta(minutes=5), letterhead(batch).subject
        self.likely, at = list[str](), 0
        self.after: str | None = ""
        while self.after is not None and at < len(replies):
            mails = api.listed(replies[at], "data")
            for mail in mails:
                name, to = api.text(mail.get("id")), {_bare(api.text(one)).lower() for one in api.rows(mail.get("to"))}
                if to & wanted and mail.get("subject") == subject and _ID.fullmatch(name):
                    self.likely.append(name)
            at, self.after = at + 1, _next(replies[at], mails, since, at + 1)
        self.rest = replies[at:]


def _next(reply: Reply, mails: Sequence[Mapping[str, Any]], since: datetime, pages: int) -> str | None:
    more = isinstance(reply, Answer) and api.table(api.document(reply.body)).get("has_more") is True
    if not mails or not more or pages >= _PAGES:
        return None
    oldest, name = api.moment(mails[-1].get("created_at")), api.text(mails[-1].get("id"))
    return name if oldest is not None and oldest >= since and _ID.fullmatch(name) else None


def _went_to(mail: Mapping[str, Any], one: Recipient) -> bool:
    return [_bare(api.text(to)).lower() for to in api.rows(mail.get("to"))] == [as_told(one)]


def _copy(batch: Batch, one: Recipient, reader: Addressee) -> Iterator[bytes]:
    head = letterhead(batch)
    before = {
        "from": mailbox(*head.sender),
        "to": [mailbox(reader.name, reader.address)],
        **({"reply_to": [mailbox(*head.reply_to)]} if head.reply_to else {}),
        "subject": head.subject,
    }
    after = {
        "headers": dict((*head.headers, *reader.headers)),
        "tags": [{"name": name, "value": value} for name, value in api.marks(batch, one).items()],
    }
    return api.copy(batch.message, one.unsubscribe, before, ("html", "text"), after)


def reason(found: Any) -> str:
    """What Resend's own error says, "" for anything else."""
    name, words = (api.text(api.table(found).get(part)) for part in ("name", "message"))
    return f"{name}: {words}" if name and words else ""


def events(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> Sequence[Signal]:
    """The signal of a webhook call, signed as Svix does it (https://resend.com/docs/dashboard/webhooks)."""
    name, stamp = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    key = signed.key_bytes(secrets, WEBHOOK, "whsec_")
    wanted = signed.sha256(key, f"{name}.{stamp}.".encode("utf-8", "replace"), body)
    given = [part.removeprefix("v1,") for part in headers.get("svix-signature", "").split() if part.startswith("v1,")]
    signed.insist(any(signed.same_bytes(part, wanted) for part in given[:10]), "The signature is wrong.")
    signed.recent(stamp, now, timedelta(minutes=5))
    return list(_signals(api.table(signed.content(body)), name, now))


def _signals(event: Mapping[str, Any], name: str, now: datetime) -> Iterator[Signal]:
    data = api.table(event.get("data"))
    tags = data.get("tags")
    pairs = {api.text(t.get("name")): t.get("value") for t in map(api.table, api.rows(tags))}
    marks = api.table(tags) or pairs
    to = [api.text(one) for one in api.rows(data.get("to"))]
    told = partial(
        signed.signal, id=name, at=api.moment(event.get("created_at")) or now, address=_bare(to[0]) if to else "",
        provider_id=api.text(data.get("email_id")), marks=marks, words=_why(data),
    )  # fmt: skip
    bounce, held = api.table(data.get("bounce")), api.table(data.get("suppressed"))
    match event.get("type"):
        case "email.delivered":
            yield told("delivered")
        case "email.delivery_delayed":
            yield told("deferred")
        case "email.bounced":
            permanent = api.text(bounce.get("type")).lower() == "permanent"
            # Resend mails by Amazon SES, where a reader's "I am away" comes back as this, without a host's report.
            away = not bounce.get("diagnosticCode") and bounce.get("subType") in ("General", "Undetermined")
            yield told("deferred" if away and not permanent else "bounced", permanent=permanent)
        # Her address stands on Resend's list of those it does not mail, since an earlier copy.
        case "email.suppressed":
            yield told("complained" if held.get("reason") == "previous_complaint" else "bounced", permanent=True)
        case "email.complained":
            yield told("complained", permanent=True)
        case "contact.updated" if data.get("unsubscribed") is True:
            yield told("unsubscribed", permanent=True, address=api.text(data.get("email")), provider_id="")


def _why(data: Mapping[str, Any]) -> str:
    """The mail host's own words, if it said any, before Resend's."""
    found = api.table(data.get("bounce") or data.get("suppressed"))
    return " ".join((*map(api.text, api.rows(found.get("diagnosticCode"))), api.text(found.get("message")))).strip()


def _bare(to: str) -> str:
    """An address as it was handed over, without the name before it."""
    return to.rpartition("<")[2].removesuffix(">")
