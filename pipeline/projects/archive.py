"""One file that holds many: written whole or not at all, and read only when every part of it is what was written.

A ZIP whose last part is a manifest with the SHA-256 of all others.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from pipeline import files
from pipeline.errors import UserError

MANIFEST = "manifest.json"
CHUNK = 1 << 20
LONGEST_LINE = 1 << 28
"""Bytes of one line of a part; SQLite would not take a longer value."""

_LARGEST_MANIFEST = 1 << 28
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\\:]{1,1000}")
_WHEN = (1980, 1, 1, 0, 0, 0)

Part = tuple[str, Iterable[bytes]]


def write(target: Path, parts: Iterable[Part], about: dict[str, Any]) -> dict[str, Any]:
    """Put all `parts` (name, chunks) into a new file that only its owner may read; returns the manifest.

    Nothing is there until all of it is on disk. Raises UserError when there is something already, OSError.
    """
    if target.exists():
        raise UserError(f"{target} is there already; nothing was written.", next_step="Choose another name.")
    temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}-0.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as handle:
            manifest = _fill(handle, parts, about)
            handle.flush()
            files.to_disk(handle.fileno())
        os.link(temporary, target)
    except FileExistsError:
        raise UserError(f"{target} is there already; nothing was written.", next_step="Choose another name.") from None
    finally:
        temporary.unlink(missing_ok=True)
    files.sync_folder(target.parent)
    return manifest


def _fill(handle: IO[bytes], parts: Iterable[Part], about: dict[str, Any]) -> dict[str, Any]:
    listed: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, chunks in parts:
            listed[name] = _add(archive, name, chunks)
        manifest = about | {"parts": listed}
        _add(archive, MANIFEST, [json.dumps(manifest, indent=1, ensure_ascii=False).encode()])
    return manifest


def _add(archive: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
    """One part, and what the manifest says of it."""
    whole, size = hashlib.sha256(), 0
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.external_attr = (stat.S_IFREG | 0o600) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as part:
        for chunk in chunks:
            whole.update(chunk)
            size += len(chunk)
            part.write(chunk)
    return {"size": size, "sha256": whole.hexdigest()}


class Archive:
    """An archive that was looked through: every part is listed in its manifest, has its hash, and a harmless name."""

    def __init__(self, zipped: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
        self._zipped = zipped
        self.manifest = manifest

    def names(self, under: str) -> list[str]:
        """The parts below a folder, in the order in which they were written."""
        return [name for name in self.manifest["parts"] if name.startswith(under)]

    def lines(self, name: str) -> Iterator[bytes]:
        """A part, line by line."""
        with self._zipped.open(name) as part:
            while line := part.readline(LONGEST_LINE):
                yield line

    def content(self, name: str) -> bytes:
        """A part, whole."""
        return self._zipped.read(name)


@contextmanager
def opened(path: Path, format_name: str) -> Iterator[Archive]:
    """An archive of that format. Raises UserError for a file that is none, is damaged, or is not what was written."""
    with ExitStack() as until:
        try:
            zipped = until.enter_context(zipfile.ZipFile(path))
            manifest = _manifest(zipped, path, format_name)
            _check(zipped, manifest, path)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, struct.error) as fault:
            raise UserError(f"This is no backup, or a damaged one ({fault}).", where=str(path)) from None
        except (OSError, OverflowError, UnicodeError) as fault:
            words = getattr(fault, "strerror", None) or "it is damaged"
            raise UserError(f"The backup can't be read: {words}.", where=str(path)) from None
        yield Archive(zipped, manifest)


def _manifest(zipped: zipfile.ZipFile, path: Path, format_name: str) -> dict[str, Any]:
    names = zipped.namelist()
    if names.count(MANIFEST) != 1 or zipped.getinfo(MANIFEST).file_size > _LARGEST_MANIFEST:
        raise UserError("This is no backup of Paperround: it has no manifest.", where=str(path))
    try:
        manifest = json.loads(zipped.read(MANIFEST))
        parts = manifest["parts"]
        right = manifest["format"] == format_name and all(
            isinstance(part["size"], int) and isinstance(part["sha256"], str) for part in parts.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        right = False
    if not right:
        raise UserError("This is no backup of Paperround, or one of a newer kind.", where=str(path))
    return dict(manifest)


def _check(zipped: zipfile.ZipFile, manifest: dict[str, Any], path: Path) -> None:
    """Every byte, before any of it is used."""
    names = [name for name in zipped.namelist() if name != MANIFEST]
    if len(names) != len(set(names)) or set(names) != manifest["parts"].keys():
        raise UserError("The backup does not hold exactly what its manifest lists; nothing was used.", where=str(path))
    for name in names:
        entry = zipped.getinfo(name)
        if not harmless(name) or stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise UserError(f"The backup holds {name!r}, which no backup has; nothing was used.", where=str(path))
        told = manifest["parts"][name]
        if entry.file_size != told["size"] or _sha256(zipped, name) != told["sha256"]:
            raise UserError(f"{name} is not what was written into this backup; nothing was used.", where=str(path))


def harmless(name: str) -> bool:
    """Whether a name stays below the folder it is put into, on any system, and hides nothing."""
    pieces = name.split("/")
    return _PLAIN.fullmatch(name) is not None and all(piece and not piece.startswith(".") for piece in pieces)


def _sha256(zipped: zipfile.ZipFile, name: str) -> str:
    whole = hashlib.sha256()
    with zipped.open(name) as part:
        while chunk := part.read(CHUNK):
            whole.update(chunk)
    return whole.hexdigest()
