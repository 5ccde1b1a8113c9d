"""Performs a provider's requests and says for each what came back, or whether a byte of it may have arrived.

No redirects, no proxies, no second tries: what to do with a lost request is decided by those who know what was in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import urlsplit

from pipeline import files
from pipeline.line.mailer import THIS_MACHINE, Attempt, Mailer
from pipeline.model import Answer, FileDrop, HttpRequest, NoAnswer, Reply, Request, SmtpEnvelope, SmtpVisit

if TYPE_CHECKING:
    import socket
    import ssl

    import httpcore

BODY_AT_MOST = 1 << 20
"""Bytes of an HTTP answer that are read; what is cut there makes no sense to any provider, and so counts as unknown."""

KEPT_SECONDS = 2.0
"""So long an HTTP connection is kept for the next request: servers keep theirs longer."""


class Wire:
    """The line to the outside (`pipeline.model.Line`); a context manager that hangs up at the end.

    Files go under `outbox`. No request takes longer than `seconds` in all. `tls` says which certificates are trusted
    (those of the system when None). A connection stays open for the next request or envelope to the same server. Use
    one Wire in one thread.
    """

    def __init__(self, outbox: Path, seconds: float = 60, *, tls: ssl.SSLContext | None = None) -> None:
        self._outbox = outbox
        self._seconds = seconds
        self._tls = tls
        self._mailer = Mailer()
        self._caller = _Caller()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._mailer.hang_up()
        self._caller.hang_up()

    def __call__(self, requests: Sequence[Request]) -> Iterator[Reply]:
        """One reply for each request, in order; nothing more is asked once one is lost on the way.

        An SMTP answer's `status` is the reply code, and its header `stage` says what was refused or taken: "sender",
        "recipient" or "content".
        """
        for server, some in groupby(requests, lambda request: getattr(request, "server", None)):
            alike = list(some)
            for reply in self._mailed(cast("list[SmtpEnvelope]", alike)) if server else map(self._perform, alike):
                yield reply
                if isinstance(reply, NoAnswer) and reply.sent == "after":
                    return

    def _mailed(self, envelopes: Sequence[SmtpEnvelope]) -> Iterator[Reply]:
        return self._mailer.post(envelopes, lambda: Attempt(self._seconds), self._trusted)

    def _perform(self, request: Request) -> Reply:
        match request:
            case HttpRequest():
                return self._caller.ask(request, Attempt(self._seconds), self._trusted)
            case SmtpVisit():
                return self._mailer.visit(request.to, Attempt(self._seconds), self._trusted)
            case FileDrop():
                return _write(request, self._outbox)
            case SmtpEnvelope():
                return next(self._mailed([request]))

    def _trusted(self) -> ssl.SSLContext:
        from pipeline import trust

        self._tls = self._tls or trust.authorities()
        return self._tls


def _write(request: FileDrop, outbox: Path) -> Reply:
    target = (outbox / request.path).resolve()
    if not target.is_relative_to(outbox.resolve()):
        return NoAnswer(sent="before", words=f"{request.path} lies outside the outbox; nothing was written.")
    try:
        files.write(target, request.content, mode=0o600)  # a reader's address and the link by which she leaves
    except OSError as fault:
        return NoAnswer(sent="before", words=f"{request.path} can't be written: {fault.strerror}.")
    return Answer(status=200)


class _Caller:
    """An HTTP/1.1 client whose connection stays open for the next request of the same hand-over.

    A server may close a kept connection just when it is used. If it has done so already, another one is made; if not
    one byte of the request could be written, nothing left; else nobody can know.
    """

    def __init__(self) -> None:
        self._open: tuple[bool, httpcore.ConnectionPool, _TimedBackend] | None = None

    def ask(self, request: HttpRequest, attempt: Attempt, trusted: Callable[[], ssl.SSLContext]) -> Reply:
        """Perform one request. Whatever goes wrong closes the connection."""
        import httpcore

        parts = urlsplit(request.url)
        host = parts.hostname or ""
        if parts.scheme != "https" and not (parts.scheme == "http" and host in THIS_MACHINE):
            words = f"{host or 'This address'} is not asked without https; nothing was sent."
            return NoAnswer(sent="before", words=words)
        try:
            return _exchange(self._ready(attempt, trusted if parts.scheme == "https" else None), request)
        except (httpcore.LocalProtocolError, UnicodeError):
            # The library's words quote the header, and a header may be a secret.
            lost = attempt.lost(f"The request to {host} can't be written: a header holds what no header may.")
        except (httpcore.TimeoutException, TimeoutError):
            lost = attempt.lost(f"{host} took too long.")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as fault:
            lost = attempt.lost(f"{host} did not answer: {str(fault).rstrip('.') or type(fault).__name__}.")
        self.hang_up()
        return lost

    def _ready(self, attempt: Attempt, trusted: Callable[[], ssl.SSLContext] | None) -> httpcore.ConnectionPool:
        import httpcore

        secure = trusted is not None
        if self._open is None or self._open[0] != secure:
            self.hang_up()
            backend = _TimedBackend(attempt)
            pool = httpcore.ConnectionPool(
                trusted() if trusted else None,
                max_connections=1,
                keepalive_expiry=KEPT_SECONDS,
                retries=0,
                network_backend=cast("httpcore.NetworkBackend", backend),
            )
            self._open = secure, pool, backend
        self._open[2].attempt = attempt
        return self._open[1]

    def hang_up(self) -> None:
        """Close the connection, if there is one."""
        if self._open:
            self._open[1].close()
        self._open = None


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
    """How httpcore connects, within the present attempt's time; it has the methods of its NetworkBackend."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt

    def connect_tcp(self, host: str, port: int, **rest: Any) -> _TimedStream:
        import httpcore

        stream = httpcore.SyncBackend().connect_tcp(host, port, **(rest | {"timeout": self.attempt.to_connect()}))
        return _TimedStream(stream, self)


class _TimedStream:
    """A connection whose steps share one time: httpcore's own limits begin anew with every byte that drips in."""

    def __init__(self, stream: httpcore.NetworkStream, backend: _TimedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, **_: float | None) -> bytes:
        return self._stream.read(max_bytes, self._backend.attempt.left())

    def write(self, buffer: bytes, **_: float | None) -> None:
        """Like httpcore's own, but it knows whether the first bytes could be handed to the system at all."""
        attempt, left = self._backend.attempt, memoryview(buffer)
        wire: socket.socket = self._stream.get_extra_info("socket")
        while left:
            wire.settimeout(attempt.left())
            written = wire.send(left)
            attempt.sent = True
            left = left[written:]

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None, **_: float | None) -> _TimedStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._backend.attempt.left())
        return _TimedStream(secure, self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def close(self) -> None:
        self._stream.close()
