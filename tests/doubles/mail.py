"""A mail server on loopback: SMTP with PIPELINING, scripted faults, and a count of every message it ever took."""

from __future__ import annotations

import re
import socket
import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class MailDouble:
    """What the server took, by recipient, and what it has been told to do wrong.

    `faults` are taken one by one by the messages (or by connections: "421 greeting"). `told` is called when a final dot
    has arrived, before the message is taken, `after` when it was. After the `most` messages over one connection it says
    goodbye, or nothing at all, and hangs up.
    """

    faults: list[str] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    messages: dict[str, bytes] = field(default_factory=dict)
    letters: list[tuple[str, bytes]] = field(default_factory=list)
    connections: int = 0
    quits: int = 0
    most: int | None = None
    goodbye: str = "421 4.7.0 too many messages in this connection"
    pipelining: bool = True
    told: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    port: int = 0

    def forget(self) -> None:
        """As on the first day."""
        for part in (self.faults, self.taken, self.messages, self.letters):
            part.clear()

    @property
    def twice(self) -> list[str]:
        """Recipients whose message was taken more than once."""
        return [address for address, count in self.taken.items() if count > 1]

    def fault(self, *kinds: str) -> str:
        """The next fault, if it is of one of these kinds."""
        return self.faults.pop(0) if self.faults and self.faults[0] in kinds else ""


class _Talk(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    double: MailDouble

    def handle(self) -> None:
        self.double.connections += 1
        if self.double.fault("421 greeting"):
            self._say("421 4.3.2 come back later")
            return
        self._say("220 double ESMTP")
        recipient, taken = "", 0
        while line := self.rfile.readline():
            command = line[:4].upper()
            if command == b"EHLO":
                self._say("250-double\r\n250-PIPELINING\r\n250 8BITMIME" if self.double.pipelining else "250 double")
            elif command == b"MAIL" and self.double.most is not None and taken >= self.double.most:
                self._say(self.double.goodbye)
                return
            elif command == b"RCPT":
                recipient = self._recipient(line)
            elif command == b"DATA":
                if not self._data(recipient):
                    return
                taken += 1
            elif command == b"QUIT":
                self.double.quits += 1
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _recipient(self, line: bytes) -> str:
        fault = self.double.fault("450 rcpt", "550 rcpt")
        self._say({"450 rcpt": "450 4.2.1 busy", "550 rcpt": "550 5.1.1 no such user"}.get(fault, "250 ok"))
        found = re.search(rb"<([^>]*)>", line)
        return "" if fault or found is None else found[1].decode()

    def _data(self, recipient: str) -> bool:
        """Take a message; False when the line is to be lost."""
        if not recipient:
            self._say("554 5.5.1 no valid recipients")
            return True
        if self.double.fault("drop at data"):
            return self._reset()
        self._say("354 go on")
        content = b""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            content += line.removeprefix(b".") if line.startswith(b"..") else line
        self.double.told()
        fault = self.double.fault("452 data", "554 data", "drop before taking", "drop after dot", "drop after 250")
        if fault in ("452 data", "554 data"):
            self._say("452 4.3.1 no room" if fault == "452 data" else "554 5.6.0 no")
            return True
        if fault == "drop before taking":
            return self._reset()
        self.double.taken[recipient] += 1
        self.double.messages[recipient] = content
        self.double.letters.append((recipient, content))
        self.double.after()
        if fault == "drop after dot":
            return self._reset()
        self._say("250 2.0.0 queued")
        return not fault

    def _say(self, words: str) -> None:
        if not words:
            return
        self.wfile.write(words.encode() + b"\r\n")

    def _reset(self) -> bool:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        return False


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed hangs up in the middle; that is what it is for."""


@contextmanager
def receiving() -> Iterator[MailDouble]:
    """A mail server that is up."""
    double = MailDouble()
    handler = type("Talk", (_Talk,), {"double": double})
    server = _Server(("127.0.0.1", 0), handler)
    double.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
