"""A stranger's picture drawn anew: smaller, upright, without whatever else was in its file.

To decode a picture is to run old C code on hostile bytes, so that happens in a child process (`draw.py`), bounded in
pixels, memory and time. What is kept is a new picture drawn from the old one.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence

import msgspec

from pipeline import child
from pipeline.errors import ChildFault, FetchFault

BYTES = 10 << 20
SECONDS = 15
MEGABYTES = 1536


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """One picture as it is kept: `kind` is jpeg, png or gif; width and height in pixels."""

    kind: str
    width: int
    height: int
    content: bytes


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What came, and what was made of it.

    `kind` is the format that came (jpeg, png, gif, webp, avif, bmp), `width` and `height` its pixels, upright.
    `moving` says that it had more than one frame; `drawings` are from the smallest to the largest.
    """

    kind: str
    width: int
    height: int
    moving: bool
    drawings: tuple[Drawing, ...]


def drawn(body: bytes, boxes: Sequence[tuple[int, int]], *, where: str, flat: bool = False, moving: int = 0) -> Drawn:
    """A picture fitted into each of `boxes` (width, height), never enlarged; boxes that come to the same are one.

    `flat` makes every drawing a JPEG on white. Otherwise a JPEG stays one, and what is transparent or was PNG or GIF
    becomes a PNG. A moving picture stays a GIF when that has no more than `moving` bytes, else its first frame stands.
    Raises FetchFault, with `where`, for what is no picture, or one that would cost too much to open.
    """
    if len(body) > BYTES:
        raise FetchFault(f"The picture is larger than {BYTES >> 20} MB.", where=where)
    wish = json.dumps({"boxes": list(boxes), "flat": flat, "moving": moving}).encode()
    asked = struct.pack(">I", len(wish)) + wish + body
    try:
        answer = child.run(
            "pipeline.drawing.draw", asked, seconds=SECONDS, megabytes=MEGABYTES, what="Opening the picture"
        )
    except ChildFault as fault:
        raise FetchFault(fault.what, where=where) from None
    return _read(answer)


def _read(answer: bytes) -> Drawn:
    (length,) = struct.unpack_from(">I", answer)
    facts = json.loads(answer[4 : 4 + length])
    at, drawings = 4 + length, list[Drawing]()
    for one in facts.pop("drawings"):
        size = one.pop("bytes")
        drawings.append(Drawing(**one, content=answer[at : at + size]))
        at += size
    return Drawn(**facts, drawings=tuple(drawings))
