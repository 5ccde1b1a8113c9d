"""TOML that a person wrote, read so that every fault has a line, the allowed values and the nearest match."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from pipeline.errors import SettingsError

KeyPath = tuple[str | int, ...]
Hook = Callable[[type, Any], Any]
Parsers = Mapping[type, Callable[[str], Any]]
S = TypeVar("S", bound=msgspec.Struct)


def loads(text: str, *, file: str) -> dict[str, Any]:
    """The document as plain values. Raises SettingsError with file:line when it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        found = re.search(r"at line (\d+)", str(fault))
        where = f"{file}:{found[1] if found else text.count(chr(10)) + 1}"
        words = re.sub(r"\s*\(at .*\)$", "", str(fault))
        said = f"This is not valid TOML: {words[:1].lower()}{words[1:]}. Texts need quotes, lists need brackets."
        raise SettingsError(said, where=where) from None


def decode(raw: Any, shape: type[S], parsers: Parsers, *, text: str, file: str, path: KeyPath = ()) -> S:
    """`raw` (a TOML value) as `shape`; `text`, `file` and `path` say where it stands.

    `parsers` turn texts into the types that TOML does not have; a ValueError of theirs is the fault's sentence.

    Raises SettingsError that names every fault, not only the first.
    """

    def hook(kind: type, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("expected text in quotes")  # noqa: TRY004 - msgspec turns a ValueError into a fault
        return parsers[kind](value)

    faults = sorted((line(text, at), words) for at, words in _faults(raw, shape, path, hook))
    if faults:
        raise SettingsError("\n".join(dict.fromkeys(f"{file}:{number}: {words}" for number, words in faults)))
    return msgspec.convert(raw, shape, dec_hook=hook)


def _faults(raw: Any, shape: Any, path: KeyPath, hook: Hook) -> Iterator[tuple[KeyPath, str]]:
    """Walk the shape ourselves: msgspec stops at the first fault and can't name the nearest key."""
    if _is_struct(shape):
        yield from _table_faults(raw, shape, path, hook)
    elif get_origin(shape) is tuple and _is_struct(get_args(shape)[0]) and isinstance(raw, list):
        for at, member in enumerate(raw):
            yield from _faults(member, get_args(shape)[0], (*path, at), hook)
    else:
        try:
            msgspec.convert(raw, shape, dec_hook=hook)
        except msgspec.ValidationError as fault:
            yield path, _value_words(raw, shape, path, fault)


def _table_faults(raw: Any, shape: type[msgspec.Struct], path: KeyPath, hook: Hook) -> Iterator[tuple[KeyPath, str]]:
    name = _name(path)
    if not isinstance(raw, dict):
        yield path, f"{name or 'The file'} must be a table, written [{name}] on a line of its own."
        return
    known = _parts(shape)
    for key in raw.keys() - known.keys():
        yield (*path, key), _unknown_words(key, known, name)
    for key, part in known.items():
        if key in raw:
            yield from _faults(raw[key], part.type, (*path, key), hook)
        elif part.required:
            yield path, f"{name + '.' if name else ''}{key} is missing; it is required."


@cache
def _parts(shape: type[msgspec.Struct]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """The keys of a table; asked once for each shape, as a project may have a thousand sources."""
    return {part.encode_name: part for part in msgspec.structs.fields(shape)}


def _is_struct(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, msgspec.Struct)


def _unknown_words(key: str, known: Mapping[str, Any], table: str) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{key} is not a setting of {f'[{table}]' if table else 'this file'}.{hint} Known: {', '.join(known)}."


def _value_words(raw: Any, shape: Any, path: KeyPath, fault: msgspec.ValidationError) -> str:
    allowed = get_args(shape) if get_origin(shape) is Literal else ()
    name = _name(path)
    if allowed:
        near = difflib.get_close_matches(str(raw), allowed, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{name} can't be {_shown(raw)}.{hint} Allowed: {', '.join(allowed)}."
    words = str(fault).split(" - at `$")[0].replace("`", "")
    return f"{name} can't be {_shown(raw)}: {words[:1].lower()}{words[1:].rstrip('.')}."


def _shown(raw: Any) -> str:
    return f'"{raw}"' if isinstance(raw, str) else str(raw)


def _name(path: KeyPath) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def line(text: str, path: KeyPath) -> int:
    """The line, counted from 1, of the deepest part of `path` that the file has.

    Members of `[[book]]` are counted from 0: ("book", 2, "isbn") is the third book's.
    """
    best, depth = 1, 0
    for number, here in _keys(text):
        common = 0
        for ours, theirs in zip(path, here, strict=False):
            if ours != theirs:
                break
            common += 1
        if common > depth:
            best, depth = number, common
    return best


def _keys(text: str) -> Iterator[tuple[int, KeyPath]]:
    """Each line that opens a table or sets a key, with its full path; array members carry their index."""
    table: KeyPath = ()
    counts: dict[str, int] = {}
    for number, written in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[\s*([\w.-]+)\s*\]\]", written):
            counts[header[1]] = counts.get(header[1], -1) + 1
            table = (header[1], counts[header[1]])
            yield number, table
        elif header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", written):
            table = tuple(header[1].split("."))
            yield number, table
        elif key := re.match(r"""\s*["']?([\w-]+)["']?\s*=""", written):
            yield number, (*table, key[1])
