"""Book covers and landscapes for the sample blog, drawn with nothing but zlib.

A picture is a list of rows, one palette index per cell; its palette is a list of colours like "#f6dfc6".
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence

Canvas = list[bytearray]

PAPER, SHADE, LIGHT, INK = range(4)
SKY, SUN, FAR, NEAR = range(4)

COVERS = (
    ("#f2b880", "#d98e5f", "#fbe3c8", "#4a2c2a"),
    ("#9fc5c0", "#6a9c97", "#dcefec", "#20403e"),
    ("#c3b1d6", "#9580b3", "#ebe3f3", "#35264a"),
    ("#f0d27a", "#d1ab45", "#fbf1cd", "#4b3a0d"),
    ("#e8a5a0", "#c4726c", "#f9dfdc", "#4d2020"),
)
"""Palettes of covers: paper, shade, light and ink."""
# Five rows for each letter, a row's cells as the bits of a digit of base 32; M, N and W are wider than the others.
_ALPHABET = (
    "A25755 B65656 C34443 D65556 E74647 F74644 G34553 H55755 I72227 J11152 K55655 L44447 Mhrlhh N9db99 O25552 P65644 "
    "Q25563 R65655 S34216 T72222 U55557 V55522 Whhlrh X55255 Y55222 Z71247 ?61202 .00002 ,00024 '22000"
)
_LETTERS = {glyph[0]: glyph[1:] for glyph in _ALPHABET.split()}
_MARGIN, _ROOM = 10, 132
"""Cells to the left of a cover's words, and how many a line may take."""


def png(canvas: Canvas, palette: Sequence[str], scale: int) -> bytes:
    """A PNG file with `scale` pixels for each cell's side (indexed colour, https://www.w3.org/TR/png-3/)."""
    rows = b"".join((b"\0" + bytes(cell for cell in row for _ in range(scale))) * scale for row in canvas)
    header = struct.pack(">IIBBBBB", len(canvas[0]) * scale, len(canvas) * scale, 8, 3, 0, 0, 0)
    colours = b"".join(bytes.fromhex(colour.lstrip("#")) for colour in palette)
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def cover(title: str, author: str) -> tuple[Canvas, Sequence[str]]:
    """A book's front, 150 by 210 cells, and its palette: the title as large as it goes, a moon, the author's name."""
    canvas = [bytearray([SHADE] * 6 + [PAPER] * 144) for _ in range(210)]
    _disc(canvas, (104, 146), 32, LIGHT)
    size, lines = next((size, lines) for size in range(6, 0, -1) if (lines := _wrapped(title, size)))
    for at, line in enumerate(lines):
        _write(canvas, line, _MARGIN + 2, 14 + 7 * size * at, size)
    _write(canvas, author, _MARGIN + 2, 192, 1)
    return canvas, COVERS[len(title) % len(COVERS)]


def landscape(seed: str) -> Canvas:
    """Two hills under a sun, 600 by 315 cells, a little different for each seed."""
    turn = zlib.crc32(seed.encode()) % 628 / 100
    far = [170 + 34 * math.sin(turn + x / 90) for x in range(600)]
    near = [238 + 26 * math.sin(2 * turn + x / 140) for x in range(600)]
    canvas = [bytearray(600) for _ in range(315)]
    _disc(canvas, (130 + int(54 * turn), 92), 52, SUN)
    for y, row in enumerate(canvas):
        for x in range(600):
            row[x] = NEAR if y > near[x] else FAR if y > far[x] else row[x]
    return canvas


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _disc(canvas: Canvas, centre: tuple[int, int], radius: int, colour: int) -> None:
    for y in range(-radius, radius + 1):
        half = math.isqrt(radius * radius - y * y)
        row = canvas[centre[1] + y]
        row[centre[0] - half : centre[0] + half + 1] = bytes([colour]) * (2 * half + 1)


def _wrapped(title: str, size: int) -> list[str]:
    """The title in lines that fit a cover at this size; empty when they don't."""
    lines: list[str] = []
    for word in title.split():
        if lines and _width(f"{lines[-1]} {word}") * size <= _ROOM:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    fits = all(_width(line) * size <= _ROOM for line in lines) and 7 * size * len(lines) <= 170
    return lines if fits else []


def _rows(letter: str) -> list[int]:
    return [int(digit, 32) for digit in _LETTERS.get(letter, "00000")]


def _width(words: str) -> int:
    """Blocks from left to right, with one between two letters."""
    return sum(max(3, max(_rows(letter)).bit_length()) + 1 for letter in words.upper()) - 1


def _write(canvas: Canvas, words: str, left: int, top: int, size: int) -> None:
    """Words in letters of square blocks, `size` cells to a block's side."""
    for letter in words.upper():
        width = _width(letter)
        for line, bits in enumerate(_rows(letter)):
            for column in range(width):
                if bits & 1 << (width - 1 - column):
                    _block(canvas, left + column * size, top + line * size, size)
        left += (width + 1) * size


def _block(canvas: Canvas, x: int, y: int, size: int) -> None:
    for row in canvas[y : y + size]:
        row[x : x + size] = bytes([INK]) * size
