"""What keeps every run from its work is told, too: by the settings that could be read last, and without the state.

A slip in newsletter.toml or a database that is gone would else be known to cron's log alone, for as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from pipeline import config, files
from pipeline.config import Settings
from pipeline.errors import SettingsError
from pipeline.model import Outside
from pipeline.notices.channels import said
from pipeline.notices.matters import Matter

SETTINGS, NOTE = "last-settings.toml", "standstill.json"
"""In outbox/: newsletter.toml as the last run read it, and since when no run can do its work."""

AFTER = timedelta(hours=1)
"""A slip that is mended while she is still writing, or a database that starts anew, is nothing to write about."""


class _Note(msgspec.Struct, frozen=True):
    since: datetime
    next_at: datetime


def over(settings: Settings) -> None:
    """A run did its work: keep its settings, and forget that others could not do theirs."""
    files.write(settings.outbox / SETTINGS, settings.text.encode(), mode=0o600)
    (settings.outbox / NOTE).unlink(missing_ok=True)


def readable(folder: Path, environment: Mapping[str, str]) -> Settings | None:
    """The settings of the project in `folder`, or while they can't be read those of its last run."""
    with suppress(SettingsError):
        return config.load(folder, environment)
    with suppress(SettingsError):
        return config.load(folder, environment, Path("outbox") / SETTINGS)
    return None


def tell(words: str, settings: Settings, out: Outside) -> None:
    """Say what keeps a run from its work once it has lasted, and again after some days. Raises OSError."""
    path, now = settings.outbox / NOTE, out.clock()
    try:
        note = msgspec.json.decode(path.read_bytes(), type=_Note)
    except (FileNotFoundError, msgspec.DecodeError):
        note = _Note(since=now, next_at=now + AFTER)
    if now < note.next_at:
        files.write(path, msgspec.json.encode(note), mode=0o600)
        return
    files.write(path, msgspec.json.encode(replace(note, next_at=now + AFTER)), mode=0o600)
    since = f"{note.since.astimezone(settings.newsletter.timezone):%Y-%m-%d %H:%M}"
    arrived, _ = said([Matter(key="standstill", words=f"No run does its work since {since}. {words}")], settings, out)
    if arrived:
        files.write(path, msgspec.json.encode(replace(note, next_at=now + settings.notices.again)), mode=0o600)
