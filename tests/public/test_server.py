"""The server itself, over real HTTP: behind a proxy, with odd clients, and beside a run."""

from __future__ import annotations

import http.client
import socket
from contextlib import closing
from urllib.parse import urlencode, urlsplit

import pytest

from tests.journeys import steps
from tests.public.server import served
from tests.world import World


def form(home: str, number: int, forwarded: str = "") -> int:
    """Fill in the form as a client whose proxy says where it comes from."""
    body = urlencode({"email": f"reader{number}@example.org", "consent": "yes"})
    headers = {"content-type": "application/x-www-form-urlencoded"}
    headers |= {"x-forwarded-for": forwarded, "x-forwarded-proto": "https"} if forwarded else {}
    with closing(http.client.HTTPConnection(urlsplit(home).netloc, timeout=30)) as connection:
        connection.request("POST", "/subscribe", body, headers)
        return connection.getresponse().status


def test_each_client_behind_the_proxy_of_this_machine_has_a_limit_of_its_own(world: World) -> None:
    with served(world) as home:
        one = [form(home, number, "198.51.100.7") for number in range(22)]
        assert one == [200] * 20 + [429] * 2
        assert form(home, 50, "198.51.100.8") == 200
        assert form(home, 51, "2001:db8:1:2::1") == 200


def test_a_client_can_not_invent_another_address_for_itself(world: World) -> None:
    world.set("[[source]]", '[readers]\ntrusted_proxies = ["192.0.2.1"]\n\n[[source]]')
    with served(world) as home:
        assert [form(home, number, f"198.51.100.{number}") for number in range(21)] == [200] * 20 + [429]


def test_a_client_that_says_nothing_or_nonsense_keeps_nobody_else_waiting(world: World) -> None:
    with served(world) as home:
        address = (urlsplit(home).hostname or "", urlsplit(home).port or 0)
        with closing(socket.create_connection(address)) as silent, closing(socket.create_connection(address)) as odd:
            silent.sendall(b"POST /subscribe HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\nemail=")
            odd.sendall(b"\x16\x03\x01\x02\x00\x01\x00 nonsense\r\n\r\n")
            assert form(home, 1) == 200
            assert b"400" in odd.recv(100)


def test_serving_and_running_go_on_side_by_side(world: World) -> None:
    with served(world) as home:
        assert form(home, 1) == 200
        steps.subscribe(world, "ann@example.org")
        steps.pull(world)
        steps.build_now(world)
        with closing(http.client.HTTPConnection(urlsplit(home).netloc, timeout=30)) as connection:
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("server")) == (200, None)
            assert b"Worries at Bedtime" in answer.read()


@pytest.mark.parametrize("line", ["GET /%2e%2e/paperround.sqlite3 HTTP/1.1", "GET //../paperround.sqlite3 HTTP/1.1"])
def test_the_state_beside_the_site_is_out_of_reach(world: World, line: str) -> None:
    steps.subscribe(world, "ann@example.org")
    with served(world) as home:
        address = (urlsplit(home).hostname or "", urlsplit(home).port or 0)
        with closing(socket.create_connection(address)) as raw:
            raw.sendall(f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"SQLite" not in answer
