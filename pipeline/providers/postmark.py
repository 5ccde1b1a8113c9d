"""Postmark: up to 500 finished copies in a request, through a broadcast stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec.structs import replace

from pipeline.carrying import api, signed
from pipeline.carrying.fates import Part, Verdict, in_parts
from pipeline.carrying.letter import Addressee, addressees, as_told, letterhead, mailbox
from pipeline.carrying.merge import Syntax, harmless
from pipeline.carrying.packing import copied
from pipeline.model import Answer, Batch, Outcome, Recipient, Reply, Request, Signal, SignalKind, Welcome
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=500,
    body_max_bytes=50_000_000,
    idempotency="none",
    key_lifetime_seconds=None,
    merge=False,
    lookup="lagging",
    per_second=None,
    real=True,
    docs="https://postmarkapp.com/developer/api/email-api#send-batch-emails",
)
TOKEN, WEBHOOK = "PAPERROUND_POSTMARK_TOKEN", "PAPERROUND_POSTMARK_WEBHOOK"
SECRETS: Mapping[str, str] = {
    TOKEN: "the server's API token",
    WEBHOOK: "for webhooks: the password that you put into the webhook's address or its basic authentication",
}

# A broadcast stream puts its own link in place of {{{ pm:unsubscribe }}} and the like. No field stands for a brace, so
# in plain text a mark that nobody sees keeps braces apart.
_SYNTAX = Syntax(special=re.compile(r"\{(?=\{{0,2}\s*pm:)"), plain={"{": "{\u2060"})
_PAGE, _PAGES = 500, 20
_INACTIVE = 406
# 300: this message can't be sent as it is; its words name a bad address. https://postmarkapp.com/developer/api/overview
_INVALID = 300
_NOBODY = "will not deliver to these inactive addresses"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.postmark]; `stream` is the id of a broadcast message stream."""

    stream: str = "broadcast"
    base_url: str = "https://api.postmarkapp.com"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Postmark. Raises ValueError with a sentence for a missing token or a wrong address."""
    return _Postmark(base=api.base(settings.base_url), stream=settings.stream, token=api.secret(secrets, TOKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Postmark:
    base: str
    stream: str
    token: str = field(repr=False)
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if replies:
            return ()
        written = replace(batch, message=harmless(batch.message, _SYNTAX))
        return [self._post(written, part) for part in copied(batch, CAN)]

    def _post(self, batch: Batch, part: Part) -> Request:
        copies = (self._copy(batch, *pair) for pair in zip(part, addressees(batch, part), strict=True))
        return api.post(f"{self.base}/email/batch", api.array(copies), self._key)

    @property
    def _key(self) -> Mapping[str, str]:
        return {"X-Postmark-Server-Token": self.token}

    def _copy(self, batch: Batch, one: Recipient, reader: Addressee) -> Iterator[bytes]:
        head = letterhead(batch)
        before = {
            "From": mailbox(*head.sender),
            "To": mailbox(reader.name, reader.address),
            **({"ReplyTo": mailbox(*head.reply_to)} if head.reply_to else {}),
            "Subject": head.subject,
        }
        after = {
            "Headers": [{"Name": name, "Value": value} for name, value in (*head.headers, *reader.headers)],
            "Metadata": api.marks(batch, one),
            "MessageStream": self.stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        return api.copy(batch.message, one.unsubscribe, before, ("HtmlBody", "TextBody"), after)

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return in_parts(batch, copied(batch, CAN), replies, self._judge)

    def _judge(self, part: Part, answer: Answer) -> Sequence[Verdict]:
        found = api.document(answer.body)
        if answer.status == 200 and isinstance(found, list):
            return [self._entry(one, api.table(entry)) for one, entry in zip(part, found, strict=False)] * (
                len(found) == len(part)
            )
        return [api.refusal(answer, _reason(found), self.token)] * len(part)

    def _entry(self, one: Recipient, entry: Mapping[str, Any]) -> Verdict:
        code, words = entry.get("ErrorCode"), api.said(api.text(entry.get("Message")), self.token)
        if "To" in entry and not _names(entry["To"], as_told(one)):
            return "unknown", "the answer names another reader here", None
        if type(code) is not int:
            return "unknown", "the answer does not tell what became of this reader", None
        if code == _INACTIVE or (code == 0 and _NOBODY in words):
            return "suppressed", words, None
        if code == 0:
            name = api.text(entry.get("MessageID"))
            return ("accepted", words, name) if name else ("unknown", "the answer has no id", None)
        return ("rejected" if code == _INVALID else "not-sent"), f"{code} {words}", None

    def greet(self) -> Request:
        return api.get(f"{self.base}/message-streams/{quote(self.stream, safe='')}", self._key)

    def greeted(self, answer: Answer) -> Welcome:
        return api.welcome(answer, self.token)

    def look_up(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        more = not replies or len(api.listed(replies[-1], "Messages")) == _PAGE
        if not more or len(replies) >= _PAGES:
            return ()
        query = {"count": _PAGE, "offset": _PAGE * len(replies), "metadata_batch": batch.key}
        query["messagestream"] = self.stream
        return [api.get(f"{self.base}/messages/outbound?{urlencode(query)}", self._key)]

    def found(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        told = dict[int, str]()
        for message in (one for reply in replies for one in api.listed(reply, "Messages")):
            marks, name = api.table(message.get("Metadata")), api.text(message.get("MessageID"))
            reader = api.whole(marks.get("reader"))
            if marks.get("batch") == batch.key and reader is not None and name:
                told[reader] = name
        return api.evidence(batch, told)

    def poll(self, since: datetime, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        """https://postmarkapp.com/developer/api/bounce-api and /suppressions-api."""
        pages = [reply for reply in replies if api.listed(reply, "Bounces")]
        query = {"count": _PAGE, "offset": _PAGE * len(pages), "fromdate": f"{since:%Y-%m-%dT%H:%M:%S}"}
        bounces = api.get(f"{self.base}/bounces?{urlencode(query)}", self._key)
        if not replies:
            since_day = urlencode({"fromdate": f"{since:%Y-%m-%d}"})
            left = f"{self.base}/message-streams/{quote(self.stream)}/suppressions/dump?{since_day}"
            return [api.get(left, self._key), bounces]
        full = len(api.listed(replies[-1], "Bounces")) == _PAGE
        return [bounces] if full and len(replies) < _PAGES else ()

    def polled(self, replies: Sequence[Reply], now: datetime) -> Sequence[Signal]:
        told: list[Signal] = []
        for reply in replies:
            for bounce in api.listed(reply, "Bounces"):
                kind = "SpamComplaint" if bounce.get("Type") == "SpamComplaint" else "Bounce"
                told += _signals({**bounce, "RecordType": kind}, now)
            for one in api.listed(reply, "Suppressions"):
                if one.get("SuppressionReason") == "ManualSuppression" and one.get("Origin") == "Recipient":
                    change = {"RecordType": "SubscriptionChange", "SuppressSending": True, "Origin": "Recipient"}
                    told += _signals(
                        {**change, "Recipient": one.get("EmailAddress"), "ChangedAt": one.get("CreatedAt")}, now
                    )
        return told


def _reason(found: Any) -> str:
    """What Postmark's own error says."""
    code, words = api.table(found).get("ErrorCode"), api.text(api.table(found).get("Message"))
    return f"{code} {words}" if type(code) is int and code and words else ""


def _names(said: Any, address: str) -> bool:
    text = api.text(said).strip().lower()
    return text == address or text.endswith(f"<{address}>")


def events(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> Sequence[Signal]:
    """The signal of a webhook call (https://postmarkapp.com/developer/webhooks/webhooks-overview)."""
    signed.password(headers, secrets, WEBHOOK)
    return list(_signals(api.table(signed.content(body)), now))


def _signals(event: Mapping[str, Any], now: datetime) -> Iterator[Signal]:
    kind, message = event.get("RecordType"), api.text(event.get("MessageID"))
    told = partial(signed.signal, provider_id=message, marks=api.table(event.get("Metadata")))
    address = api.text(event.get("Email") or event.get("Recipient"))
    words = api.text(event.get("Details") or event.get("Description"))
    match kind:
        case "Delivery":
            at = api.moment(event.get("DeliveredAt")) or now
            yield told("delivered", id=f"delivered {message}", at=at, address=address, words=words)
        case "Bounce" | "SpamComplaint":
            told = partial(told, id=f"{kind} {api.text(event.get('ID'))}", address=address, words=words)
            yield _failed(
                told,
                kind if kind == "SpamComplaint" else api.text(event.get("Type")),
                api.moment(event.get("BouncedAt")) or now,
                words,
            )
        case "SubscriptionChange" if event.get("SuppressSending") and event.get("Origin") == "Recipient":
            at, name = api.moment(event.get("ChangedAt")) or now, signed.name(message, address, event.get("ChangedAt"))
            reason = api.text(event.get("SuppressionReason"))
            words = f"Postmark does not mail the address any more ({reason})" if reason else words
            change = _CHANGES.get(reason, "unsubscribed")
            yield told(change, permanent=True, id=name, at=at, address=address, words=words)


# Postmark writes an address down as not to be mailed for each of these reasons, and calls all of them the recipient's.
_CHANGES: Mapping[str, SignalKind] = {"HardBounce": "bounced", "SpamComplaint": "complained"}


# Answers of people's programs, what passes, and Postmark's own troubles.
_NOT_A_BOUNCE = frozenset({"Transient", "DnsError", "Undeterminable", "AutoResponder", "ChallengeVerification",
                           "Subscribe", "AddressChange", "OpenRelayTest", "SMTPApiError", "InboundError",
                           "TemplateRenderingFailed"})  # fmt: skip
_BY_THE_HOST = {"SpamNotification": "taken for spam", "Blocked": "blocked", "DMARCPolicy": "refused by DMARC",
                "VirusNotification": "blocked for a virus"}  # fmt: skip


def _failed(told: Callable[..., Signal], kind: str, at: datetime, words: str) -> Signal:
    """https://postmarkapp.com/developer/api/bounce-api#bounce-types."""
    if kind == "SpamComplaint":
        return told("complained", permanent=True, at=at)
    if kind == "Unsubscribe":
        return told("unsubscribed", permanent=True, at=at)
    if kind in _NOT_A_BOUNCE:
        return told("deferred", at=at)
    if why := _BY_THE_HOST.get(kind):
        return told("bounced", at=at, words=f"{why}: {words}")
    return told("bounced", permanent=kind in ("HardBounce", "BadEmailAddress"), at=at)
