"""The largest requests that are allowed, put together from bytes and pushed over bare sockets, a fsynced row for each.

python blast.py SHAPE READERS ISSUE HTTP_PORT SMTP_PORT      READERS and ISSUE as for tests/bench/peers/send.py
"""

from __future__ import annotations

import asyncio
import itertools
import json
import quopri
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

SHAPE, READERS, ISSUE, HTTP, SMTP = sys.argv[1:6]
CONNECTIONS, GROUP = 2, 20
HTML, TEXT = ((Path(ISSUE) / f"issue.{kind}").read_text("utf-8") for kind in ("html", "txt"))
Requests = Iterator[tuple[bytes, int]]
"""Bytes, and how many copies they hand over."""


def readers() -> Iterator[list[bytes]]:
    with Path(READERS).open("rb") as file:
        next(file)
        for line in file:
            yield line.rstrip().split(b",")


def batches(size: int) -> Iterator[list[list[bytes]]]:
    every = readers()
    while batch := list(itertools.islice(every, size)):
        yield batch


def post(path: str, kind: str, parts: Iterable[bytes]) -> bytes:
    body = b"".join(parts)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def mailgun() -> Requests:
    def part(name: str, value: bytes) -> bytes:
        return f'--cut\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"

    shown = (value.replace("{{link}}", "%recipient.link%").encode() for value in (HTML, TEXT))
    head = b"".join(part(name, value) for name, value in zip(("html", "text"), shown, strict=True))
    head += part("from", b"letters@example.org") + part("subject", b"Kind words")
    for batch in batches(1000):
        to = part("to", b",".join(one[0] for one in batch))
        variables = b",".join(b'"%s":{"link":"%s"}' % (one[0], one[2]) for one in batch)
        parts = (head, to, part("recipient-variables", b"{" + variables + b"}"), b"--cut--\r\n")
        yield post("/v3/d.test/messages", "multipart/form-data; boundary=cut", parts), len(batch)


def sendgrid() -> Requests:
    content = json.dumps([{"type": "text/plain", "value": TEXT}, {"type": "text/html", "value": HTML}]).encode()
    head = b'{"from":{"email":"letters@example.org"},"subject":"Kind words","content":' + content
    for batch in batches(1000):
        parts = (b'{"to":[{"email":"%s"}],"substitutions":{"{{link}}":"%s"}}' % (one[0], one[2]) for one in batch)
        yield (
            post("/v3/mail/send", "application/json", (head, b',"personalizations":[', b",".join(parts), b"]}")),
            len(batch),
        )


def bodies(path: str, size: int, before: bytes, names: tuple[bytes, bytes]) -> Requests:
    """A whole copy for each reader: the JSON is written once and cut where her link belongs."""
    html, text = (json.dumps(value).encode().split(b"{{link}}") for value in (HTML, TEXT))
    for batch in batches(size):
        copies = (before % one[0] + names[0] + one[2].join(html) + names[1] + one[2].join(text) + b"}" for one in batch)
        yield post(path, "application/json", (b"[", b",".join(copies), b"]")), len(batch)


def postmark() -> Requests:
    before = b'{"From":"letters@example.org","Subject":"Kind words","MessageStream":"broadcast","To":"%s",'
    return bodies("/email/batch", 500, before, (b'"HtmlBody":', b',"TextBody":'))


def resend() -> Requests:
    before = b'{"from":"letters@example.org","subject":"Kind words","to":["%s"],'
    return bodies("/emails/batch", 100, before, (b'"html":', b',"text":'))


def smtp() -> Requests:
    """Quoted-printable is written once and cut where the link belongs, which gets a line of its own."""
    pieces = [
        [
            quopri.encodestring(piece.encode()).replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n=2E")
            for piece in value.split("{{link}}")
        ]
        for value in (TEXT, HTML)
    ]
    cut = b"--cut\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    head = (
        b"MAIL FROM:<letters@example.org>\r\nRCPT TO:<%s>\r\nDATA\r\nFrom: letters@example.org\r\nTo: %s\r\n"
        b"Subject: Kind words\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=cut\r\n\r\n"
    )
    plain, html = cut % b"plain", b"\r\n" + cut % b"html"
    for batch in batches(GROUP):
        copies = []
        for address, _, link in batch:
            own = b"=\r\n%s=\r\n" % link
            copies += [
                head % (address, address),
                plain,
                own.join(pieces[0]),
                html,
                own.join(pieces[1]),
                b"\r\n--cut--\r\n.\r\n",
            ]
        yield b"".join(copies), len(batch)


SHAPES: dict[str, Callable[[], Requests]] = {
    "mailgun": mailgun, "sendgrid": sendgrid, "postmark": postmark, "resend": resend, "smtp": smtp,
}  # fmt: skip


async def answered(reader: asyncio.StreamReader, copies: int) -> None:
    if SHAPE == "smtp":
        for _ in range(4 * copies):
            assert (await reader.readline())[:1] in b"23"
        return
    head = await reader.readuntil(b"\r\n\r\n")
    assert head[9:10] == b"2", head
    await reader.readexactly(int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]))


async def send(requests: Requests, rows: sqlite3.Connection, names: Iterator[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(SMTP if SHAPE == "smtp" else HTTP))
    if SHAPE == "smtp":
        await reader.readline()
        writer.write(b"EHLO x\r\n")
        while (await reader.readline())[3:4] == b"-":
            pass
    for content, copies in requests:
        name = next(names)
        rows.execute("INSERT INTO batch VALUES (?, 'sending')", (name,))
        writer.write(content)
        await writer.drain()
        await answered(reader, copies)
        rows.execute("UPDATE batch SET state = 'sent' WHERE id = ?", (name,))
    writer.close()


async def main() -> None:
    rows = sqlite3.connect("ledger.sqlite3", isolation_level=None)
    rows.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE batch (id INTEGER PRIMARY KEY, state TEXT)"
    )
    requests, names = SHAPES[SHAPE](), itertools.count()
    await asyncio.gather(*(send(requests, rows, names) for _ in range(CONNECTIONS)))


if __name__ == "__main__":
    asyncio.run(main())
