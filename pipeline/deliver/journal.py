"""The replies to a batch that is many requests, written down as they come, for the run that finds it unfinished.

A killed program leaves what it wrote to the system, so the journal tells which request was on the line. It is not
forced to disk for each reader, so after a power cut it may miss its last lines: then it only proves what it holds.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from pipeline.model import Answer, Batch, BatchId, NoAnswer, Reply

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Journal:
    """A batch's replies on disk; `begun` before the claim is committed, and kept until the fates are in the ledger.

    It is locked while it is kept, and the kernel lets go of the lock when its writer dies. So whoever finds the batch
    can tell a killed run from one that lost its line to the database and goes on sending.
    """

    def __init__(self, outbox: Path, batch: BatchId, attempt: int) -> None:
        self._path = outbox / "journal" / f"{batch}-{attempt}.jsonl"
        self._file: BinaryIO | None = None

    @property
    def name(self) -> str:
        """What its file is called."""
        return self._path.name

    @contextmanager
    def begun(self, batch: Batch) -> Iterator[Journal]:
        """A journal for these readers, in this order, kept until the block ends."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "wb", buffering=0, opener=_private) as self._file:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self._file.write(_first_line(batch) + b"\n")
            yield self

    def is_kept(self) -> bool:
        """Whether somebody is still writing it."""
        try:
            with self._path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def heard(self, reply: Reply) -> None:
        """One more reply; called before the next request leaves."""
        assert self._file
        self._file.write(msgspec.json.encode(reply) + b"\n")

    def forget(self) -> None:
        """The fates are in the ledger."""
        self._path.unlink(missing_ok=True)

    def replies(self, batch: Batch) -> Sequence[Reply] | None:
        """What a killed run had heard, with what it can't have heard; None when nothing can be known.

        Without a power cut the first request after the last reply may have arrived, and none behind it left. What
        stands behind a line that a full disk cut off proves nothing.
        """
        try:
            head, *lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return None
        if head.split(b" ")[1:] != _first_line(batch).split(b" ")[1:]:
            return None
        heard: list[Reply] = []
        for line in lines[:-1]:
            if (reply := _reply(line)) is None:
                return heard
            heard.append(reply)
        if head != _first_line(batch) or not _boot():
            return heard
        if len(heard) == len(batch.recipients):
            return heard
        return [*heard, NoAnswer(sent="after", words="the program was stopped while this copy was on the line")]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _first_line(batch: Batch) -> bytes:
    readers = ",".join(str(one.subscriber) for one in batch.recipients)
    return f"{_boot()} {batch.key} {readers}".encode()


def _boot() -> str:
    """What the system calls the time since it was started; "" where it has no name for it."""
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""


def _reply(line: bytes) -> Reply | None:
    kinds: tuple[type[Reply], ...] = (NoAnswer, Answer)
    for kind in kinds:
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return msgspec.json.decode(line, type=kind)
    return None
