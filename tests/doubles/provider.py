"""A provider's server on loopback: real sockets, scripted faults, and a count of every copy it ever took.

It speaks a small protocol of its own, with the one thing that tells providers apart made a choice: what it does with a
batch that comes again.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple

Kind = Literal["none", "key", "recipient", "campaign"]
Copy = tuple[int, int]
"""(issue, reader)"""


class Letter(NamedTuple):
    """What reached somebody: of which issue, and its words."""

    issue: int
    address: str
    words: str


@dataclass(slots=True, eq=False)
class Double:
    """What the provider knows and what it has been told to do wrong.

    `faults` are taken one by one by the requests that hand over; an empty list means that all goes well. `lag`: its
    records show nothing yet. `named`: how it calls a copy. `told` is called before each hand-over is acted upon, `after` when it was, before the answer;
    `looked` before records are shown.
    """

    kind: Kind = "none"
    faults: list[str] = field(default_factory=list)
    lag: bool = False
    named: str = "m{}"
    taken: Counter[Copy] = field(default_factory=Counter)
    letters: list[Letter] = field(default_factory=list)
    asked: int = 0
    tokens: list[str] = field(default_factory=list)
    keys: dict[str, tuple[bytes, int, Any]] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)
    told: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    looked: Callable[[], None] = lambda: None
    seconds: float = 0.0
    url: str = ""
    guard: threading.Lock = field(default_factory=threading.Lock)

    def forget(self) -> None:
        """As on the first day."""
        for part in (self.faults, self.taken, self.letters, self.tokens, self.keys, self.campaigns):
            part.clear()
        self.asked = 0

    @property
    def twice(self) -> list[Copy]:
        """Copies that were taken more than once."""
        return [copy for copy, count in self.taken.items() if count > 1]

    def hand_over(self, key: str, body: bytes) -> tuple[int, Any]:
        """What an honest provider of this kind does."""
        batch = json.loads(body)
        if self.kind == "key" and key in self.keys:
            known, status, answer = self.keys[key]
            return (status, answer) if known == body else (409, {"error": "this key came with another body"})
        known_already = self.taken if self.kind == "recipient" else ()
        self._take(batch, [one for one in batch["to"] if (batch["issue"], one["id"]) not in known_already])
        answer = {"results": [{"reader": one["id"], "id": self.named.format(one["id"])} for one in batch["to"]]}
        self.keys[key] = (body, 200, answer)
        return 200, answer

    def half(self, key: str, body: bytes) -> tuple[int, Any]:
        """Only the first half is taken, then something breaks; the key is kept with the answer, as promised."""
        batch = json.loads(body)
        self._take(batch, batch["to"][: len(batch["to"]) // 2])
        self.keys[key] = (body, 500, {"error": "internal"})
        return 500, {"error": "internal"}

    def _take(self, batch: Any, readers: list[Any]) -> None:
        self.taken.update((batch["issue"], one["id"]) for one in readers)
        self.letters += [Letter(batch["issue"], one["address"], batch["html"]) for one in readers]

    def campaign(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """One object for each name, which starts once."""
        name = path.rpartition("/")[2]
        if method == "GET":
            return 200, {"state": self.campaigns.get(name)}
        if method == "PUT":
            self.campaigns.setdefault(name, "draft")
            return 200, {"state": self.campaigns[name]}
        if self.campaigns.get(name) != "draft":
            return 409, {"error": "not a draft"}
        self.campaigns[name] = "sent"
        self.taken[(json.loads(body)["issue"], 0)] += 1
        return 200, {"state": "sent"}

    def records(self, body: bytes) -> tuple[int, Any]:
        """What the records show of an issue's readers."""
        wanted = json.loads(body)
        with self.guard:
            taken = {reader for issue, reader in self.taken if issue == wanted["issue"]}
        return 200, {"found": [] if self.lag else [reader for reader in wanted["readers"] if reader in taken]}


def _handler(double: Double) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - a class in a function counts as one
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def do_GET(self) -> None:
            self._do("GET")

        def do_PUT(self) -> None:
            self._do("PUT")

        def do_POST(self) -> None:
            self._do("POST")

        def _do(self, method: str) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # who was killed while writing has asked for nothing
                self.close_connection = True
                return
            double.tokens.append(self.headers.get("X-Token", ""))
            if self.path == "/records":
                double.looked()
                self._say(*double.records(body))
                return
            double.asked += 1
            acts = method == "POST"
            if acts:
                double.told()
            fault = double.faults.pop(0) if acts and double.faults else ""
            self._act(fault, method, body)

        def _act(self, fault: str, method: str, body: bytes) -> None:
            what, _, more = fault.partition(":")
            if what in ("401", "403", "429", "503"):
                extra = {"Retry-After": more} if more else {}
                self._say(int(what), {"error": "not now" if what in ("429", "503") else "not you"}, extra)
            elif what == "busy":
                self._say(409, {"error": "the same key is being worked on"})
            elif what == "waf":
                self._raw(403, b"<!DOCTYPE html><html><body>Attention required</body></html>", "text/html")
            elif what == "reset before":
                self._reset()
            else:
                self._acted(what, method, body)

        def _acted(self, what: str, method: str, body: bytes) -> None:
            key = self.headers.get("Idempotency-Key", "")
            with double.guard:
                if double.kind == "campaign":
                    status, answer = double.campaign(method, self.path, body)
                else:
                    status, answer = double.half(key, body) if what == "half" else double.hand_over(key, body)
            if method == "POST":
                double.after()
            match what:
                case "reset after":
                    self._reset()
                case "hang":
                    self._stop.wait(double.seconds)
                    self._reset()
                case "500 after":
                    self._say(500, {"error": "internal"})
                case "html":
                    self._raw(200, b"<html><body>Welcome to the hotel</body></html>", "text/html")
                case "truncated":
                    self._raw(200, json.dumps(answer).encode()[:-9], "application/json")
                case "too few":
                    self._say(200, {"results": answer["results"][:-1]})
                case "redirect":
                    self._say(307, {}, {"Location": more_url(double)})
                case _:
                    self._say(status, answer)

        _stop = threading.Event()

        def _say(self, status: int, answer: Any, extra: dict[str, str] | None = None) -> None:
            self._raw(status, json.dumps(answer).encode(), "application/json", extra)

        def _raw(self, status: int, body: bytes, kind: str, extra: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(extra or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

    return Handler


def more_url(double: Double) -> str:
    """Where a redirect leads: back to the double, which would count it."""
    return f"{double.url}/elsewhere"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed hangs up in the middle; that is what it is for."""


@contextmanager
def serving(kind: Kind = "none") -> Iterator[Double]:
    """A double that is up."""
    double = Double(kind=kind)
    server = _Server(("127.0.0.1", 0), _handler(double))
    double.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
