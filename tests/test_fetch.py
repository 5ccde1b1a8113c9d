"""The guarded way out, against real servers on loopback that misbehave."""

from __future__ import annotations

import gzip
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import tomllib
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpcore
import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import FetchFault
from pipeline.fetch import AGENT, Fetcher, Limits, is_public, shown
from pipeline.model import Validators
from tests.test_line import vanishing

Talk = Callable[[socket.socket, bytes], None]
QUICK = Limits(bytes_max=1 << 20, seconds=2.0, pause=0.0)
HASTY = Limits(seconds=0.4, pause=0.0)
PUBLIC = "93.184.216.34"


@dataclass
class Site:
    """A server on loopback and the requests that it got."""

    port: int
    seen: list[bytes] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.place}{path}"

    def fetcher(self, limits: Limits = QUICK, *others: str) -> Fetcher:
        return Fetcher(allow_private_hosts=frozenset([self.place, *others]), limits=limits)


class Listener(socketserver.ThreadingTCPServer):
    request_queue_size = 50


@contextmanager
def site(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Answer each connection's request with `talk`, over TLS when a context is given."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.settimeout(5)
                line = tls.wrap_socket(self.request, server_side=True) if tls else self.request
                with line:
                    asked = line.recv(65536)
                    there.seen.append(asked)
                    talk(line, asked)

    with Listener(("127.0.0.1", 0), Handler) as listener:
        there = Site(port=listener.server_address[1])
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield there
        finally:
            listener.shutdown()
            thread.join()


def reply(status: str = "200 OK", *headers: str, body: bytes = b"") -> bytes:
    lines = (f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close", "", "")
    return "\r\n".join(lines).encode("latin-1") + body


def says(words: bytes) -> Talk:
    return lambda line, _: line.sendall(words)


def moves(**to: str) -> Talk:
    """Redirect the paths named, answer all others."""

    def talk(line: socket.socket, asked: bytes) -> None:
        there = to.get(asked.split()[1].decode().strip("/"))
        line.sendall(reply("302 Found", f"Location: {there}") if there else reply(body=b"arrived"))

    return talk


def refusal(words: bytes, limits: Limits = QUICK) -> FetchFault:
    """The fault that an answer of exactly these bytes ends in."""
    with site(says(words)) as there, pytest.raises(FetchFault) as caught:
        there.fetcher(limits)(there.url())
    return caught.value


def names(**places: str) -> Callable[[str, int], list[str]]:
    """A name service that knows only these names (dots written as underscores)."""

    def resolve(host: str, port: int) -> list[str]:
        return places[host.replace(".", "_")].split()

    return resolve


# What an answer gives


def test_a_page_comes_with_its_body_headers_and_validators() -> None:
    dated = "Mon, 23 Nov 2026 06:00:00 GMT"
    page = reply("200 OK", 'ETag: "v1"', f"Last-Modified: {dated}", "Content-Type: text/plain", body=b"hello")
    with site(says(page)) as there:
        answer = there.fetcher()(there.url("/feed/"))
    assert (answer.status, answer.url, answer.body) == (200, there.url("/feed/"), b"hello")
    assert answer.headers["content-type"] == "text/plain"
    assert answer.validators == Validators(etag='"v1"', last_modified=dated)


def test_the_server_learns_who_asks_and_in_which_version() -> None:
    version = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    with site(says(reply())) as there:
        there.fetcher()(there.url())
    assert AGENT.startswith(f"Paperround/{version} ")
    assert f"user-agent: {AGENT}".lower().encode() in there.seen[0].lower()


def test_an_unchanged_page_costs_a_304_and_no_body() -> None:
    with site(says(reply("304 Not Modified"))) as there:
        answer = there.fetcher()(there.url(), validators=Validators(etag='"v1"', last_modified="yesterday"))
    assert (answer.status, answer.body) == (304, b"")
    assert b'\r\nif-none-match: "v1"\r\n' in there.seen[0].lower()
    assert b"if-modified-since: yesterday\r\n" in there.seen[0].lower()


@pytest.mark.parametrize("validators", [None, Validators(), Validators(etag="v\u00e9")])
def test_a_304_to_a_question_that_was_not_asked_is_a_fault(validators: Validators | None) -> None:
    with site(says(reply("304 Not Modified"))) as there, pytest.raises(FetchFault, match="not asked"):
        there.fetcher()(there.url(), validators=validators)


@pytest.mark.parametrize("etag", ["v\u00e9", "v\r\nX-Evil: 1", "v\x00"])
def test_a_validator_that_no_request_can_carry_is_left_out(etag: str) -> None:
    with site(says(reply(body=b"hello"))) as there:
        assert there.fetcher()(there.url(), validators=Validators(etag=etag)).body == b"hello"
    assert b"\r\nif-none-match" not in there.seen[0].lower()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"hello " * 1000)),
        ("gzip", gzip.compress(b"hello " * 400) + gzip.compress(b"hello " * 600)),
        ("gzip", gzip.compress(b"hello " * 1000) + b"\r\n"),
        ("deflate", zlib.compress(b"hello " * 1000)),
        ("identity", b"hello " * 1000),
    ],
    ids=["gzip", "two members", "a stray line end", "deflate", "identity"],
)
def test_a_packed_page_is_unpacked(coding: str, packed: bytes) -> None:
    with site(says(reply("200 OK", f"Content-Encoding: {coding}", body=packed))) as there:
        assert there.fetcher()(there.url()).body == b"hello " * 1000
    assert b"accept-encoding: gzip\r\n" in there.seen[0].lower()


def test_a_packed_page_that_comes_byte_by_byte_is_unpacked() -> None:
    packed = gzip.compress(b"hello") + gzip.compress(b" world")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in packed) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    with site(says(head + chunks)) as there:
        assert there.fetcher()(there.url()).body == b"hello world"


def test_an_empty_page_is_empty_even_if_it_claims_to_be_packed() -> None:
    with site(says(reply("200 OK", "Content-Encoding: gzip"))) as there:
        assert there.fetcher()(there.url()).body == b""


# Size and time


def zeros(megabytes: int) -> bytes:
    press = zlib.compressobj(9, wbits=31)
    return b"".join(press.compress(bytes(1 << 20)) for _ in range(megabytes)) + press.flush()


@pytest.mark.parametrize("before", [b"", gzip.compress(bytes((1 << 20) + 1))], ids=["at once", "behind a full page"])
def test_a_bomb_is_refused_before_it_is_held_in_memory(before: bytes) -> None:
    bomb = reply("200 OK", "Content-Encoding: gzip", body=before + zeros(40))
    refusal(bomb)  # whatever is imported at first use is not the bomb's weight
    tracemalloc.start()
    try:
        fault, (_, peak) = refusal(bomb), tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "larger than 1 MB" in fault.what
    assert peak < 6 << 20


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip, gzip, gzip", "br", "gzip\r\nContent-Encoding: gzip"])
def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    assert "not asked for" in refusal(reply("200 OK", f"Content-Encoding: {coding}", body=zeros(1))).what


@pytest.mark.parametrize("start", [b"", gzip.compress(b"all there is")], ids=["plain", "after the end of the gzip"])
def test_a_body_without_end_is_cut_at_the_cap(start: bytes) -> None:
    coding = b"Content-Encoding: gzip\r\n" if start else b""

    def talk(line: socket.socket, _: bytes) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n" + coding + b"Transfer-Encoding: chunked\r\n\r\n")
        line.sendall(b"%x\r\n%b\r\n" % (len(start), start) if start else b"")
        while True:
            line.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    with site(talk) as there, pytest.raises(FetchFault, match="larger than 1 MB"):
        there.fetcher()(there.url())


def test_a_page_may_be_exactly_as_large_as_the_cap() -> None:
    limits = Limits(bytes_max=1000, pause=0.0)
    with site(says(reply(body=b"x" * 1000))) as there:
        assert len(there.fetcher(limits)(there.url()).body) == 1000
    assert "larger than" in refusal(reply(body=b"x" * 1001), limits).what


@pytest.mark.parametrize(
    "begin", [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_a_server_that_drips_is_given_up_when_the_time_is_over(begin: bytes) -> None:
    def talk(line: socket.socket, _: bytes) -> None:
        line.sendall(begin)
        for _letter in range(100):
            line.sendall(b"x")
            time.sleep(0.03)

    with site(talk) as there:
        began = time.monotonic()
        with pytest.raises(FetchFault, match="too long"):
            there.fetcher(HASTY)(there.url())
        assert time.monotonic() - began < 1.5


def test_redirects_share_one_time() -> None:
    def talk(line: socket.socket, asked: bytes) -> None:
        time.sleep(0.15)
        line.sendall(reply("302 Found", f"Location: {asked.split()[1].decode()}x"))

    with site(talk) as there, pytest.raises(FetchFault, match="too long"):
        there.fetcher(HASTY)(there.url())


def test_a_server_that_is_silent_is_given_up() -> None:
    def talk(line: socket.socket, _: bytes) -> None:
        line.recv(1)

    with site(talk) as there, pytest.raises(FetchFault, match="too long"):
        there.fetcher(HASTY)(there.url())


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * (2 << 20) + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"Content-Length: 0\r\n\r\n",
        reply("200 OK", "Content-Encoding: gzip", body=gzip.compress(b"hello " * 1000)[:-9]),
        reply("200 OK", "Content-Encoding: gzip", body=b"this is no gzip"),
        reply("301 Moved"),
    ],
    ids=["hangs up", "no http", "short body", "odd length", "odd header", "long header", "many headers", "short gzip",
         "no gzip", "redirect to nowhere"],
)  # fmt: skip
def test_a_broken_answer_is_a_fault_in_one_sentence(words: bytes) -> None:
    fault = refusal(words)
    assert fault.what.endswith(".")
    assert "\n" not in str(fault)
    assert len(fault.what) < 300
    assert fault.where is not None
    assert fault.where.startswith("http://127.0.0.1:")


WORDS = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=30)


@given(
    status=st.sampled_from(["200", "301", "302", "304", "307", "404", "429", "503", "199", "999", "x"]),
    location=st.one_of(WORDS, WORDS.map("http://".__add__), WORDS.map("//".__add__), st.just("http://[::1")),
    coding=st.one_of(st.just("gzip"), st.just("deflate"), WORDS),
    after=st.one_of(WORDS, st.integers().map(str), st.integers().map("Mon, 01 Jan 2026 00:00:00 +{}".format)),
    body=st.binary(max_size=60),
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_server_says_ends_in_an_answer_or_a_fault(
    talker: Talker, status: str, location: str, coding: str, after: str, body: bytes
) -> None:
    headers = [f"Location: {location}", f"Content-Encoding: {coding}", f"Retry-After: {after}"]
    talker.words = reply(f"{status} Said", *headers, body=body)
    with suppress(FetchFault):
        assert talker.fetch(talker.url).status == 200


@dataclass
class Talker:
    """A site that says `words`, and a fetcher that knows no other."""

    url: str
    fetch: Fetcher
    words: bytes = b""


@pytest.fixture(scope="module")
def talker() -> Iterator[Talker]:
    with site(lambda line, _: line.sendall(made.words)) as there:
        fetch = Fetcher(
            allow_private_hosts=frozenset([there.place]),
            limits=QUICK,
            resolve=lambda host, port: [host] if host == "127.0.0.1" else [],
        )
        made = Talker(url=there.url(), fetch=fetch)
        yield made


# Where a request may go


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "localhost.", "127.1", "2130706433", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0",
     "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "127\u30020\u30020\u30021", "good.example@127.0.0.1",
     "good.example:80@127.1", "good.example\\@127.0.0.1"],
)  # fmt: skip
def test_this_machine_is_not_reached_under_any_of_its_names(host: str) -> None:
    with site(says(reply())) as there, pytest.raises(FetchFault):
        Fetcher(limits=QUICK)(f"http://{host}:{there.port}/")
    assert there.seen == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "192.0.0.8",
     "192.0.0.9", "192.0.2.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
     "::", "::1", "::7f00:1", "::ffff:10.0.0.1", "::ffff:224.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
     "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fe80::1", "fe80::1%lo", "fec0::1",
     "ff02::1"],
)  # fmt: skip
def test_an_address_that_is_not_out_on_the_internet_is_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(FetchFault, match="private network"):
        Fetcher(limits=QUICK, resolve=names(blog_example=address))("http://blog.example/")


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1::1", "2a00:1450::1", "::ffff:8.8.8.8"])
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(FetchFault, match="private network") as caught:
        Fetcher(limits=QUICK, resolve=names(blog_example=f"{PUBLIC} 10.0.0.1"))("http://blog.example/")
    assert "allow_private_hosts" in caught.value.what


def test_who_only_knocks_gets_the_head_and_hangs_up_before_the_body() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 1000
    with site(says(endless)) as there:
        answer = there.fetcher().knock(there.url("/a.mp3"))
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"", "audio/mpeg")


def test_who_only_knocks_follows_redirects_and_hears_refusals() -> None:
    with site(moves(a="/login")) as there:
        assert there.fetcher().knock(there.url("/a")).url == there.url("/login")
    with site(says(reply("404 Not Found"))) as there, pytest.raises(FetchFault) as caught:
        there.fetcher().knock(there.url())
    assert caught.value.gone


@pytest.mark.parametrize(("code", "certain"), [(socket.EAI_NONAME, True), (socket.EAI_AGAIN, False)])
def test_a_name_that_is_not_is_told_from_one_that_could_not_be_looked_up(code: int, certain: bool) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(code, "no such name")

    with pytest.raises(FetchFault, match="no address") as caught:
        Fetcher(limits=QUICK, resolve=resolve)("http://blog.example/")
    assert caught.value.nameless is certain


def test_a_name_without_an_address_is_a_fault() -> None:
    with pytest.raises(FetchFault, match="no address"):
        Fetcher(limits=QUICK, resolve=lambda host, port: [])("http://blog.example/")


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where connections were tried; none of them succeeds."""
    tried: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        tried.append(address)
        raise OSError("there is nobody")

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(reached: list[tuple[str, int]]) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    with pytest.raises(FetchFault, match="can't be reached: there is nobody"):
        Fetcher(limits=QUICK, resolve=lambda host, port: next(answers))("http://rebind.example/")
    assert reached == [(PUBLIC, 80)]


def test_the_checked_address_is_used_even_if_httpcore_ignored_our_network(
    reached: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.fetch.pinned.Pinned", lambda place, end: httpcore.SyncBackend())
    with pytest.raises(FetchFault):
        Fetcher(limits=QUICK, resolve=names(localhost=PUBLIC))("https://localhost/")
    assert reached == [(PUBLIC, 443)]


def test_an_international_name_is_looked_up_as_it_is_asked(reached: list[tuple[str, int]]) -> None:
    asked: list[str] = []
    with pytest.raises(FetchFault):
        Fetcher(limits=QUICK, resolve=lambda host, port: asked.append(host) or [PUBLIC])("http://stra\u00dfe.example/")  # type: ignore[func-returns-value]
    assert asked == ["xn--strae-oqa.example"]


def test_the_next_address_is_tried_when_nobody_is_at_the_first() -> None:
    with site(says(reply(body=b"hello"))) as there:
        resolve, place = names(blog_example="127.0.0.2 127.0.0.1"), f"blog.example:{there.port}"
        fetch = Fetcher(allow_private_hosts=frozenset([place]), limits=QUICK, resolve=resolve)
        assert fetch(f"http://{place}/").body == b"hello"
    assert f"host: {place}\r\n".encode() in there.seen[0].lower()


def test_the_next_address_is_tried_where_packets_to_the_first_vanish(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where IPv6 is announced and leads nowhere."""
    monkeypatch.setattr("pipeline.fetch.pinned.CONNECT_SECONDS", 0.3)
    with site(says(reply(body=b"hello"))) as there, vanishing(there.port) as first:
        resolve, place = names(blog_example=f"{first} 127.0.0.1"), f"blog.example:{there.port}"
        fetch = Fetcher(allow_private_hosts=frozenset([place]), limits=QUICK, resolve=resolve)
        assert fetch(f"http://{place}/").body == b"hello"


@pytest.mark.parametrize("allowed", ["127.0.0.1:{}", "127.0.0.1"])
def test_a_private_host_that_the_author_named_is_asked(allowed: str) -> None:
    with site(says(reply(body=b"hello"))) as there:
        fetch = Fetcher(allow_private_hosts=frozenset([allowed.format(there.port)]), limits=QUICK)
        assert fetch(there.url()).body == b"hello"


def test_capitals_in_a_private_host_make_no_difference() -> None:
    with site(says(reply(body=b"hello"))) as there:
        place, resolve = f"MyBox.example:{there.port}", names(mybox_example="127.0.0.1")
        fetch = Fetcher(allow_private_hosts=frozenset([place]), limits=QUICK, resolve=resolve)
        assert fetch(f"http://{place}/").body == b"hello"


def test_a_private_host_is_allowed_on_the_named_port_only() -> None:
    with site(says(reply())) as there, pytest.raises(FetchFault, match="private network"):
        Fetcher(allow_private_hosts=frozenset([f"127.0.0.1:{there.port + 1}"]), limits=QUICK)(there.url())
    assert there.seen == []


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://blog.example/", "data:,x", "blog.example", "", "http://", "http://blog.example:port/",
     "http://[::1", "http://xn--/", "http://blog\x00.example/", "http://" + "x" * 70000],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(FetchFault):
        Fetcher(limits=QUICK, resolve=lambda host, port: [])(url)


def test_a_port_that_can_not_be_is_refused() -> None:
    with pytest.raises(FetchFault, match="port"):
        Fetcher(limits=QUICK, resolve=names(blog_example=PUBLIC))("http://blog.example:65536/")


def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(says(reply())) as proxy, site(says(reply())) as there:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        there.fetcher()(there.url())
    assert (len(proxy.seen), len(there.seen)) == (0, 1)


# Redirects


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_followed_and_the_new_address_is_told(status: str) -> None:
    def talk(line: socket.socket, asked: bytes) -> None:
        line.sendall(reply(status, "Location: new?a=b") if b"/old" in asked else reply(body=b"arrived"))

    with site(talk) as there:
        answer = there.fetcher()(there.url("/old"))
    assert (answer.url, answer.body) == (there.url("/new?a=b"), b"arrived")


def forwards(**to: str) -> Talk:
    """Redirect the paths named ("a" to "301 /b"), answer all others, those that ask with an ETag by 304."""

    def talk(line: socket.socket, asked: bytes) -> None:
        status, _, there = to.get(asked.split()[1].decode().strip("/"), "").partition(" ")
        same = b"\r\nif-none-match" in asked.lower()
        arrived = reply("304 Not Modified") if same else reply(body=b"arrived")
        line.sendall(reply(f"{status} Moved", f"Location: {there}") if status else arrived)

    return talk


@pytest.mark.parametrize(
    ("hops", "moved"),
    [
        ({}, None),
        ({"a": "301 /b"}, "/b"),
        ({"a": "308 /b"}, "/b"),
        ({"a": "302 /b"}, None),
        ({"a": "301 /b", "b": "308 /c"}, "/c"),
        ({"a": "301 /b", "b": "302 /c"}, "/b"),
        ({"a": "301 /b", "b": "302 /c", "c": "301 /d"}, "/b"),
        ({"a": "307 /b", "b": "301 /c"}, None),
        ({"a": "303 /b"}, None),
    ],
)
@pytest.mark.parametrize("validators", [None, Validators(etag='"v1"')])
def test_an_address_has_moved_as_far_as_permanent_redirects_led_at_first(
    hops: dict[str, str], moved: str | None, validators: Validators | None
) -> None:
    with site(forwards(**hops)) as there:
        answer = there.fetcher()(there.url("/a"), validators=validators)
    assert answer.moved == (moved and there.url(moved))
    assert answer.status == (304 if validators else 200)


def test_an_address_with_a_password_never_counts_as_moved() -> None:
    with site(forwards(a="301 /b")) as there:
        answer = there.fetcher()(f"http://ann:s3cret@{there.place}/a")
    assert (answer.url, answer.moved) == (there.url("/b"), None)


def test_a_redirect_to_an_address_with_letters_of_any_kind_is_followed() -> None:
    def talk(line: socket.socket, asked: bytes) -> None:
        there = "HTTP/1.1 302 Found\r\nLocation: /kästchen?ä=ö\r\nContent-Length: 0\r\n\r\n".encode()
        line.sendall(there if asked.startswith(b"GET /a ") else reply(body=b"arrived"))

    with site(talk) as there:
        assert there.fetcher()(there.url("/a")).body == b"arrived"
    assert there.seen[1].startswith(b"GET /k%C3%A4stchen?%C3%A4=%C3%B6 HTTP/1.1\r\n")


def test_a_header_that_comes_twice_is_one_with_both_values() -> None:
    with site(says(reply("200 OK", "Link: a", "LINK: b"))) as there:
        assert there.fetcher()(there.url()).headers["link"] == "a, b"


def test_a_circle_of_redirects_is_refused() -> None:
    with site(moves(a="/b", b="/a")) as there, pytest.raises(FetchFault, match="circles"):
        there.fetcher()(there.url("/a"))
    assert len(there.seen) == 2


def test_only_so_many_redirects_are_followed() -> None:
    with site(moves(a="/b", b="/c", c="/d")) as there:
        assert there.fetcher(Limits(redirects=3))(there.url("/a")).body == b"arrived"
        with pytest.raises(FetchFault, match="too many redirects"):
            there.fetcher(Limits(redirects=2))(there.url("/a"))


@pytest.mark.parametrize(
    "to",
    ["http://169.254.169.254/latest/", "http://[::ffff:127.0.0.1]:{}/", "http://[64:ff9b::7f00:1]:{}/",
     "http://[2002:7f00:1::]/", "http://localhost:{}/", "//127.1:{}/", "file:///etc/passwd", "ftp://x.example/",
     "data:,x", "javascript:1", "http://[::1", "http://x:y/"],
)  # fmt: skip
def test_a_redirect_to_where_nothing_may_be_fetched_is_refused(to: str) -> None:
    with site(says(reply())) as inside, site(moves(a=to.format(inside.port))) as there:
        with pytest.raises(FetchFault):
            there.fetcher()(there.url("/a"))
        assert (len(inside.seen), len(there.seen)) == (0, 1)


# Passwords


def test_a_password_goes_to_its_own_server_only_and_is_in_no_answer() -> None:
    with site(says(reply())) as other, site(moves(a="/b", b=other.url("/c"))) as there:
        answer = there.fetcher(QUICK, other.place)(f"http://ann:s%3Acret@{there.place}/a")
    basic = b"authorization: basic yw5uonm6y3jldA==\r\n".lower()
    assert [basic in asked.lower() for asked in (*there.seen, *other.seen)] == [True, True, False]
    assert answer.url == other.url("/c")


def test_a_password_in_a_redirect_is_not_sent() -> None:
    with site(says(reply())) as there, site(moves(a=f"http://eve:hers@{there.place}/")) as first:
        assert first.fetcher(QUICK, there.place)(first.url("/a")).url == there.url()
    assert b"authorization" not in there.seen[0].lower()


@pytest.mark.parametrize(
    "url",
    ["http://ann:s3cret@127.0.0.1:9/", "http://ann:s3cret@nowhere.invalid/", "ftp://ann:s3cret@blog.example/",
     "http://ann:s3cret@blog.example:99999/", "http://ann:s3cret/x@blog.example/", "http://ann:s3cret@[::1/"],
)  # fmt: skip
def test_a_fault_never_names_the_password(url: str) -> None:
    with pytest.raises(FetchFault) as caught:
        Fetcher(limits=QUICK, resolve=lambda host, port: [])(url)
    assert "s3cret" not in f"{caught.value} {caught.value.__cause__}"


def test_an_address_is_shown_without_its_password() -> None:
    assert shown("https://ann:s3cret@example.org:8/feed?a=b#c") == "https://example.org:8/feed?a=b#c"
    assert shown("https://example.org/@ann/feed") == "https://example.org/@ann/feed"


# What a refusal says


@pytest.mark.parametrize(
    ("status", "gone", "words"),
    [
        (404, True, "has no such page"),
        (410, True, "gone for good"),
        (401, False, "wants a password"),
        (403, False, "refuses"),
        (451, False, "gives no page"),
        (500, False, "fault of its own"),
        (503, False, "come back later"),
    ],
)
def test_a_refusal_is_told_in_words(status: int, gone: bool, words: str) -> None:
    fault = refusal(reply(f"{status} No"))
    assert (fault.gone, fault.retry_after) == (gone, None)
    assert words in fault.what
    assert str(status) in fault.what


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_when_to_come_back(status: int) -> None:
    assert refusal(reply(f"{status} Busy", "Retry-After: 120")).retry_after == 120
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    after = refusal(reply(f"{status} Busy", f"Retry-After: {later}")).retry_after
    assert after is not None
    assert 80 < after <= 90


@pytest.mark.parametrize(
    "value", ["soon", "-5", "1.5", "", "\u00b2", "Mon, 01 Jan 2026 00:00:00 +99999999999999999999"]
)
def test_a_time_to_come_back_that_makes_no_sense_is_passed_over(value: str) -> None:
    assert refusal(reply("429 Busy", f"Retry-After: {value}")).retry_after is None


def test_a_time_to_come_back_in_the_past_means_now() -> None:
    assert refusal(reply("503 Busy", "Retry-After: Mon, 01 Jan 2001 00:00:00 GMT")).retry_after == 0


# Certificates


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def secure_site(issuer: trustme.CA, name: str, **rest: Any) -> Iterator[tuple[Site, list[str]]]:
    """A TLS server whose certificate is for `name`, and the names that clients asked it for."""
    tls, asked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), list[str]()
    issuer.issue_cert(name, **rest).configure_cert(tls)
    tls.sni_callback = lambda line, server_name, context: asked.append(server_name)
    with site(says(reply(body=b"hello")), tls) as there:
        yield there, asked


def ask_securely(there: Site) -> bytes:
    place = f"blog.example:{there.port}"
    fetch = Fetcher(
        allow_private_hosts=frozenset([place]), limits=QUICK, resolve=names(blog_example="127.0.0.1 127.0.0.1")
    )
    return fetch(f"https://{place}/").body


def test_a_blog_that_speaks_no_https_is_told_so_with_what_to_do() -> None:
    plain = reply("400 Bad Request", body=b"speak plainly")
    with site(says(plain)) as there, pytest.raises(FetchFault, match=r'no https.*"http://" in front'):
        there.fetcher()(f"https://{there.place}/")


@pytest.fixture
def trusted(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine trusts the authority, and nobody else."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.mark.usefixtures("trusted")
def test_https_is_asked_under_the_name_and_not_under_the_number(authority: trustme.CA) -> None:
    with secure_site(authority, "blog.example") as (there, asked):
        assert ask_securely(there) == b"hello"
    assert asked == ["blog.example"]
    assert f"host: blog.example:{there.port}\r\n".encode() in there.seen[0].lower()


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_refused(authority: trustme.CA) -> None:
    with secure_site(authority, "other.example") as (there, _), pytest.raises(FetchFault, match="certificate"):
        ask_securely(there)
    assert there.seen == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_has_expired_is_refused(authority: trustme.CA) -> None:
    ended = datetime.now(UTC) - timedelta(days=1)
    with secure_site(authority, "blog.example", not_before=ended - timedelta(days=9), not_after=ended) as (there, _):
        with pytest.raises(FetchFault, match="certificate has expired"):
            ask_securely(there)
        assert there.seen == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with secure_site(trustme.CA(), "blog.example") as (there, _), pytest.raises(FetchFault, match="certificate"):
        ask_securely(there)
    assert there.seen == []


@pytest.mark.usefixtures("trusted")
def test_a_redirect_from_https_to_http_is_not_followed(authority: trustme.CA) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with site(says(reply())) as plain, site(moves(a=plain.url()), tls) as there:
        with pytest.raises(FetchFault, match="from https to http"):
            there.fetcher(QUICK, plain.place)(f"https://{there.place}/a")
        assert plain.seen == []


# Politeness


@contextmanager
def slow_site() -> Iterator[tuple[Site, list[int]]]:
    """A site that takes its time, and how many it served at once at most."""
    now, most, lock = [0], [0], threading.Lock()

    def talk(line: socket.socket, _: bytes) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.15)
        with lock:
            now[0] -= 1
        line.sendall(reply(body=b"hello"))

    with site(talk) as there:
        yield there, most


def ask_eight_times(fetch: Fetcher, there: Site) -> list[bytes]:
    with ThreadPoolExecutor(8) as threads:
        return [answer.body for answer in threads.map(fetch, [there.url(f"/{at}") for at in range(8)])]


@pytest.fixture
def as_if_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback passes for the Internet."""
    monkeypatch.setattr("pipeline.fetch.is_public", lambda address: True)


@pytest.mark.usefixtures("as_if_public")
def test_one_host_is_asked_by_only_so_many_at_once_and_waiting_is_no_lost_time() -> None:
    with slow_site() as (there, most):
        fetch = Fetcher(limits=Limits(seconds=0.5, per_host=2, pause=0.0))
        assert ask_eight_times(fetch, there) == [b"hello"] * 8
    assert most == [2]


def test_a_private_host_of_the_author_is_asked_by_as_many_at_once_as_like_to() -> None:
    with slow_site() as (there, most):
        assert ask_eight_times(there.fetcher(Limits(per_host=1)), there) == [b"hello"] * 8
    assert most[0] > 2


def test_a_public_host_is_given_a_pause_and_others_do_not_wait_for_it() -> None:
    resolve = names(a_example="10.0.0.1", b_example="10.0.0.1", c_example="10.0.0.1")
    fetch = Fetcher(limits=Limits(pause=0.2), resolve=resolve)

    def seconds(*hosts: str) -> float:
        began = time.monotonic()
        for host in hosts:
            with pytest.raises(FetchFault):
                fetch(f"http://{host}.example/")
        return time.monotonic() - began

    assert seconds("a", "b", "c") < 0.2
    assert seconds("a", "a") >= 0.2


def test_a_private_host_of_the_author_needs_no_pause() -> None:
    with site(says(reply())) as there:
        fetch, began = there.fetcher(Limits(pause=5.0)), time.monotonic()
        for _ in range(3):
            fetch(there.url())
        assert time.monotonic() - began < 4


@pytest.mark.usefixtures("as_if_public")
def test_a_dead_host_does_not_keep_its_turn() -> None:
    with site(says(b"")) as there:
        fetch = Fetcher(limits=Limits(per_host=1, seconds=1.0, pause=0.0))
        for _ in range(3):
            with pytest.raises(FetchFault):
                fetch(there.url())
    assert len(there.seen) == 3


@pytest.mark.usefixtures("as_if_public")
def test_a_host_that_does_not_answer_is_waited_for_twice_and_asked_again_later() -> None:
    """An issue may show fifty pictures of one host."""
    with site(lambda line, _: time.sleep(3)) as there:
        limits = Limits(seconds=0.3, pause=0.0, away=0.5)
        fetch, words = Fetcher(limits=limits), []
        for at in range(6):
            with pytest.raises(FetchFault) as caught:
                fetch(there.url(f"/{at}.jpg"))
            words.append(caught.value.what)
        assert words == ["The server took too long."] * 2 + [LEFT_ALONE] * 4
        assert len(there.seen) == 2
        time.sleep(0.6)
        with pytest.raises(FetchFault, match="took too long"):
            fetch(there.url())


@pytest.mark.usefixtures("as_if_public")
def test_a_host_that_answers_one_of_two_is_asked_on() -> None:
    def talk(line: socket.socket, asked: bytes) -> None:
        if b"/slow" in asked:
            time.sleep(3)
        line.sendall(reply(body=b"hello"))

    with site(talk) as there:
        fetch = Fetcher(limits=Limits(seconds=0.3, pause=0.0))
        for _ in range(3):
            with pytest.raises(FetchFault, match="took too long"):
                fetch(there.url("/slow"))
            assert fetch(there.url()).body == b"hello"


LEFT_ALONE = "The server did not answer a moment ago, so it is left alone for now."


def test_to_import_the_fetcher_loads_no_http_library() -> None:
    code = "import sys, pipeline.fetch; print([name for name in ('httpx', 'httpcore', 'h11') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout.strip() == "[]"
