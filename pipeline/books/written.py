"""The files that the shelf is written in, without a look at what they say."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeline.errors import ShelfError

STARTER = Path(__file__).with_name("starter.toml")


def sha(path: Path, own_words_at: Path) -> str:
    """The hash of all that the shelf is read from, which takes a hundredth of the time that reading it takes.

    Raises ShelfError when a file can't be read.
    """
    whole = hashlib.sha256()
    for file in (path, own_words_at, STARTER):
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as fault:
            raise ShelfError(f"The shelf can't be read: {fault.strerror}.", where=called(file)) from None
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


def called(file: Path) -> str:
    """A file's name for a sentence: with its folder's, without what is above."""
    return "/".join(part for part in (file.parent.name, file.name) if part)
