"""Text that any writer of XML can write."""

from __future__ import annotations

import re

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """Text without what XML forbids: control characters, lone surrogates, U+FFFE (XML 1.0, section 2.2)."""
    return _ILLEGAL.sub("", text)
