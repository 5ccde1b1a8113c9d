"""The next issue as it will be."""

from __future__ import annotations

from starlette.responses import Response

from pipeline import compose
from pipeline.preview.ask import Ask
from pipeline.preview.pages import Page


def _show(ask: Ask) -> Response:
    plan = compose.plan(ask.store, ask.settings.compose, ask.now)
    return ask.page("issue.html", title="Next issue", plan=plan)


PAGE = Page(title="Next issue", address="/", show=_show, place=10)
