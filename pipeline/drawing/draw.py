"""Run as a child: the bytes of a picture in, new pictures out. This file imports nothing of ours.

A request is a length (`>I`), so many bytes of JSON (boxes, flat, moving), and the picture. The reply is a length, JSON
(kind, width, height, moving, drawings with kind, width, height and bytes), and the drawings one after another.
"""

from __future__ import annotations

import io
import json
import struct
from contextlib import suppress
from typing import Any

import msgspec
from PIL import Image, ImageCms, ImageOps, ImageSequence

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP")
PIXELS = 40_000_000
JPEG_PIXELS = 120_000_000
"""A JPEG can be opened at an eighth of its size, so that a telephone's 50 million are no burden."""
FRAMES, FRAME_PIXELS = 300, 60_000_000
"""How many frames, and pixels of all frames together, are drawn before the first one has to do."""
NEARLY = 1.25
"""A drawing that the next larger one exceeds by less than this is not worth a file."""
QUALITY = 85
Image.MAX_IMAGE_PIXELS = None  # measured by format instead


class _Made(msgspec.Struct, frozen=True):
    kind: str
    width: int
    height: int
    content: bytes


def work(given: bytes) -> bytes:
    """Draw what was asked for. Raises ValueError for what is no picture."""
    (length,) = struct.unpack_from(">I", given)
    wish = json.loads(given[4 : 4 + length])
    try:
        facts, drawings = _drawn(given[4 + length :], **wish)
    except (
        OSError,
        SyntaxError,
        EOFError,
        LookupError,
        TypeError,
        struct.error,
        Image.DecompressionBombError,
    ):
        raise ValueError("what is there is no picture that can be read") from None
    told = [{"kind": one.kind, "width": one.width, "height": one.height, "bytes": len(one.content)} for one in drawings]
    head = json.dumps(facts | {"drawings": told}).encode()
    return struct.pack(">I", len(head)) + head + b"".join(one.content for one in drawings)


def _drawn(body: bytes, *, boxes: list[list[int]], flat: bool, moving: int) -> tuple[dict[str, Any], list[_Made]]:
    picture = Image.open(io.BytesIO(body), formats=FORMATS)
    kind = str(picture.format).lower()
    if picture.width * picture.height > (JPEG_PIXELS if kind == "jpeg" else PIXELS):
        raise ValueError(f"it has {picture.width} x {picture.height} pixels, more than any reader could see")
    full, moves = picture.size, bool(getattr(picture, "is_animated", False))
    gif = _moving(picture, boxes[0], moving) if kind == "gif" and moves and moving else None
    picture.seek(0) if moves else picture.draft("RGB", (2 * boxes[-1][0], 2 * boxes[-1][1]))
    drawings = [gif] if gif else _stills(_upright(picture), boxes, kind="jpeg" if flat else kind)
    turned = not moves and (drawings[-1].width > drawings[-1].height) != (full[0] > full[1])
    width, height = full[::-1] if turned else full
    return {"kind": kind, "width": width, "height": height, "moving": moves}, drawings


def _upright(picture: Image.Image) -> Image.Image:
    """As it is meant to be seen: turned as the camera was held, its colours those of every screen, no metadata."""
    picture.load()
    plain = picture
    with suppress(Exception):  # whatever is wrong with its EXIF, the picture may be right
        plain = ImageOps.exif_transpose(picture)
    profile = picture.info.get("icc_profile")
    if profile and plain.mode in ("RGB", "CMYK", "RGBA"):
        with suppress(Exception):
            said = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            mode = "RGB" if plain.mode == "CMYK" else None
            plain = ImageCms.profileToProfile(plain, said, ImageCms.createProfile("sRGB"), outputMode=mode) or plain
    return plain


def _stills(picture: Image.Image, boxes: list[list[int]], *, kind: str) -> list[_Made]:
    """The picture in each box, from the smallest to the largest."""
    few = picture.mode in ("P", "1", "L", "LA")
    clear = picture.has_transparency_data
    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")  # sixteen bits to a pixel
    plain = picture.convert("RGBA" if clear else "RGB")
    clear = clear and plain.getchannel("A").getextrema() != (255, 255)
    jpeg = kind in ("jpeg", "bmp") or (kind in ("webp", "avif") and not clear)
    plain = plain if clear and not jpeg else _on_white(plain)
    plain.info = {}  # Pillow would write comments back
    made: list[_Made] = []
    for box in boxes:
        small = plain.copy()
        small.thumbnail((box[0], box[1]), Image.Resampling.LANCZOS)
        if made and small.width < made[-1].width * NEARLY:
            made.pop()
        made.append(_jpeg(small) if jpeg else _png(small, few=few))
    return made


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    page = Image.new("RGB", picture.size, "white")
    page.paste(picture, mask=picture.getchannel("A"))
    return page


def _jpeg(picture: Image.Image) -> _Made:
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return _Made("jpeg", *picture.size, kept.getvalue())


def _png(picture: Image.Image, *, few: bool) -> _Made:
    """A drawing of few colours keeps them few: in full colour it would weigh three times as much."""
    if few:
        picture = picture.quantize(256, method=Image.Quantize.FASTOCTREE if picture.mode == "RGBA" else None)
    kept = io.BytesIO()
    picture.save(kept, "PNG", optimize=True)
    return _Made("png", *picture.size, kept.getvalue())


def _moving(picture: Image.Image, box: list[int], most: int) -> _Made | None:
    """The moving picture in the smallest box; None when it has too many frames, or is heavier than `most` bytes."""
    frames, durations = list[Image.Image](), list[int]()
    for frame in ImageSequence.Iterator(picture):
        if len(frames) == FRAMES or (len(frames) + 1) * picture.width * picture.height > FRAME_PIXELS:
            return None
        durations.append(int(frame.info.get("duration") or 100))
        small = frame.convert("RGBA" if frame.has_transparency_data else "RGB")
        small.thumbnail((box[0], box[1]), Image.Resampling.LANCZOS)
        small.info = {}
        frames.append(small)
    first, *others = frames
    again = {"loop": picture.info["loop"]} if "loop" in picture.info else {}
    clear = any(frame.mode == "RGBA" for frame in frames)
    kept = io.BytesIO()
    first.save(
        kept,
        "GIF",
        save_all=True,
        append_images=others,
        duration=durations,
        disposal=2 if clear else 1,
        optimize=True,
        **again,
    )
    content = kept.getvalue()
    return _Made("gif", *first.size, content) if len(content) <= most else None
