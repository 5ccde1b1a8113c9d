"""Mailgun: one body for up to 1,000 readers, whose links are their recipient variables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from pipeline.carrying import api, signed
from pipeline.carrying.fates import Part, Rounds, Verdict, adjudged, rounds
from pipeline.carrying.letter import addressee, called, html_links, letterhead, mailbox
from pipeline.carrying.merge import Syntax, template
from pipeline.carrying.packing import sharing
from pipeline.model import Answer, Batch, HttpRequest, Outcome, Reply, Request, Signal, Welcome
from pipeline.providers import Capabilities, Provider

CAN = Capabilities(
    batch_max=1000,
    body_max_bytes=24_000_000,
    idempotency="none",
    key_lifetime_seconds=None,
    merge=True,
    lookup="lagging",
    per_second=None,
    real=True,
    docs="https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending",
)
TOKEN, WEBHOOK = "PAPERROUND_MAILGUN_TOKEN", "PAPERROUND_MAILGUN_WEBHOOK"
SECRETS: Mapping[str, str] = {
    TOKEN: "an API key, best a sending key of your domain",
    WEBHOOK: "for webhooks: the HTTP webhook signing key",
}

# Fields are %name% and %recipient.name%; a percent sign before a letter may begin one.
_SYNTAX = Syntax(
    special=re.compile(r"%(?=[A-Za-z_]|\Z)"),
    plain={"%": "%recipient.percent%"},
    in_style=re.compile(r"%(?=[a-z_]{3})"),
)
_PAGE, _PAGES = 300, 40
LATE_AT_MOST = timedelta(days=30)
_ID = re.compile(r"<?[!-;=?-~]{1,200}>?")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table [delivery.mailgun]; `base_url` is https://api.eu.mailgun.net for domains in Europe."""

    domain: str
    base_url: str = "https://api.mailgun.net"


def provider(settings: Settings, secrets: Mapping[str, str]) -> Provider:
    """Mailgun. Raises ValueError with a sentence for a missing key or a wrong address."""
    home = f"{api.base(settings.base_url)}/v3/{quote(settings.domain, safe='')}"
    return _Mailgun(home=home, token=api.secret(secrets, TOKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mailgun:
    home: str
    token: str = field(repr=False)
    can: Capabilities = CAN

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        return [self._post(batch, part) for part in _rounds(batch, replies).waiting]

    def _post(self, batch: Batch, part: Part) -> Request:
        # No part can hold the hash of its own batch's key by chance.
        cut = hashlib.sha256(f"{batch.key}/{part[0].subscriber}".encode()).hexdigest()[:40]
        kind = {"Accept": "application/json", "Content-Type": f"multipart/form-data; boundary={cut}"}
        url, body = f"{self.home}/messages", _form(cut, _fields(batch, part))
        return HttpRequest(method="POST", url=url, headers=kind, secret_headers=self._key, body=body)

    @property
    def _key(self) -> Mapping[str, str]:
        return {"Authorization": api.basic("api", self.token)}

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return adjudged(batch, _rounds(batch, replies), self._judge, _about_address)

    def _judge(self, part: Part, answer: Answer) -> Sequence[Verdict]:
        """One answer, and one id, for all of a request."""
        found = api.table(api.document(answer.body))
        name, words = api.text(found.get("id")), api.said(api.text(found.get("message")), self.token)
        if answer.status == 200 and words and _ID.fullmatch(name):
            return [("accepted", words, name.strip("<>"))] * len(part)
        return [api.refusal(answer, _reason(answer), self.token)] * len(part)

    def greet(self) -> Request:
        """A mail without a field, which is refused: a key that may only send is answered nowhere else."""
        kind = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        return HttpRequest(method="POST", url=f"{self.home}/messages", headers=kind, secret_headers=self._key)

    def greeted(self, answer: Answer) -> Welcome:
        return ("ok", "") if answer.status == 400 else api.welcome(answer, self.token)

    def look_up(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        if not replies:
            since = int((batch.date - timedelta(minutes=5)).timestamp())
            query = {"begin": since, "ascending": "yes", "limit": _PAGE, "event": "accepted"}
            return [api.get(f"{self.home}/events?{urlencode(query)}", self._key)]
        next_page = self._next(replies[-1])
        return [api.get(next_page, self._key)] if next_page and len(replies) < _PAGES else ()

    def _next(self, reply: Reply) -> str:
        """The next page's address; our key goes nowhere but home."""
        if not api.listed(reply, "items") or not isinstance(reply, Answer):
            return ""
        url = api.text(api.table(api.table(api.document(reply.body)).get("paging")).get("next"))
        return url if url.startswith(f"{self.home}/events/") and re.fullmatch(r"[!-~]{1,2000}", url) else ""

    def found(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        told = dict[int, str]()
        for item in (one for reply in replies for one in api.listed(reply, "items")):
            marks = api.table(item.get("user-variables"))
            reader = api.whole(marks.get("reader"))
            if marks.get("batch") == batch.key and reader is not None and item.get("event") == "accepted":
                told[reader] = _message_id(item)
        return api.evidence(batch, told)

    def poll(self, since: datetime, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        """https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/events."""
        if not replies:
            kinds = "failed OR complained OR unsubscribed"
            query = {"event": kinds, "begin": f"{since.timestamp():.0f}", "ascending": "yes", "limit": "300"}
            return [api.get(f"{self.home}/events?{urlencode(query)}", self._key)]
        following = self._next(replies[-1]) if api.listed(replies[-1], "items") else ""
        return [api.get(following, self._key)] if following and len(replies) < _PAGES else ()

    def polled(self, replies: Sequence[Reply], now: datetime) -> Sequence[Signal]:
        items = [item for reply in replies for item in api.listed(reply, "items")]
        return [one for item in items for one in _signals(item, api.text(item.get("id")) or signed.name(item), now)]


def _rounds(batch: Batch, replies: Sequence[Reply]) -> Rounds:
    return rounds(sharing(batch, CAN, 2), replies, lambda answer: answer.status == 400 and bool(_reason(answer)))


def _fields(batch: Batch, part: Part) -> Iterator[tuple[str, Sequence[str]]]:
    """Each field with its values; of most there is one."""
    head, readers = letterhead(batch), called(batch, part)
    body = template(batch.message, head.subject, _SYNTAX, "%recipient.html_link%", "%recipient.link%")
    yield "from", [mailbox(*head.sender)]
    yield "to", [mailbox("" if "%" in name else name, address) for name, address in readers]
    yield "subject", [body.subject]
    yield "text", [body.text]
    yield "html", [body.html]
    for name in ("o:tracking", "o:tracking-clicks", "o:tracking-opens"):
        yield name, ["no"]
    own = dict(addressee(batch, part[0]).headers)
    own["List-Unsubscribe"] = own["List-Unsubscribe"].replace(part[0].unsubscribe, "%recipient.link%", 1)
    reply = {"Reply-To": mailbox(*head.reply_to)} if head.reply_to else {}
    for name, value in (reply | dict(head.headers) | own).items():
        yield f"h:{name}", [value]
    marks = api.marks(batch, part[0])
    for name, value in (marks | ({"reader": "%recipient.number%"} if "reader" in marks else {})).items():
        yield f"v:{name}", [value]
    yield "recipient-variables", [_variables(part, [address for _, address in readers])]


def _variables(part: Part, addresses: Sequence[str]) -> str:
    """What differs for each reader, by address."""
    own = {
        address: {"link": one.unsubscribe, "html_link": link, "percent": "%", "number": str(one.subscriber)}
        for address, one, link in zip(addresses, part, html_links(part), strict=True)
    }
    return api.encoded(own).decode()


def _form(cut: str, fields: Iterable[tuple[str, Sequence[str]]]) -> bytes:
    """A multipart form (RFC 7578), the same bytes each time."""
    parts = list[str]()
    for name, values in fields:
        begin = f'--{cut}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        parts.append("".join([begin, f"\r\n{begin}".join(values), "\r\n"]))
    return b"".join([part.encode("utf-8", "replace") for part in (*parts, f"--{cut}--\r\n")])


def _reason(answer: Answer) -> str:
    """What Mailgun's own error says; a wrong key is answered with a bare "Forbidden"."""
    if answer.status == 401 and answer.body.strip().strip(b'"') == b"Forbidden":
        return "Forbidden: the key or the domain is wrong"
    return api.text(api.table(api.document(answer.body)).get("message"))


def _about_address(answer: Answer) -> bool:
    return "not a valid address" in _reason(answer)


def _message_id(event: Mapping[str, Any]) -> str:
    return api.text(api.table(api.table(event.get("message")).get("headers")).get("message-id"))


def events(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str], now: datetime) -> Sequence[Signal]:
    """The signal of a webhook call (https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks).

    The signature covers a token and a time, not the event: so the token is the signal's id, and a call that is
    repeated with other words is one that is known already. Mailgun warns of delays and calls again for eight hours with
    what it signed at first, and a machine may be off for longer; whatever is late counts for as long as a bounce does.
    """
    key = signed.key(secrets, WEBHOOK).encode()
    call = api.table(signed.content(body))
    proof = api.table(call.get("signature"))
    stamp, token, given = (api.text(proof.get(part)) for part in ("timestamp", "token", "signature"))
    wanted = signed.sha256(key, stamp.encode(), token.encode("utf-8", "replace")).hex()
    signed.insist(len(token) >= 20 and signed.same(given, wanted), "The signature is wrong.")
    signed.recent(stamp, now, LATE_AT_MOST)
    return list(_signals(api.table(call.get("event-data")), token, now))


def _signals(event: Mapping[str, Any], token: str, now: datetime) -> Iterator[Signal]:
    status = api.table(event.get("delivery-status"))
    words = api.text(status.get("message")) or api.text(status.get("description"))
    told = partial(
        signed.signal,
        id=token,
        at=api.moment(event.get("timestamp")) or now,
        address=api.text(event.get("recipient")),
        provider_id=_message_id(event),
        marks=api.table(event.get("user-variables")),
        words=f"{api.text(status.get('code'))} {words}",
    )
    match event.get("event"):
        case "delivered":
            yield told("delivered")
        case "failed" if event.get("severity") == "temporary":
            yield told("deferred")
        case "failed" if event.get("reason") == "suppress-unsubscribe":
            yield told("unsubscribed", permanent=True)
        case "failed" if event.get("reason") == "suppress-complaint":
            yield told("complained", permanent=True)
        case "failed":
            gone = event.get("reason") in ("bounce", "suppress-bounce")
            yield told("bounced", permanent=gone and event.get("severity") == "permanent")
        case "complained":
            yield told("complained", permanent=True)
        case "unsubscribed":
            yield told("unsubscribed", permanent=True)
