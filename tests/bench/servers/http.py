"""Just enough HTTP/1.1 to be no bottleneck: kept connections, bodies with a length or in chunks, no look at the rest."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its method, path with query, head and body as they came."""

    method: bytes
    path: str
    head: bytes
    body: bytes


class Http(asyncio.Protocol):
    """One connection; `answer` makes the whole response."""

    def __init__(self, answer: Callable[[Asked], bytes]) -> None:
        self.answer = answer
        self.heard = bytearray()
        self.want = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while len(self.heard) >= self.want and (asked := self._next()):
            self.transport.write(self.answer(asked))

    def _next(self) -> Asked | None:
        end = self.heard.find(b"\r\n\r\n")
        if end < 0:
            return None
        head, start = bytes(self.heard[: end + 2]), end + 4
        if EXPECTS.search(head) and len(self.heard) == start:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if CHUNKED.search(head):
            found = unchunked(self.heard, start)
            if found is None:
                return None
            body, self.want = found
        else:
            length = LENGTH.search(head)
            self.want = start + (int(length[1]) if length else 0)
            if len(self.heard) < self.want:
                return None
            body = bytes(self.heard[start : self.want])
        del self.heard[: self.want]
        self.want = 0
        method, path, _ = head.split(b" ", 2)
        return Asked(method, path.decode("ascii", "replace"), head, body)


def unchunked(heard: bytearray, at: int) -> tuple[bytes, int] | None:
    """A body in chunks, and where it ends; None when it is not whole yet."""
    parts = []
    while (line := heard.find(b"\r\n", at)) >= 0:
        size = int(heard[at:line].split(b";")[0], 16)
        at = line + 2 + size + 2
        if len(heard) < at:
            return None
        parts.append(heard[line + 2 : at - 2])
        if not size:
            return b"".join(parts), at
    return None


def response(body: bytes, kind: str = "application/json", status: str = "200 OK", more: str = "") -> bytes:
    """A whole response; `more` are header lines, each with its end."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body
