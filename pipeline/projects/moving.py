"""A project moves from its file to PostgreSQL, settings and all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from pipeline import config, files, whereabouts
from pipeline.config import Settings
from pipeline.errors import UserError
from pipeline.store import moving, open_store

PASSWORD = "PAPERROUND_STORE_PASSWORD"  # noqa: S105 - the name of a variable


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What was moved, to where (without a password), from which file, and what else is to be said."""

    rows: dict[str, int]
    address: str
    old: str
    advice: tuple[str, ...]


def move(settings: Settings, url: str, name: str, say: Callable[[str], None]) -> Moved:
    """Copy the state, then point newsletter.toml at it. Raises UserError, Busy, StoreFault; then nothing was moved."""
    old = settings.store.url
    if whereabouts.on_server(old):
        raise UserError("The state is in PostgreSQL already.", where=settings.where("store", "url"))
    whereabouts.check(url, "URL")
    address, password = whereabouts.apart(url)
    if not whereabouts.on_server(address):
        raise UserError(
            f"{address!r} is no PostgreSQL database.", next_step='It looks like "postgresql://user@host/database".'
        )
    secret = password or settings.secrets.get(PASSWORD)
    with closing(open_store(old, settings.folder, even_moved=True)) as source, source.locked():
        with closing(open_store(address, settings.folder, name=name, password=secret)) as target, target.locked():
            rows = moving.move(source, target, address, say)
        # The password first: settings that point at a server need it, and whoever is killed in between says it again.
        advice = _kept(settings, password) if password else ()
        _point_at(settings, address, name)
    return Moved(rows=rows, address=address, old=old.removeprefix(whereabouts.FILE), advice=advice)


def _point_at(settings: Settings, address: str, name: str) -> None:
    """Change [store] and leave everything else, comments too, as it stands."""
    import tomlkit

    path = settings.folder / config.FILE
    document = tomlkit.parse(path.read_text("utf-8-sig"))
    table = document.setdefault("store", tomlkit.table())
    table["url"], table["name"] = address, name
    files.rewrite(path, tomlkit.dumps(document).encode())


def _kept(settings: Settings, password: str) -> tuple[str, ...]:
    """The password goes where secrets are, readable for nobody else."""
    if settings.secrets.get(PASSWORD) == password:
        return ()
    path: Path = settings.folder / ".env"
    before = path.read_text("utf-8-sig").rstrip("\n") + "\n" if path.exists() else ""
    lines = [line for line in before.splitlines(keepends=True) if line.partition("=")[0].strip() != PASSWORD]
    files.write(path, f"{''.join(lines)}{PASSWORD}={password}\n".encode(), mode=0o600)
    return (f"The password was put into .env as {PASSWORD}.",)
