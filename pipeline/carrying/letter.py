"""A message for providers that write the mail themselves: who, to whom, and its headers, each on one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from pipeline.mail import HeaderFault, header_text, one_click, sender, shared_header, unfolded
from pipeline.model import Batch, Recipient

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What all copies of a batch show; a mailbox is (name, address), and a name may be ""."""

    sender: tuple[str, str]
    reply_to: tuple[str, str] | None
    subject: str
    headers: Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One reader, and the headers that are hers alone."""

    name: str
    address: str
    headers: Headers


def letterhead(batch: Batch) -> Letterhead:
    """What all copies show. Raises HeaderFault for what can't be written safely."""
    try:
        return _letterhead(batch.sender, batch.reply_to, batch.message.subject, batch.message.list_headers)
    except ValueError as fault:
        raise HeaderFault(str(fault), where=f"issue {batch.issue}") from None


@lru_cache(maxsize=8)
def _letterhead(writer: str, reply_to: str | None, subject: str, shared: Headers) -> Letterhead:
    return Letterhead(
        sender=sender(writer),
        reply_to=sender(reply_to) if reply_to else None,
        subject=header_text(subject),
        headers=_lines((name, shared_header(name, value)) for name, value in shared),
    )


def addressee(batch: Batch, recipient: Recipient) -> Addressee:
    """A reader with her one-click headers. Raises HeaderFault for what can't be written safely."""
    try:
        return Addressee(
            name=header_text(recipient.name or ""),
            address=sender(recipient.address)[1],
            headers=tuple(one_click(batch, recipient)),
        )
    except ValueError as fault:
        raise HeaderFault(str(fault), where=f"issue {batch.issue}, reader {recipient.subscriber}") from None


def _lines(headers: Iterable[tuple[str, str]]) -> Headers:
    return tuple((name, unfolded(name, value)) for name, value in headers)


def mailbox(name: str, address: str) -> str:
    """`"Lisa" <letters@example.org>`, for a provider that encodes names itself."""
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    return f'"{escaped}" <{address}>' if name else address
