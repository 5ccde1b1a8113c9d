"""Every provider as a server on this machine: it takes mail as its API does, remembers who was written to, and has moods."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pipeline.model import HttpRequest
from tests.providers import wire

Said = tuple[int, dict[str, str], Any]


@dataclass
class Carrier:
    """A provider: `taken` are the readers it has written to, in order; `mood` is asked before each answer to a POST.

    "answer" answers; "hang up" takes the mail and says nothing; "busy" takes nothing (429); "broken" takes it and then
    answers with a page and a 500.
    """

    name: str
    taken: list[str] = field(default_factory=list)
    mood: Callable[[], str] = lambda: "answer"
    asked: list[str] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    seen: dict[str, Said] = field(default_factory=dict)
    campaigns: list[dict[str, Any]] = field(default_factory=list)

    def hears(self, request: HttpRequest, path: str) -> Said | None:
        """The answer; None when it hangs up."""
        self.asked.append(f"{request.method} {path}")
        mood = self.mood() if request.method != "GET" and self._counts(path) else "answer"
        if mood == "busy":
            return 429, {"Retry-After": "1"}, "slow down"
        said = getattr(self, f"_{self.name}")(request, path)
        assert isinstance(said, tuple)
        return {"hang up": None, "broken": (500, {}, "<html>Oops</html>")}.get(mood, said)

    def _counts(self, path: str) -> bool:
        """Moods are about mail that is taken: of a campaign's steps, the start."""
        return not hasattr(self, f"_{self.name}_start") or path.endswith(("/status", "/publish", "/send"))

    def _write(self, mails: list[Any]) -> None:
        self.taken += [mail.addresses[0] for mail in mails]

    def _postmark(self, request: HttpRequest, path: str) -> Said:
        if request.method == "GET":
            wanted = parse_qs(urlsplit(request.url).query)["metadata_batch"][0]
            return 200, {}, {"Messages": [one for one in self.records if one["Metadata"]["batch"] == wanted]}
        self._write(wire.postmark(request))
        copies = wire.sent(request)
        self.records += [{"MessageID": f"m{at}", "Metadata": copy["Metadata"]} for at, copy in enumerate(copies)]
        return (
            200,
            {},
            [{"To": wire.address(one["To"]), "MessageID": "m", "ErrorCode": 0, "Message": "OK"} for one in copies],
        )

    def _resend(self, request: HttpRequest, path: str) -> Said:
        if request.method == "GET":
            return 200, {}, {"object": "list", "data": [], "has_more": False}
        key = request.headers["Idempotency-Key"]
        if key not in self.seen:
            self._write(wire.resend(request))
            self.seen[key] = 200, {}, {"data": [{"id": f"id-{at}"} for at, _ in enumerate(wire.sent(request))]}
        return self.seen[key]

    def _sendgrid(self, request: HttpRequest, path: str) -> Said:
        self._write(wire.sendgrid(request))
        return 202, {"X-Message-Id": "sg-1"}, ""

    def _mailgun(self, request: HttpRequest, path: str) -> Said:
        if request.method == "GET":
            return 200, {}, {"items": self.records if path.endswith("/events") else [], "paging": {}}
        mails = wire.mailgun(request)
        self._write(mails)
        fields = dict(wire.form(request))
        for mail in mails:
            number = json.loads(fields["recipient-variables"])[mail.addresses[0]]["number"]
            marks = {"batch": fields["v:batch"], "issue": fields["v:issue"], "reader": number}
            self.records.append({"event": "accepted", "recipient": mail.addresses[0], "user-variables": marks})
        return 200, {}, {"id": "<1@news.example.org>", "message": "Queued. Thank you."}

    def _brevo(self, request: HttpRequest, path: str) -> Said:
        if request.method == "GET":
            return 200, {}, {"events": self.records}
        mail = wire.sent(request)
        if (key := mail["headers"]["idempotencyKey"]) in self.seen:
            return 400, {}, {"code": "duplicate_request", "message": "seen before"}
        self._write(wire.brevo(request))
        for one in mail["messageVersions"]:
            self.records.append(
                {"email": one["to"][0]["email"], "event": "requests", "tag": mail["tags"][0], "messageId": "<1@x>"}
            )
        self.seen[key] = 201, {}, {"messageIds": [f"<{at}@x>" for at, _ in enumerate(mail["messageVersions"])]}
        return self.seen[key]

    def _mailjet(self, request: HttpRequest, path: str) -> Said:
        mail, entries = wire.sent(request), []
        for one, written in zip(mail["Messages"], wire.mailjet(request), strict=True):
            name = f"{mail['Globals']['CustomCampaign']} {one['To'][0]['Email']}"
            if name not in self.seen:
                self.seen[name] = 200, {}, None
                self._write([written])
            entries.append({"Status": "success", "To": [{"Email": one["To"][0]["Email"], "MessageID": 1152921508}]})
        return 200, {}, {"Messages": entries}

    def _ses(self, request: HttpRequest, path: str) -> Said:
        mails = wire.ses(request)
        self._write(mails)
        return 200, {}, {"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "0107018f-1"} for _ in mails]}

    def _listmonk(self, request: HttpRequest, path: str) -> Said:
        if request.method == "GET":
            return 200, {}, {"data": {"results": self.campaigns}}
        if path.endswith("/status"):
            return 200, {}, {"data": self._start(path.split("/")[-2], "running")}
        self.campaigns.append({"id": len(self.campaigns) + 1, "status": "draft", **wire.sent(request)})
        return 200, {}, {"data": self.campaigns[-1]}

    def _buttondown(self, request: HttpRequest, path: str) -> Said:
        if request.method == "GET":
            return 200, {}, {"results": self.campaigns, "count": len(self.campaigns), "next": None}
        if path.endswith("/publish"):
            return 200, {}, self._start(path.split("/")[-2], "about_to_send")
        self.campaigns.append({"id": f"em_{len(self.campaigns)}", **wire.sent(request)})
        return 201, {}, self.campaigns[-1]

    def _resend_broadcasts(self, request: HttpRequest, path: str) -> Said:
        if request.method == "GET":
            return 200, {}, {"data": self.campaigns, "has_more": False}
        if path.endswith("/send"):
            return 200, {}, {"id": self._start(path.split("/")[-2], "queued")["id"]}
        self.campaigns.append({"id": f"b{len(self.campaigns)}", "status": "draft", **wire.sent(request)})
        return 201, {}, {"id": self.campaigns[-1]["id"]}

    _listmonk_start = _buttondown_start = _resend_broadcasts_start = True

    def _start(self, number: str, status: str) -> dict[str, Any]:
        (found,) = [one for one in self.campaigns if str(one["id"]) == number]
        assert found["status"] == "draft"
        found["status"] = status
        self.taken.append("the whole list")
        return found


@contextmanager
def listening(carrier: Carrier) -> Iterator[str]:
    """The carrier's address."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # who was killed while writing has asked for nothing
                self.close_connection = True
                return
            headers = {name: str(value) for name, value in self.headers.items()}
            request = HttpRequest(method=self.command, url=self.path, headers=headers, body=body)
            said = carrier.hears(request, urlsplit(self.path).path)
            if said is None:
                self.close_connection = True
                return
            status, more, document = said
            content = document.encode() if isinstance(document, str) else json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the server calls them so

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
