"""Bars that add up, as geometry for an inline SVG: no script, no font, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from pathlib import Path

import msgspec

TEMPLATES = Path(__file__).parent
"""Where plots.html is, with the macro that draws a Plot."""

WIDTH, HEIGHT = 420, 220
LEFT, RIGHT, TOP, FOOT = 46, 20, 12, 30


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One rectangle: which series it is of (from 1, for its colour) and where."""

    series: int
    x: float
    y: float
    width: float
    height: float


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A mark with its words, along an axis."""

    at: float
    words: str


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """A plot as its template needs it; `rows` are the same numbers for a table."""

    name: str
    title: str
    summary: str
    first: str
    series: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    foot: int = HEIGHT - FOOT

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for _, values in self.rows for value in values)


def stacked(
    name: str, title: str, first: str, series: Sequence[str], rows: Sequence[tuple[str, tuple[int, ...]]]
) -> Plot:
    """Bars of several parts, one for each row; `first` is what rows are called in the table."""
    top = _round_up(max((sum(values) for _, values in rows), default=0))
    step = (WIDTH - LEFT - RIGHT) / max(len(rows), 1)
    high = HEIGHT - TOP - FOOT
    bars: list[Bar] = []
    for at, (_, values) in enumerate(rows):
        y = float(HEIGHT - FOOT)
        for number, value in enumerate(values, 1):
            tall = high * value / top
            y -= tall
            if value:
                width = min(step * 0.7, 36)
                x = LEFT + step * at + (step - width) / 2
                bars.append(
                    Bar(series=number, x=round(x, 1), y=round(y, 1), width=round(width, 1), height=round(tall, 1))
                )
    every = -(-len(rows) // 6) or 1
    labels = tuple(
        Tick(at=round(LEFT + step * (at + 0.5), 1), words=words)
        for at, (words, _) in enumerate(rows)
        if (len(rows) - 1 - at) % every == 0
    )
    ticks = tuple(
        Tick(at=round(HEIGHT - FOOT - high * part / 2, 1), words=_short(top * part / 2))
        for part in (0, 1, 2)
        if (top * part) % 2 == 0
    )
    return Plot(
        name=name,
        title=title,
        summary=_summary(series, rows, first),
        first=first,
        series=tuple(series),
        rows=tuple(rows),
        bars=tuple(bars),
        ticks=ticks,
        labels=labels,
    )


def _round_up(value: int) -> int:
    """A number that is easy to read, no smaller: 1, 2, 4, 5, 6, 8 or 10 times a power of ten."""
    if value < 1:
        return 1
    power = 10 ** floor(log10(value))
    return next(int(part * power) for part in (1, 2, 4, 5, 6, 8, 10) if part * power >= value)


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:,.0f}"


def _summary(series: Sequence[str], rows: Sequence[tuple[str, tuple[int, ...]]], first: str) -> str:
    """The plot in a sentence, for those who can't see it."""
    if not rows:
        return "There is nothing to show yet."
    sums = [sum(values[at] for _, values in rows) for at in range(len(series))]
    told = ", ".join(f"{count:,} {words}" for words, count in zip(series, sums, strict=True))
    return f"{first} {rows[0][0]} to {rows[-1][0]}: {told} in all."
