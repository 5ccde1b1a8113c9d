"""One reader's copy of an issue as bytes (RFC 5322), and the firewall between strangers' words and its headers.

A title from a feed, a name from a CSV file and a footer edited by hand all end up in a mail. The standard library's
header writer is not used for them: some releases let an encoded word smuggle a line break into the header block
(CVE-2024-6923), drop the quotes of a long name when they fold it, so that the name turns into further addresses, and
encode a long List-Unsubscribe until no mail program finds the link in it. Each value is written here, and the whole
is read back by the standard parser and compared with what was meant.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from email.errors import HeaderParseError
from email.header import Header, decode_header
from functools import lru_cache, partial
from html import escape
from urllib.parse import quote

import msgspec

from pipeline import quoted
from pipeline.address import ascii_address
from pipeline.errors import PaperroundError
from pipeline.model import Batch, Message, Recipient

HEADER_LENGTH = 200
_READ_AT_MOST = 10_000
_DECODED_AT_MOST = 8
_WORD = r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?="
_ENCODED_WORDS = re.compile(rf"{_WORD}(?:\s*{_WORD})*")
# Controls that are no white space, orders to write backwards (U+202A-E, U+2066-9), the byte order mark, and halves of
# surrogate pairs, which no encoding can write.
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_JOINING = re.compile("[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_BRACKETED = re.compile(r"""("(?:[^"\\]|\\.)*"|[^<>]*)\s*<([^<>]*)>""", re.DOTALL)
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_WRITTEN = re.compile(r"[ -~]*(?:\r\n [!-~][ -~]*)*")
# What all readers' copies may share; everything else is written here or has no place in a digest.
_SHARED = re.compile(
    r"list-(archive|help|id|owner|post|subscribe)|archived-at|auto-submitted|content-language|feedback-id|precedence",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_LONGEST_LINE = 998
SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,'!-]*+(?: [A-Za-z0-9.,'!-]++)*+")
LINK = re.compile(r"https://[!-;=?-~]+|mailto:[!-;=?-~]+\?subject=unsubscribe%20[\w-]+", re.ASCII)


class HeaderFault(PaperroundError):
    """A copy that can't be written without doubt about who gets it or what its headers say."""


def header_text(text: str) -> str:
    """Untrusted text made safe for a header: one line, no controls, at most 200 characters.

    Encoded words (RFC 2047) are decoded until none is left, so that nothing hides in them; control characters and
    orders that turn the direction of writing are dropped; white space becomes single spaces. What is too long ends
    after a whole word with an ellipsis.
    """
    if not text or (len(text) <= HEADER_LENGTH and SIMPLE.fullmatch(text)):
        return text
    text = text[:_READ_AT_MOST]
    for _ in range(_DECODED_AT_MOST):
        before, text = text, _one_line(_ENCODED_WORDS.sub(_decoded, _one_line(text)))
        if text == before:
            break
    return _short(text)


def _one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", _UNSEEN.sub("", text)).split())


def _decoded(words: re.Match[str]) -> str:
    try:
        parts = decode_header(words[0])
    except (HeaderParseError, ValueError):
        return words[0]
    return "".join(part if isinstance(part, str) else _text(part, charset) for part, charset in parts)


def _text(raw: bytes, charset: str | None) -> str:
    try:
        return raw.decode(charset or "ascii", "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _short(text: str) -> str:
    if len(text) <= HEADER_LENGTH:
        return text
    end = text.rfind(" ", HEADER_LENGTH // 2, HEADER_LENGTH)
    if end == -1:
        end = HEADER_LENGTH - 1
        while end > 1 and (_joins(text[end]) or text[end - 1] == "\u200d"):
            end -= 1
    return text[:end].rstrip() + "\u2026"


def _joins(character: str) -> bool:
    """Whether a character belongs to the one before it: an accent, a skin tone, a part of an emoji."""
    return bool(unicodedata.combining(character) or _JOINING.match(character))


@lru_cache(maxsize=2048)
def sender(text: str) -> tuple[str, str]:
    """Name ("" when there is none) and address of a mailbox like `Lisa <letters@example.org>`.

    The domain comes back in ASCII (IDNA). Raises ValueError with a sentence for what is no single address, and for a
    part before the @ that is not ASCII: few servers take that (RFC 6531).
    """
    bracketed = _bracketed(text)
    return called(text), ascii_address(bracketed[2] if bracketed else text)


def called(text: str) -> str:
    """The name in a mailbox, "" when there is none; its address is not looked at."""
    bracketed = _bracketed(text)
    if bracketed is None:
        return ""
    name = bracketed[1].strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1], flags=re.DOTALL)
    return header_text(name)


def _bracketed(text: str) -> re.Match[str] | None:
    return _BRACKETED.fullmatch(text.strip()) if "<" in text else None


def address_of(text: str) -> str:
    """The address alone, of a mailbox or of what is an address already. Raises ValueError with a sentence."""
    return sender(text)[1] if "<" in text else ascii_address(text)


def merged(message: Message, recipient: Recipient) -> tuple[str, str]:
    """HTML and text of one reader's copy: her own link in place of the stand-in, escaped where it stands in HTML."""
    html, text = between(message)
    return escape(recipient.unsubscribe).join(html), recipient.unsubscribe.join(text)


@lru_cache(maxsize=8)
def between(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """HTML and text, cut where a reader's link belongs."""
    if not message.unsubscribe:
        raise HeaderFault("The message does not say where the link to unsubscribe belongs; nothing was written.")
    # Both spellings in one pass: her link may itself begin with the stand-in.
    stand_in = f"{re.escape(escape(message.unsubscribe))}|{re.escape(message.unsubscribe)}"
    return tuple(re.split(stand_in, message.html)), tuple(message.text.split(message.unsubscribe))


def encoded_mailbox(name: str, address: str) -> str:
    """A mailbox in ASCII, on one line (RFC 2047)."""
    return unfolded("From", _mailbox(name, address))


def unfolded(name: str, value: str) -> str:
    """A header's value on one line. Raises ValueError with a sentence."""
    return _line(name, value).partition(": ")[2].replace("\r\n ", " ").strip()


def mime(batch: Batch, recipient: Recipient, *, stuffed: bool = False) -> bytes:
    """A whole message for one reader of a batch; the same batch and reader always make the same bytes.

    Lines end with CRLF and everything is ASCII. The headers are those of RFC 5322, RFC 2369 (List-*) and RFC 8058
    (one click to unsubscribe). What all copies share is written once; the first copy of a batch is written the long
    way as well and read back by another parser. Raises HeaderFault when a value can't be written safely, or when the
    finished message reads back as anything else than what was meant. With `stuffed` it is as SMTP carries it.
    """
    where = f"issue {batch.issue}, reader {recipient.subscriber}"
    try:
        copy = _mould(batch.message, batch.sender, batch.reply_to, batch.date, stuffed=stuffed).copy(recipient)
    except ValueError as fault:
        raise HeaderFault(str(fault), where=where) from None
    if recipient == next(iter(batch.recipients), recipient):
        again = plainly(batch, recipient)
        if copy != (quoted.as_smtp(again) if stuffed else again):
            raise HeaderFault("The copy does not come out the same when it is written twice.", where=where)
    return copy


def plainly(batch: Batch, recipient: Recipient) -> bytes:
    """What `mime` makes, written from beginning to end for this reader alone, and read back."""
    where, boundary = f"issue {batch.issue}, reader {recipient.subscriber}", _boundary(recipient)
    try:
        headers = _headers(batch, recipient, boundary)
        head = "".join(_line(name, value) for name, value in headers).encode()
    except ValueError as fault:
        raise HeaderFault(str(fault), where=where) from None
    (html, text), link = between(batch.message), _link(recipient.unsubscribe)
    parts = (("plain", quoted.whole(text, link)), ("html", quoted.whole(html, escape(link))))
    copy = head + b"\r\n" + _alternatives(boundary, parts)
    _check(copy, [name for name, _ in headers], merged(batch.message, recipient), where)
    return copy


def _boundary(recipient: Recipient) -> str:
    """Quoted-printable text never holds "=_", so no body can hold this."""
    return f"=_{hashlib.sha256(recipient.message_id.encode()).hexdigest()[:32]}"


class _Mould(msgspec.Struct, frozen=True, kw_only=True):
    """All that the copies of an issue share, encoded; what differs is put between.

    `text` and `html` make encoded lines of a reader's link.
    """

    first: bytes
    second: bytes
    third: bytes
    mailto: str
    text: Callable[[str], Iterator[bytes]]
    html: Callable[[str], Iterator[bytes]]

    def copy(self, recipient: Recipient) -> bytes:
        """One reader's message. Raises ValueError with a sentence for a value that no header may have."""
        boundary, link = _boundary(recipient), _link(recipient.unsubscribe)
        to = _line("To", _mailbox(header_text(recipient.name or ""), ascii_address(recipient.address)))
        ways = [_line(name, value) for name, value in ways_out(link, self.mailto)]
        named = _line("Message-ID", _message_id(recipient.message_id))
        if max(map(len, (to, named, *ways))) > _LONGEST_LINE:
            raise ValueError("The copy would have a line that servers may read in two ways, or cut.")
        ways.append("MIME-Version: 1.0\r\n")
        head = (self.first, to.encode(), self.second, named.encode(), self.third, "".join(ways).encode())
        kind = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
        cut = f"--{boundary}".encode()
        text, html = self.text(link), self.html(escape(link))
        return b"".join(
            (*head, kind, cut, _part("plain"), *text, b"\r\n", cut, _part("html"), *html, b"\r\n", cut, b"--\r\n")
        )


@lru_cache(maxsize=8)
def _mould(message: Message, writer: str, reply_to: str | None, date: datetime, *, stuffed: bool) -> _Mould:
    html, text = (partial(quoted.filled, quoted.body(parts), stuffed=stuffed) for parts in between(message))
    reply = [("Reply-To", _mailbox(*sender(reply_to)))] if reply_to else []
    second = [*reply, ("Subject", _phrase("Subject", header_text(message.subject))), ("Date", _date(date))]
    third = [(name, shared_header(name, value)) for name, value in message.list_headers]
    return _Mould(
        first=_line("From", _mailbox(*sender(writer))).encode(),
        second="".join(_line(name, value) for name, value in second).encode(),
        third="".join(_line(name, value) for name, value in third).encode(),
        mailto=mailto(writer, reply_to),
        text=text,
        html=html,
    )


def _headers(batch: Batch, recipient: Recipient, boundary: str) -> list[tuple[str, str]]:
    """Names and values as they are written. Raises ValueError with a sentence."""
    return [
        ("From", _mailbox(*sender(batch.sender))),
        ("To", _mailbox(header_text(recipient.name or ""), ascii_address(recipient.address))),
        *([("Reply-To", _mailbox(*sender(batch.reply_to)))] if batch.reply_to else []),
        ("Subject", _phrase("Subject", header_text(batch.message.subject))),
        ("Date", _date(batch.date)),
        ("Message-ID", _message_id(recipient.message_id)),
        *((name, shared_header(name, value)) for name, value in batch.message.list_headers),
        *one_click(batch, recipient),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]


def one_click(batch: Batch, recipient: Recipient) -> tuple[tuple[str, str], ...]:
    """A reader's own headers (RFC 8058); one whose way out is a mail has no one-click, which needs https."""
    return ways_out(_link(recipient.unsubscribe), mailto(batch.sender, batch.reply_to))


def ways_out(link: str, mailto: str) -> tuple[tuple[str, str], ...]:
    """The same for a link that is known to be one."""
    if link.startswith("mailto:"):
        return (("List-Unsubscribe", f"<{link}>"),)
    return ("List-Unsubscribe", f"<{link}>, <{mailto}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


def mailto(writer: str, reply_to: str | None) -> str:
    """The way out for those who leave by mail. Raises ValueError with a sentence."""
    return _mailto(sender(reply_to or writer)[1])


def _line(name: str, value: str) -> str:
    if not _WRITTEN.fullmatch(value):
        raise ValueError(f"The header {name} would hold characters that no header may have.")
    return f"{name}: {value}\r\n"


def _phrase(name: str, text: str) -> str:
    # What looks like an encoded word and is none must be encoded, or a mail program would decode it.
    charset = "us-ascii" if text.isascii() and "=?" not in text else "utf-8"
    return Header(text, charset, maxlinelen=75, header_name=name).encode(linesep="\r\n")


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    if not name.isascii() or "=?" in name:
        # RFC 2047 section 2: a line with an encoded word has at most 76 characters, so the address gets its own. The
        # words are cut for the longest of the three headers that hold a mailbox.
        return f"{_phrase('Reply-To', name)}\r\n <{address}>"
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    return f"{name} <{address}>" if _ATOMS.fullmatch(name) else f'"{escaped}" <{address}>'


def _date(moment: datetime) -> str:
    from email.utils import format_datetime

    return format_datetime(moment)


def _message_id(text: str) -> str:
    if not _MESSAGE_ID.fullmatch(text):
        raise ValueError(f"{text!r} is no Message-ID (RFC 5322 section 3.6.4).")
    return text


def shared_header(name: str, value: str) -> str:
    """The value of a header that all readers share, as it is written."""
    if not _SHARED.fullmatch(name):
        raise ValueError(f"The message brings a header {name!r}, which is not among those all readers may share.")
    words, bracket, link = _one_line(value).partition("<")
    return words + bracket + link if words.isascii() else f"{_phrase(name, words.strip())}\r\n {bracket}{link}"


def _link(url: str) -> str:
    if not LINK.fullmatch(url):
        raise ValueError(f"The link to unsubscribe must be an https address in plain ASCII (RFC 8058), not {url!r}.")
    return url


@lru_cache(maxsize=8)
def _mailto(address: str) -> str:
    return f"mailto:{quote(address, safe='@+')}?subject=unsubscribe"


def _alternatives(boundary: str, parts: Iterable[tuple[str, bytes]]) -> bytes:
    """A multipart body (RFC 2046 section 5.1.4), the plainest part first, in quoted-printable."""
    whole = b"".join(f"--{boundary}".encode() + _part(kind) + body + b"\r\n" for kind, body in parts)
    return whole + f"--{boundary}--\r\n".encode()


def _part(kind: str) -> bytes:
    """From a boundary to a part's body."""
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable'
    return f"\r\n{head}\r\n\r\n".encode()


def _check(copy: bytes, meant: list[str], bodies: tuple[str, str], where: str) -> None:
    """The firewall: what another parser reads must be what was meant. Raises HeaderFault."""
    from email.parser import BytesParser
    from email.policy import compat32

    read = BytesParser(policy=compat32).parsebytes(copy)
    odd = Counter(read.keys()) - Counter(set(meant)) + (Counter(meant) - Counter(read.keys()))
    if odd:
        raise HeaderFault(f"The copy would not have exactly one of each header ({', '.join(odd)}).", where=where)
    if [part.get_content_type() for part in read.walk()] != ["multipart/alternative", "text/plain", "text/html"]:
        raise HeaderFault("The copy would not have exactly one text and one HTML part.", where=where)
    lines = copy.split(b"\r\n")
    if max(map(len, lines)) > _LONGEST_LINE or any(end in b"".join(lines) for end in (b"\r", b"\n")):
        raise HeaderFault("The copy would have a line that servers may read in two ways, or cut.", where=where)
    found = [part.get_payload(decode=True) for part in read.walk()][1:]
    if found != [quoted.with_crlf(body).encode("utf-8", "replace") for body in reversed(bodies)]:
        raise HeaderFault("The copy would not say what the message says.", where=where)
