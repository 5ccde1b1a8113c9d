"""Mail by SMTP, against real servers on loopback with all their moods."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from msgspec import structs
from msgspec.structs import replace

from pipeline import providers
from pipeline.errors import PaperroundError, SettingsError
from pipeline.line import Wire
from pipeline.mail import mime
from pipeline.model import Answer, NoAnswer, Outcome, SmtpEnvelope, Welcome
from pipeline.providers import Provider, Reachable
from tests.doubles.mail import receiving
from tests.providers.test_outbox import LINK, batch
from tests.test_line import closed_port, leading_nowhere_at_first, serving

PASSWORD = {"PAPERROUND_SMTP_PASSWORD": "open-sesame"}
Reply = str | None


@dataclass
class Postbox:
    """What a server took, and what it says when it takes nothing."""

    rcpt: Callable[[str], Reply] = lambda _address: None
    data: Callable[[], Reply] = lambda: None
    taken: list[tuple[str | None, list[str], bytes]] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)
    hang_up_after: int = 1000

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.rcpt(address)
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = self.data()
        if said is None:
            content = envelope.content
            assert isinstance(content, bytes)
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, content))
            self.sessions.add(id(session))
        if len(self.taken) >= self.hang_up_after:
            assert server.transport is not None
            server.loop.call_later(0.05, server.transport.close)
        return said or "250 2.0.0 OK queued as 1"


@contextmanager
def listening(box: Postbox, **options: Any) -> Iterator[int]:
    controller = Controller(box, hostname="localhost", port=closed_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def opened(port: int, secrets: dict[str, str] | None = None, **table: str) -> Provider:
    settings: dict[str, object] = {"host": "localhost", "port": port, "security": "none", **table}
    return providers.open_provider("smtp", settings, secrets or {})


def hand_over(by: Provider, line: Wire, size: int = 1) -> list[Outcome]:
    one = batch(size)
    return list(by.read(one, list(line(by.requests(one)))))


def fate(port: int, folder: Path, **table: str) -> tuple[str, str]:
    with Wire(folder, 5) as line:
        (outcome,) = hand_over(opened(port, None, **table), line)
    return outcome.fate, outcome.words


def test_a_copy_arrives_byte_for_byte_for_its_reader_only(tmp_path: Path) -> None:
    box = Postbox()
    with listening(box) as port:
        assert fate(port, tmp_path) == ("accepted", "250 2.0.0 OK queued as 1")
        (request,) = opened(port).requests(batch(1))
    assert isinstance(request, SmtpEnvelope)
    assert box.taken == [("letters@example.org", ["reader1@example.org"], request.message)]


def test_lines_that_begin_with_a_dot_arrive_unchanged(tmp_path: Path) -> None:
    box = Postbox()
    envelope = SmtpEnvelope(
        server=opened(1).server,  # type: ignore[attr-defined]
        sender="a@example.org",
        recipient="b@example.org",
        message=b"Subject: x\r\n\r\n.\r\n..\r\n.hidden\r\nRCPT TO:<c@example.org>\r\n.\r\nend",
    )
    with listening(box) as port, Wire(tmp_path, 5) as line:
        (reply,) = line([replace(envelope, server=dataclasses.replace(envelope.server, port=port))])
    assert isinstance(reply, Answer)
    assert [content for _, _, content in box.taken] == [envelope.message + b"\r\n"]


def test_an_issue_whose_lines_begin_with_dots_arrives_as_it_was_written(tmp_path: Path) -> None:
    box, words = Postbox(), f".first\n..second\n{LINK}\n.\n.{LINK}."
    issue = batch(1)
    style = f"<style>\n.title {{ color: #333 }}\n</style>\n<a\n.{LINK}>"
    dotted = replace(issue, message=replace(issue.message, text=words, html=style))
    with listening(box) as port, Wire(tmp_path, 5) as line:
        (reply,) = line(opened(port).requests(dotted))
    assert isinstance(reply, Answer)
    assert [content for _, _, content in box.taken] == [mime(dotted, dotted.recipients[0])]


def test_many_copies_go_over_one_connection_each_to_one_reader(tmp_path: Path) -> None:
    box = Postbox()
    with listening(box) as port, Wire(tmp_path, 5) as line:
        outcomes = hand_over(opened(port), line, 20)
        outcomes += hand_over(opened(port), line, 1)
    assert {outcome.fate for outcome in outcomes} == {"accepted"}
    assert len(box.sessions) == 1
    assert len(box.taken) == 21
    for _, recipients, content in box.taken:
        assert [message_from_bytes(content)["To"]] == recipients
        assert content.count(b"@example.org>\r\n") == 2
        assert f"<{LINK}/{recipients[0][6:].split('@')[0]}>".encode() in content


def test_a_server_that_hangs_up_between_two_copies_is_called_again(tmp_path: Path) -> None:
    box = Postbox(hang_up_after=1)
    with listening(box) as port, Wire(tmp_path, 5) as line:
        for _ in range(2):
            assert [outcome.fate for outcome in hand_over(opened(port), line)] == ["accepted"]
            time.sleep(0.2)
    assert len(box.sessions) == 2


@pytest.mark.parametrize("goodbye", ["421 too many messages in this connection", ""])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_takes_only_some_copies_over_one_connection_is_called_again_at_once(
    tmp_path: Path, goodbye: str, pipelining: bool
) -> None:
    with receiving() as double, Wire(tmp_path, 5) as line:
        double.most, double.goodbye, double.pipelining = 3, goodbye, pipelining
        outcomes = hand_over(opened(double.port), line, 8)
        outcomes += hand_over(opened(double.port), line, 2)
    assert {outcome.fate for outcome in outcomes} == {"accepted"}
    assert set(double.taken.values()) == {1, 2}  # the two batches have two readers in common
    assert double.connections == 4


def test_a_server_that_takes_nothing_over_a_new_connection_is_left_alone(tmp_path: Path) -> None:
    with receiving() as double, Wire(tmp_path, 5) as line:
        double.most = 2
        assert hand_over(opened(double.port), line, 1)[0].fate == "accepted"
        double.most = 0
        outcomes = hand_over(opened(double.port), line, 3)
    assert {outcome.fate for outcome in outcomes} == {"not-sent"}
    assert double.connections <= 4


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("450 4.2.1 try later", "not-sent"),
        ("451 greylisted", "not-sent"),
        ("421 4.3.2 closing", "not-sent"),
        ("550 5.1.1 no such user", "rejected"),
        ("550 no such user", "rejected"),
        ("552 5.2.2 mailbox full", "rejected"),
        ("554 5.7.1 relay access denied", "not-sent"),
        ("530 5.7.0 sign in first", "not-sent"),
        ("530 sign in first", "not-sent"),
        ("553 5.1.8 <reader@example.org>... Domain of sender address lisa@example.org does not exist", "not-sent"),
        ("550 5.1.0 <lisa@example.org>: Sender address rejected: User unknown in virtual mailbox table", "not-sent"),
        ("550 Sender verify failed", "not-sent"),
    ],
)
def test_what_a_server_says_of_a_reader_decides_only_hers(tmp_path: Path, said: str, expected: str) -> None:
    box = Postbox(rcpt=lambda address: said if address.startswith("reader2@") else None)
    with listening(box) as port, Wire(tmp_path, 5) as line:
        outcomes = hand_over(opened(port), line, 3)
    assert [outcome.fate for outcome in outcomes] == ["accepted", expected, "accepted"]
    assert outcomes[1].words == said
    assert [recipients for _, recipients, _ in box.taken] == [["reader1@example.org"], ["reader3@example.org"]]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("451 4.3.0 try later", "not-sent"),
        ("452 4.3.1 disk full", "not-sent"),
        ("552 5.3.4 message too big", "rejected"),
        ("550 5.1.1 no such user", "rejected"),
        ("550 5.7.26 not authenticated", "not-sent"),
    ],
)
def test_what_a_server_says_after_the_message_is_definite(tmp_path: Path, said: str, expected: str) -> None:
    with listening(Postbox(data=lambda: said)) as port:
        assert fate(port, tmp_path) == (expected, said)


class Script:
    """A server that answers line by line from a list and hangs up at its end; "..." reads a message to its dot."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.heard: list[bytes] = []

    def __call__(self, connection: socket.socket) -> None:
        file = connection.makefile("rb")
        first, *rest = self.lines
        connection.sendall(first.encode() + b"\r\n")
        for line in rest:
            heard = file.readline()
            self.heard.append(heard)
            while line.startswith("...") and heard not in (b".\r\n", b""):
                heard = file.readline()
            said = line.removeprefix("...")
            if said:
                connection.sendall(said.encode() + b"\r\n")
        file.close()
        if rest and rest[-1] != "...":
            connection.recv(100)


def courier(connection: socket.socket) -> None:
    """A server that offers PIPELINING, and forgets what came together with a final dot."""
    connection.sendall(b"220 hi\r\n")
    buffer = b""
    while heard := connection.recv(65536):
        buffer += heard
        while b"\r\n" in buffer:
            line, _, buffer = buffer.partition(b"\r\n")
            word = line[:4].upper()
            connection.sendall(
                {b"EHLO": b"250-hi\r\n250 PIPELINING\r\n", b"DATA": b"354 go on\r\n"}.get(word, b"250 ok\r\n")
            )
            while word == b"DATA" and not (buffer.startswith(b".\r\n") or b"\r\n.\r\n" in buffer):
                buffer += connection.recv(65536)
            if word == b"DATA":
                connection.sendall(b"250 taken\r\n")
                buffer = b""


def test_a_server_that_loses_what_travels_behind_a_dot_takes_every_copy_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.line.mailer.FIRST_WORD_SECONDS", 0.5)
    with serving(courier) as server, Wire(tmp_path, 20) as line:
        outcomes = hand_over(opened(server.port, host="127.0.0.1"), line, 5)
    assert [outcome.fate for outcome in outcomes] == ["accepted"] * 5
    assert server.connections == 2


UNTIL_DATA = ("220 hi", "250 mail", "250 ok", "250 ok", "354 go on")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("421 too busy",), "not-sent"),
        (("554 go away",), "not-sent"),
        (("220 hi", "421 bye", "421 bye"), "not-sent"),
        (("220 hi", "250 mail", "450 not now"), "not-sent"),
        (("220 hi", "250 mail", "550 5.1.8 not from you"), "not-sent"),
        (("220 hi", "250 mail", "250 ok", "250 ok", "451 not now"), "not-sent"),
        (("220 hi", "250 mail", "250 ok", "250 ok", "554 no valid recipients"), "rejected"),
        (("220 hi", "250 mail", "250 ok", "nonsense"), "not-sent"),
        (("220 hi", "250 mail", "250 ok", "354 what"), "not-sent"),
        ((*UNTIL_DATA, "..."), "unknown"),
        ((*UNTIL_DATA, "...nonsense"), "unknown"),
        ((*UNTIL_DATA, "...354 what"), "unknown"),
        ((*UNTIL_DATA, "...451 try later"), "not-sent"),
        ((*UNTIL_DATA, "...250 ok"), "accepted"),
    ],
)
def test_only_what_happens_after_the_final_dot_can_be_unknown(
    tmp_path: Path, lines: tuple[str, ...], expected: str
) -> None:
    with serving(Script(*lines)) as server:
        assert fate(server.port, tmp_path, host="127.0.0.1")[0] == expected
        assert server.connections == 1


@pytest.mark.parametrize("lines", [UNTIL_DATA[:count] for count in range(1, 5)])
def test_a_server_that_hangs_up_before_the_final_dot_has_taken_nothing(tmp_path: Path, lines: tuple[str, ...]) -> None:
    def talk(connection: socket.socket) -> None:
        file = connection.makefile("rwb", buffering=0)
        for line in lines:
            file.write(line.encode() + b"\r\n")
            file.readline()

    with serving(talk) as server:
        said = fate(server.port, tmp_path, host="127.0.0.1")
    assert said == ("not-sent", "127.0.0.1: the server hung up.")


def test_a_server_that_falls_silent_after_the_final_dot_leaves_the_fate_unknown(tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        Script(*UNTIL_DATA[:-1], "354 go on", "...250-wait")(connection)

    for patience in (0.5, 2, 8):
        with serving(talk) as server, Wire(tmp_path, patience) as line:
            outcomes = hand_over(opened(server.port, host="127.0.0.1"), line, 3)
        if outcomes[0].fate != "not-sent":
            break  # else a busy machine needed all of it before the final dot, which says nothing
    assert [outcome.fate for outcome in outcomes] == ["unknown", "not-sent", "not-sent"]
    assert outcomes[0].words == "127.0.0.1: the server took too long."


@pytest.mark.parametrize(("before", "expected"), [((), "not-sent"), (UNTIL_DATA, "unknown")])
def test_a_server_whose_reply_drips_is_not_waited_for(tmp_path: Path, before: tuple[str, ...], expected: str) -> None:
    def talk(connection: socket.socket) -> None:
        if before:
            Script(*before, "...")(connection)
        for letter in b"250" + b"-" * 300:
            connection.sendall(bytes([letter]))
            time.sleep(0.02)

    began = time.monotonic()
    with serving(talk) as server, Wire(tmp_path, 1) as line:
        (outcome,) = hand_over(opened(server.port, host="127.0.0.1"), line)
        assert time.monotonic() - began < 4
    assert (outcome.fate, outcome.words) == (expected, "127.0.0.1: the server took too long.")


def test_the_next_address_of_a_mail_server_is_tried_where_packets_to_the_first_vanish(tmp_path: Path) -> None:
    patience = "pipeline.line.mailer.CONNECT_SECONDS"
    with (
        serving(Script(*UNTIL_DATA, "...250 ok")) as server,
        leading_nowhere_at_first(server.port, patience),
        Wire(tmp_path, 2) as line,
    ):
        (outcome,) = hand_over(opened(server.port, host="localhost"), line)
    assert outcome.fate == "accepted"


def test_a_server_that_is_not_there_is_told_and_nothing_was_sent(tmp_path: Path) -> None:
    said, words = fate(closed_port(), tmp_path, host="127.0.0.1")
    assert said == "not-sent"
    assert "127.0.0.1: the line failed" in words


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def encrypting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def authenticator(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    known = {b"lisa": b"open-sesame", b"joerg": "Sesam öffne dich".encode()}
    return AuthResult(success=known.get(data.login) == data.password, handled=False)


@contextmanager
def signing_in(box: Postbox, encrypting: ssl.SSLContext, *without: str) -> Iterator[int]:
    options: dict[str, Any] = {"tls_context": encrypting, "require_starttls": True, "auth_required": True}
    options["auth_exclude_mechanism"] = without
    with listening(box, authenticator=authenticator, **options) as port:
        yield port


def test_mail_goes_by_starttls_with_user_and_password(
    tmp_path: Path, encrypting: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    box = Postbox()
    with signing_in(box, encrypting) as port, Wire(tmp_path, 5, tls=trusting) as line:
        by = opened(port, PASSWORD, security="starttls", user="lisa")
        assert [outcome.fate for outcome in hand_over(by, line, 2)] == ["accepted"] * 2
    assert len(box.taken) == 2


def test_a_password_may_have_letters_beyond_ascii(
    tmp_path: Path, encrypting: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with signing_in(Postbox(), encrypting) as port, Wire(tmp_path, 5, tls=trusting) as line:
        for password, fate in (("Sesam öffne dich", "accepted"), ("Sesam schließe dich", "not-sent")):
            by = opened(port, {"PAPERROUND_SMTP_PASSWORD": password}, security="starttls", user="joerg")
            assert [outcome.fate for outcome in hand_over(by, line)] == [fate]


def test_a_wrong_password_rejects_nobody_and_is_not_repeated(
    tmp_path: Path, encrypting: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with signing_in(Postbox(), encrypting) as port, Wire(tmp_path, 5, tls=trusting) as line:
        wrong = {"PAPERROUND_SMTP_PASSWORD": "hush-hush"}
        (outcome,) = hand_over(opened(port, wrong, security="starttls", user="lisa"), line)
    assert outcome.fate == "not-sent"
    assert outcome.words == "localhost: the server does not take this user name and password (535)."


def test_a_server_can_be_asked_whether_it_takes_the_password_without_a_mail(
    tmp_path: Path, encrypting: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    def asked(by: Provider, line: Wire) -> Welcome:
        assert isinstance(by, Reachable)
        (reply,) = line([by.greet()])
        assert isinstance(reply, Answer)
        return by.greeted(reply)

    box, wrong = Postbox(), {"PAPERROUND_SMTP_PASSWORD": "hush-hush"}
    with signing_in(box, encrypting) as port, Wire(tmp_path, 5, tls=trusting) as line:
        assert asked(opened(port, PASSWORD, security="starttls", user="lisa"), line) == ("ok", "")
        assert asked(opened(port, wrong, security="starttls", user="lisa"), line) == (
            "mend", "does not take this user name and password (535)"
        )  # fmt: skip
    assert box.taken == []


def test_a_password_that_can_not_be_written_is_not_repeated(
    tmp_path: Path, encrypting: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with signing_in(Postbox(), encrypting, "PLAIN") as port, Wire(tmp_path, 5, tls=trusting) as line:
        odd = {"PAPERROUND_SMTP_PASSWORD": "süß"}
        (outcome,) = hand_over(opened(port, odd, security="starttls", user="lisa"), line)
    assert outcome.fate == "not-sent"
    assert "holds characters that SMTP can't carry" in outcome.words


def test_a_server_without_starttls_gets_neither_mail_nor_password(tmp_path: Path, trusting: ssl.SSLContext) -> None:
    box, script = Postbox(), Script("220 hi", "250 AUTH PLAIN", "221 bye")
    with listening(box) as port, serving(script) as server, Wire(tmp_path, 5, tls=trusting) as line:
        (outcome,) = hand_over(opened(port, security="starttls"), line)
        hand_over(opened(server.port, PASSWORD, security="starttls", user="lisa"), line)
    assert outcome.fate == "not-sent"
    assert "does not offer" in outcome.words
    assert box.taken == []
    assert not any(heard.startswith(b"AUTH") for heard in script.heard)


def test_a_certificate_that_nobody_trusts_ends_the_talk(tmp_path: Path, encrypting: ssl.SSLContext) -> None:
    box = Postbox()
    with signing_in(box, encrypting) as port:
        said, words = fate(port, tmp_path, security="starttls")
    assert said == "not-sent"
    assert "certificate" in words.lower()
    assert box.taken == []


def test_mail_goes_by_tls_from_the_first_byte(
    tmp_path: Path, encrypting: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    def talk(connection: socket.socket) -> None:
        with encrypting.wrap_socket(connection, server_side=True) as secure:
            Script(*UNTIL_DATA, "...250 2.0.0 taken", "221 bye")(secure)

    with serving(talk) as server, Wire(tmp_path, 5, tls=trusting) as line:
        (outcome,) = hand_over(opened(server.port, security="tls"), line)
    assert (outcome.fate, outcome.words) == ("accepted", "250 2.0.0 taken")


@pytest.mark.parametrize(
    ("table", "secrets", "words"),
    [
        ({"host": "mail.example.org", "security": "none"}, {}, "is for a server on this machine only"),
        ({"host": "mail.example.org", "user": "lisa"}, {}, "PAPERROUND_SMTP_PASSWORD is not"),
        ({"host": "mail.example.org", "port": 0}, {}, "port can't be 0"),
        ({"host": "mail.example.org", "security": "ssl"}, {}, "Allowed: starttls, tls, none"),
        ({}, PASSWORD, "delivery.smtp.host is missing"),
    ],
)
def test_settings_that_can_not_work_are_told_at_once(
    table: dict[str, object], secrets: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=r"newsletter\.toml") as fault:
        providers.open_provider("smtp", table, secrets)
    assert words in str(fault.value)


def test_the_password_is_in_no_copy_and_no_description() -> None:
    by = opened(587, PASSWORD, host="mail.example.org", security="starttls", user="lisa")
    (request,) = by.requests(batch(1))
    assert isinstance(request, SmtpEnvelope)
    assert request.server.password == "open-sesame"
    assert "open-sesame" not in f"{by!r} {request!r}"
    assert b"open-sesame" not in request.message


def test_one_reader_whose_address_can_not_be_written_is_named() -> None:
    one = batch(1)
    odd = replace(one, recipients=(structs.replace(one.recipients[0], address="a@example.org> SIZE=1\r\nRCPT TO:<b"),))
    with pytest.raises(PaperroundError, match="issue 7, reader 1"):
        opened(587).requests(odd)


def test_an_answer_about_something_else_is_unknown() -> None:
    by = opened(587)
    for reply in (
        Answer(status=200, body=b"<html>"),
        Answer(status=550),
        Answer(status=250, headers={"stage": "sender"}),
    ):
        (outcome,) = by.read(batch(1), [reply])
        assert outcome.fate == "unknown"


def test_a_lost_line_leaves_one_fate_unknown_and_those_behind_it_were_not_sent() -> None:
    lost: list[Answer | NoAnswer] = [
        Answer(status=250, headers={"stage": "content"}, body=b"ok"),
        NoAnswer(sent="after", words="lost"),
    ]
    fates = [outcome.fate for outcome in opened(587).read(batch(4), lost)]
    assert fates == ["accepted", "unknown", "not-sent", "not-sent"]
