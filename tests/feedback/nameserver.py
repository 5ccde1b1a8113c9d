"""A small name server on loopback, speaking real DNS over UDP; it knows what a test tells it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], tuple[str, ...]]


class Session(socketserver.BaseRequestHandler):
    """One question."""

    zone: Zone
    asked: list[str]

    def handle(self) -> None:
        data, channel = self.request
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{name} {kind}")
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if texts := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        channel.sendto(answer.to_wire(), self.client_address)


@contextmanager
def serving(zone: Zone) -> Iterator[tuple[str, list[str]]]:
    """The server's address, and everything it was asked."""
    asked: list[str] = []
    handler = type("Question", (Session,), {"zone": zone, "asked": asked})
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
