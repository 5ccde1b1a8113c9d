"""Bodies in quoted-printable (RFC 2045 section 6.7), of which all readers share everything but their links.

Each link gets encoded lines of its own, so that what stands around it is the same bytes for everybody.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby

Body = tuple[bytes | tuple[bytes, ...], ...]
"""Encoded lines, and of each line with a reader's link what stands around it."""


@lru_cache(maxsize=8)
def body(parts: tuple[str, ...]) -> Body:
    """The text whose pieces are `parts`, with a link between each two of them."""
    # For a while each link is one character that stands nowhere in the text.
    mark = next(chr(code) for code in range(0xE000, 0xF8FF) if not any(chr(code) in part for part in parts))
    lines = with_crlf(mark.join(parts)).split("\r\n")[:-1]
    pieces: list[bytes | tuple[bytes, ...]] = []
    for has_link, some in groupby(lines, key=lambda line: mark in line):
        if has_link:
            pieces += [_around(line.split(mark)) for line in some]
        else:
            pieces.append(_encoded("".join(f"{line}\r\n" for line in some)))
    return tuple(pieces)


def filled(pieces: Body, link: str, *, stuffed: bool = False) -> Iterator[bytes]:
    """The pieces with one reader's link, which holds no line break; with `stuffed` as SMTP carries them."""
    own = _soft(link)
    if stuffed:
        own, pieces = as_smtp(own), _stuffed(pieces)
    return (piece if isinstance(piece, bytes) else own.join(piece) for piece in pieces)


def whole(parts: tuple[str, ...], link: str) -> bytes:
    """One reader's whole body."""
    return b"".join(filled(body(parts), link))


def as_smtp(lines: bytes) -> bytes:
    """The lines as SMTP carries them (RFC 5321 section 4.5.2): one that begins with a dot has another one."""
    return (b"." if lines.startswith(b".") else b"") + lines.replace(b"\n.", b"\n..")


@lru_cache(maxsize=8)
def _stuffed(pieces: Body) -> Body:
    """The same of what all readers share: each piece, and what stands around a link, begins a line."""
    return tuple(
        as_smtp(piece) if isinstance(piece, bytes) else tuple(as_smtp(part) for part in piece) for piece in pieces
    )


def with_crlf(text: str) -> str:
    """The text with one line break at its end, all of them alike: the encoder breaks lines as the first one ends."""
    return re.sub(r"\r\n|\r|\n", "\r\n", text.rstrip("\r\n") + "\n")


def _around(parts: Sequence[str]) -> tuple[bytes, ...]:
    *before, last = parts
    return (*(_soft(part) if part else b"" for part in before), _encoded(f"{last}\r\n"))


def _soft(text: str) -> bytes:
    """Encoded text that goes on in the next line; no line is longer than 76 characters."""
    encoded = _encoded(f"{text}\r\n")[:-2]
    if len(encoded) - encoded.rfind(b"\n") > 76:
        cut = len(encoded) - (3 if encoded[-3:-2] == b"=" else 1)
        encoded = encoded[:cut] + b"=\r\n" + encoded[cut:]
    return encoded + b"=\r\n"


def _encoded(lines: str) -> bytes:
    return binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)
