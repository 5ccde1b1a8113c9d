"""What a run did, as lines of JSON in a file: for machines that read logs, without secrets and without addresses."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+\.[^\s<>\"'(),;:]*[^\s<>\"'(),;:.…”’]")
_IN_URL = re.compile(r"(https?://)[^\s/@]+@")
SHORTEST_SECRET = 6

Clean = Callable[[str], str]


def cleaner(secrets: Iterable[str], salt: bytes | None) -> Clean:
    """Takes secrets and mail addresses out of words; with the state's salt an address keeps a name, always the same."""
    hidden = sorted({one for one in secrets if len(one) >= SHORTEST_SECRET}, key=len, reverse=True)

    def named(found: re.Match[str]) -> str:
        if salt is None:
            return "[address]"
        key = hashlib.blake2b(salt, digest_size=32).digest()
        return f"[{hashlib.blake2b(found[0].casefold().encode(), key=key, digest_size=6).hexdigest()}]"

    def clean(words: str) -> str:
        for secret in hidden:
            words = words.replace(secret, "[secret]")
        return _ADDRESS.sub(named, _IN_URL.sub(r"\1", words))

    return clean


def account(
    what: str,
    newsletter: str,
    began: datetime,
    ended: datetime,
    *,
    code: int,
    told: Mapping[str, Iterable[str]],
    clean: Clean,
) -> list[dict[str, Any]]:
    """A run's lines: one for each sentence with its level, and a last one that adds up. All have the same `run`."""
    name = f"{began:%Y%m%dT%H%M%SZ}-{os.getpid()}"
    same = {"at": ended.isoformat(timespec="milliseconds"), "newsletter": newsletter, "run": name}
    lines = [
        {**same, "level": level, "event": "told", "words": clean(words)}
        for level, sentences in told.items()
        for words in dict.fromkeys(sentences)
    ]
    counts = {level: sum(line["level"] == level for line in lines) for level in told}
    seconds = round((ended - began).total_seconds(), 3)
    level = "error" if code in (1, 2) else "warning" if code else "info"
    end = {**same, "level": level, "event": "ended", "what": what, "code": code, "seconds": seconds, "told": counts}
    return [*lines, end]


def append(path: Path, lines: Iterable[Mapping[str, Any]]) -> str | None:
    """Add lines at the end of a file, which may be renamed or cut at any moment; None, or why it can't be done.

    The file is opened anew each time and written in one go, so that it may be rotated without a word to us.
    """
    content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            written = os.write(handle, content)
        finally:
            os.close(handle)
    except OSError as fault:
        return f"The log {path} can't be written: {fault.strerror}."
    return None if written == len(content) else f"The log {path} was cut short: is the disk full?"
