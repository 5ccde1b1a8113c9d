"""What the line says of a request: answered, never left, or lost on the way."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest
import trustme

from pipeline.line import BODY_AT_MOST, Wire
from pipeline.model import Answer, FileDrop, HttpRequest, NoAnswer, Reply, Request, SmtpEnvelope, SmtpServer

Talk = Callable[[socket.socket], None]


class Server:
    """A raw server on loopback that has one conversation after the other, and counts them."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.connections = 0
        self.stopping = False
        self.idle = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/send"
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            with connection:
                connection.settimeout(10)
                if self.stopping:
                    return
                self.connections += 1
                self.idle.clear()
                with contextlib.suppress(OSError):
                    self.talk(connection)
            self.idle.set()

    def stop(self) -> None:
        self.stopping = True
        socket.create_connection(("127.0.0.1", self.port)).close()
        self.thread.join(10)
        self.listener.close()


@contextmanager
def serving(talk: Talk) -> Iterator[Server]:
    server = Server(talk)
    try:
        yield server
    finally:
        server.stop()


def some(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    if not received:
        raise ConnectionError("the client hung up")
    return received


def request_of(connection: socket.socket) -> bytes:
    """A whole HTTP request, as far as its Content-Length says."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += some(connection)
    head, _, body = heard.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += some(connection)
    return head + b"\r\n\r\n" + body


def answering(answer: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(answer)

    return talk


def ask(url: str, outbox: Path, *, seconds: float = 5, **parts: object) -> Reply:
    request = HttpRequest(method="POST", url=url, body=b"{}")
    with Wire(outbox, seconds) as line:
        (reply,) = line([dataclasses.replace(request, **parts)])  # type: ignore[arg-type]
    return reply


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def vanishing(port: int) -> Iterator[str]:
    """An address where nobody says yes or no, as where packets vanish: those who wait to be heard fill the queue."""
    with socket.create_server(("127.0.0.2", port), backlog=0) as listener, contextlib.ExitStack() as until:
        for _ in range(3):
            waiting = until.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield "127.0.0.2"


@contextmanager
def leading_nowhere_at_first(port: int, patience: str) -> Iterator[None]:
    """This machine has two addresses, and packets to the first vanish, as where IPv6 is announced and leads nowhere.

    `patience` is where the program keeps how long it waits for a connection.
    """
    places = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (place, port)) for place in ("127.0.0.2", "127.0.0.1")]
    with vanishing(port), pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", lambda *_, **__: places)
        patched.setattr(patience, 0.3)
        yield


def test_an_answer_comes_back_as_it_is(tmp_path: Path) -> None:
    with serving(answering(b"HTTP/1.1 202 Accepted\r\nX-Id: 7\r\nContent-Length: 4\r\n\r\n<h1>")) as server:
        assert ask(server.url, tmp_path) == Answer(
            status=202, headers={"x-id": "7", "content-length": "4"}, body=b"<h1>"
        )


def test_the_request_leaves_as_the_provider_wrote_it_with_the_secret(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        heard.append(request_of(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with serving(talk) as server:
        ask(server.url, tmp_path, headers={"X-Kind": "digest"}, secret_headers={"X-Token": "secret-1"}, body=b"abc")
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /send HTTP/1.1\r\n")
    assert {b"X-Kind: digest", b"X-Token: secret-1", b"Content-Length: 3"} <= set(head.split(b"\r\n"))
    assert body == b"abc"


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "301 Moved", "503 Busy", "403 Forbidden"])
def test_neither_redirects_nor_refusals_make_a_second_request(tmp_path: Path, status: str) -> None:
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as other:
        location = f"Location: {other.url}\r\nRetry-After: 0\r\n"
        with serving(answering(f"HTTP/1.1 {status}\r\n{location}Content-Length: 0\r\n\r\n".encode())) as server:
            reply = ask(server.url, tmp_path, secret_headers={"X-Token": "secret-1"})
            assert isinstance(reply, Answer)
            assert reply.status == int(status[:3])
            assert (server.connections, other.connections) == (1, 0)


def test_a_closed_port_means_that_nothing_left(tmp_path: Path) -> None:
    reply = ask(f"http://127.0.0.1:{closed_port()}/", tmp_path)
    assert isinstance(reply, NoAnswer)
    assert reply.sent == "before"
    assert "127.0.0.1 did not answer" in reply.words


def test_the_next_address_of_a_provider_is_tried_where_packets_to_the_first_vanish(tmp_path: Path) -> None:
    with serving(answering(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        with leading_nowhere_at_first(server.port, "pipeline.line.mailer.CONNECT_SECONDS"):
            reply = ask(url, tmp_path, seconds=2)
    assert isinstance(reply, Answer)


def hang_up_after_request(connection: socket.socket) -> None:
    request_of(connection)


def hang_up_in_the_answer(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")


def no_http(connection: socket.socket) -> None:
    request_of(connection)
    connection.sendall(b"hello\r\n\r\n")


def silence(connection: socket.socket) -> None:
    request_of(connection)
    time.sleep(1)


@pytest.mark.parametrize("talk", [hang_up_after_request, hang_up_in_the_answer, no_http, silence])
def test_a_request_that_left_without_a_whole_answer_may_have_been_taken(tmp_path: Path, talk: Talk) -> None:
    with serving(talk) as server:
        reply = ask(server.url, tmp_path, seconds=0.5)
        assert isinstance(reply, NoAnswer)
        assert reply.sent == "after"
        assert server.connections == 1


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_an_answer_that_drips_is_not_waited_for(tmp_path: Path, start: bytes) -> None:
    def drip(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(start)
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 200:
            connection.sendall(bytes([letter]))
            time.sleep(0.02)

    with serving(drip) as server:
        began = time.monotonic()
        reply = ask(server.url, tmp_path, seconds=0.4)
        assert time.monotonic() - began < 1.5
    assert isinstance(reply, NoAnswer)
    assert (reply.sent, reply.words) == ("after", "127.0.0.1 took too long.")


def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with serving(talk) as server:
        reply = ask(server.url, tmp_path)
    assert isinstance(reply, Answer)
    assert len(reply.body) == BODY_AT_MOST


@pytest.mark.parametrize("url", ["http://mail.example.org/send", "ftp://127.0.0.1/", "127.0.0.1", ""])
def test_nothing_goes_unencrypted_to_another_machine(tmp_path: Path, url: str) -> None:
    reply = ask(url, tmp_path)
    assert isinstance(reply, NoAnswer)
    assert reply.sent == "before"
    assert "is not asked without https" in reply.words


@pytest.mark.parametrize("secret", ["secret-1\r\nX-Evil: 1", "secret-1\u00e4"])
def test_a_secret_that_no_header_can_hold_is_not_repeated_in_the_words(tmp_path: Path, secret: str) -> None:
    with serving(hang_up_after_request) as server:
        reply = ask(server.url, tmp_path, secret_headers={"Authorization": secret})
    assert isinstance(reply, NoAnswer)
    assert reply.sent == "before"
    assert "secret-1" not in reply.words


def test_a_proxy_in_the_environment_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as server:
        assert ask(server.url, tmp_path) == Answer(status=200, headers={"content-length": "0"})


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def encrypted(authority: trustme.CA, talk: Talk) -> Talk:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    def secure(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            talk(wrapped)

    return secure


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_https_is_asked_when_the_certificate_is_trusted(tmp_path: Path, authority: trustme.CA) -> None:
    answer = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    with serving(encrypted(authority, answer)) as server, Wire(tmp_path, 5, tls=trusting(authority)) as line:
        (reply,) = line([HttpRequest(method="POST", url=f"https://localhost:{server.port}/", body=b"x" * 300_000)])
    assert isinstance(reply, Answer)
    assert reply.body == b"ok"


def test_a_certificate_that_nobody_trusts_means_that_nothing_left(tmp_path: Path, authority: trustme.CA) -> None:
    with serving(encrypted(authority, hang_up_after_request)) as server:
        reply = ask(f"https://localhost:{server.port}/", tmp_path, secret_headers={"X-Token": "secret-1"})
    assert isinstance(reply, NoAnswer)
    assert reply.sent == "before"


def test_a_file_appears_under_the_outbox(tmp_path: Path) -> None:
    with Wire(tmp_path / "outbox") as line:
        drop = FileDrop(path=PurePosixPath("mail/1/000001.eml"), content=b"x")
        assert list(line([drop, drop])) == [Answer(status=200)] * 2
    assert (tmp_path / "outbox/mail/1/000001.eml").read_bytes() == b"x"


@pytest.mark.parametrize("path", ["../escaped", "mail/../../escaped", "/escaped", "away/escaped"])
def test_a_file_outside_the_outbox_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox/away").symlink_to(tmp_path)
    with Wire(tmp_path / "outbox") as line:
        (reply,) = line([FileDrop(path=PurePosixPath(path), content=b"x")])
    assert reply == NoAnswer(sent="before", words=f"{path} lies outside the outbox; nothing was written.")
    assert not list(tmp_path.rglob("escaped"))


def test_a_file_that_can_not_be_written_is_told_and_the_others_follow(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    drops = [FileDrop(path=PurePosixPath(path), content=b"x") for path in ("mail/1.eml", "other/1.eml")]
    with Wire(tmp_path) as line:
        first, second = line(drops)
    assert isinstance(first, NoAnswer)
    assert first.sent == "before"
    assert "mail/1.eml can't be written" in first.words
    assert second == Answer(status=200)


def test_nothing_more_is_asked_once_a_request_was_lost(tmp_path: Path) -> None:
    with serving(hang_up_after_request) as server, Wire(tmp_path, 5) as line:
        request = HttpRequest(method="POST", url=server.url, body=b"{}")
        (reply,) = line([request, request, request])
        assert isinstance(reply, NoAnswer)
        assert server.connections == 1


def test_a_request_that_never_left_does_not_stop_the_others(tmp_path: Path) -> None:
    refused = HttpRequest(method="POST", url=f"http://127.0.0.1:{closed_port()}/")
    drop = FileDrop(path=PurePosixPath("a.eml"), content=b"x")
    with Wire(tmp_path, 5) as line:
        first, second = line([refused, drop])
    assert isinstance(first, NoAnswer)
    assert isinstance(second, Answer)


def test_requests_are_made_one_after_the_other_as_replies_are_taken(tmp_path: Path) -> None:
    drops: list[Request] = [FileDrop(path=PurePosixPath(f"{at}.eml"), content=b"x") for at in range(3)]
    with Wire(tmp_path) as line:
        replies = line(drops)
        next(replies)
        assert [path.name for path in tmp_path.iterdir()] == ["0.eml"]


def test_mail_for_another_machine_is_not_handed_over_unencrypted(tmp_path: Path) -> None:
    server = SmtpServer(host="mail.example.org", port=25, security="none")
    envelope = SmtpEnvelope(server=server, sender="a@example.org", recipient="b@example.org", message=b"x\r\n")
    with Wire(tmp_path) as line:
        (reply,) = line([envelope])
    assert isinstance(reply, NoAnswer)
    assert reply.sent == "before"
    assert "does not leave it unencrypted" in reply.words


def kept(answers: int) -> Talk:
    """Answers so many requests on one connection, then hangs up without having said so."""

    def talk(connection: socket.socket) -> None:
        for _ in range(answers):
            request_of(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    return talk


def test_a_connection_is_kept_for_the_next_request(tmp_path: Path) -> None:
    with serving(kept(3)) as server, Wire(tmp_path, 5) as line:
        request = HttpRequest(method="POST", url=server.url, body=b"{}")
        replies = [next(iter(line([request]))) for _ in range(3)]
        assert [isinstance(reply, Answer) for reply in replies] == [True] * 3
        assert server.connections == 1


def test_a_kept_connection_that_was_closed_meanwhile_is_made_anew(tmp_path: Path) -> None:
    with serving(kept(1)) as server, Wire(tmp_path, 5) as line:
        request = HttpRequest(method="POST", url=server.url, body=b"{}")
        for number in range(1, 4):
            (reply,) = line([request])
            assert isinstance(reply, Answer)
            assert server.connections == number
            server.idle.wait(5)


def test_a_kept_connection_that_closes_just_when_it_is_used_leaves_a_doubt(tmp_path: Path) -> None:
    def talk(connection: socket.socket) -> None:
        kept(1)(connection)
        some(connection)

    with serving(talk) as server, Wire(tmp_path, 5) as line:
        request = HttpRequest(method="POST", url=server.url, body=b"x" * 100)
        assert isinstance(next(iter(line([request]))), Answer)
        (reply,) = line([request])
        assert isinstance(reply, NoAnswer)
        assert reply.sent == "after"
        assert server.connections == 1


def test_after_a_lost_line_another_connection_is_made(tmp_path: Path) -> None:
    with serving(hang_up_after_request) as server, Wire(tmp_path, 5) as line:
        request = HttpRequest(method="POST", url=server.url, body=b"{}")
        for number in (1, 2):
            (reply,) = line([request])
            assert isinstance(reply, NoAnswer)
            assert server.connections == number
