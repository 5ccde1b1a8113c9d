"""What mail clients lack, boiled down from caniemail's data for the pre-flight list.

    python tools/clients.py caniemail-data.json > pipeline/render/lint/clients.toml

The data is https://www.caniemail.com/api/data.json; fetch it by hand, look at the difference, commit what is right.
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
    "Outlook on the web": [("outlook", "outlook-com")],
    "Apple Mail": [("apple-mail", "macos"), ("apple-mail", "ios")],
    "Yahoo": [("yahoo", "desktop-webmail"), ("yahoo", "ios"), ("yahoo", "android")],
}


def main() -> None:
    """Read the data, write the table."""
    data = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    print(
        f"# Which clients lack what, from caniemail.com as of {data['last_update_date']}. Made by tools/clients.py.\n"
    )
    tables: dict[str, dict[str, list[str]]] = {"properties": {}, "elements": {}}
    for feature in data["data"]:
        kind, name = named(feature)
        if lacking := [family for family, places in FAMILIES.items() if lacks(feature["stats"], places)]:
            if kind:
                tables[kind][name] = lacking
    for kind, found in tables.items():
        print(f"[{kind}]")
        for name, lacking in sorted(found.items()):
            print(f"{name} = {json.dumps(lacking)}")
        print()


def named(feature: dict[str, Any]) -> tuple[str, str]:
    """The CSS property or HTML element that a feature is about; nothing for what can't be told from a mail's text."""
    slug, title = feature["slug"], feature["title"].lower()
    if found := re.fullmatch(r"css-([a-z-]+)", slug):
        return ("properties", found[1]) if title in (found[1], f"{found[1]} property") else ("", "")
    if found := re.fullmatch(r"html-([a-z0-9]+)", slug):
        return ("elements", found[1]) if title == f"<{found[1]}> element" else ("", "")
    return "", ""


def lacks(stats: dict[str, Any], places: list[tuple[str, str]]) -> bool:
    """Whether the newest version on any of a family's platforms has nothing of it."""
    newest = [list(found.values())[-1] for family, on in places if (found := stats.get(family, {}).get(on))]
    return any(str(one).startswith("n") for one in newest)


if __name__ == "__main__":
    main()
