"""The author's mailbox, read over IMAP (RFC 3501): letters as bytes, within a deadline, and nothing deleted.

Only whole letters of a bounded size are handed out; what they say is for others to judge.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Literal

from pipeline.errors import SourceFault

LETTER_AT_MOST = 1 << 20
"""Bytes of a letter that are read: a returned copy is cut there, its head is not."""

LETTERS_AT_MOST = 500
"""Letters in one visit; the next goes on from there."""

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where letters lie; `password` is never shown. `security` is "tls", "starttls", or "none" (this machine only)."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str
    folder: str = "INBOX"
    password: str = field(repr=False)


def letters(
    box: Mailbox, after: str, *, since: datetime, seconds: float = 60, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, bytes]]:
    """Letters that came after the place `after` ("" for the first visit), each with its own place, oldest first.

    A place is "validity/uid" (RFC 3501 section 2.3.1.1): when the mailbox was made anew, reading begins anew too, with
    what came `since` then. All of it takes `seconds` at most; what is left by then is for the next visit. Raises
    SourceFault with a sentence, when not even one letter could be read in that time too.
    """
    end, found = monotonic() + seconds, False
    with _in_words(box), _signed_in(box, end, tls) as connection:
        try:
            for one in _read(connection, box, after, since, end):
                yield one
                found = True
        except TimeoutError:
            if not found:
                raise


def look(box: Mailbox) -> None:
    """Sign in and open the folder. Raises SourceFault with a sentence."""
    end = monotonic() + 20
    with _in_words(box), _signed_in(box, end, None) as connection:
        _opened(connection, box, end)


@contextlib.contextmanager
def _in_words(box: Mailbox) -> Iterator[None]:
    try:
        yield
    except imaplib.IMAP4.error as fault:
        raise SourceFault(_words(box, fault), where=f"{box.host}:{box.port}") from None
    except (OSError, ValueError) as fault:
        words = "it took too long" if isinstance(fault, TimeoutError) else str(fault).rstrip(".")
        raise SourceFault(f"The mailbox can't be read: {words}.", where=f"{box.host}:{box.port}") from None


def _words(box: Mailbox, fault: Exception) -> str:
    """What the server said, without anything that may repeat the password."""
    words = " ".join(str(fault).replace(box.password, "[secret]").split())[:200]
    return f"The mailbox can't be read: the server says {words!r}."


@contextlib.contextmanager
def _signed_in(box: Mailbox, end: float, tls: ssl.SSLContext | None) -> Iterator[imaplib.IMAP4]:
    if box.security == "none" and box.host not in THIS_MACHINE:
        raise ValueError('security = "none" is for a server on this machine only')
    trusted = tls or ssl.create_default_context()
    left = _left(end)
    if box.security == "tls":
        connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(box.host, box.port, ssl_context=trusted, timeout=left)
    else:
        connection = imaplib.IMAP4(box.host, box.port, timeout=left)
    try:
        if box.security == "starttls":
            connection.starttls(trusted)
        _patience(connection, end).login(box.user, box.password)
        yield connection
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            connection.sock.settimeout(5)
            connection.logout()
        with contextlib.suppress(OSError):
            connection.shutdown()


def _left(end: float) -> float:
    left = end - monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left


def _patience(connection: imaplib.IMAP4, end: float) -> imaplib.IMAP4:
    """The connection, its next steps bounded by what is left of the time."""
    connection.sock.settimeout(_left(end))
    return connection


def _opened(connection: imaplib.IMAP4, box: Mailbox, end: float) -> int:
    """Open the folder; its validity."""
    folder = '"' + re.sub(r'(["\\])', r"\\\1", box.folder) + '"'
    # Read-only: nothing is marked as seen, so a person who reads the same mailbox is not confused.
    done, _ = _patience(connection, end).select(folder, readonly=True)
    if done != "OK":
        raise ValueError(f"there is no folder {box.folder!r}")
    return _number(connection.response("UIDVALIDITY")[1])


def _read(
    connection: imaplib.IMAP4, box: Mailbox, after: str, since: datetime, end: float
) -> Iterator[tuple[str, bytes]]:
    validity = _opened(connection, box, end)
    before, _, last = after.partition("/")
    known = before == str(validity) and last.isdecimal()
    start = int(last) + 1 if known else 1
    # A day earlier, since the server reads the date in a time zone of its own (RFC 3501 section 6.4.4).
    day = imaplib.Time2Internaldate(since - timedelta(days=1))[1:12]
    lately = () if known else ("SINCE", day)
    _done, found = _patience(connection, end).uid("SEARCH", "UID", f"{start}:*", *lately)
    # "n:*" always holds the newest letter, also one below n (RFC 3501 section 6.4.8).
    uids = sorted(uid for uid in map(int, re.findall(rb"\d+", (found or [b""])[0] or b"")) if uid >= start)
    for uid in uids[:LETTERS_AT_MOST]:
        _done, parts = _patience(connection, end).uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LETTER_AT_MOST}>)")
        body = next((part[1] for part in parts or () if isinstance(part, tuple)), b"")
        yield f"{validity}/{uid}", bytes(body)


def _number(data: Any) -> int:
    found = re.search(rb"\d+", (data or [b""])[0] or b"")
    return int(found[0]) if found else 0
