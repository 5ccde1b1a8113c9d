"""Who may ask: the right host and origin, a session from this start's token or the password, a form of our own.

Every answer carries a content policy that allows nothing but our own files. Pure ASGI, so that nothing is read of a
request before it may be.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 40_000_000
"""Bytes of a form: a list of half a million subscribers."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    # "no-referrer" would make browsers send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}
_UTF_8 = re.compile(r"^(?!.*\bcharset\s*=\s*(?![\"']?utf-?8\b))", re.DOTALL)
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class Password:
    """A password as its scrypt hash (RFC 7914); five wrong ones make everybody wait a minute."""

    TRIES, PAUSE = 5, 60.0

    def __init__(self, words: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._salt = secrets.token_bytes(16)
        self._clock = clock
        self._hash = self._scrypt(words)
        self._wrong: deque[float] = deque(maxlen=self.TRIES)
        self._lock = threading.Lock()

    def opens(self, words: str) -> bool | None:
        """Whether these are the words; None while nobody may try."""
        with self._lock:  # one at a time: each try takes 16 MB
            now = self._clock()
            if len(self._wrong) == self.TRIES and now - self._wrong[0] < self.PAUSE:
                return None
            if hmac.compare_digest(self._scrypt(words), self._hash):
                self._wrong.clear()
                return True
            self._wrong.append(now)
            return False

    def _scrypt(self, words: str) -> bytes:
        return hashlib.scrypt(words.encode()[:1024], salt=self._salt, n=2**14, r=8, p=1)


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where the page listens, under which addresses it may be asked for, and what lets a person in.

    `address` is the public one behind a reverse proxy, as in "https://desk.example.org/"; it wants a password.
    """

    host: str = "127.0.0.1"
    port: int = 8420
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    address: str | None = None
    password: Password | None = None
    session_key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def url(self) -> str:
        """What to open in a browser: it has this start's token."""
        return f"{self.home}enter?token={self.token}"

    @property
    def home(self) -> str:
        """The page's address, with a slash at its end."""
        if self.address:
            return self.address.rstrip("/") + "/"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers that are ours; any other is a stranger's name for this machine (DNS rebinding)."""
        names = {"127.0.0.1", "localhost", "[::1]"} if is_loopback(self.host) else set()
        return frozenset({f"{name}:{self.port}" for name in names} | {urlsplit(self.home).netloc.lower()})

    @property
    def origins(self) -> frozenset[str]:
        """The origins of our own pages."""
        return frozenset({f"http://{host}" for host in self.hosts} | {self.home.rstrip("/").lower()})

    @property
    def cookie(self) -> str:
        """Cookies know no ports, so two projects side by side need two names."""
        return f"paperround-{self.port}"

    @property
    def csrf(self) -> str:
        """What every form of ours carries, and no other site can know."""
        return hmac.new(self.session_key.encode(), b"form", hashlib.sha256).hexdigest()

    def admits(self, cookie: str) -> bool:
        """Whether a cookie is from this start."""
        return hmac.compare_digest(cookie.encode(), self.session_key.encode())


class Guard:
    """Lets through what is ours; the parsed form of a POST is in the scope as "form"."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        guarded = _with_headers(send)
        refusal = self._refused(scope) or await self._form_refused(scope, receive)
        if refusal is not None:
            await refusal(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)

    def _refused(self, scope: Scope) -> Response | None:
        headers, door = Headers(scope=scope), self._door
        if headers.get("host", "").lower() not in door.hosts:
            return _no(403, "This address is not the author's page's own.")
        origin = headers.get("origin")
        if (origin is not None and origin.lower() not in door.origins) or (scope["method"] == "POST" and not origin):
            return _no(403, "Another site asked for this; nothing was done.")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return _no(405, "Only GET, HEAD and POST are understood.")
        public = scope["path"].startswith("/static/") or scope["path"] in ("/enter", "/login")
        if public or door.admits(_cookies(headers).get(door.cookie, "")):
            return None
        if door.password and scope["method"] == "POST":
            return _no(403, "The page was started anew; nothing was done. Open it in another window.")
        if door.password:
            return RedirectResponse("/login", 303)
        return _no(403, "Open the page with the whole address that `paperround preview` printed; it has a key in it.")

    async def _form_refused(self, scope: Scope, receive: Receive) -> Response | None:
        if scope["method"] != "POST":
            return None
        headers = Headers(scope=scope)
        kind, _, more = headers.get("content-type", "").lower().partition(";")
        # A page in UTF-8 sends its forms so; in other charsets there are letters that no page, file or database takes.
        if kind.strip() not in FORMS or not _UTF_8.search(more):
            return _no(403, "Only a form of the author's page is taken.")
        length, most = headers.get("content-length", ""), LARGEST if scope["path"] != "/login" else 10_000
        if not length.isdecimal() or int(length) > most:
            return _no(413, f"That is more than {most // 1000} kB, or of no known length.")
        try:
            form = await Request(scope, receive).form(max_files=4, max_fields=2000, max_part_size=1_000_000)
        except MultiPartException as fault:
            return _no(400, f"The form can't be read: {fault.message}")
        if scope["path"] != "/login" and not self._ours(form):
            return _no(403, "This form is from an earlier start. Load the page again; nothing was done.")
        scope["form"] = form
        return None

    def _ours(self, form: FormData) -> bool:
        given = form.get("csrf")
        return isinstance(given, str) and hmac.compare_digest(given.encode(), self._door.csrf.encode())


def let_in(door: Door, to: str = "/") -> Response:
    """Give the browser this start's session."""
    answer = RedirectResponse(to, 303)
    secure = door.home.startswith("https:")
    answer.set_cookie(door.cookie, door.session_key, httponly=True, samesite="strict", secure=secure)
    return answer


def _cookies(headers: Headers) -> Mapping[str, str]:
    jar = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _no(status: int, words: str) -> Response:
    return PlainTextResponse(words + "\n", status)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return sending
