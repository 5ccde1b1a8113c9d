"""A network for httpcore that knows one address and one moment at which it is over."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

CONNECT_SECONDS = 10.0
"""How long one address may keep us waiting for a connection; a host's next address may still be tried then."""


class Pinned(httpcore.NetworkBackend):
    """Connects to the vetted address whatever the name says by now, and lets no read outlive the deadline.

    The name stays in the Host header and in the TLS handshake, so certificates are checked as ever.
    """

    def __init__(self, address: str, end: float) -> None:
        self._address = address
        self._end = end
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the pinned address on `port`."""
        _ = host, timeout
        patience = min(_left(self._end), CONNECT_SECONDS)
        stream = self._real.connect_tcp(self._address, port, patience, local_address, socket_options)
        return _Bounded(stream, self._end)


class _Bounded(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self._stream = stream
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        _ = timeout
        return self._stream.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        _ = timeout
        self._stream.write(buffer, _left(self._end))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        _ = timeout
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, _left(self._end)), self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for this address is over")
    return left
