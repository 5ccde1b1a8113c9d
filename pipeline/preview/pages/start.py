"""A first start in an empty folder: the author pastes her blog's address, and has a project."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from pipeline import run
from pipeline.errors import UserError
from pipeline.model import Report
from pipeline.preview.ask import Ask
from pipeline.preview.desk import Desk
from pipeline.preview.pages import Page
from pipeline.projects import layout


def _show(ask: Ask) -> Response:
    if ask.desk.folder is not None:
        return RedirectResponse("/", 303)
    return ask.page("start.html", title="Begin", folder=ask.desk.start, url=ask.asked("url"))


def _begin(ask: Ask) -> Response:
    url = ask.word("url")
    if not url:
        raise UserError("Type your blog's address first.")
    if ask.desk.folder is None:
        ask.desk.errands.send("Looking at your blog", lambda say: _look(ask.desk, url, say))
        ask.desk.errands.wait(10)
    return ask.back("/" if ask.desk.folder else f"/start?{urlencode({'url': url})}")


def _look(desk: Desk, url: str, say: Callable[[str], None]) -> Report:
    """Find out how the blog is read, lay the project out, and fetch what is there."""
    found = layout.look(url)
    for words in found.words:
        say(words)
    layout.lay_out(desk.start, found)
    with desk.project(say) as project:
        return run.walk(project, "pull", "clean", "books")


PAGE = Page(title="Begin", address="/start", show=_show, does={"begin": _begin}, needs_project=False)
