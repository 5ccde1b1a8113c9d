"""Performs a provider's requests and says for each what came back, or whether a byte of it may have arrived.

No redirects, no proxies, no second tries: what to do with a lost request is decided by those who know what was in it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast
from urllib.parse import urlsplit

from pipeline import files
from pipeline.model import Answer, FileDrop, HttpRequest, NoAnswer, Reply, Request, SmtpEnvelope, SmtpServer

if TYPE_CHECKING:
    import smtplib
    import ssl

    import httpcore

BODY_AT_MOST = 1 << 20
"""Bytes of an HTTP answer that are read; what is cut there makes no sense to any provider, and so counts as unknown."""

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""Hosts that may be spoken to without encryption."""

Stage = Literal["sender", "recipient", "content"]
"""What an SMTP reply is about; it stands in the answer's header `stage`."""


class Wire:
    """The line to the outside (`pipeline.model.Line`); a context manager that hangs up at the end.

    Files go under `outbox`. No request takes longer than `seconds` in all. `tls` says which certificates are trusted
    (those of the system when None). An SMTP connection stays open for the next envelope to the same server. Use one
    Wire in one thread.
    """

    def __init__(self, outbox: Path, seconds: float = 60, *, tls: ssl.SSLContext | None = None) -> None:
        self._outbox = outbox
        self._seconds = seconds
        self._tls = tls
        self._mailer = _Mailer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._mailer.hang_up()

    def __call__(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """One reply for each request, in order; nothing more is asked once one is lost on the way.

        An SMTP answer's `status` is the reply code, and its header `stage` says what was refused or taken: "sender",
        "recipient" or "content".
        """
        for request in requests:
            reply = self._perform(request)
            yield reply
            if isinstance(reply, NoAnswer) and reply.sent == "after":
                return

    def _perform(self, request: Request) -> Reply:
        match request:
            case HttpRequest():
                return _ask(request, _Attempt(self._seconds), self._trusted())
            case SmtpEnvelope():
                return self._mailer.post(request, _Attempt(self._seconds), self._trusted())
            case FileDrop():
                return _write(request, self._outbox)

    def _trusted(self) -> ssl.SSLContext:
        import ssl

        self._tls = self._tls or ssl.create_default_context()
        return self._tls


class _Attempt:
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

    def lost(self, words: str) -> NoAnswer:
        return NoAnswer(sent="after" if self.sent else "before", words=words)


def _write(request: FileDrop, outbox: Path) -> Reply:
    target = (outbox / request.path).resolve()
    if not target.is_relative_to(outbox.resolve()):
        return NoAnswer(sent="before", words=f"{request.path} lies outside the outbox; nothing was written.")
    try:
        files.write(target, request.content)
    except OSError as fault:
        return NoAnswer(sent="before", words=f"{request.path} can't be written: {fault.strerror}.")
    return Answer(status=200)


def _ask(request: HttpRequest, attempt: _Attempt, trusted: ssl.SSLContext) -> Reply:
    """An HTTP/1.1 exchange on a connection of its own: one that was kept may be closed just when it is used."""
    import httpcore

    parts = urlsplit(request.url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and host in THIS_MACHINE):
        return NoAnswer(sent="before", words=f"{host or 'This address'} is not asked without https; nothing was sent.")
    backend = cast("httpcore.NetworkBackend", _TimedBackend(attempt))
    try:
        with httpcore.ConnectionPool(trusted, retries=0, network_backend=backend) as pool:
            return _exchange(pool, request)
    except (httpcore.LocalProtocolError, UnicodeError):
        # The library's words quote the header, and a header may be a secret.
        return attempt.lost(f"The request to {host} can't be written: a header holds what no header may.")
    except (httpcore.TimeoutException, TimeoutError):
        return attempt.lost(f"{host} took too long.")
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as fault:
        return attempt.lost(f"{host} did not answer: {str(fault).rstrip('.') or type(fault).__name__}.")


def _exchange(pool: httpcore.ConnectionPool, request: HttpRequest) -> Answer:
    headers = {"Accept-Encoding": "identity", **request.headers, **request.secret_headers}
    encoded = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    with pool.stream(request.method, request.url, headers=encoded, content=request.body) as response:
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) >= BODY_AT_MOST:
                break
        return Answer(status=response.status, headers=_lower(response.headers), body=bytes(body[:BODY_AT_MOST]))


def _lower(headers: Sequence[tuple[bytes, bytes]]) -> Mapping[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


class _TimedBackend:
    """How httpcore connects, within the attempt's time; it has the methods of its NetworkBackend."""

    def __init__(self, attempt: _Attempt) -> None:
        self._attempt = attempt

    def connect_tcp(self, host: str, port: int, **rest: Any) -> _TimedStream:
        import httpcore

        stream = httpcore.SyncBackend().connect_tcp(host, port, **(rest | {"timeout": self._attempt.left()}))
        return _TimedStream(stream, self._attempt)


class _TimedStream:
    """A connection whose steps share one time: httpcore's own limits begin anew with every byte that drips in."""

    def __init__(self, stream: httpcore.NetworkStream, attempt: _Attempt) -> None:
        self._stream = stream
        self._attempt = attempt

    def read(self, max_bytes: int, **_: float | None) -> bytes:
        return self._stream.read(max_bytes, self._attempt.left())

    def write(self, buffer: bytes, **_: float | None) -> None:
        left = self._attempt.left()
        self._attempt.sent = True
        self._stream.write(buffer, left)

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None, **_: float | None) -> _TimedStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._attempt.left())
        return _TimedStream(secure, self._attempt)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()


class _Refused(Exception):
    """The server said a definite no."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class _Mailer:
    """An SMTP client (RFC 5321) that knows when the final dot leaves: until then nothing can have been taken."""

    def __init__(self) -> None:
        self._open: tuple[SmtpServer, smtplib.SMTP] | None = None

    def post(self, envelope: SmtpEnvelope, attempt: _Attempt, trusted: ssl.SSLContext) -> Reply:
        import smtplib

        server = envelope.server
        if server.security == "none" and server.host not in THIS_MACHINE:
            words = f"{server.host} is not on this machine, and mail does not leave it unencrypted; nothing was sent."
            return NoAnswer(sent="before", words=words)
        try:
            return _deliver(self._ready(server, attempt, trusted), envelope, attempt)
        except _Refused as refused:
            return refused.answer
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            self._drop()
            return attempt.lost(f"{server.host}: {_reason(fault)}")

    def _ready(self, server: SmtpServer, attempt: _Attempt, trusted: ssl.SSLContext) -> smtplib.SMTP:
        """The open connection, if it is to this server and still alive; else a new one."""
        if self._open and self._open[0] == server and _alive(self._open[1], attempt):
            return self._open[1]
        self.hang_up()
        connection = _connect(server, attempt, trusted)
        self._open = (server, connection)
        return connection

    def hang_up(self) -> None:
        """Say goodbye, if there is somebody left to say it to."""
        if self._open:
            with contextlib.suppress(Exception):
                _patience(self._open[1], _Attempt(5)).quit()
        self._drop()

    def _drop(self) -> None:
        if self._open:
            self._open[1].close()
        self._open = None


def _patience(connection: smtplib.SMTP, attempt: _Attempt) -> smtplib.SMTP:
    """The connection, ready for one step within the attempt's time."""
    if connection.sock:
        connection.sock.settimeout(attempt.left())
    return connection


def _alive(connection: smtplib.SMTP, attempt: _Attempt) -> bool:
    """Forget a refused envelope's remains; False when the server has hung up or wants to."""
    import smtplib

    try:
        return _patience(connection, attempt).rset()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _connect(server: SmtpServer, attempt: _Attempt, trusted: ssl.SSLContext) -> smtplib.SMTP:
    connection = _called(server, attempt, trusted)
    try:
        if server.security == "starttls":
            _patience(connection, attempt).starttls(context=trusted)
        _patience(connection, attempt).ehlo_or_helo_if_needed()
        if server.user:
            _patience(connection, attempt).login(server.user, server.password or "")
    except BaseException:
        connection.close()
        raise
    return connection


def _called(server: SmtpServer, attempt: _Attempt, trusted: ssl.SSLContext) -> smtplib.SMTP:
    import smtplib
    import socket

    # RFC 5321 section 4.1.3: a client without a name gives an address; looking for a name would ask the network.
    rest: dict[str, Any] = {"local_hostname": "[127.0.0.1]", "timeout": attempt.left()}
    if server.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, context=trusted, **rest)
    else:
        connection = smtplib.SMTP(server.host, server.port, **rest)
    if connection.sock:
        # The final dot travels alone, and must not wait until the message before it is acknowledged.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _deliver(connection: smtplib.SMTP, envelope: SmtpEnvelope, attempt: _Attempt) -> Answer:
    _say(connection, attempt, f"MAIL FROM:<{envelope.sender}>", "sender", (250,))
    _say(connection, attempt, f"RCPT TO:<{envelope.recipient}>", "recipient", (250, 251))
    _say(connection, attempt, "DATA", "content", (354,))
    message = envelope.message if envelope.message.endswith(b"\r\n") else envelope.message + b"\r\n"
    # RFC 5321 section 4.5.2: a line that begins with a dot gets another one.
    _patience(connection, attempt).send(re.sub(rb"(?m)^\.", b"..", message))
    _patience(connection, attempt)
    attempt.sent = True
    connection.send(b".\r\n")
    code, words = _patience(connection, attempt).getreply()
    return _answer("content", code, words)


def _say(connection: smtplib.SMTP, attempt: _Attempt, command: str, stage: Stage, wanted: tuple[int, ...]) -> None:
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
            return f"the line failed: {str(fault).rstrip('.')}."
        case _:
            return "an address, the user name or the password holds characters that SMTP can't carry."
