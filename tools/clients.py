"""What mail clients lack, boiled down from caniemail's data for the pre-flight list.

    python tools/clients.py caniemail-data.json > pipeline/render/lint/clients.toml

The data is https://www.caniemail.com/api/data.json (MIT licence); fetch it by hand, look at the difference, commit what
is right. The new Outlook for Windows is Outlook on the web in a window of its own.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

FAMILIES = {
    "Gmail": [("gmail", "desktop-webmail"), ("gmail", "ios"), ("gmail", "android")],
    "Outlook for Windows": [("outlook", "windows")],
    "the new Outlook": [("outlook", "outlook-com")],
    "Apple Mail": [("apple-mail", "macos"), ("apple-mail", "ios")],
    "Yahoo": [("yahoo", "desktop-webmail"), ("yahoo", "ios"), ("yahoo", "android")],
}
KINDS = ("properties", "values", "functions", "units", "selectors", "rules", "elements", "attributes", "formats")
_LOGICAL = [f"{edge}-{way}{end}" for edge in ("margin", "padding", "border") for way in ("inline", "block")
            for end in ("", "-start", "-end")]  # fmt: skip
SPECIAL: dict[str, tuple[str, list[str]]] = {
    "css-left-right-top-bottom": ("properties", ["left", "right", "top", "bottom"]),
    "css-gap": ("properties", ["gap", "column-gap", "row-gap"]),
    "css-color-scheme": ("properties", ["color-scheme"]),
    "css-margin-inline-block": ("properties", [name for name in _LOGICAL if name.startswith("margin")]),
    "css-padding-inline-block": ("properties", [name for name in _LOGICAL if name.startswith("padding")]),
    "css-border-inline-block": ("properties", [name for name in _LOGICAL if name.startswith("border")]),
    "css-block-inline-size": ("properties", ["block-size", "inline-size"]),
    "css-flex-direction": ("properties", ["flex-direction"]),
    "css-flex-wrap": ("properties", ["flex-wrap"]),
    "css-grid-template": ("properties", ["grid-template-columns", "grid-template-rows", "grid-template-areas"]),
    "css-display-flex": ("values", ["display:flex"]),
    "css-display-grid": ("values", ["display:grid"]),
    "css-intrinsic-size": ("values", ["width:fit-content", "width:min-content", "width:max-content"]),
    "css-modern-color": ("functions", ["lch", "oklch", "lab", "oklab"]),
    "css-rgba": ("functions", ["rgba"]),
    "css-unit-calc": ("functions", ["calc"]),
    "css-variables": ("functions", ["var"]),
    "css-selector-adjacent-sibling": ("selectors", ["+"]),
    "css-selector-general-sibling": ("selectors", ["~"]),
    "css-selector-child": ("selectors", [">"]),
    "css-selector-universal": ("selectors", ["*"]),
    "css-selector-attribute": ("selectors", ["["]),
    "html-semantics": ("elements", ["article", "aside", "details", "figcaption", "figure", "footer", "header", "main",
                                    "mark", "nav", "section", "summary", "time"]),
    "html-svg": ("elements", ["svg"]),
    "html-srcset": ("attributes", ["srcset", "sizes"]),
    "html-doctype": ("elements", ["!doctype"]),
    "html-meta-color-scheme": ("elements", ["meta color-scheme"]),
    "image-base64": ("formats", ["data:"]),
    "image-heif": ("formats", ["heif", "heic"]),
    "image-tiff": ("formats", ["tiff", "tif"]),
}  # fmt: skip
"""Features whose names do not say in a pattern of their own how a mail would use them."""
PATTERNS = (
    (r"css-pseudo-class-([a-z-]+)", "selectors", ":{}"),
    (r"css-pseudo-element-([a-z-]+)", "selectors", "::{}"),
    (r"css-at-media-([a-z-]+)", "rules", "@media ({})"),
    (r"css-at-([a-z-]+)", "rules", "@{}"),
    (r"css-unit-([a-z]+)", "units", "{}"),
    (r"css-function-([a-z-]+)", "functions", "{}"),
    (r"css-([a-z]+-gradient)", "functions", "{}"),
    (r"image-(avif|webp|svg|ico|apng|mp4)", "formats", "{}"),
)


def main() -> None:
    """Read the data, write the table."""
    data = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    print(
        f"# Which clients lack what, from caniemail.com as of {data['last_update_date']}. Made by tools/clients.py.\n"
    )
    tables: dict[str, dict[str, list[str]]] = {kind: {} for kind in KINDS}
    for feature in data["data"]:
        kind, names = named(feature)
        if lacking := [family for family, places in FAMILIES.items() if lacks(feature["stats"], places)]:
            if kind:
                tables[kind] |= dict.fromkeys(names, lacking)
    for kind, found in tables.items():
        print(f"[{kind}]")
        for name, lacking in sorted(found.items()):
            print(f"{name if re.fullmatch('[a-z0-9-]+', name) else json.dumps(name)} = {json.dumps(lacking)}")
        print()


def named(feature: dict[str, Any]) -> tuple[str, list[str]]:
    """What a feature is called where a mail uses it; nothing for what can't be told from a mail's text."""
    slug, title = feature["slug"], feature["title"].lower().strip()
    if slug in SPECIAL:
        return SPECIAL[slug]
    for pattern, kind, name in PATTERNS:
        if found := re.fullmatch(pattern, slug):
            return kind, [name.format(found[1])]
    if found := re.fullmatch(r"css-([a-z-]+)", slug):
        return ("properties", [found[1]]) if title in (found[1], f"{found[1]} property") else ("", [])
    if found := re.fullmatch(r"html-([a-z0-9-]+)", slug):
        name = found[1].removesuffix("-attribute")
        if title in (f"<{name}> element", f"{name} attribute"):
            return ("elements" if title.startswith("<") else "attributes"), [name]
    return "", []


def lacks(stats: dict[str, Any], places: list[tuple[str, str]]) -> bool:
    """Whether the newest version on any of a family's platforms has nothing of it."""
    newest = [list(found.values())[-1] for family, on in places if (found := stats.get(family, {}).get(on))]
    return any(str(one).startswith("n") for one in newest)


if __name__ == "__main__":
    main()
