"""What is wrong with the MJML of a template: its compiler takes a misspelt part in silence and shows nothing of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from pipeline.errors import did_you_mean

KNOWN = Path(__file__).with_name("mjml.json")
"""Parts and their attributes by MJML's reference implementation, written by tools/mjml.mjs."""
EVERYWHERE = ("css-class", "mj-class")

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<(mj[a-z-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_DEFAULTS = re.compile(r"<mj-attributes\b.*?</mj-attributes>", re.DOTALL)
_NAME = re.compile(r"([A-Za-z_:][\w:-]*)\s*=\s*(?:\"[^\"]*\"|'[^']*')")


def faults(template: str) -> Iterator[tuple[int, str]]:
    """(line, what is wrong there) for each part or attribute that MJML does not know; Jinja's words are passed over.

    Attributes inside mj-attributes are defaults of any part and are not looked at.
    """
    text = _blank(_COMMENT, _blank(_JINJA, template))
    defaults = [found.span() for found in _DEFAULTS.finditer(text)]
    for tag in _TAG.finditer(text):
        line = text.count("\n", 0, tag.start()) + 1
        part = tag[1]
        if part not in _known():
            yield line, f"MJML has no part <{part}>{did_you_mean(part, _known(), '; did')}."
        elif not any(start < tag.start() < end for start, end in defaults):
            allowed = (*_known()[part], *EVERYWHERE)
            for name in _NAME.findall(tag[2]):
                if name not in allowed:
                    yield line, f"<{part}> has no attribute {name}{did_you_mean(name, allowed, '; did')}."


@cache
def _known() -> Mapping[str, tuple[str, ...]]:
    return {part: tuple(names) for part, names in json.loads(KNOWN.read_bytes()).items()}


def _blank(what: re.Pattern[str], text: str) -> str:
    """The text without what is found, every line where it was."""
    return what.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
