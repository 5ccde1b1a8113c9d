"""The author's mailbox, read over IMAP (RFC 3501): letters as bytes, within a deadline, and nothing deleted.

Only whole letters of a bounded size are handed out; what they say is for others to judge.
"""

from __future__ import annotations

import contextlib
import imaplib
import io
import re
import socket
import ssl
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Literal

from pipeline import trust
from pipeline.errors import SourceFault, of_the_line

LETTER_AT_MOST = 1 << 20
"""Bytes of a letter that are read: a returned copy is cut there, its head is not."""

LETTERS_AT_MOST = 500
"""Letters in one visit; the next goes on from there."""

CONNECT_SECONDS = 10.0
"""How long one of a host's addresses may keep us waiting for a connection; packets to it may vanish."""

_LINE_AT_MOST = 1_000_000

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
            for one in _read(connection, box, after, since):
                yield one
                found = True
        except TimeoutError:
            if not found:
                raise


def look(box: Mailbox) -> None:
    """Sign in and open the folder. Raises SourceFault with a sentence."""
    end = monotonic() + 20
    with _in_words(box), _signed_in(box, end, None) as connection:
        _opened(connection, box)


@contextlib.contextmanager
def _in_words(box: Mailbox) -> Iterator[None]:
    try:
        yield
    except imaplib.IMAP4.error as fault:
        raise SourceFault(_words(box, fault), where=f"{box.host}:{box.port}") from None
    except (OSError, ValueError) as fault:
        words = "it took too long" if isinstance(fault, TimeoutError) else of_the_line(fault)
        raise SourceFault(f"The mailbox can't be read: {words}.", where=f"{box.host}:{box.port}") from None


def _words(box: Mailbox, fault: Exception) -> str:
    """What the server said, without anything that may repeat the password."""
    said = fault.args[0] if fault.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    words = " ".join(text.replace(box.password, "[secret]").split())[:200]
    return f"The mailbox can't be read: the server says {words!r}."


@contextlib.contextmanager
def _signed_in(box: Mailbox, end: float, tls: ssl.SSLContext | None) -> Iterator[imaplib.IMAP4]:
    if box.security == "none" and box.host not in THIS_MACHINE:
        raise ValueError('security = "none" is for a server on this machine only')
    trusted = tls or trust.authorities()
    if box.security == "tls":
        connection: _Patient = _PatientTls(box.host, box.port, ssl_context=trusted, timeout=_left(end), end=end)
    else:
        connection = _Patient(box.host, box.port, timeout=_left(end), end=end)
    try:
        if box.security == "starttls":
            connection.starttls(trusted)
        _sign_in(connection, box)
        yield connection
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            connection.logout()
        with contextlib.suppress(OSError):
            connection.shutdown()


def _sign_in(connection: imaplib.IMAP4, box: Mailbox) -> None:
    """With a name or password beyond ASCII, which LOGIN can't carry, by SASL PLAIN (RFC 4616)."""
    if f"{box.user}{box.password}".isascii():
        connection.login(box.user, box.password)
    elif "AUTH=PLAIN" in connection.capabilities:
        connection.authenticate("PLAIN", lambda _: f"\0{box.user}\0{box.password}".encode())
    else:
        raise ValueError("the server takes only names and passwords of plain letters (ASCII)")


class _Patient(imaplib.IMAP4):
    """A connection that reads until `end`: a server that says a letter each second is no reason to stay longer."""

    def __init__(self, *given: Any, end: float, **more: Any) -> None:
        self._end = end
        self._from: socket.socket | None = None
        super().__init__(*given, **more)

    def _create_socket(self, timeout: float) -> socket.socket:
        """As the class above has it, but that each of the host's addresses has a time of its own."""
        line = socket.create_connection((self.host, self.port), min(timeout, CONNECT_SECONDS))
        line.settimeout(_left(self._end))
        return line

    def read(self, size: int) -> bytes:
        """As the class above has it, which says that it may be replaced."""
        if size > 2 * LETTER_AT_MOST:
            raise self.error("more than was asked for")
        return self._reader().read(size) or b""

    def readline(self) -> bytes:
        """As `read`."""
        line = self._reader().readline(_LINE_AT_MOST + 1)
        if len(line) > _LINE_AT_MOST:
            raise self.error("a line that does not end")
        return line

    def _reader(self) -> io.BufferedIOBase:
        # STARTTLS begins another conversation: what was heard before belongs to nobody then.
        if self._from is not self.sock:
            self._from, self._heard = self.sock, io.BufferedReader(_Bytes(self.sock, self._end))
        return self._heard


class _PatientTls(_Patient, imaplib.IMAP4_SSL):
    """The same, encrypted from the first byte."""

    def _create_socket(self, timeout: float) -> socket.socket:
        trusted: ssl.SSLContext = self.ssl_context
        return trusted.wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


class _Bytes(io.RawIOBase):
    """What a socket says until `end`. Raises TimeoutError then."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._end = end

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self._sock.settimeout(_left(self._end))
        return self._sock.recv_into(into)


def _left(end: float) -> float:
    left = end - monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left


def _opened(connection: imaplib.IMAP4, box: Mailbox) -> int:
    """Open the folder; its validity."""
    folder = '"' + re.sub(r'(["\\])', r"\\\1", _encoded(box.folder)) + '"'
    # Read-only: nothing is marked as seen, so a person who reads the same mailbox is not confused.
    done, _ = connection.select(folder, readonly=True)
    if done != "OK":
        there = ", ".join(_folders(connection)[:20])
        raise ValueError(f"there is no folder {box.folder!r}" + (f"; there are {there}" if there else ""))
    return _number(connection.response("UIDVALIDITY")[1])


def _folders(connection: imaplib.IMAP4) -> list[str]:
    """The folders' names as a person reads them, without their quotes; those that need a literal are left out."""
    try:
        done, lines = connection.list()
    except imaplib.IMAP4.error:
        return []
    named = (
        re.search(rb'\) (?:"[^"]*"|NIL) (?:"((?:\\.|[^"\\])*)"|([^" ]+))$', line)
        for line in lines
        if isinstance(line, bytes)
    )
    names = ((found[1] or found[2]).decode("ascii", "replace") for found in named if found)
    return [_decoded(re.sub(r"\\(.)", r"\1", name)) for name in names] if done == "OK" else []


def _encoded(name: str) -> str:
    """A folder's name as IMAP writes it: a UTF-7 of its own (RFC 3501 section 5.1.3)."""

    def shifted(found: re.Match[str]) -> str:
        packed = b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{packed}-"

    return re.sub(r"[^ -~]+", shifted, name.replace("&", "&-"))


def _decoded(name: str) -> str:
    """The other way round; what can't be read stays as it is."""

    def plain(found: re.Match[str]) -> str:
        packed = found[1].replace(",", "/")
        try:
            return b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be") or "&"
        except ValueError:
            return found[0]

    return re.sub(r"&([A-Za-z0-9+,]*)-", plain, name)


def _read(connection: imaplib.IMAP4, box: Mailbox, after: str, since: datetime) -> Iterator[tuple[str, bytes]]:
    validity = _opened(connection, box)
    before, _, last = after.partition("/")
    known = before == str(validity) and last.isdecimal()
    start = int(last) + 1 if known else 1
    # A day earlier, since the server reads the date in a time zone of its own (RFC 3501 section 6.4.4).
    day = imaplib.Time2Internaldate(since - timedelta(days=1))[1:12]
    lately = () if known else ("SINCE", day)
    done, found = connection.uid("SEARCH", "UID", f"{start}:*", *lately)
    if done != "OK":
        raise ValueError("the server does not tell which letters there are")
    # "n:*" always holds the newest letter, also one below n (RFC 3501 section 6.4.8).
    uids = sorted(uid for uid in map(int, re.findall(rb"\d+", (found or [b""])[0] or b"")) if uid >= start)
    refused = 0
    for uid in uids[:LETTERS_AT_MOST]:
        done, parts = connection.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LETTER_AT_MOST}>)")
        # One letter may be broken, and those behind it are read; a server that refuses several hands out none just now.
        refused = 0 if done == "OK" else refused + 1
        if refused > 1:
            raise ValueError("the server hands out no letters just now")
        if refused:
            continue
        body = next((part[1] for part in parts or () if isinstance(part, tuple)), b"")
        yield f"{validity}/{uid}", bytes(body)


def _number(data: Any) -> int:
    found = re.search(rb"\d+", (data or [b""])[0] or b"")
    return int(found[0]) if found else 0
