"""The page's templates. Everything in them is escaped; they are ours, never the author's."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline import plots
from pipeline.preview import words

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


def fill(template: str, **values: Any) -> str:
    """A template as HTML."""
    return _environment().get_template(template).render(seen=SEEN, version=_version(), **values)


@cache
def _version() -> str:
    """Of the files that browsers keep."""
    whole = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]
