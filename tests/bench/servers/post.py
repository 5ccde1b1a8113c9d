"""Email APIs and a mail server that take everything at once: `python -m tests.bench.servers.post` prints both ports.

/_count says how many readers were handed over since the last count, and how many copies.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from tests.bench.servers.http import Asked, Http, response

READER = re.compile(rb"reader(\d+)@")
# Quotes within a JSON string are escaped, so these names of keys stand in no text.
_POSTMARK = re.compile(rb'"To": ?"((?:[^"\\]|\\.)*?reader\d+@[^"]*)"')
_RESEND = re.compile(rb'"to": ?\[? ?"(?:[^"\\]|\\.)*?(reader\d+@)')
_TO = re.compile(rb'name="to"\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)

Taken = tuple[list[int], object]
"""The readers that a request hands over, each as often as it says so, and the answer."""


def mailgun(asked: Asked) -> Taken:
    if b"multipart/form-data" in asked.head:
        recipients = _TO.findall(asked.body + b"--")
    else:
        recipients = [value.encode() for name, value in parse_qsl(asked.body.decode()) if name == "to"]
    return numbers(recipients), {"id": "<1@mg.example.org>", "message": "Queued. Thank you."}


def sendgrid(asked: Asked) -> Taken:
    parts = json.loads(asked.body)["personalizations"]
    return numbers([one["email"].encode() for part in parts for one in part["to"]]), None


def postmark(asked: Asked) -> Taken:
    recipients: list[bytes] = _POSTMARK.findall(asked.body)
    entry = {"ErrorCode": 0, "Message": "OK", "MessageID": "m-1", "SubmittedAt": "2026-11-23T12:00:00Z"}
    return numbers(recipients), [{**entry, "To": json.loads(b'"%s"' % one)} for one in recipients]


def resend(asked: Asked) -> Taken:
    recipients: list[bytes] = _RESEND.findall(asked.body)
    return numbers(recipients), {"data": [{"id": f"m-{at}"} for at in range(len(recipients))]}


def numbers(recipients: Sequence[bytes]) -> list[int]:
    return [int(number) for one in recipients for number in READER.findall(one)]


ROUTES: tuple[tuple[str, Callable[[Asked], Taken]], ...] = (
    ("/mail/send", sendgrid),
    ("/messages", mailgun),
    ("/email/batch", postmark),
    ("/email/batchWithTemplates", postmark),
    ("/emails/batch", resend),
)


class Books:
    """What was taken since the last count: how often, by reader."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.taken = bytearray(1)
        self.requests = 0

    def take(self, readers: Sequence[int]) -> None:
        self.requests += 1
        if readers and (most := max(readers)) >= len(self.taken):
            self.taken.extend(bytes(2 * most - len(self.taken)))
        for reader in readers:
            self.taken[reader] = min(self.taken[reader] + 1, 255)

    def told(self) -> bytes:
        readers, copies = len(self.taken) - self.taken.count(0), sum(self.taken)
        told = {"readers": readers, "copies": copies, "requests": self.requests}
        self.begin()
        return json.dumps(told).encode()

    def answer(self, asked: Asked) -> bytes:
        if asked.path == "/_count":
            return response(self.told())
        path = asked.path.partition("?")[0]
        found = next((take for end, take in ROUTES if path.endswith(end)), None)
        if asked.method != b"POST" or found is None:
            return response(b"{}")
        readers, document = found(asked)
        self.take(readers)
        if document is None:
            return response(b"", status="202 Accepted", more="X-Message-Id: m-1\r\n")
        return response(json.dumps(document).encode())


class Mail(asyncio.Protocol):
    """Just enough SMTP, with PIPELINING."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.heard = bytearray()
        self.content = False
        self.seen = 0
        self.recipients: list[int] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
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
        length, self.seen = end + (5 if self.content else 2), 0
        piece = bytes(self.heard[: min(length, 300)])
        del self.heard[:length]
        if self.content:
            self.content = False
            self.books.take(self.recipients)
            self.recipients = []
            return b"250 2.0.0 queued\r\n"
        command = piece[:4].upper()
        self.content = command == b"DATA"
        if command == b"RCPT":
            self.recipients += numbers([piece])
        said = {b"EHLO": b"250-bench\r\n250 PIPELINING\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
        return said.get(command, b"250 ok\r\n")


async def main() -> None:
    loop, books = asyncio.get_running_loop(), Books()
    api = await loop.create_server(lambda: Http(books.answer), "127.0.0.1", 0)
    mail = await loop.create_server(lambda: Mail(books), "127.0.0.1", 0)
    print(api.sockets[0].getsockname()[1], mail.sockets[0].getsockname()[1], flush=True)
    await asyncio.gather(api.serve_forever(), mail.serve_forever())


if __name__ == "__main__":
    asyncio.run(main())
