"""An SMTP client (RFC 5321, RFC 2920) that knows, for each envelope, whether its final dot has left."""

from __future__ import annotations

import contextlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from pipeline import quoted
from pipeline.errors import of_the_line
from pipeline.model import Answer, NoAnswer, Reply, SmtpEnvelope, SmtpServer

if TYPE_CHECKING:
    import ssl

    from pipeline.line.patient import Patient

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""Hosts that may be spoken to without encryption."""

CONNECT_SECONDS = 10.0
"""How long one of a host's addresses may keep us waiting for a connection; packets to it may vanish."""

Stage = Literal["sender", "recipient", "content"]
STAGES: tuple[Stage, ...] = ("sender", "recipient", "content")
"""What an SMTP reply is about; it stands in the answer's header `stage`."""
FIRST_WORD_SECONDS = 10.0
"""So long a server has for its first answer to what travelled behind a final dot."""


class Attempt:
    """The time that one request has, and whether what makes the other side act has begun to leave."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds
        self.sent = False

    def left(self) -> float:
        """Seconds until the end. Raises TimeoutError after it."""
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError("the time for it was over")
        return left

    def to_connect(self) -> float:
        """Seconds for one address of a host, so that time is left for the next. Raises TimeoutError as `left` does."""
        return min(self.left(), CONNECT_SECONDS)

    def lost(self, words: str) -> NoAnswer:
        return NoAnswer(sent="after" if self.sent else "before", words=words)


class _Refused(Exception):
    """The server said a definite no."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Mailer:
    """An SMTP client (RFC 5321) that knows when the final dot leaves: until then nothing can have been taken."""

    def __init__(self) -> None:
        self._open: tuple[SmtpServer, Patient] | None = None
        self._served = False
        """Whether the newest connection has taken a message."""
        self._deaf = False
        """Whether the server lost what travelled behind a final dot."""

    def post(
        self, envelopes: Sequence[SmtpEnvelope], attempts: Callable[[], Attempt], trusted: Callable[[], ssl.SSLContext]
    ) -> Iterator[Reply]:
        """One reply for each envelope to one server, until one is lost.

        Where the server offers PIPELINING (RFC 2920) an envelope's commands leave together with the final dot before
        it; its own message leaves only when the next reply is asked for. Courier loses what travels so; then it is
        said again over a new connection, and nothing travels behind a dot any more.
        """
        announced = False
        try:
            for at, envelope in enumerate(envelopes):
                following = envelopes[at + 1] if at + 1 < len(envelopes) else None
                reply, announced = self._one(envelope, following, attempts(), trusted, announced=announced)
                yield reply
        finally:
            if announced:
                self._drop()

    def visit(self, server: SmtpServer, attempt: Attempt, trusted: Callable[[], ssl.SSLContext]) -> Reply:
        """Connect, encrypt and sign in as for a mail, and hand over nothing."""
        import smtplib

        if refused := _in_the_clear(server):
            return refused
        try:
            self._ready(server, attempt, trusted)
        except smtplib.SMTPAuthenticationError as fault:
            return Answer(status=fault.smtp_code)
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            return attempt.lost(f"{server.host}: {_reason(fault)}")
        return Answer(status=250)

    def _one(
        self,
        envelope: SmtpEnvelope,
        following: SmtpEnvelope | None,
        attempt: Attempt,
        trusted: Callable[[], ssl.SSLContext],
        *,
        announced: bool,
    ) -> tuple[Reply, bool]:
        """A reply, and whether the following envelope's commands are under way.

        Many servers take so many messages over one connection, and then say 421 (RFC 5321 section 3.8) or hang up: a
        new connection is made at once, if the old one has taken any.
        """
        if refused := _in_the_clear(envelope.server):
            return refused, False
        if announced and self._open and not _speaks(self._open[1], attempt):
            self._drop()
            announced, self._deaf = False, True
        following = None if self._deaf else following
        reply, ahead = self._try(envelope, following, attempt, trusted, announced=announced)
        if self._served and not attempt.sent and _closed(reply):
            self._drop()
            reply, ahead = self._try(envelope, following, attempt, trusted, announced=False)
        self._served = self._served or (isinstance(reply, Answer) and reply.status < 300)
        return reply, ahead

    def _try(
        self,
        envelope: SmtpEnvelope,
        following: SmtpEnvelope | None,
        attempt: Attempt,
        trusted: Callable[[], ssl.SSLContext],
        *,
        announced: bool,
    ) -> tuple[Reply, bool]:
        import smtplib

        server = envelope.server
        try:
            if announced and self._open:
                return _in_line(self._open[1], envelope, following, attempt)
            connection = self._ready(server, attempt, trusted)
            if not connection.has_extn("pipelining"):
                return _deliver(connection, envelope, attempt), False
            _patience(connection, attempt).send(_commands(envelope))
            return _in_line(connection, envelope, following, attempt)
        except _Refused as refused:
            return refused.answer, False
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            self._drop()
            return attempt.lost(f"{server.host}: {_reason(fault)}"), False

    def _ready(self, server: SmtpServer, attempt: Attempt, trusted: Callable[[], ssl.SSLContext]) -> Patient:
        """The open connection, if it is to this server and still alive; else a new one."""
        if self._open and self._open[0] == server and _alive(self._open[1], attempt):
            return self._open[1]
        self.hang_up()
        self._served = False
        connection = _connect(server, attempt, trusted)
        self._open = (server, connection)
        return connection

    def hang_up(self) -> None:
        """Say goodbye, if there is somebody left to say it to."""
        if self._open:
            with contextlib.suppress(Exception):
                _patience(self._open[1], Attempt(5)).quit()
        self._drop()

    def _drop(self) -> None:
        if self._open:
            self._open[1].close()
        self._open = None


def _speaks(connection: Patient, attempt: Attempt) -> bool:
    """Whether a server begins to answer, or hangs up, before long."""
    with contextlib.suppress(TimeoutError):
        soon = Attempt(min(attempt.left(), FIRST_WORD_SECONDS))
        file = _patience(connection, soon).file
        return file is None or file.peek(1) is not None
    return False


def _closed(reply: Reply) -> bool:
    """Whether the server wants to hang up, or did, before the envelope was handed in."""
    return reply.sent == "before" if isinstance(reply, NoAnswer) else reply.status == 421


def _in_the_clear(server: SmtpServer) -> NoAnswer | None:
    if server.security != "none" or server.host in THIS_MACHINE:
        return None
    words = f"{server.host} is not on this machine, and mail does not leave it unencrypted; nothing was sent."
    return NoAnswer(sent="before", words=words)


def _patience(connection: Patient, attempt: Attempt) -> Patient:
    """The connection, ready for one step within the attempt's time."""
    connection.attempt = attempt
    if connection.sock:
        connection.sock.settimeout(attempt.left())
    return connection


def _alive(connection: Patient, attempt: Attempt) -> bool:
    """Forget a refused envelope's remains; False when the server has hung up or wants to."""
    import smtplib

    try:
        return _patience(connection, attempt).rset()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _connect(server: SmtpServer, attempt: Attempt, trusted: Callable[[], ssl.SSLContext]) -> Patient:
    connection = _called(server, attempt, trusted)
    try:
        if server.security == "starttls":
            _patience(connection, attempt).starttls(context=trusted())
        _patience(connection, attempt).ehlo_or_helo_if_needed()
        if server.user:
            _sign_in(_patience(connection, attempt), server.user, server.password or "")
    except BaseException:
        connection.close()
        raise
    return connection


def _sign_in(connection: Patient, user: str, password: str) -> None:
    """With letters beyond ASCII, which the library does not write, by SASL PLAIN in UTF-8 (RFC 4954, RFC 4616)."""
    import smtplib

    offered = connection.esmtp_features.get("auth", "").upper().split()
    if f"{user}{password}".isascii() or "PLAIN" not in offered:
        connection.login(user, password)
        return
    code, words = connection.docmd("AUTH PLAIN", b64encode(f"\0{user}\0{password}".encode()).decode())
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, words)


def _called(server: SmtpServer, attempt: Attempt, trusted: Callable[[], ssl.SSLContext]) -> Patient:
    import socket

    from pipeline.line.patient import Patient, PatientTls

    # RFC 5321 section 4.1.3: a client without a name gives an address; looking for a name would ask the network.
    rest: dict[str, Any] = {"local_hostname": "[127.0.0.1]", "attempt": attempt}
    if server.security == "tls":
        connection: Patient = PatientTls(server.host, server.port, context=trusted(), **rest)
    else:
        connection = Patient(server.host, server.port, **rest)
    if connection.sock:
        # The final dot travels alone, and must not wait until the message before it is acknowledged.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _deliver(connection: Patient, envelope: SmtpEnvelope, attempt: Attempt) -> Answer:
    _say(connection, attempt, f"MAIL FROM:<{envelope.sender}>", "sender", (250,))
    _say(connection, attempt, f"RCPT TO:<{envelope.recipient}>", "recipient", (250, 251))
    _say(connection, attempt, "DATA", "content", (354,))
    return _hand_in(connection, envelope, b"", attempt)


def _hand_in(connection: Patient, envelope: SmtpEnvelope, behind: bytes, attempt: Attempt) -> Answer:
    """The message itself and its final dot, with what may travel `behind` it."""
    _patience(connection, attempt).send(_as_it_travels(envelope))
    _patience(connection, attempt)
    attempt.sent = True
    connection.send(b".\r\n" + behind)
    code, words = _patience(connection, attempt).getreply()
    return _answer("content", code, words)


def _as_it_travels(envelope: SmtpEnvelope) -> bytes:
    """The message with a line break at its end, and stuffed."""
    message = envelope.message if envelope.message.endswith(b"\r\n") else envelope.message + b"\r\n"
    return message if envelope.stuffed else quoted.as_smtp(message)


def _commands(envelope: SmtpEnvelope) -> bytes:
    """What may travel in one piece. Raises ValueError for an address that is no single word of ASCII."""
    for address in (envelope.sender, envelope.recipient):
        if not re.fullmatch(r"[!-~]+", address):
            raise ValueError(address)
    return f"MAIL FROM:<{envelope.sender}>\r\nRCPT TO:<{envelope.recipient}>\r\nDATA\r\n".encode("ascii")


def _in_line(
    connection: Patient, envelope: SmtpEnvelope, following: SmtpEnvelope | None, attempt: Attempt
) -> tuple[Answer, bool]:
    """The rest of an envelope whose commands are under way. Raises _Refused; then nothing else is under way."""
    answers: list[tuple[Stage, int, bytes]] = []
    for stage in STAGES:
        answers.append((stage, *_patience(connection, attempt).getreply()))
        if answers[-1][1] == 421:
            connection.close()
            break
    wanted = {"sender": (250,), "recipient": (250, 251), "content": (354,)}
    refused = [answer for answer in answers if answer[1] not in wanted[answer[0]]]
    if not refused:
        behind = _commands(following) if following else b""
        return _hand_in(connection, envelope, behind, attempt), following is not None
    if answers[-1][1] == 354:
        # RFC 2920 section 3.1: the server waits for a message although it took no recipient; it gets none.
        _patience(connection, attempt).send(b".\r\n")
        connection.getreply()
    raise _Refused(_answer(*refused[0], taken=False))


def _say(connection: Patient, attempt: Attempt, command: str, stage: Stage, wanted: tuple[int, ...]) -> None:
    code, words = _patience(connection, attempt).docmd(command)
    if code not in wanted:
        raise _Refused(_answer(stage, code, words, taken=False))


def _answer(stage: Stage, code: int, words: bytes, *, taken: bool = True) -> Answer:
    """What the server said; raises SMTPException for what is neither a yes (where that can be) nor a no."""
    import smtplib

    if not 400 <= code <= 599 and not (taken and 200 <= code <= 299):
        raise smtplib.SMTPException("its words are no SMTP")
    return Answer(status=code, headers={"stage": stage}, body=words)


def _reason(fault: Exception) -> str:
    """What went wrong, without any words that may hold the password: a server may quote what it was given."""
    import smtplib

    match fault:
        case smtplib.SMTPAuthenticationError():
            return f"the server does not take this user name and password ({fault.smtp_code})."
        case smtplib.SMTPResponseException():
            words = fault.smtp_error.decode("utf-8", "replace") if isinstance(fault.smtp_error, bytes) else ""
            return f"the server is not ready ({fault.smtp_code} {' '.join(words.split())})."
        case smtplib.SMTPNotSupportedError():
            return "the server does not offer what the settings ask for (encryption by STARTTLS, or signing in)."
        case smtplib.SMTPServerDisconnected() if not isinstance(fault.__context__, TimeoutError):
            return "the server hung up."
        case TimeoutError() | smtplib.SMTPServerDisconnected():
            return "the server took too long."
        case OSError():
            return f"the line failed: {of_the_line(fault)}."
        case _:
            return "an address, the user name or the password holds characters that SMTP can't carry."
