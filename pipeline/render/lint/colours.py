"""Words that can be read on their ground (WCAG 2.2, 1.4.3: a contrast of 4.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline import looks
from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, advisory

PAIRS = (
    ("ink", "paper"), ("ink", "card"), ("ink", "page"), ("quiet", "paper"), ("quiet", "card"), ("quiet", "page"),
    ("accent", "paper"), ("accent", "card"), ("on_accent", "accent"),
)  # fmt: skip
ENOUGH = 4.5


def contrast(checked: Checked) -> Iterator[Finding]:
    """A pair of colours that many people can't tell apart; the theme is the author's to change."""
    theme = looks.theme(checked.settings.templates)
    for mode in ("light", "dark"):
        for text, ground in PAIRS:
            ratio = contrast_of(theme[mode][text], theme[mode][ground])
            if ratio is not None and ratio < ENOUGH:
                words = f"[{mode}] {text} on {ground} has a contrast of {ratio:.1f}; make it {ENOUGH} or more."
                yield advisory("contrast", words, "templates/theme.toml")


def contrast_of(one: str, other: str) -> float | None:
    """The ratio of two colours, 1 to 21; None when either is not written as #rrggbb."""
    lights = [_light(colour) for colour in (one, other)]
    if None in lights:
        return None
    darker, lighter = sorted(light for light in lights if light is not None)
    return (lighter + 0.05) / (darker + 0.05)


def _light(colour: str) -> float | None:
    """Relative luminance (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    found = re.fullmatch(r"#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", colour.strip().lower())
    if not found:
        return None
    shares = [int(part, 16) / 255 for part in found.groups()]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


RULES = (contrast,)
