"""TOML that a person wrote, read so that every fault has a line, the allowed values and the nearest match."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from pipeline.errors import SettingsError, did_you_mean

KeyPath = tuple[str | int, ...]
Hook = Callable[[type, Any], Any]
Parsers = Mapping[type, Callable[[str], Any]]
Homes = Callable[[], Mapping[str, str]]
S = TypeVar("S", bound=msgspec.Struct)

_TEXT = re.compile(r"""\"(?:[^"\\]|\\.)*\"|'[^']*'""")
_CURLED = re.compile("[\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb]")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u00a0\u00ad\u2000-\u200f\u2028\u2029\u202f\u2060\u3000\ufeff]")
_YES_OR_NO = ("true", "false", "yes", "no", "on", "off")
_KINDS = {
    "bool": "true or false, without quotes",
    "int": "a whole number",
    "str": "text in quotes",
    "array": 'a list in brackets, ["one", "two"]',
}


def loads(text: str, *, file: str) -> dict[str, Any]:
    """The document as plain values. Raises SettingsError with file:line when it is not TOML."""
    try:
        document = tomllib.loads(text)
        str(document)  # a hexadecimal number may be longer than a fault could tell
    except tomllib.TOMLDecodeError as fault:
        found = re.search(r"at line (\d+)", str(fault))
        lines = text.split("\n")
        number = min(int(found[1]) if found else len(lines), len(lines))
        words = re.sub(r"\s*\(at .*\)$", "", str(fault)).lower()
        raise SettingsError(
            "This is not valid TOML.", where=f"{file}:{number}", next_step=_advice(words, lines[number - 1])
        ) from None
    except (ValueError, RecursionError):
        raise SettingsError(
            "This can't be read.", where=file, next_step="Look for a number of thousands of digits, or lists in lists."
        ) from None
    return document


def _advice(words: str, written: str) -> str:
    """What to do about a line for which the parser has only `words`; its value, which may be secret, is not shown."""
    bare = _TEXT.sub("''", written).strip(" \t")
    name, equals, value = (part.strip(" \t") for part in bare.partition("="))
    if re.match("cannot (overwrite|declare|mutate)", words):
        return _twice(written.partition("=")[0].strip() if name[:1] != "[" else written.strip())
    backslash = "hex" in words or "escape" in words
    unended = "illegal character '\\n" in words or '"' in bare or (value.startswith("''") and value != "''")
    often = (
        (_CURLED.search(bare), 'A text stands in straight quotes, "like this", and not in “these”.'),
        (_UNSEEN.search(written), "A character in it can't be seen, or is a space that is none. Type the line anew."),
        (backslash, "A backslash has a meaning of its own in a text. Write / in its place, or two of them."),
        (
            value[:1] == "[" or ("array" in words and name[:1] != "["),
            'A list is ["one", "two"], and may have begun on a line further up.',
        ),
        (value in ("'',", "'';"), "Nothing stands behind a value; take it away."),
        (
            unended,
            'A text ends on its own line, with the quote that it began with; a quote inside of it is written \\".',
        ),
        (name[:1] == "[", "The head of a section stands alone on its line: [name], or [[name]] for one of several."),
        (not equals, "A line is name = value, with = between them; a remark begins with #."),
        (" " in name, "The name before = has no space in it."),
        (value.lower() in _YES_OR_NO, "Write true or false, in small letters and without quotes."),
        (True, f'A text needs quotes, and so do times and days: {name} = "…".'),
    )
    return next(sentence for fits, sentence in often if fits)


def _twice(what: str) -> str:
    if what.startswith("[["):
        return f"{what} stands with single brackets further up; write two everywhere."
    if what.startswith("["):
        return f"{what} stands in the file twice; put the lines of the second below the first."
    return f"{what} stands twice in its section; take one of them out."


def decode(
    raw: Any,
    shape: type[S],
    parsers: Parsers,
    *,
    text: str,
    file: str,
    path: KeyPath = (),
    apart: Callable[[], Mapping[str, str]] = dict,
) -> S:
    """`raw` (a TOML value) as `shape`; `text`, `file` and `path` say where it stands.

    `parsers` turn texts into the types that TOML does not have; a ValueError of theirs is the fault's sentence.
    `apart` says of tables that the shape does not know how they are written, for one that stands at a wrong place; it
    is asked only then.

    Raises SettingsError that names every fault, not only the first.
    """

    def hook(kind: type, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("expected text in quotes")  # noqa: TRY004 - msgspec turns a ValueError into a fault
        return parsers[kind](value)

    @cache
    def homes() -> Mapping[str, str]:
        return {**{key: f"It is written {place}." for key, place in apart().items()}, **homes_in(shape)}

    faults = sorted((line(text, at), words) for at, words in _faults(raw, shape, path, hook, homes))
    if faults:
        raise SettingsError("\n".join(dict.fromkeys(f"{file}:{number}: {words}" for number, words in faults)))
    return msgspec.convert(raw, shape, dec_hook=hook)


def _faults(raw: Any, shape: Any, path: KeyPath, hook: Hook, homes: Homes) -> Iterator[tuple[KeyPath, str]]:
    """Walk the shape ourselves: msgspec stops at the first fault and can't name the nearest key."""
    shape = _present(shape)
    if _is_struct(shape):
        yield from _table_faults(raw, shape, path, hook, homes)
    elif get_origin(shape) is tuple and _is_struct(get_args(shape)[0]) and isinstance(raw, list):
        for at, member in enumerate(raw):
            yield from _faults(member, get_args(shape)[0], (*path, at), hook, homes)
    elif get_origin(shape) is dict and isinstance(raw, dict):
        for key, member in raw.items():
            yield from _faults(member, get_args(shape)[1], (*path, key), hook, homes)
    else:
        try:
            msgspec.convert(raw, shape, dec_hook=hook)
        except msgspec.ValidationError as fault:
            yield path, _value_words(raw, shape, path, fault)


def _table_faults(
    raw: Any, shape: type[msgspec.Struct], path: KeyPath, hook: Hook, homes: Homes
) -> Iterator[tuple[KeyPath, str]]:
    name = _name(path)
    if not isinstance(raw, dict):
        yield path, f"{name or 'The file'} must be a table, written [{name}] on a line of its own."
        return
    known = _parts(shape)
    for key in raw.keys() - known.keys():
        yield (*path, key), _unknown_words(key, known, name, homes(), getattr(shape, "elsewhere", ""))
    for key, part in known.items():
        if key in raw:
            yield from _faults(raw[key], part.type, (*path, key), hook, homes)
        elif part.required:
            full = f"[{key}]" if _is_struct(part.type) else key
            yield path, f"{name + '.' if name else ''}{full} is missing; it is required."


@cache
def _parts(shape: type[msgspec.Struct]) -> Mapping[str, msgspec.structs.FieldInfo]:
    """The keys of a table; asked once for each shape, as a project may have a thousand sources."""
    return {part.encode_name: part for part in msgspec.structs.fields(shape)}


def _present(shape: Any) -> Any:
    """The shape of a value that may be left out."""
    given = [one for one in get_args(shape) if one is not type(None)]
    return given[0] if get_origin(shape) in (Union, UnionType) and len(given) == 1 else shape


def _is_struct(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, msgspec.Struct)


@cache
def homes_in(shape: type[msgspec.Struct]) -> Mapping[str, str]:
    """Where sections belong, and the keys that one section alone has: a sentence for each."""
    sections: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for section, part in _parts(shape).items():
        several = get_origin(part.type) is tuple
        inner = get_args(part.type)[0] if several else part.type
        if not _is_struct(inner):
            continue
        head = f"[[{section}]]" if several else f"[{section}]"
        sections[section] = f"It is written {head}."
        for key, below in _parts(inner).items():
            table = _is_struct(_present(below.type)) or get_origin(below.type) is dict
            words = f"It is written [{section}.{key}]." if table else f"It belongs below {head}."
            found.setdefault(key, []).append(words)
    return sections | {key: words[0] for key, words in found.items() if len(words) == 1 and key not in sections}


def _unknown_words(key: str, known: Mapping[str, Any], table: str, homes: Mapping[str, str], elsewhere: str) -> str:
    hint = f" {homes[key]}" if key in homes else did_you_mean(key, known)
    hint = hint or (f" {elsewhere}" if elsewhere else "")
    return f"{key} is not a setting of {f'[{table}]' if table else 'this file'}.{hint} Known: {', '.join(known)}."


def _value_words(raw: Any, shape: Any, path: KeyPath, fault: msgspec.ValidationError) -> str:
    allowed = get_args(shape) if get_origin(shape) is Literal else ()
    name = _name(path)
    if allowed:
        return f"{name} can't be {_shown(raw)}.{did_you_mean(str(raw), allowed)} Allowed: {', '.join(allowed)}."
    if isinstance(raw, dict) and get_origin(shape) is tuple:
        return f"[{name}] must be written [[{name}]], as there may be several."
    words = str(fault).split(" - at `$")[0].replace("`", "")
    if example := _example(shape):
        words = f'expected something like "{example}"'
    words = re.sub(
        r"^Expected (bool|int|array|str)(.*?)(, got \w+)?$",
        lambda found: f"expected {_KINDS[found[1]]}{found[2]}",
        words,
    )
    words = words.replace("text in quotes of length >= 1", "something between the quotes")
    words = f"{words[:1].lower()}{words[1:].rstrip('.')}"
    return f"{name} can't be {_shown(raw)}: {words}{'' if words.endswith('?') else '.'}"


def _example(shape: Any) -> str:
    """What a text with a pattern looks like, as its shape says."""
    given = getattr(shape, "__metadata__", ())
    return next((one.examples[0] for one in given if isinstance(one, msgspec.Meta) and one.examples), "")


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
