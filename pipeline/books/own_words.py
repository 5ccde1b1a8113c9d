"""The author's own words for the themes: sources/themes.toml, which adds to the built-in vocabulary."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from pipeline import toml
from pipeline.books.themes import LISTS, built_in
from pipeline.errors import SettingsError, ShelfError

KEYS = (*LISTS, "label", "season")

Words = Mapping[str, Mapping[str, str]]


def read(path: Path) -> tuple[Words, tuple[str, ...]]:
    """What the author adds, theme by theme, and the faults with file and line; nothing when there is no file.

    Raises ShelfError when the file is not TOML.
    """
    file = "/".join(part for part in (path.parent.name, path.name) if part)
    try:
        text = path.read_text("utf-8-sig")
        raw = toml.loads(text, file=file)
    except FileNotFoundError:
        return {}, ()
    except UnicodeDecodeError:
        raise ShelfError("The file of themes is not UTF-8 text.", where=file, next_step="Save it as UTF-8.") from None
    except SettingsError as fault:
        raise ShelfError(fault.what, where=fault.where, next_step=fault.next_step) from None
    words: dict[str, dict[str, str]] = {}
    faults: list[str] = []
    for name, table in raw.items():
        if not isinstance(table, dict):
            faults.append(f"{file}:{toml.line(text, (name,))}: A theme is a table: [{name}].")
            continue
        words[name] = {key: value for key, value in table.items() if key in KEYS and isinstance(value, str)}
        faults += [f"{file}:{toml.line(text, (name, key))}: {_fault(key)}" for key in table if key not in words[name]]
        if near := _near(name, table):
            faults.append(f"{file}:{toml.line(text, (name,))}: {near}")
    return words, tuple(faults)


def _fault(key: str) -> str:
    if key in KEYS:
        return f'{key} is words in one pair of quotes, commas between them: {key} = "one, two".'
    return f"{key} is no part of a theme. Known: {', '.join(KEYS)}."


def _near(name: str, table: Mapping[str, object]) -> str | None:
    """A new theme that is most likely a built-in one misspelt."""
    known = built_in().themes
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    if name in known or not close or "label" in table:
        return None
    return f'Did you mean [{close[0]}]? If {name} is a theme of its own, give it a label = "...".'
