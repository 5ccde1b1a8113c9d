"""What providers that are asked over HTTP have in common: addresses, secrets, JSON out and in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

import msgspec

from pipeline.mail import between, header_text
from pipeline.model import Answer, Batch, Fate, HttpRequest, Message, Outcome, Recipient, Reply, Welcome
from pipeline.model.text import legal

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""Hosts that may be spoken to without encryption."""

JSON = {"Accept": "application/json", "Content-Type": "application/json"}


def base(text: str) -> str:
    """A `base_url` of the settings without its last slash. Raises ValueError with a sentence."""
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)
    if not safe or not parts.hostname or not text.isascii() or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            f"base_url can't be {text!r}. It must be an https address without a question mark; http is for a server on "
            "this machine only."
        )
    return text.rstrip("/")


def secret(secrets: Mapping[str, str], name: str) -> str:
    """A secret that the provider can't do without. Raises ValueError with a sentence that does not show it."""
    found = secrets.get(name, "").strip()
    if not found:
        raise ValueError(f"{name} is not set. Put it into the environment or a private .env file.")
    if not all("!" <= character <= "~" for character in found):
        raise ValueError(f"{name} holds spaces or characters that no key has. Copy it again.")
    return found


def basic(user: str, password: str) -> str:
    """The value of an Authorization header (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def encoded(document: Any) -> bytes:
    """A document as JSON; the same document always makes the same bytes."""
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:
        # Half of a surrogate pair, which no encoding can write.
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def post(url: str, body: bytes, secrets: Mapping[str, str], **headers: str) -> HttpRequest:
    """A request that hands over JSON; header names are written with underscores for hyphens."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method="POST", url=url, headers={**JSON, **more}, secret_headers=secrets, body=body)


def get(url: str, secrets: Mapping[str, str]) -> HttpRequest:
    """A question."""
    return HttpRequest(method="GET", url=url, headers={"Accept": "application/json"}, secret_headers=secrets)


def document(body: bytes) -> Any:
    """A body as JSON; None when it is none: cut off, a page, a name twice in one object, nested too deep."""
    try:
        return json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(text)


def table(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """The value if it is text, a number as text, else ""; without what no database and no address can hold."""
    return legal(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def whole(value: Any) -> int | None:
    """The value if it is a positive whole number, or such a number as text."""
    digits = text(value)
    return int(digits) if digits.isdecimal() and digits.isascii() and 0 < len(digits) < 16 else None


def said(words: str, *hidden: str) -> str:
    """A stranger's words on one short line, without any of our secrets that they may repeat."""
    for one in hidden:
        words = words.replace(one, "[secret]") if one else words
    return header_text(words)


def refusal(answer: Answer, reason: str, *hidden: str) -> tuple[Fate, str, None]:
    """The verdict on an answer that took nobody, or that nobody understands.

    `reason` is what the provider's own error says, "" when the answer is not shaped as the provider's errors are. Only
    a "no" in the provider's own words is certain; 429 (too many requests, RFC 6585) needs none.
    """
    words = said(f"{answer.status} {reason}".strip(), *hidden)
    if answer.status == 429 or (reason and 400 <= answer.status <= 499):
        return "not-sent", words, None
    return "unknown", words if reason else f"{words}: an answer that makes no sense", None


def welcome(answer: Answer, *hidden: str) -> Welcome:
    """What the answer to a greeting says about us; `hidden` are secrets that it may repeat."""
    if 200 <= answer.status <= 299:
        return "ok", ""
    found = table(document(answer.body))
    own = next((words for name in ("message", "Message", "ErrorMessage") if (words := text(found.get(name)))), "")
    told = f"({said(f'{answer.status} {own}'.strip(), *hidden)})"
    if answer.status == 429 or not 400 <= answer.status <= 499:
        return "unknown", f"can't say just now {told}"
    known = {401: "does not take the key", 403: "does not take the key", 404: "does not know what the settings name"}
    return "mend", f"{known.get(answer.status, 'refuses')} {told}"


def marks(batch: Batch, one: Recipient) -> dict[str, str]:
    """What goes along with a reader's copy, to match records and webhooks by; a test copy names no reader."""
    if not batch.id:
        return {"batch": batch.key}
    return {"batch": batch.key, "issue": str(batch.issue), "reader": str(one.subscriber)}


def copy_size(batch: Batch) -> int:
    """No reader's copy of this batch is longer as JSON, in bytes: her links and some room for the rest are counted."""
    bare, links = _size(batch.message)
    return bare + links * longest_link(batch) + 4096


def longest_link(batch: Batch) -> int:
    """How long the longest of the readers' links is."""
    return max(map(len, [one.unsubscribe for one in batch.recipients]), default=0)


@lru_cache(maxsize=8)
def _size(message: Message) -> tuple[int, int]:
    """Bytes of a message as JSON, and how many links of a reader's it holds."""
    links = message.html.count(message.unsubscribe) + message.text.count(message.unsubscribe)
    return len(encoded([message.subject, message.html, message.text])), links


def copy(
    message: Message, link: str, before: Mapping[str, Any], names: tuple[str, str], after: Mapping[str, Any]
) -> Iterator[bytes]:
    """One reader's copy as JSON, in pieces to be joined: HTML and text, by the `names` they have, between the rest.

    The bodies are encoded once for all readers, and cut where her link belongs.
    """
    yield encoded(before)[:-1]
    for name, body, own in zip(names, _cut(message), (escape(link), link), strict=True):
        yield f',"{name}":"'.encode()
        yield body[0]
        inside = encoded(own)[1:-1]
        for part in body[1:]:
            yield inside
            yield part
        yield b'"'
    yield b","
    yield encoded(after)[1:]


def array(copies: Iterable[Iterable[bytes]]) -> bytes:
    """Copies as a JSON array; their bytes are put together once."""
    pieces = [piece for copy in copies for piece in (b",", *copy)]
    pieces[:1] = [b"["]
    return b"".join((*pieces, b"]"))


@lru_cache(maxsize=8)
def _cut(message: Message) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    html, text = between(message)
    return tuple(encoded(part)[1:-1] for part in html), tuple(encoded(part)[1:-1] for part in text)


def moment(value: Any) -> datetime | None:
    """A time as providers write it (ISO 8601, or seconds since 1970), aware UTC; None for what is none."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        read = datetime.fromisoformat(str(value).strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def listed(answer: Reply, name: str) -> list[dict[str, Any]]:
    """The objects in the array `name` of a good answer's document."""
    if not isinstance(answer, Answer) or answer.status != 200:
        return []
    return [one for one in rows(table(document(answer.body)).get(name)) if isinstance(one, dict)]


def evidence(batch: Batch, told: Mapping[int, str]) -> list[Outcome]:
    """Accepted, for the readers whose copies were found; `told` has the provider's ids."""
    return [
        Outcome(subscriber=one.subscriber, fate="accepted", provider_id=told[one.subscriber])
        for one in batch.recipients
        if one.subscriber in told
    ]
