"""A mail service on this machine that counts what arrives: run as a program, it prints its port and serves until killed.

It speaks as much of SendGrid's and of Mailjet's API as sending takes. Mailjet's leaves out who had the campaign before.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Arrived:
    """How many copies each reader has in her mailbox, and in how many requests they came."""

    def __init__(self) -> None:
        self.copies: Counter[str] = Counter()
        self.repeats = 0
        self.requests = 0
        self.guard = threading.Lock()

    def take(self, addresses: list[str], *, once: bool) -> None:
        with self.guard:
            self.requests += 1
            for address in addresses:
                if once and self.copies[address]:
                    self.repeats += 1
                else:
                    self.copies[address] += 1

    def summary(self) -> dict[str, Any]:
        with self.guard:
            twice = sorted(address for address, count in self.copies.items() if count > 1)
            return {"arrived": len(self.copies), "twice": twice, "repeats": self.repeats, "requests": self.requests}


def handler(arrived: Arrived, seconds: float) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            document = sorted(arrived.copies) if self.path == "/mailboxes" else arrived.summary()
            self._answer(200, json.dumps(document).encode())

        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/v3/mail/send":
                addresses = [one["to"][0]["email"] for one in document["personalizations"]]
                self._take(addresses, once=False)
                self._answer(202, b"", **{"X-Message-Id": f"id{arrived.requests}"})
            else:
                addresses = [one["To"][0]["Email"] for one in document["Messages"]]
                self._take(addresses, once=document["Globals"]["DeduplicateCampaign"])
                shown = [{"Status": "success", "To": [{"Email": one, "MessageID": f"{one}/1"}]} for one in addresses]
                self._answer(200, json.dumps({"Messages": shown}).encode())

        def _take(self, addresses: list[str], *, once: bool) -> None:
            """Half of the time passes before the copies are taken, half of it after."""
            time.sleep(seconds / 2)
            arrived.take(addresses, once=once)
            time.sleep(seconds / 2)

        def _answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(Arrived(), float(sys.argv[1])))
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
