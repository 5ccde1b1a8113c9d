"""The replies to a batch that is many requests, written down as they come, for the run that finds it unfinished.

A killed program leaves what it wrote to the system, so the journal tells which request was on the line. It is not
forced to disk for each reader, so after a power cut it may miss its last lines: then it only proves what it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from pipeline.model import Answer, Batch, BatchId, NoAnswer, Reply

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Journal:
    """A batch's replies on disk; `begin` it before the claim is committed."""

    def __init__(self, outbox: Path, batch: BatchId, attempt: int) -> None:
        self._path = outbox / "journal" / f"{batch}-{attempt}.jsonl"
        self._file: BinaryIO | None = None

    def begin(self, batch: Batch) -> None:
        """A journal for these readers, in this order."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("wb", buffering=0)
        self._file.write(_first_line(batch) + b"\n")

    def heard(self, reply: Reply) -> None:
        """One more reply; called before the next request leaves."""
        if self._file:
            self._file.write(msgspec.json.encode(reply) + b"\n")

    def end(self) -> None:
        """The fates are in the ledger: forget the rest."""
        if self._file:
            self._file.close()
        self._path.unlink(missing_ok=True)

    def replies(self, batch: Batch) -> Sequence[Reply] | None:
        """What a killed run had heard, with what it can't have heard; None when nothing can be known.

        Without a power cut the first request after the last reply may have arrived, and none behind it left.
        """
        try:
            head, *lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return None
        if head.split(b" ")[1:] != _first_line(batch).split(b" ")[1:]:
            return None
        heard = [_reply(line) for line in lines[:-1]]
        if head != _first_line(batch) or not _boot():
            return heard
        if len(heard) == len(batch.recipients):
            return heard
        return [*heard, NoAnswer(sent="after", words="the program was stopped while this copy was on the line")]


def _first_line(batch: Batch) -> bytes:
    readers = ",".join(str(one.subscriber) for one in batch.recipients)
    return f"{_boot()} {batch.key} {readers}".encode()


def _boot() -> str:
    """What the system calls the time since it was started; "" where it has no name for it."""
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        return ""


def _reply(line: bytes) -> Reply:
    if "sent" in msgspec.json.decode(line):
        return msgspec.json.decode(line, type=NoAnswer)
    return msgspec.json.decode(line, type=Answer)
