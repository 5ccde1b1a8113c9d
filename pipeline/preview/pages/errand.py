"""What the page is at work on stands on every page; here its words are put away once they were read."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from pipeline.preview.ask import Ask
from pipeline.preview.pages import Page


def _show(_ask: Ask) -> Response:
    return RedirectResponse("/", 303)


def _dismiss(ask: Ask) -> Response:
    ask.desk.errands.dismiss()
    return ask.back(ask.came_from)


PAGE = Page(title="At work", address="/errand", show=_show, does={"dismiss": _dismiss}, needs_project=False)
