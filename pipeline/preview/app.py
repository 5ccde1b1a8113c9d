"""The application: a function of the project's desk and the door. Its endpoints run in threads, one request each."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import PurePosixPath

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pipeline.errors import Busy, NeedsPerson, PaperroundError, UserError
from pipeline.preview import pages, views
from pipeline.preview.ask import Ask, Telling
from pipeline.preview.desk import Desk
from pipeline.preview.guard import Door, Guard, let_in
from pipeline.preview.live import Live

LARGEST = 2**31 - 1
"""No issue, post or reader has a larger number: a database has no room for one."""
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def application(desk: Desk, door: Door) -> Starlette:
    """The author's page of one project, behind one door."""
    live = Live(desk)
    asking = _asking(desk, door, live)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with live.watching():
            yield
        desk.close()

    app = Starlette(
        routes=[
            Route("/enter", lambda request: _enter(request, door)),
            Route("/login", lambda request: _login(asking(request)), methods=["GET", "POST"]),
            Route("/leave", lambda _: _leave(door), methods=["POST"]),
            Route("/live", live.answer),
            Route("/static/{name:path}", _static),
            *(route for page in pages.every() for route in _routes(page, asking)),
        ],
        middleware=[Middleware(Guard, door=door)],
        exception_handlers={404: lambda _, __: PlainTextResponse("There is no such page.\n", 404)},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


def _asking(desk: Desk, door: Door, live: Live) -> Callable[[Request], Ask]:
    telling = Telling()
    navigation = [(page.address, page.title) for page in pages.navigation()]

    def asking(request: Request) -> Ask:
        if any(isinstance(one, int) and one > LARGEST for one in request.path_params.values()):
            raise HTTPException(404)
        return Ask(
            request=request,
            desk=desk,
            door=door,
            telling=telling,
            navigation=navigation,
            tell_others=lambda: live.tell("state"),
        )

    return asking


def _routes(page: pages.Page, asking: Callable[[Request], Ask]) -> list[Route]:
    shown = {page.address: page.show} | {page.below(name): handler for name, handler in page.parts.items()}
    done = {page.below(name): handler for name, handler in page.does.items()}
    return [
        *(Route(path, _showing(page, handler, asking), methods=["GET"]) for path, handler in shown.items()),
        *(Route(path, _doing(page, handler, asking), methods=["POST"]) for path, handler in done.items()),
    ]


def _showing(page: pages.Page, handler: pages.Handler, asking: Callable[[Request], Ask]) -> pages.Show:
    def show(request: Request) -> Response:
        ask = asking(request)
        if page.needs_project and ask.desk.folder is None:
            return RedirectResponse("/start", 303)
        try:
            return handler(ask)
        except PaperroundError as fault:
            return ask.page("fault.html", status=_status(fault), title="This needs mending", fault=fault)

    return show


def _doing(page: pages.Page, handler: pages.Handler, asking: Callable[[Request], Ask]) -> pages.Show:
    def do(request: Request) -> Response:
        ask = asking(request)
        ask.telling.forget()
        try:
            return handler(ask)
        except PaperroundError as fault:
            return ask.page(
                "fault.html",
                status=_status(fault),
                stays=True,
                title="Not done",
                fault=fault,
                back=page.address,
                written=ask.written,
            )

    return do


def _status(fault: PaperroundError) -> int:
    """HTTP's word for a fault: the person's own, something that stands in the way, a run at work, or ours."""
    if isinstance(fault, Busy):
        return 503
    if isinstance(fault, NeedsPerson):
        return 409
    return 400 if isinstance(fault, UserError) else 500


def _enter(request: Request, door: Door) -> Response:
    """Exchange the token of the printed address for a session; the address bar does not keep it."""
    from secrets import compare_digest

    if not compare_digest(request.query_params.get("token", "").encode(), door.token.encode()):
        words = "This key is from an earlier start. Open the address that `paperround preview` printed last.\n"
        return PlainTextResponse(words, 403)
    return let_in(door)


def _login(ask: Ask) -> Response:
    password = ask.door.password
    if password is None:
        return RedirectResponse("/", 303)
    if ask.request.method == "GET":
        return ask.page("login.html", title="Password", wrong=None)
    opened = password.opens(ask.word("password"))
    if opened:
        return let_in(ask.door)
    if opened is None:
        return ask.page("login.html", status=429, title="Password", wrong="Too many wrong ones. Wait a minute.")
    return ask.page("login.html", status=403, title="Password", wrong="That is not the password.")


def _leave(door: Door) -> Response:
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(door.cookie)
    return answer


def _static(request: Request) -> Response:
    name = PurePosixPath(request.path_params["name"])
    known = {path.name: path for path in views.STATIC.iterdir()}
    if str(name) not in known:
        raise HTTPException(404)
    kept = {"cache-control": "public, max-age=31536000, immutable"} if "v" in request.query_params else {}
    return FileResponse(known[str(name)], media_type=TYPES[name.suffix], headers=kept)
