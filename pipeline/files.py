"""A file appears whole or not at all, whatever kills the program."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from pathlib import Path
from threading import get_ident


def write(path: Path, content: bytes, *, mode: int = 0o644) -> bool:
    """Put `content` at `path`: temporary name, fsync, rename, fsync of the folder; parents are made.

    Returns False when the file already held exactly these bytes (then nothing is touched, not even its time).
    """
    if holds(path, content):
        return False
    _make(path.parent, mode | (mode & 0o444) >> 2)
    temporary = path.with_name(f".{path.name[:200]}.{os.getpid()}-{get_ident()}.tmp")
    try:
        with temporary.open("wb") as handle:
            os.fchmod(handle.fileno(), mode)
            handle.write(content)
            handle.flush()
            to_disk(handle.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return True


def _make(folder: Path, mode: int) -> None:
    """A folder and what is missing above it: who may read a file in it may enter it, whatever the umask says."""
    if folder.is_dir():
        return
    _make(folder.parent, mode)
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)


def rewrite(path: Path, content: bytes) -> bool:
    """The same for a file that belongs to a person: who may read it stays as it is, and a link stays a link."""
    path = path.resolve()
    return write(path, content, mode=path.stat().st_mode & 0o777 if path.exists() else 0o644)


def ended_like(before: str, text: str) -> str:
    """A person's text with its lines ended as they were, where all of them end as on Windows."""
    lone = re.compile(r"(?<!\r)\n")
    return lone.sub("\r\n", text) if "\r\n" in before and not lone.search(before) else text


def holds(path: Path, content: bytes) -> bool:
    """Whether `path` is a file with exactly these bytes."""
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False


def sync_folder(folder: Path) -> None:
    """Make a rename or removal in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        to_disk(handle)
    finally:
        os.close(handle)


def to_disk(handle: int) -> None:
    """Wait until an open file or folder would survive a power cut.

    On macOS fsync leaves what it wrote in the drive's own memory, and F_FULLFSYNC does not (fcntl(2) there); a drive of
    the network may not know that word.
    """
    if everything := getattr(fcntl, "F_FULLFSYNC", None):
        with contextlib.suppress(OSError):
            fcntl.fcntl(handle, everything)
            return
    os.fsync(handle)


def sweep(folder: Path, *, busy: bool = False) -> None:
    """Remove temporary files that killed runs left under `folder`; those of a program that lives are its own.

    One that has this process' number is left of another that had it before, unless this one is `busy` there itself.
    """
    for stray in folder.rglob(".*.tmp"):
        process = stray.name.split(".")[-2].partition("-")[0]
        if not _is_at_work(process) and not (busy and process == str(os.getpid())):
            with contextlib.suppress(FileNotFoundError):
                stray.unlink()


def stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file does: its time in nanoseconds and its size; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


def identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there, whatever is in it: another one in its place has another; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _is_at_work(process: str) -> bool:
    """Whether another process of that number lives."""
    if not process.isdecimal() or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
