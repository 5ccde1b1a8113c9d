"""Templates for providers that fill in each reader's link themselves, and nothing else.

What an author or a stranger wrote may look like a provider's merge fields (`{{7*7}}`, `%recipient.x%`). It must arrive
as it was written, so whatever could begin such a field is written in another way: in HTML as a character reference, in
a style sheet with a space behind it, in plain text as a field of its own that stands for the character.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape

import msgspec
from msgspec.structs import replace

from pipeline.mail import between
from pipeline.model import Message

_STYLE = re.compile(r"(<style\b[^>]*>.*?</style\s*>)", re.IGNORECASE | re.DOTALL)
_BRACES = re.compile(r"\{(?=[{%#])")


class Syntax(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What a provider's engine acts on; each is one of a kind.

    `special` matches each character that could begin a field; `plain` is what stands for it in plain text and in the
    subject; `in_style` matches what must not stay together in a style sheet.
    """

    special: re.Pattern[str]
    plain: Mapping[str, str]
    in_style: re.Pattern[str] = _BRACES


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A message with the provider's own fields for the reader's link."""

    subject: str
    html: str
    text: str


@lru_cache(maxsize=8)
def template(message: Message, subject: str, syntax: Syntax, html_link: str, text_link: str) -> Template:
    """The message as a template: `html_link` and `text_link` are the fields that the provider puts the link into."""
    html, text = between(message)
    return Template(
        subject=_plain(subject, syntax),
        html=html_link.join(_html(piece, syntax) for piece in html),
        text=text_link.join(_plain(piece, syntax) for piece in text),
    )


@lru_cache(maxsize=8)
def harmless(message: Message, syntax: Syntax) -> Message:
    """The message for a provider that gets finished copies, and still acts on some fields in them."""
    whole = template(message, message.subject, syntax, escape(message.unsubscribe), message.unsubscribe)
    return replace(message, subject=whole.subject, html=whole.html, text=whole.text)


def _html(piece: str, syntax: Syntax) -> str:
    parts = _STYLE.split(piece)
    parts[::2] = [syntax.special.sub(lambda found: f"&#{ord(found[0])};", part) for part in parts[::2]]
    parts[1::2] = [syntax.in_style.sub(lambda found: f"{found[0]} ", part) for part in parts[1::2]]
    return "".join(parts)


def _plain(piece: str, syntax: Syntax) -> str:
    return syntax.special.sub(lambda found: syntax.plain[found[0]], piece)
