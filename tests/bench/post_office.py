"""Email APIs and a mail server on loopback that take everything at once, and count: for `tests.bench.deliver`.

python -m tests.bench.post_office      prints the two ports, then one line of JSON for each line on standard input
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import dataclass, field

READER = re.compile(rb"reader(\d+)@")
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Books:
    """What was taken since the last count: `taken` holds how often, by reader."""

    taken: bytearray = field(default_factory=lambda: bytearray(1))
    requests: int = 0
    connections: int = 0
    size: int = 0

    def take(self, body: bytes) -> list[int]:
        """Count each reader of a request once."""
        readers = sorted({int(number) for number in READER.findall(body)})
        self.requests += 1
        self.size += len(body)
        if readers and readers[-1] >= len(self.taken):
            self.taken.extend(bytes(readers[-1] * 2 - len(self.taken)))
        for reader in readers:
            self.taken[reader] = min(self.taken[reader] + 1, 255)
        return readers

    def told(self) -> str:
        """The count as JSON; it begins anew."""
        told = {
            "readers": sum(map(bool, self.taken)),
            "copies": sum(self.taken),
            "requests": self.requests,
            "connections": self.connections,
            "bytes": self.size,
        }
        self.__init__()  # type: ignore[misc]
        return json.dumps(told)


def answered(path: bytes, readers: list[int]) -> tuple[int, object]:
    """What each provider says when all is well."""
    if path.endswith(b"/messages"):
        return 200, {"id": "<1@mg.example.org>", "message": "Queued. Thank you."}
    if path.startswith(b"/email/batch"):
        return 200, [{"ErrorCode": 0, "Message": "OK", "MessageID": f"m-{reader}"} for reader in readers]
    if path.startswith(b"/emails/batch"):
        return 200, {"data": [{"id": f"m-{reader}"} for reader in readers]}
    if path.endswith(b"/mail/send"):
        return 202, None
    return 201, {"messageIds": [f"<{reader}@example.org>" for reader in readers]}


class Api(asyncio.Protocol):
    """Just enough HTTP/1.1."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.heard = bytearray()
        self.want = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.books.connections += 1
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while len(self.heard) >= self.want:
            end = self.heard.find(b"\r\n\r\n")
            if end < 0:
                return
            found = _LENGTH.search(self.heard, 0, end)
            self.want = end + 4 + (int(found[1]) if found else 0)
            if len(self.heard) < self.want:
                return
            request, self.heard = bytes(self.heard[: self.want]), self.heard[self.want :]
            self.want = 0
            self._answer(request, end)

    def _answer(self, request: bytes, end: int) -> None:
        method, path, _ = request.split(b" ", 2)
        status, document = (200, {}) if method == b"GET" else answered(path, self.books.take(request[end:]))
        body = b"" if document is None else json.dumps(document).encode()
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\nX-Message-Id: m-1\r\n"
        writer = self.transport
        assert isinstance(writer, asyncio.WriteTransport)
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


class Mail(asyncio.Protocol):
    """Just enough SMTP, with PIPELINING."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.heard = bytearray()
        self.content = False
        self.seen = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.books.connections += 1
        self.transport = transport
        transport.write(b"220 bench\r\n")

    def data_received(self, data: bytes) -> None:
        self.heard += data
        said = []
        while reply := self._next():
            said.append(reply)
        if said:
            self.transport.write(b"".join(said))

    def _next(self) -> bytes:
        end = self.heard.find(b"\r\n.\r\n" if self.content else b"\r\n", self.seen)
        if end < 0:
            self.seen = max(len(self.heard) - 4, 0)
            return b""
        length = end + (5 if self.content else 2)
        piece, self.heard, self.seen = bytes(self.heard[:length]), self.heard[length:], 0
        if self.content:
            self.content = False
            self.books.take(piece[:2000])
            return b"250 2.0.0 queued\r\n"
        command = piece[:4].upper()
        self.content = command == b"DATA"
        said = {b"EHLO": b"250-bench\r\n250 PIPELINING\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
        return said.get(command, b"250 ok\r\n")


async def main() -> None:
    """Serve until standard input ends."""
    loop, books = asyncio.get_running_loop(), Books()
    api = await loop.create_server(lambda: Api(books), "127.0.0.1", 0)
    mail = await loop.create_server(lambda: Mail(books), "127.0.0.1", 0)
    print(api.sockets[0].getsockname()[1], mail.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(books.told(), flush=True)
    for server in (api, mail):
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
