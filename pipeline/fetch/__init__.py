"""The only anonymous way out: vetted addresses, bounded size and time, polite, conditional.

httpx alone does none of this: its timeout is per read, it inflates a bomb in one piece, it follows a redirect to the
metadata service, and it obeys a proxy from the environment. So it only reads addresses here, and httpcore, on which it
stands, makes the exchange: one connection for each request, at two thirds of the cost.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import threading
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from pipeline import trust
from pipeline.dates import of_header
from pipeline.errors import FetchFault, of_the_line
from pipeline.fetch.turns import Host, Unanswered
from pipeline.fetch.unpack import whole as unpacked
from pipeline.model import Fetched, Validators

if TYPE_CHECKING:
    import httpcore
    import httpx

AGENT = "Paperround/0.2.0 (newsletter of the blog's own author; asks with If-None-Match)"
Resolve = Callable[[str, int], list[str]]

# Addresses that Python 3.11 calls global although a packet to them may end on this machine or network. Of IPv6 only
# 2000::/3 is out on the Internet (RFC 4291 section 2.4); inside it are 6to4, Teredo and an example range (RFC 9637).
_NEVER = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2002::/16", "3fff::/20")))
_INTERNET_6 = ipaddress.IPv6Network("2000::/3")

_CONDITIONS = ("If-None-Match", "If-Modified-Since")
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_PERMANENT = (301, 308)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one address may cost: bytes (as sent and as decoded), seconds, hops, and how hard a host is asked.

    `seconds` covers all redirects, but neither waiting for a turn (`per_host` at once, `pause` seconds between the
    starts of two requests to a public host) nor what the system's name look-up takes beyond it. A public host that does
    not answer is left alone for `away` seconds. `headers` is how many header lines an answer may have; their bytes are
    bounded by the HTTP parser, at 100 KB.
    """

    bytes_max: int = 10 << 20
    seconds: float = 30.0
    redirects: int = 5
    per_host: int = 2
    pause: float = 0.5
    away: float = 60.0
    headers: int = 200


ORDINARY = Limits()
"""What fetching keeps to unless it is told otherwise."""


class Fetcher:
    """A guarded anonymous GET (`pipeline.model.wire.Fetch`), safe to share between threads.

    `allow_private_hosts` are hosts, with or without a port, as they stand in the author's addresses ("127.0.0.1:8123"):
    those are asked wherever they lead, without a pause, and by as many at once as like to. `resolve` gives the IP
    addresses of a host and port.
    """

    def __init__(
        self,
        *,
        allow_private_hosts: frozenset[str] = frozenset(),
        limits: Limits = ORDINARY,
        resolve: Resolve | None = None,
    ) -> None:
        self._allowed = {host.lower() for host in allow_private_hosts}
        self._limits = limits
        self._resolve = resolve or _resolve
        self._hosts: dict[str, Host] = {}
        self._tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is kept open between requests."""

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        """The answer at `url`: 200 with a body, or 304 when `validators` say that it is the same.

        A user name and password in `url` go to its own scheme, host and port only, and are in no answer and no fault;
        `moved` is None then, as an address without them would be of no use. Raises FetchFault for everything else,
        with `gone` for 404 and 410 and `retry_after` where the server asks.
        """
        return self._follow(url, validators, whole=True)

    def knock(self, url: str, *, validators: Validators | None = None) -> Fetched:
        """The head of the answer at `url`, its body empty: the connection ends where the body would begin."""
        return self._follow(url, validators, whole=False)

    def _follow(self, url: str, validators: Validators | None, *, whole: bool) -> Fetched:
        first, here, left = _address(url), shown(url), self._limits.seconds
        moved, settled = None, first.userinfo == b""
        seen: set[str] = set()
        while here not in seen and len(seen) <= self._limits.redirects:
            seen.add(here)
            address = first if here == url else _address(here)
            asked = _headers(address, validators, first if _origin(address) == _origin(first) else address)
            with self._turn(here, address):
                began = time.monotonic()
                answer = self._ask(here, address, asked, began + left, whole=whole)
                left -= time.monotonic() - began
            if isinstance(answer, Fetched):
                return replace(answer, moved=moved)
            here, settled = answer.url, settled and answer.permanent
            moved = here if settled else moved
        raise FetchFault("The address leads in circles or through too many redirects.", where=shown(url))

    def _turn(self, here: str, address: httpx.URL) -> AbstractContextManager[None]:
        if self._is_allowed(address):
            return nullcontext()
        with self._lock:
            host = self._hosts.setdefault(_name(address), Host(self._limits))
        return host.turn(here)

    def _is_allowed(self, address: httpx.URL) -> bool:
        names = {_name(address), address.netloc.decode(), f"{_name(address)}:{_port(address)}"}
        return not names.isdisjoint(self._allowed)

    def _ask(
        self, here: str, address: httpx.URL, asked: Mapping[str, str], end: float, *, whole: bool
    ) -> Fetched | _Hop:
        """The answer, or where it redirects to, from the first of the host's IP addresses that is there."""
        *others, last = self._vetted(here, address)
        for place in others:
            with suppress(_Unreached):
                return self._exchange(here, address, place, asked, end, whole=whole)
        return self._exchange(here, address, last, asked, end, whole=whole)

    def _vetted(self, here: str, address: httpx.URL) -> list[str]:
        """Where to connect: resolved once; when any of a name's addresses is not public, none is used."""
        found: list[str] = []
        certain = False
        try:
            found = self._resolve(_name(address), _port(address))
        except socket.gaierror as fault:
            certain = fault.errno in _NO_SUCH_NAME
        except (OSError, UnicodeError):
            pass
        if not found:
            kind = FetchFault if certain else Unanswered
            raise kind("This host name has no address.", where=here, nameless=certain)
        refused = [] if self._is_allowed(address) else [place for place in found if not is_public(place)]
        if refused:
            raise FetchFault(
                f"{_name(address)} is on a private network ({refused[0]}), so it is not asked. "
                "If it is yours, name it in [fetch] allow_private_hosts.",
                where=here,
            )
        return found

    def _exchange(
        self, here: str, address: httpx.URL, place: str, asked: Mapping[str, str], end: float, *, whole: bool
    ) -> Fetched | _Hop:
        import httpcore

        from pipeline.fetch.pinned import Pinned

        # The connection is pinned twice, so that neither can stop working unnoticed: by the network under httpcore, and
        # by the IP address in the URL, with the name only in Host and SNI.
        pinned = httpcore.URL(scheme=address.raw_scheme, host=place, port=_port(address), target=address.raw_path)
        sent, name = [(key.encode(), value.encode()) for key, value in asked.items()], {"sni_hostname": _name(address)}
        tls = self._trusted() if address.scheme == "https" else None
        try:
            with (
                httpcore.HTTPConnection(pinned.origin, tls, network_backend=Pinned(place, end)) as connection,
                connection.stream("GET", pinned, headers=sent, extensions=name) as response,
            ):
                return self._read(here, response, asked, whole=whole)
        except httpcore.ConnectTimeout:
            raise _Unreached("The server took too long.", where=here) from None
        except httpcore.TimeoutException:
            raise Unanswered("The server took too long.", where=here) from None
        except httpcore.ConnectError as fault:
            raise _Unreached(f"The server can't be reached: {_why(fault)}.", where=here) from None
        except zlib.error:
            raise FetchFault("The answer can't be unpacked: what the server sends is no gzip.", where=here) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as fault:
            raise FetchFault(f"The server can't be read: {_why(fault)}.", where=here) from None

    def _trusted(self) -> ssl.SSLContext:
        with self._lock:
            self._tls = self._tls or trust.authorities()
            return self._tls

    def _read(self, here: str, response: httpcore.Response, asked: Mapping[str, str], *, whole: bool) -> Fetched | _Hop:
        if len(response.headers) > self._limits.headers:
            raise FetchFault(f"The answer has more than {self._limits.headers} headers.", where=here)
        status, headers = response.status, _joined(response.headers)
        if status in (301, 302, 303, 307, 308) and "location" in headers:
            return _Hop(url=_target(here, headers["location"]), permanent=status in _PERMANENT)
        if status == 304 and asked.keys().isdisjoint(_CONDITIONS):
            raise FetchFault("The server says “not modified” to a question that was not asked.", where=here)
        if status not in (200, 304):
            raise _refusal(here, status, headers)
        body = (
            b""
            if status == 304 or not whole
            else unpacked(here, response.iter_stream(), headers.get("content-encoding", ""), self._limits.bytes_max)
        )
        kept = Validators(etag=headers.get("etag"), last_modified=headers.get("last-modified"))
        return Fetched(url=here, status=status, headers=headers, body=body, validators=kept)


class _Hop(msgspec.Struct, frozen=True):
    """Where a redirect leads, and whether for good (RFC 9110 section 15.4)."""

    url: str
    permanent: bool


class _Unreached(Unanswered):
    """Nobody was there to take the request; the host's next address may do better."""


def is_public(address: str) -> bool:
    """Whether an IP address is out on the Internet, in every form that a packet could take home."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    if ip.version == 6 and ip not in _INTERNET_6:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NEVER)


def shown(url: str) -> str:
    """An address without the user name and password in it, fit for logs and faults."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a password with an unquoted slash in it passes for a port
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return "an address that can't be read"


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _address(url: str) -> httpx.URL:
    """The address as httpx reads it, so that nobody else's reading decides where a request may go."""
    import httpx

    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise FetchFault("This is no web address.", where=shown(url)) from None
    if address.scheme not in ("http", "https") or not address.raw_host:
        raise FetchFault("Only http and https addresses are fetched.", where=shown(url))
    if _port(address) > 65535:
        raise FetchFault("The port in this address is too large.", where=shown(url))
    return address


def _port(address: httpx.URL) -> int:
    return address.port or (443 if address.scheme == "https" else 80)


def _name(address: httpx.URL) -> str:
    """The host as it is looked up and asked for: an international name in its ASCII form."""
    return address.raw_host.decode()


def _origin(address: httpx.URL) -> tuple[str, str, int]:
    return address.scheme, _name(address), _port(address)


def _joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; a name that comes twice has its values joined (RFC 9110 section 5.3)."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), _text(value)
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def _text(value: bytes) -> str:
    """A header is Latin-1 by the old standard, but an address with other letters in it comes as UTF-8."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _target(here: str, location: str) -> str:
    """Where a redirect leads; never from https down to http, where anybody on the way could answer."""
    try:
        there = shown(urljoin(here, location))
    except ValueError:
        raise FetchFault("The server redirects to what is no web address.", where=here) from None
    if here.startswith("https:") and there.startswith("http:"):
        raise FetchFault("The server redirects from https to http; that is not followed.", where=here)
    return there


def _headers(address: httpx.URL, validators: Validators | None, login: httpx.URL) -> dict[str, str]:
    """What is asked of `address`, with the user name and password that `login` has, if any (RFC 7617)."""
    pair = f"{login.username}:{login.password}"
    known = validators or Validators()
    asked = {
        "Host": address.netloc.decode(),
        "User-Agent": AGENT,
        "Accept": "application/rss+xml, application/atom+xml, application/feed+json, text/html;q=0.9, */*;q=0.5",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        "Authorization": "Basic " + b64encode(pair.encode()).decode() if pair != ":" else None,
    } | {name: _sendable(value) for name, value in zip(_CONDITIONS, (known.etag, known.last_modified), strict=True)}
    return {name: value for name, value in asked.items() if value is not None}


def _sendable(value: str | None) -> str | None:
    """A server may give a validator that no request can carry back; then the page is asked for anew."""
    return value if value and value.isascii() and value.isprintable() else None


def _refusal(here: str, status: int, headers: Mapping[str, str]) -> FetchFault:
    words = {
        401: "wants a password",
        403: "refuses to show it",
        404: "has no such page",
        410: "says it is gone for good",
        429: "asks to come back later",
        503: "asks to come back later",
    }
    said = words.get(status, "has a fault of its own" if status >= 500 else "gives no page")
    after = _seconds(headers.get("retry-after", "")) if status in (429, 503) else None
    gone = status in (404, 410)
    return FetchFault(f"The server {said} ({status}).", where=here, retry_after=after, gone=gone, status=status)


def _seconds(retry_after: str) -> float | None:
    """Retry-After is a number of seconds or a date (RFC 9110 section 10.2.3)."""
    if re.fullmatch(r"[0-9]{1,9}", retry_after.strip()):
        return float(retry_after)
    moment = of_header(retry_after)
    return None if moment is None else max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _why(fault: Exception) -> str:
    if "WRONG_VERSION_NUMBER" in str(fault):
        return 'it speaks no https; if your browser shows the address with "http://" in front, write that'
    return of_the_line(fault)
