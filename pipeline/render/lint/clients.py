"""What some mail clients can't show, by caniemail.com's tests (clients.toml, made by tools/clients.py)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, advisory

GRACEFUL: Mapping[str, str] = {
    "border-radius": "corners are square there",
    "border-spacing": "a reset; tables without it look the same",
    "cursor": "only a mouse shows it",
    "height": "heights come from what is inside, and from attributes",
    "max-height": "hides the preheader, which is hidden in other ways too",
    "opacity": "as max-height",
    "outline": "a reset of focus rings around pictures",
    "overflow": "as max-height",
    "overflow-wrap": "long addresses stick out a little there",
    "text-underline-offset": "underlines are closer there",
    "white-space": "long lines of code do not wrap there",
    "word-break": "long words stick out a little there",
    "word-spacing": "a reset",
    "body": "Yahoo makes a division of it, with the same style",
}
"""What we use although a client lacks it, and what its readers see instead."""

_CONDITIONAL = re.compile(r"<!--\[if.*?endif\]-->|@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.DOTALL)
_STYLES = re.compile(r'style="([^"]*)"|<style[^>]*>(.*?)</style>', re.DOTALL)
_PROPERTY = re.compile(r"(?:^|[;{])\s*([a-z][a-z-]+)\s*:")
_ELEMENT = re.compile(r"<([a-z][a-z0-9]*)\b")


def unsupported(checked: Checked) -> Iterator[Finding]:
    """A property or element that a client of many readers ignores, when nothing says what they see instead."""
    plain = _CONDITIONAL.sub("", checked.message.html)
    styles = ";".join(found[1] or found[2] or "" for found in _STYLES.finditer(plain))
    used = {"properties": set(_PROPERTY.findall(styles)), "elements": set(_ELEMENT.findall(plain))}
    for kind, names in used.items():
        for name in sorted(names & _lacking()[kind].keys() - GRACEFUL.keys()):
            clients = " and ".join(_lacking()[kind][name])
            what = f"<{name}>" if kind == "elements" else name
            yield advisory(
                "client-support", f"{clients} can't show {what}. Leave it out of the template.", "email.html"
            )


@cache
def _lacking() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files("pipeline.render.lint").joinpath("clients.toml").read_text("utf-8"))


RULES = (unsupported,)
