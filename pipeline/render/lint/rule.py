"""What a rule looks at, and how it says what it found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

import msgspec

from pipeline.config import RenderSettings
from pipeline.model import Finding, Issue, Message
from pipeline.render.message import Rendered
from pipeline.render.seen import NOTHING, Seen


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """An issue with its bytes, the settings it was made with, and what was seen of the world around it."""

    rendered: Rendered
    issue: Issue
    settings: RenderSettings
    seen: Seen = NOTHING

    @property
    def message(self) -> Message:
        """The message as it would go out."""
        return self.rendered.message

    @property
    def head(self) -> bytes:
        """The sample mail down to its body, its lines ending with LF; to read the body, too, takes a parser long."""
        return self.rendered.files["sample.eml"].replace(b"\r\n", b"\n").partition(b"\n\n")[0]


_SRC = re.compile(r'<img\b[^>]*?\ssrc="([^"]*)"')


def images(html: str) -> list[str]:
    """The addresses of the pictures in a mail, in their order."""
    return [unescape(address) for address in _SRC.findall(html)]


Rule = Callable[[Checked], Iterator[Finding]]


def blocking(code: str, message: str, where: str) -> Finding:
    """A finding that keeps the issue from being approved."""
    return Finding(level="blocking", code=code, message=message, where=where)


def advisory(code: str, message: str, where: str) -> Finding:
    """A finding for the author to weigh."""
    return Finding(level="advisory", code=code, message=message, where=where)
