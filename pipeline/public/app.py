"""The server's front: which address is which page, how much of a request is read, and what every answer carries."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.public import choosing, leaving, pages, reporting, subscribing
from pipeline.public.asked import Answered, Asked, Desk, Page

FORM_AT_MOST = 16 << 10
"""Bytes of a form that are read; ours have a few hundred."""

WITHIN = 15.0
"""Seconds that a request's body may take to come in."""

# Pages of ours need no script, no frame and nothing from elsewhere. A token in the address must not travel on.
_OURS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
# The static site may be an author's own template, with pictures and players from elsewhere.
_EVERY = {
    "content-security-policy": "object-src 'none'; base-uri 'self'; frame-ancestors 'none'",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


_KINDS = {"feed.json": "application/feed+json", "feeds.opml": "text/x-opml; charset=utf-8"}
"""What the names of files do not tell: jsonfeed.org/version/1.1 and opml.org/spec2.opml. The other feeds stay plain
XML, or browsers would not show them with their style."""

# What mails and reader apps ask for below the path that the site had once.
_OF_OURS = "(?:subscribe|confirm|preferences|unsubscribe|webhooks|issues|pictures|books|[a-z]+[.](?:xml|json))(?:/|$)"
_MOVED = re.compile(rf"(?!/{_OF_OURS})((?:/[\w.~-]{{1,60}}){{1,8}}?)/{_OF_OURS}")


def application(desk: Desk) -> ASGIApp:
    """Everything that readers and providers reach, as an ASGI application."""
    public = desk.settings.outbox / "public"
    routes = [
        _route("/subscribe", subscribing.subscribe, desk),
        _route("/confirm/{token}", subscribing.confirm, desk),
        _route("/preferences/{token}", choosing.preferences, desk),
        _route("/unsubscribe/{token}", leaving.unsubscribe, desk),
        _route("/webhooks/{provider}/{token}", reporting.webhook, desk, reporting.AT_MOST),
        Mount("/", _Site(directory=public, html=True, check_dir=False)),
    ]
    refused: Callable[[Request, Exception], Awaitable[Response]] = partial(_refused, desk)
    return _Front(
        Starlette(routes=routes, exception_handlers={HTTPException: refused, Exception: refused}),
        urlsplit(desk.settings.newsletter.home).path.rstrip("/"),
        public,
    )


def _route(path: str, page: Page, desk: Desk, at_most: int = FORM_AT_MOST) -> Route:
    async def endpoint(request: Request) -> Response:
        body = await _body(request, at_most)
        asked = await _asked(request, body)
        return _response(await run_in_threadpool(page, asked, desk))

    return Route(path, endpoint, methods=["GET", "POST"])


async def _body(request: Request, at_most: int) -> bytes:
    """The whole body. Raises HTTPException when it is too large or too slow."""
    body = bytearray()
    try:
        async with asyncio.timeout(WITHIN):
            async for chunk in request.stream():
                body += chunk
                if len(body) > at_most:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    request._body = bytes(body)  # noqa: SLF001 - so that the form is read from what was counted
    return bytes(body)


async def _asked(request: Request, body: bytes) -> Asked:
    form: dict[str, tuple[str, ...]] = {}
    if request.method == "POST" and "provider" not in request.path_params:
        try:
            async with request.form(max_files=0, max_fields=100, max_part_size=FORM_AT_MOST) as fields:
                for name, value in fields.multi_items():
                    form[name] = (*form.get(name, ()), str(value))
        except UnicodeError:  # it is called by a charset that is none for a text
            raise HTTPException(400) from None
    return Asked(
        method=request.method,
        client=request.client.host if request.client else "",
        headers=dict(request.headers),
        token=request.path_params.get("token", ""),
        provider=request.path_params.get("provider", ""),
        form=form,
        body=body,
    )


def _response(answered: Answered) -> Response:
    headers = _OURS | dict(answered.headers)
    return Response(answered.body, answered.status, headers, media_type=answered.kind)


async def _refused(desk: Desk, request: Request, fault: Exception) -> Response:
    """A fault as a page in the newsletter's words; the cause is nobody's business but the author's."""
    status = fault.status_code if isinstance(fault, HTTPException) else 503
    name = {413: "reader_too_much", 503: "reader_trouble"}.get(status, "reader_lost")
    extra: Mapping[str, str] = (fault.headers if isinstance(fault, HTTPException) else None) or {}
    if status == 503:
        extra = {"retry-after": "120"}
    answered = await run_in_threadpool(pages.message, desk, name, f"{name}_more", status=status)
    return _response(Answered(body=answered.body, status=status, headers=extra))


class _Site(StaticFiles):
    """The static site: with ETags, nothing hidden, and redirects that hold behind any proxy."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if any(part.startswith(".") and part not in (".", ".well-known") for part in path.split("/")):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        if isinstance(response, RedirectResponse):
            # Relative, so that it leads right whatever host and path a proxy has put before us.
            response.headers["location"] = f"{scope['path'].rpartition('/')[2]}/"
        else:
            response.headers["cache-control"] = "public, max-age=0, must-revalidate"
            if kind := _KINDS.get(path):
                response.headers["content-type"] = kind
        return response


class _Front:
    """What stands before the pages: the path that the site's address begins with, and headers on every answer."""

    def __init__(self, inner: ASGIApp, prefix: str, public: Path) -> None:
        self._inner = inner
        self._prefix = unquote(prefix)
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        # Some proxies cut the prefix off and some don't; both lead to the same page.
        scope = {**scope, "root_path": self._before(scope["path"])}

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                more = [(name.encode(), value.encode()) for name, value in _EVERY.items() if name.encode() not in given]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self._inner(scope, receive, sent)

    def _before(self, path: str) -> str:
        """What stands before a page's own path: that of the site's address, or one that it had for old mails."""
        if self._prefix and (path + "/").startswith(self._prefix + "/"):
            return self._prefix
        moved = _MOVED.match(path)
        return moved[1] if moved and not (self._public / path.split("/")[1]).exists() else ""
