"""A folder of local posts: Markdown (commonmark.org) with a head in YAML or TOML.

The head may say: title, date, updated, url, id, tags, author, summary, image, language, draft. A post without a title
takes its first heading, else its file's name; one without a date takes that of its file's name (2026-11-13-worries.md).
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipeline.dates import when
from pipeline.errors import EntryFault, SourceFault
from pipeline.model import Entry, Fetched, Source
from pipeline.pull.listing import NEWEST, Ask, Listing, Visit

SUFFIXES = (".md", ".markdown")
_HEAD = re.compile(r"\A\ufeff?(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"\A\s*#\s+(.+?)\s*#*\s*(?:\n|\Z)")
_NAME = re.compile(r"^(\d{4}-\d\d-\d\d)[-_ ]*(.*)$")
_LARGEST = 2 << 20


def recognises(answer: Fetched) -> bool:
    """Never: a folder is told by its address, not by what a server answers."""
    return False


def visit(ask: Ask) -> Visit:
    """What is in the folder now. Raises SourceFault when there is no such folder."""
    folder = place(ask.source, ask.folder)
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and _is_ours(path, folder))
    sha = _sha(files, folder)
    known = ask.health
    if known and known.body_sha == sha and not known.failures:
        return Visit(kind="markdown", address=ask.source.url, listing=None, sha=sha, problem=known.problem)
    found = read(ask.source, folder, files, ask.now)
    problem = " ".join(found.faults) or None
    return Visit(kind="markdown", address=ask.source.url, listing=found, sha=sha, problem=problem)


def place(source: Source, project: Path) -> Path:
    """Where the posts lie. Raises SourceFault when there is no such folder."""
    folder = (project / source.url.removeprefix("file://")).resolve()
    if not folder.is_dir():
        raise SourceFault(
            f"There is no folder {source.url}.",
            next_step="Make it in the project's folder, or name another in newsletter.toml; a blog's begins with https://.",
        )
    return folder


def read(source: Source, folder: Path, files: Iterable[Path], now: datetime) -> Listing:
    """The posts of these files, the youngest first; a file that can't be read is named, with its line."""
    found: list[Entry] = []
    faults: list[str] = []
    for path in files:
        try:
            entry = _entry(source, path, str(path.relative_to(folder)), now)
        except EntryFault as fault:
            faults.append(str(fault))
        else:
            found += [entry] if entry is not None else []
    found.sort(key=lambda entry: entry.published.timestamp() if entry.published else 0, reverse=True)
    most = min(source.limit or NEWEST, NEWEST)
    return Listing(entries=tuple(found[:most]), left_out=len(found[NEWEST:]), faults=tuple(faults), whole=True)


def _is_ours(path: Path, folder: Path) -> bool:
    """Neither hidden, nor an editor's copy, nor led to from here by a link out of the folder."""
    inside = path.resolve().is_relative_to(folder)
    return inside and path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def _sha(files: Iterable[Path], folder: Path) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder)}\0".encode("utf-8", "surrogateescape"))
        digest.update(hashlib.sha256(path.read_bytes()).digest() if path.stat().st_size <= _LARGEST else b"large")
    return digest.hexdigest()


def _entry(source: Source, path: Path, name: str, now: datetime) -> Entry | None:
    """One file's post, None for a draft. Raises EntryFault with file and line."""
    head, body = _parts(path, name)
    if head.get("draft") is True or head.get("published") is False:
        return None
    heading = _HEADING.match(body)
    title = _text(head, "title") or (heading[1] if heading else None) or _spoken(path.stem)
    dated = _NAME.match(path.stem)
    published = _date(head, "date", "published") or (dated[1] if dated else None)
    updated = _date(head, "updated", "lastmod", "modified")
    link = _text(head, "url", "link", "permalink", "canonical", "canonical_url")
    image = _text(head, "image", "cover", "featured_image")
    return Entry(
        source=source.name,
        guid=_text(head, "id", "guid") or name,
        link=link if link and re.match(r"https?://", link) else None,
        title=title,
        html=_html(body[heading.end() :] if heading and not _text(head, "title") else body),
        summary=_text(head, "summary", "description", "excerpt"),
        authors=_texts(head, "author", "authors"),
        tags=_texts(head, "tags", "categories"),
        published=when(published, None, now=now, zone=source.zone),
        updated=when(updated, None, now=now, zone=source.zone),
        published_raw=published,
        updated_raw=updated,
        images=(image,) if image else (),
        language=_text(head, "language", "lang"),
    )


def _parts(path: Path, name: str) -> tuple[Mapping[str, Any], str]:
    """A file's head and the rest."""
    if path.stat().st_size > _LARGEST:
        raise EntryFault(f"The post is larger than {_LARGEST >> 20} MB.", where=name)
    try:
        text = path.read_text("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise EntryFault("The post is not UTF-8 text.", where=name, next_step="Save it as UTF-8.") from None
    found = _HEAD.match(text)
    if not found:
        return {}, text.removeprefix("\ufeff")
    head = _toml(found[2], name) if found[1] == "+++" else _yaml(found[2], name)
    if not isinstance(head, dict):
        raise EntryFault("The head must be lines like “title: My post”.", where=f"{name}:2")
    return head, text[found.end() :]


def _yaml(text: str, name: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text) or {}
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 2 if fault.problem_mark else 2
        raise EntryFault(
            f"The head can't be read: {fault.problem}.",
            where=f"{name}:{line}",
            next_step='A value with a colon in it needs quotes: title: "Worries: a list".',
        ) from None
    except ValueError as fault:  # of a date that no calendar has, for one
        raise EntryFault(f"The head can't be read: {str(fault)[:100]}.", where=f"{name}:2") from None
    except Exception:  # noqa: BLE001 - what a tag in a head can make of the library, nobody knows
        raise EntryFault("The head can't be read.", where=f"{name}:2") from None


def _toml(text: str, name: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise EntryFault(f"The head can't be read: {fault}.", where=f"{name}:2") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists
        raise EntryFault("The head can't be read.", where=f"{name}:2") from None


def _html(body: str) -> str:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return str(reader.use(footnote_plugin).use(deflist_plugin).render(body))


def _text(head: Mapping[str, Any], *names: str) -> str | None:
    found = next((head[name] for name in names if isinstance(head.get(name), str | int | float)), None)
    return _said(found) or None


def _said(value: Any) -> str:
    """A text, number or date as text; nothing for what is none, which may be as deep and as long as it likes."""
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) >= 10**100):
        return ""
    return str(value).strip() if isinstance(value, str | int | float | date) else ""


def _texts(head: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """A list, or one text with commas in it."""
    found: list[str] = []
    for name in names:
        value = head.get(name)
        parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else ()
        found += [words for part in parts if (words := _said(part))]
    return tuple(dict.fromkeys(found))


def _date(head: Mapping[str, Any], *names: str) -> str | None:
    """As written; YAML and TOML make dates of what looks like one."""
    value = next((head[name] for name in names if name in head), None)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str) else None


def _spoken(stem: str) -> str:
    dated = _NAME.match(stem)
    return re.sub(r"[-_]+", " ", dated[2] if dated and dated[2] else stem).strip().capitalize()
