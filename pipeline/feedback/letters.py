"""What letters in a mailbox say: reports of mail hosts about copies, complaints, and readers who want to leave.

Delivery status notifications (RFC 3464 and 6533, and the plain text of qmail), feedback reports (RFC 5965), and mails
to the address for unsubscribing. A letter is a stranger's: it counts only when it brings back something of a copy that
we sent, or the token of a link.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email import message_from_bytes, message_from_string, policy
from email.errors import MessageError
from email.message import Message as Letter
from email.utils import getaddresses

import msgspec

from pipeline import dates
from pipeline.feedback.codes import GONE, NO_SUCH_HOST
from pipeline.mail import header_text
from pipeline.model import IssueNumber, Signal

PARTS_AT_MOST = 50
HEADERS_AT_MOST = 400
GROUPS_AT_MOST = 100
LETTERS_AT_MOST = 64_000
"""So much of a part is read; reports have said by then what they have to say."""
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("text/rfc822-headers", "message/rfc822", "message/global-headers", "message/global")
_AS_IT_CAME = policy.compat32.clone(max_line_length=None, mangle_from_=False)
_OURS = re.compile(r"<(\d{1,9})\.([0-9a-f]{24})@[^\s<>@]+>")
_TOKEN = re.compile(r"unsubscribe[\s_:]+([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")
_LINK = re.compile(r"/unsubscribe/([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")
_LEAVE = re.compile(r"\s*(re:\s*)?(unsubscribe|abmelden|abbestellen|d[ée]sabonner|baja)\s*[.!]?\s*", re.IGNORECASE)
# A host's own answer, with its own code if it has one; sendmail makes 5.1.1 of any 550, be it a mailbox that is full.
_REPLY = re.compile(r"(?:smtp\s*;\s*)?[45]\d\d[ -]", re.IGNORECASE)
_TRANSCRIPT = re.compile(r"^<<< ([45]\d\d[ -].*)", re.MULTILINE)
_EXPIRED = "Envelope expired"
"""With these words OpenSMTPD gives up, in a report that calls itself one of delay."""
# D. J. Bernstein, "The qmail-send Bounce Message Format": a paragraph for each recipient, then the copy.
_QMAIL = re.compile(r"\s*Hi\. This is the ")
_QMAIL_RECIPIENT = re.compile(r"^<([^\s<>@]{1,64}@[^\s<>@]{1,255})>:\n((?:.+\n)+)", re.MULTILINE)
_QMAIL_COPY = "\n--- Below this line is a copy of the message.\n"


class _Letter(Letter):
    """A letter whose encoded parts message/* are text: the standard parser would take their letters for headers."""

    def get_content_type(self) -> str:
        kind, way = super().get_content_type(), str(self.get("Content-Transfer-Encoding", "")).strip().lower()
        return kind.replace("message/", "encoded/", 1) if way in ("base64", "quoted-printable") else kind


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An event as a letter tells it, and what it brings back as proof: the Message-ID of a copy of ours
    (`signal.provider_id`), or the token of a reader's link.
    """

    signal: Signal
    token: str | None = None


class _Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says about a recipient; not `final` while it goes on trying."""

    address: str
    words: str
    final: bool


def read(raw: bytes, now: datetime) -> Sequence[Said]:
    """The events that a letter reports; none for a letter that is something else. Never raises for any letter."""
    try:
        letter = message_from_bytes(raw, _Letter, policy=policy.compat32)
        return list(_read(letter, hashlib.sha256(raw).hexdigest(), now))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError, MessageError):
        return ()


def _read(letter: Letter, name: str, now: datetime) -> Iterator[Said]:
    # What a part is says more than the whole: hosts that add a disclaimer wrap the report in something else.
    kinds = {_kind(part) for part in _parts(letter)}
    if kinds.intersection(_STATUS):
        yield from _bounces(letter, _heads(letter), _reported(letter), name, now)
    elif "message/feedback-report" in kinds:
        yield from _complaint(letter, name, now)
    elif _QMAIL.match(text := "" if letter.is_multipart() else _content(letter)):
        copy = text.partition(_QMAIL_COPY)[2].lstrip("\n").partition("\n\n")[0]
        yield from _bounces(letter, [copy], _told(text), name, now)
    else:
        yield from _goodbye(letter, name, now)


def _parts(letter: Letter) -> list[Letter]:
    return [part for part, _ in zip(letter.walk(), range(PARTS_AT_MOST), strict=False)]


def _kind(part: Letter) -> str:
    return part.get_content_type().replace("encoded/", "message/", 1)


def _bounces(
    letter: Letter, heads: Sequence[str], failures: Iterable[_Failure], name: str, now: datetime
) -> Iterator[Said]:
    """One for each failed recipient of a copy of ours."""
    returned, token = _proof(heads)
    if returned is None and token is None:
        return
    for at, failure in enumerate(failures):
        words = header_text(failure.words)
        signal = Signal(
            kind="bounced" if failure.final else "deferred",
            permanent=failure.final and bool(GONE.search(words)),
            id=f"{name} {at}",
            address=failure.address,
            provider_id=returned and returned[0],
            issue=returned and IssueNumber(int(returned[1])),
            subscriber=None,
            at=_when(letter, now),
            words=words,
        )
        yield Said(signal=signal, token=token)


def _reported(letter: Letter) -> Iterator[_Failure]:
    """What a delivery status says, one for each recipient."""
    for group in _groups(letter):
        address = _typed(group.get("Final-Recipient", "")) or _typed(group.get("Original-Recipient", ""))
        action = str(group.get("Action", "")).strip().lower()
        status = str(group.get("Status", "")).strip().split(" ")[0]
        if action in ("failed", "delayed") and "@" in address:
            told = header_text(str(group.get("Diagnostic-Code") or _explained(letter, address)))
            words = told if _REPLY.match(told) and status != NO_SUCH_HOST else f"{status} {told}"
            yield _Failure(address=address, words=words, final=action == "failed" or _EXPIRED in told)


def _explained(letter: Letter, address: str) -> str:
    """What a report tells people of a recipient; OpenSMTPD, sendmail and Exim say a host's own words only there."""
    text = next((_content(part) for part in _parts(letter) if part.get_content_type() == "text/plain"), "")
    line = rf"^([ \t]*)<?{re.escape(address)}>?:?[ \t]*(.*(?:\n\1[ \t]+\S.*){{0,5}})"
    found = re.search(line, text, re.MULTILINE | re.IGNORECASE)
    heard = _TRANSCRIPT.search(text)
    return (found and found[2].strip()) or (heard[1] if heard else "")


def _told(text: str) -> Iterator[_Failure]:
    """The same in the plain words of qmail."""
    for found in _QMAIL_RECIPIENT.finditer(text.partition(_QMAIL_COPY)[0] + "\n"):
        yield _Failure(address=found[1], words=found[2], final=True)


def _complaint(letter: Letter, name: str, now: datetime) -> Iterator[Said]:
    """Somebody pressed "this is spam"; her address is often left out, the link of her copy is not."""
    returned, token = _proof(_heads(letter))
    report = next((part for part in _parts(letter) if _kind(part) == "message/feedback-report"), None)
    if report is None or (returned is None and token is None):
        return
    fields = _fields(report)
    kind = fields.get("feedback-type", "abuse").strip().lower()
    address = header_text(fields.get("original-rcpt-to", "")).strip("<> ")
    if kind not in ("abuse", "fraud", "opt-out", "opt-out-list"):
        return
    signal = Signal(
        kind="unsubscribed" if kind.startswith("opt-out") else "complained",
        permanent=True,
        id=name,
        address=address if "@" in address else None,
        provider_id=returned and returned[0],
        issue=returned and IssueNumber(int(returned[1])),
        subscriber=None,
        at=_when(letter, now),
        words=header_text(f"{kind}, reported by {fields.get('user-agent', 'a mail host')}"),
    )
    yield Said(signal=signal, token=token)


def _goodbye(letter: Letter, name: str, now: datetime) -> Iterator[Said]:
    """A mail to the address for unsubscribing: by the token in its subject, or by its sender for the bare word.

    A mail program that writes it for her may say so (RFC 3834); only a bare word may be an answering machine's.
    """
    subject = header_text(str(letter.get("Subject", "")))
    token = _TOKEN.search(subject)
    senders = [address for _, address in getaddresses([str(letter.get("From", ""))]) if "@" in address]
    if token is None and (_automatic(letter) or not _LEAVE.fullmatch(subject) or len(senders) != 1):
        return
    signal = Signal(
        kind="unsubscribed",
        permanent=True,
        id=name,
        address=None if token else senders[0],
        provider_id=None,
        issue=None,
        subscriber=None,
        at=_when(letter, now),
        words="a mail asking to unsubscribe",
    )
    yield Said(signal=signal, token=token[1] if token else None)


def _automatic(letter: Letter) -> bool:
    """Answers that nobody wrote: being on holiday is no goodbye (RFC 3834)."""
    return str(letter.get("Auto-Submitted", "no")).strip().lower() != "no" or "X-Autoreply" in letter


def _heads(letter: Letter) -> list[str]:
    """The header blocks that a report brings back."""
    returned = (part for part in _parts(letter) if _kind(part) in _RETURNED)
    return [_content(part).lstrip("\n").partition("\n\n")[0] for part in returned]


def _proof(heads: Sequence[str]) -> tuple[tuple[str, str] | None, str | None]:
    """What only a copy of ours has: its Message-ID with its issue, and the token of its link."""
    ids = (_OURS.search(head) for head in heads)
    flat = (re.sub(r"\s+", " ", head) for head in heads)
    links = (_LINK.search(head) or _TOKEN.search(head.replace("%20", " ")) for head in flat)
    found, link = next(filter(None, ids), None), next(filter(None, links), None)
    return found and (found[0], found[1]), link and link[1]


def _content(part: Letter) -> str:
    """The text of a part, decoded; of one that the parser has read into, as it came."""
    inside = part.as_bytes(policy=_AS_IT_CAME).partition(b"\n\n")[2] if part.is_multipart() else None
    content = part.get_payload(decode=True) if inside is None else inside
    text = content[:LETTERS_AT_MOST].decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return text.replace("\r\n", "\n")


def _groups(letter: Letter) -> list[Letter]:
    """The groups of fields of a delivery status: one for each recipient, after that of the message."""
    for part in _parts(letter):
        if _kind(part) in _STATUS:
            groups = re.split(r"\n[ \t]*\n\s*", _content(part).strip())[:GROUPS_AT_MOST]
            return [message_from_string(group, policy=policy.compat32) for group in groups]
    return []


def _fields(part: Letter) -> dict[str, str]:
    lines = (line.partition(":") for line in _content(part).splitlines()[:HEADERS_AT_MOST] if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _typed(value: object) -> str:
    r"""The address in `rfc822; ann@example.org` (RFC 3464 section 2.3.1), its letters also as `\x{E9}` (RFC 6533)."""
    kind, _, address = str(value).rpartition(";")
    if kind.strip().lower() == "utf-8":
        address = re.sub(r"\\x\{([0-9A-Fa-f]{2,5})\}", lambda found: chr(int(found[1], 16)), address)
    return header_text(address).strip("<> ")


def _when(letter: Letter, now: datetime) -> datetime:
    return min(dates.of_header(str(letter.get("Date", ""))) or now, now)
