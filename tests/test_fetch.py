"""The guarded way out, against real servers on loopback that misbehave."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme

from pipeline.errors import FetchFault
from pipeline.fetch import Fetcher, Limits, is_public, shown
from pipeline.model import Validators

OK = b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nETag: "v1"\r\nConnection: close\r\n\r\nhello'
QUICK = Limits(bytes_max=1 << 20, seconds=1.0, pause=0.0)
Talk = Callable[[socket.socket, bytes], None]


@contextmanager
def server(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads one request and then does what `talk` does; yields its port and the requests it saw."""
    seen: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                wrapped = tls.wrap_socket(connection, server_side=True) if tls else connection
                request = wrapped.recv(65536)
                seen.append(request)
                talk(wrapped, request)
            except (OSError, ssl.SSLError):
                pass

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], seen
    finally:
        listener.close()


def says(reply: bytes) -> Talk:
    return lambda connection, _: connection.sendall(reply)


def fetcher(port: int, limits: Limits = QUICK) -> Fetcher:
    return Fetcher(allow_private_hosts=frozenset([f"127.0.0.1:{port}"]), limits=limits)


def head(*lines: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", *lines, "Connection: close", "", "")).encode()


def refusal(reply: bytes, path: str = "/", limits: Limits = QUICK) -> FetchFault:
    with server(says(reply)) as (port, _), pytest.raises(FetchFault) as caught:
        fetcher(port, limits)(f"http://127.0.0.1:{port}{path}")
    return caught.value


def test_a_page_comes_with_its_validators() -> None:
    with server(says(OK)) as (port, seen):
        answer = fetcher(port)(f"http://127.0.0.1:{port}/feed/")
    assert (answer.status, answer.body, answer.validators.etag) == (200, b"hello", '"v1"')
    assert b"user-agent: paperround" in seen[0].lower()


def test_an_unchanged_page_costs_a_304_and_no_body() -> None:
    def talk(connection: socket.socket, request: bytes) -> None:
        same = b'if-none-match: "v1"' in request.lower()
        connection.sendall(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n" if same else OK)

    with server(talk) as (port, _):
        answer = fetcher(port)(f"http://127.0.0.1:{port}/", validators=Validators(etag='"v1"'))
    assert (answer.status, answer.body) == (304, b"")


def test_a_304_that_nobody_asked_for_is_a_fault() -> None:
    assert "not asked" in refusal(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n").what


def test_a_gzip_answer_is_read() -> None:
    packed = gzip.compress(b"hello " * 1000)
    reply = head("Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed
    with server(says(reply)) as (port, _):
        assert fetcher(port)(f"http://127.0.0.1:{port}/").body == b"hello " * 1000


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_bomb_is_refused_before_it_grows(times: int) -> None:
    packed, coding = b"\0" * (50 << 20), ", ".join(["gzip"] * times)
    for _turn in range(times):
        packed = gzip.compress(packed)
    fault = refusal(head(f"Content-Encoding: {coding}", f"Content-Length: {len(packed)}") + packed)
    assert "larger than 1 MB" in fault.what or "not asked for" in fault.what


def test_a_body_without_end_is_cut_at_the_cap() -> None:
    def talk(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with server(talk) as (port, _), pytest.raises(FetchFault, match="larger than 1 MB"):
        fetcher(port)(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_drip_ends_with_the_whole_deadline_not_with_each_read(where: str) -> None:
    def talk(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" if where == "headers" else head("Content-Length: 100000"))
        for _drop in range(100):
            connection.sendall(b"x")
            time.sleep(0.1)

    began = time.monotonic()
    with server(talk) as (port, _), pytest.raises(FetchFault, match="too long"):
        fetcher(port)(f"http://127.0.0.1:{port}/")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://localhost.:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.0.0.1:{port}/",
        "http://0:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://127。0。0。1:{port}/",
        "http://good.example@127.0.0.1:{port}/",
    ],
)
def test_this_machine_is_not_reached_under_any_of_its_names(address: str) -> None:
    with server(says(OK)) as (port, seen), pytest.raises(FetchFault):
        Fetcher(limits=QUICK)(address.format(port=port))
    assert seen == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "100.64.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0", "224.0.0.1", "192.0.0.8", "::1", "::",
     "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "2001::1"],
)  # fmt: skip
def test_an_address_that_is_not_out_on_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    resolve = lambda host, port: ["93.184.216.34", "10.0.0.1"]  # noqa: E731
    with pytest.raises(FetchFault, match="private network"):
        Fetcher(limits=QUICK, resolve=resolve)("http://rebind.example/")


def test_a_name_is_resolved_once_and_the_connection_goes_where_it_was_vetted() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with server(says(OK)) as (port, seen):
        allowed = frozenset([f"mine.example:{port}"])
        Fetcher(allow_private_hosts=allowed, limits=QUICK, resolve=resolve)(f"http://mine.example:{port}/")
    assert asked == ["mine.example"]
    assert f"host: mine.example:{port}".encode() in seen[0].lower()


@pytest.mark.parametrize(
    "to",
    ["http://169.254.169.254/", "http://[::ffff:127.0.0.1]:1/", "file:///etc/passwd", "ftp://x.example/", "data:,x"],
)
def test_a_redirect_to_where_nothing_may_be_fetched_is_refused(to: str) -> None:
    reply = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    assert refusal(reply).where is not None


def test_a_redirect_is_followed_and_a_circle_is_not() -> None:
    def talk(connection: socket.socket, request: bytes) -> None:
        path = request.split(b" ")[1]
        to = {b"/old": b"/new", b"/a": b"/b", b"/b": b"/a"}.get(path)
        moved = (
            b"HTTP/1.1 301 Moved\r\nLocation: " + (to or b"") + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(moved if to else OK)

    with server(talk) as (port, _):
        assert fetcher(port)(f"http://127.0.0.1:{port}/old").url.endswith("/new")
        with pytest.raises(FetchFault, match="circles"):
            fetcher(port)(f"http://127.0.0.1:{port}/a")


def test_a_password_goes_to_its_own_host_only_and_is_never_shown() -> None:
    with server(says(OK)) as (other, stolen):
        reply = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        with server(says(reply.encode())) as (port, seen):
            allowed = frozenset([f"127.0.0.1:{port}", f"127.0.0.1:{other}"])
            answer = Fetcher(allow_private_hosts=allowed, limits=QUICK)(f"http://ann:s3cret@127.0.0.1:{port}/")
    assert b"authorization: basic" in seen[0].lower()
    assert b"authorization" not in stolen[0].lower()
    assert "s3cret" not in answer.url
    assert shown("https://ann:s3cret@example.org/feed") == "https://example.org/feed"


def test_a_fault_never_names_the_password() -> None:
    with pytest.raises(FetchFault) as caught:
        Fetcher(limits=QUICK)("http://ann:s3cret@127.0.0.1:9/")
    assert "s3cret" not in str(caught.value)


def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(says(OK)) as (proxy, asked), server(says(OK)) as (port, seen):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        fetcher(port)(f"http://127.0.0.1:{port}/")
    assert (len(asked), len(seen)) == (0, 1)


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_says_so(status: int) -> None:
    assert refusal(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()).gone


def test_a_busy_server_says_when_to_come_back() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    for value, least, most in (("120", 120, 120), (later, 80, 91)):
        reply = f"HTTP/1.1 503 Busy\r\nRetry-After: {value}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        after = refusal(reply.encode()).retry_after
        assert after is not None
        assert least <= after <= most


@pytest.mark.parametrize(
    "reply",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n",
        b"",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["no http", "short body", "many headers", "long header", "hangs up", "500"],
)
def test_a_broken_answer_is_a_fault_in_words(reply: bytes) -> None:
    assert refusal(reply).what.endswith(".")


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with server(says(OK), tls) as (port, seen), pytest.raises(FetchFault, match="certificate"):
        fetcher(port)(f"https://127.0.0.1:{port}/")
    assert seen == []


def test_one_host_is_asked_by_two_at_once_at_most() -> None:
    now, most, lock = [0], [0], threading.Lock()

    def talk(connection: socket.socket, _: bytes) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        connection.sendall(OK)

    with server(talk) as (port, _):
        shared = fetcher(port, Limits(seconds=10, pause=0.0))
        threads = [threading.Thread(target=shared, args=(f"http://127.0.0.1:{port}/{at}",)) for at in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most[0] <= 2
