"""The only anonymous way out: vetted addresses, bounded size and time, polite, conditional.

httpx alone does none of this: its timeout is per read, it inflates a bomb in one piece, it follows a redirect to the
metadata service, and it obeys a proxy from the environment.
"""

from __future__ import annotations

import base64
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from pipeline.errors import FetchFault
from pipeline.model import Fetched, Validators

if TYPE_CHECKING:
    import httpx

AGENT = "Paperround/0.1 (newsletter of the blog's own author; asks with If-None-Match)"
Resolve = Callable[[str, int], list[str]]

# Addresses that Python 3.11 calls global although a packet to them may end on this machine or network.
_NEVER = tuple(
    ipaddress.ip_network(block)
    for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "192.0.0.0/24", "192.88.99.0/24", "::/96")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one address may cost: bytes after decoding, seconds in all, hops, and how hard a host is asked.

    `pause` is the least number of seconds between two requests to one public host.
    """

    bytes_max: int = 10 << 20
    seconds: float = 30.0
    redirects: int = 5
    per_host: int = 2
    pause: float = 0.5


class Fetcher:
    """A guarded anonymous GET, safe to share between threads."""

    def __init__(
        self,
        *,
        allow_private_hosts: frozenset[str] = frozenset(),
        limits: Limits = Limits(),
        resolve: Resolve | None = None,
    ) -> None:
        self._allowed = allow_private_hosts
        self._limits = limits
        self._resolve = resolve or _resolve
        self._hosts: defaultdict[str, _Host] = defaultdict(lambda: _Host(limits.per_host))
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

        Raises FetchFault for everything else, with `gone` for 404 and 410 and `retry_after` where the server asks.
        """
        end = time.monotonic() + self._limits.seconds
        seen: set[str] = set()
        secret = _credentials(url)
        origin = _origin(url)
        address = shown(url)
        while True:
            if address in seen or len(seen) > self._limits.redirects:
                raise FetchFault("The address leads in circles or through too many redirects.", where=shown(url))
            seen.add(address)
            login = secret if _origin(address) == origin else None
            answer, leads_to = self._once(address, validators, login, end)
            if answer is not None:
                return answer
            address = _hop(address, leads_to)

    def _once(
        self, url: str, validators: Validators | None, login: str | None, end: float
    ) -> tuple[Fetched | None, str]:
        parts = _parts(url)
        private = bool({f"{parts.hostname}:{_port(parts)}", parts.hostname or "", parts.netloc} & self._allowed)
        with self._hosts[parts.netloc].turn(0.0 if private else self._limits.pause, end):
            address = self._vetted(parts, url, private=private)
            return self._ask(url, address, _headers(validators, login), end, conditional=validators is not None)

    def _vetted(self, parts: Any, url: str, *, private: bool) -> str:
        """The one address to connect to; when any of a name's addresses is not public, none is used."""
        try:
            found = self._resolve(parts.hostname, _port(parts))
        except (OSError, UnicodeError):
            raise FetchFault("This host name has no address.", where=url) from None
        refused = [address for address in found if not private and not is_public(address)]
        if refused or not found:
            raise FetchFault(
                f"{parts.hostname} is on a private network ({refused[0] if refused else 'no address'}), "
                "so it is not asked. If it is yours, name it in [fetch] allow_private_hosts.",
                where=url,
            )
        return found[0]

    def _ask(
        self, url: str, address: str, headers: dict[str, str], end: float, *, conditional: bool
    ) -> tuple[Fetched | None, str]:
        import httpx

        try:
            with self._client(address, end) as client, client.stream("GET", url, headers=headers) as response:
                return self._read(url, response, end, conditional=conditional)
        except httpx.TimeoutException:
            raise FetchFault("The server took too long.", where=url) from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError, ValueError) as fault:
            raise FetchFault(f"The server can't be read: {_why(fault)}.", where=url) from None

    def _client(self, address: str, end: float) -> httpx.Client:
        import httpx

        from pipeline.pinned import Pinned

        with self._lock:
            self._tls = self._tls or ssl.create_default_context()
        transport = httpx.HTTPTransport(verify=self._tls, retries=0, trust_env=False)
        transport._pool._network_backend = Pinned(address, end)  # noqa: SLF001 - httpx offers no other way to pin
        left = max(end - time.monotonic(), 0.001)
        return httpx.Client(transport=transport, trust_env=False, follow_redirects=False, timeout=left)

    def _read(self, url: str, response: httpx.Response, end: float, *, conditional: bool) -> tuple[Fetched | None, str]:
        status, headers = response.status_code, {name.lower(): value for name, value in response.headers.items()}
        if status in (301, 302, 303, 307, 308) and "location" in headers:
            return None, headers["location"]
        if status == 304 and not conditional:
            raise FetchFault("The server says “not modified” to a question that was not asked.", where=url)
        if status not in (200, 304):
            raise _refusal(url, status, headers)
        body = b"" if status == 304 else _body(response.iter_raw(), headers, self._limits.bytes_max, end, url)
        kept = Validators(etag=headers.get("etag"), last_modified=headers.get("last-modified"))
        return Fetched(url=url, status=status, headers=headers, body=body, validators=kept), ""


class _Host:
    """How often one host may be asked."""

    def __init__(self, at_once: int) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._free_from = 0.0

    @contextmanager
    def turn(self, pause: float, end: float) -> Iterator[None]:
        with self._places:
            with self._lock:
                wait = self._free_from - time.monotonic()
                self._free_from = max(time.monotonic(), self._free_from) + pause
            time.sleep(min(max(wait, 0.0), max(end - time.monotonic(), 0.0)))
            yield


def is_public(address: str) -> bool:
    """Whether an IP address is out on the Internet, in every form that a packet could take home."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _NEVER if net.version == ip.version)


def shown(url: str) -> str:
    """An address without the user name and password in it, fit for logs and faults."""
    try:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    except ValueError:
        return "an address that can't be read"


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise FetchFault("This is no web address.", where=shown(url)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FetchFault("Only http and https addresses are fetched.", where=shown(url))
    return parts


def _port(parts: Any) -> int:
    return int(parts.port or (443 if parts.scheme == "https" else 80))


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = _parts(url)
    return parts.scheme, parts.hostname, _port(parts)


def _hop(url: str, location: str) -> str:
    """Where a redirect leads; never from https down to http, where anybody on the way could answer."""
    leads_to = shown(urljoin(url, location))
    if _parts(leads_to).scheme == "http" and _parts(url).scheme == "https":
        raise FetchFault("The server redirects from https to http; that is not followed.", where=url)
    return leads_to


def _credentials(url: str) -> str | None:
    parts = _parts(url)
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _headers(validators: Validators | None, login: str | None) -> dict[str, str]:
    asked = {
        "User-Agent": AGENT,
        "Accept": "application/rss+xml, application/atom+xml, application/feed+json, text/html;q=0.9, */*;q=0.5",
        "Accept-Encoding": "gzip",
        "Connection": "close",
        "Authorization": login,
        "If-None-Match": validators.etag if validators else None,
        "If-Modified-Since": validators.last_modified if validators else None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _body(raw: Iterable[bytes], headers: dict[str, str], limit: int, end: float, url: str) -> bytes:
    """The decoded body; never holds more than the limit and one chunk, whatever a bomb would inflate to."""
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip", "x-gzip", "deflate", ""):
        raise FetchFault(f"The answer comes in a coding that was not asked for ({coding[:40]}).", where=url)
    inflate = None if coding in ("identity", "") else zlib.decompressobj(47)
    parts, size = [], 0
    for chunk in raw:
        if time.monotonic() > end:
            raise FetchFault("The server took too long.", where=url)
        part = inflate.decompress(chunk, limit - size + 1) if inflate else chunk
        size += len(part)
        if size > limit:
            raise FetchFault(f"The answer is larger than {limit >> 20} MB.", where=url)
        parts.append(part)
    if inflate is not None and not inflate.eof:
        raise FetchFault("The answer broke off in the middle.", where=url)
    return b"".join(parts)


def _refusal(url: str, status: int, headers: dict[str, str]) -> FetchFault:
    words = {
        401: "wants a password",
        403: "refuses to show it",
        404: "has no such page",
        410: "says it is gone for good",
    }
    said = words.get(status, "asks to come back later" if status in (429, 503) else "has a fault of its own")
    after = _seconds(headers.get("retry-after")) if status in (429, 503) else None
    return FetchFault(f"The server {said} ({status}).", where=url, retry_after=after, gone=status in (404, 410))


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After is a number of seconds or a date (RFC 9110 section 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after.strip()[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 0.0)


def _why(fault: Exception) -> str:
    words = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
    return words.rstrip(".")[:200]
