"""A rendered issue on disk: the files of its folder, and the one hash that an approval binds to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pipeline import files
from pipeline.errors import UserError
from pipeline.model.text import legal

if TYPE_CHECKING:
    from pipeline.model import Message

FILES = ("email.mjml", "email.html", "email.txt", "web.html", "sample.eml")
RECORD = "issue.json"
STATE_KEYS = ("state", "hash", "lint", "audience")
"""The keys of issue.json that tell what becomes of the issue; the others are the issue and part of its hash."""


def sha(folder: Path) -> str | None:
    """The hash over every byte that was or will be approved; None when a file is missing or the record is no JSON."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
        contents = {name: (folder / name).read_bytes() for name in FILES}
    except (OSError, ValueError, RecursionError):
        return None
    return digest(record, contents) if isinstance(record, dict) else None


def digest(record: Mapping[str, Any], contents: Mapping[str, bytes]) -> str:
    """The same hash, of files that need not be on disk yet."""
    issue = {key: value for key, value in record.items() if key not in STATE_KEYS}
    whole = hashlib.sha256(json.dumps(issue, sort_keys=True).encode())
    for name in FILES:
        whole.update(hashlib.sha256(contents[name]).digest())
    return whole.hexdigest()


def write(folder: Path, record: Mapping[str, Any], contents: Mapping[str, bytes]) -> None:
    """Put the whole issue on disk, its record last."""
    for name in FILES:
        files.write(folder / name, contents[name])
    files.write(folder / RECORD, _json(record))


def restate(folder: Path, changes: Mapping[str, Any]) -> None:
    """Bring state keys of the record up to date; the issue itself and its hash stay as they are."""
    record = read(folder)
    if record is not None and any(record.get(key) != value for key, value in changes.items()):
        files.write(folder / RECORD, _json(record | dict(changes)))


def read(folder: Path) -> dict[str, Any] | None:
    """The record, None when there is none that can be read."""
    try:
        record = json.loads((folder / RECORD).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def remove(folder: Path) -> None:
    """Take back a draft's folder; files that are not ours, and so the folder, stay."""
    for name in (RECORD, *FILES):
        (folder / name).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
    files.sync_folder(folder.parent)


def edited(folder: Path, known: str) -> bool:
    """Whether a person has changed a file since the issue had the hash `known`."""
    now = sha(folder)
    return now is not None and now != known


def contents(folder: Path) -> dict[str, bytes]:
    """The issue's files by name, as they are on disk."""
    return {name: (folder / name).read_bytes() for name in FILES}


def message(folder: Path, rendered: Message) -> Message:
    """The message as the files on disk have it: what is approved is what is sent, whoever wrote it last.

    Only the mark that an editor may put before a file's first letter stays behind. Raises UserError for a file that
    is missing or no text.
    """
    record = read(folder) or {}
    return replace(
        rendered,
        subject=legal(str(record.get("subject", rendered.subject))),
        html=_text(folder / "email.html"),
        text=_text(folder / "email.txt"),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise UserError("This file is missing.", where=_shown(path), next_step="Run `build --now --fresh`.") from None
    except UnicodeDecodeError:
        raise UserError("This file is not UTF-8 text.", where=_shown(path), next_step="Save it as UTF-8.") from None


def _shown(path: Path) -> str:
    return f"outbox/issues/{path.parent.name}/{path.name}"


def _json(record: Mapping[str, Any]) -> bytes:
    # Half of a surrogate pair, which a hand edit may leave, stays escaped as it was.
    return json.dumps(record, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
