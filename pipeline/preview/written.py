"""The author's files changed where she changed something: comments, order and blanks stay as they are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.items import Table

_SECRET = re.compile(r"^(\s*[\w.-]*(?:token|secret|password|key)[\w.-]*\s*=\s*).*$", re.IGNORECASE)
_LOGIN = re.compile(r"(://[^/\s:@]+):[^@\s]+@")

Path = tuple[str | int, ...]


def read(text: str) -> TOMLDocument:
    """The file as a document that remembers how it was written. Raises tomlkit's ParseError."""
    return tomlkit.parse(text)


def value_at(document: Mapping[str, Any], path: Path) -> Any:
    """What stands at a path, None when nothing does."""
    found: Any = document
    for part in path:
        if isinstance(part, int):
            found = found[part] if isinstance(found, list) and part < len(found) else None
        else:
            found = found.get(part) if isinstance(found, Mapping) else None
    return found.unwrap() if hasattr(found, "unwrap") else found


def put(document: TOMLDocument, path: Path, value: Any) -> None:
    """Write a value, or take it out when it is None; a table that is not there yet is made at the end."""
    if value_at(document, path) == value:
        return
    table: Any = document
    for part in path[:-1]:
        if isinstance(part, str) and part not in table:
            if value is None:
                return
            table[part] = tomlkit.table()
        table = table[part]
    key = path[-1]
    if value is None:
        del table[key]
    elif isinstance(value, list):
        table[key] = _same_shape(table.get(key), value)
    else:
        table[key] = value


def _same_shape(old: Any, value: list[str]) -> Any:
    fresh = tomlkit.array()
    fresh.extend(value)
    if old is not None and "\n" in getattr(old, "as_string", str)():
        fresh.multiline(multiline=True)
    return fresh


def add(document: TOMLDocument, name: str, values: Mapping[str, Any]) -> None:
    """One more table of an array, at the array's end."""
    table: Table = tomlkit.table()
    for key, value in values.items():
        table[key] = value
    if name in document:
        document[name].append(table)
    else:
        several = tomlkit.aot()
        several.append(table)
        document[name] = several


def dump(document: TOMLDocument) -> str:
    """The document as text."""
    return tomlkit.dumps(document)


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """What changes, as (mark, line) with "-", "+" or " "; what looks like a secret is not shown."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    shown = [line for line in lines if not line.startswith(("---", "+++"))]
    return [("…", "") if line.startswith("@@") else (line[:1], without_secrets(line[1:])) for line in shown]


def without_secrets(line: str) -> str:
    """A line of a settings file that may be shown."""
    return _LOGIN.sub(r"\1:•••@", _SECRET.sub(r"\1•••", line))
