"""How far the ledger had come when something last left, kept beside it: an older copy of the ledger gives itself away.

A backup of the state that is put back does not know what went out since; sending from it would mail people twice.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from pathlib import Path

from pipeline import files
from pipeline.store import Tx, carriers

NAME = "ledger.mark"
LEAP = 1_000_000_000
"""So far the ledger goes ahead when a person has owned up to a put-back backup: past the marks of all machines."""
_LINE = re.compile(rb"([0-9a-f]{16}) (\d{20})\n")


def behind(tx: Tx, secret: bytes, outbox: Path) -> bool:
    """Whether more went out from this outbox than this ledger, whose salt is `secret`, knows of.

    An empty mark was never written: the program was killed just then, and nothing had left.
    """
    try:
        content = (outbox / NAME).read_bytes()
    except FileNotFoundError:
        return False
    if not content:
        return False
    line = _LINE.fullmatch(content)
    ours = line is not None and line[1].decode() == name_of(secret)
    return line is None or not ours or int(line[2]) > carriers.generation(tx)


def reached(outbox: Path) -> int:
    """The generation on the mark, 0 when it can't be read."""
    try:
        line = _LINE.fullmatch((outbox / NAME).read_bytes())
    except FileNotFoundError:
        return 0
    return int(line[2]) if line else 0


def set_to(outbox: Path, name: str, generation: int) -> None:
    """Put the mark on disk, durable when this returns, unless another worker has put a later one there.

    One line of one length, so it is never half old and half new.
    """
    path = outbox / NAME
    outbox.mkdir(exist_ok=True)  # a machine that only hands over has none until now
    fresh = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        line = _LINE.fullmatch(os.pread(handle, 100, 0))
        if line is None or line[1].decode() != name or int(line[2]) < generation:
            os.ftruncate(handle, os.pwrite(handle, f"{name} {generation:020d}\n".encode(), 0))
        files.to_disk(handle)
    finally:
        os.close(handle)
    if fresh:
        files.sync_folder(outbox)


def name_of(secret: bytes) -> str:
    """What a ledger with this salt is called on its mark."""
    return hashlib.sha256(b"ledger\0" + secret).hexdigest()[:16]
