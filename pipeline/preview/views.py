"""The page's templates. Everything in them is escaped; they are ours, never the author's."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline import plots
from pipeline.preview import words

if TYPE_CHECKING:
    from pipeline.preview.ask import Ask

HERE = Path(__file__).with_name("views")
STATIC = HERE.parent / "static"
SEEN = "seen-placeholder"
"""Stands where the digest of the page goes that it stands in."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([HERE, plots.TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= words.FILTERS
    return environment


def fill(template: str, ask: Ask, **values: Any) -> str:
    """A template as HTML."""
    from pipeline.errors import PaperroundError
    from pipeline.preview import pages

    try:
        title = ask.settings.newsletter.title
    except PaperroundError:
        title = "Paperround"
    shared = {
        "again": values.get("back") or ask.address,
        "ask": ask,
        "door": ask.door,
        "errand": ask.desk.errands.last,
        "here": ask.request.url.path,
        "navigation": pages.navigation(),
        "newsletter_title": title,
        "seen": SEEN,
        "version": _version(),
        "zone": ask.settings.newsletter.timezone if title != "Paperround" else None,
    }
    return _environment().get_template(template).render(shared | values)


@cache
def _version() -> str:
    """Of the files that browsers keep."""
    whole = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]
