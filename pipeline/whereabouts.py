"""Where a state is kept: what its address may be, which file it names, which password it holds."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from pipeline.errors import UserError

FILE = "sqlite:///"
QUEUE = "paperround_queue"
"""The name of what the workers of all newsletters in one database share, and throw away when it is out of date."""
NAME = rf"(?!pg_|information_schema$|{QUEUE}$)[a-z][a-z0-9_]{{0,39}}"
"""What a newsletter may be called in a database; the others are taken."""
_USER = r"[^:/]*(?P<secret>:(?P<password>[^@]*))?@"
_NO_USER = r"(?![^:/]*(:[^@]*)?@)"
_HOST = r"(\[[0-9a-fA-F:.]+\]|[^:/?\[\]]*)(:[0-9]+)?"
_SERVER = rf"(postgresql|postgres|postgresql\+psycopg)://({_USER}|{_NO_USER}){_HOST}/"
# As SQLAlchemy takes it apart, which is not loaded for what only looks; nor is this made ready for a file's sake.
_ON_SERVER = rf"(?s:{_SERVER}[^?]+(\?.*)?)"


def check(url: str, named: str) -> None:
    """Raises UserError for an address that no state has, `named` so and not repeated, for it may hold a password."""
    if not (_name(url) if url.startswith(FILE) else re.fullmatch(_ON_SERVER, url)):
        raise UserError(
            f"{named}: the state is kept in a SQLite file or in PostgreSQL, and this is the address of neither.",
            next_step='Use "sqlite:///outbox/paperround.sqlite3" or "postgresql://user@host/database".',
        )


def on_server(url: str) -> bool:
    """Whether a database server has the state, which several machines may reach."""
    return not url.startswith(FILE)


def file_of(url: str, folder: Path) -> Path | None:
    """The file in which a state is kept, `url` being relative to `folder`; None when a server has it."""
    return None if on_server(url) else (folder / _name(url)).absolute()


def _name(url: str) -> str:
    return url.removeprefix(FILE).partition("?")[0]


def apart(url: str) -> tuple[str, str | None]:
    """An address without its password, and the password: one of them is for files that are shown around."""
    found = re.fullmatch(_ON_SERVER, url)
    if found is None or found["secret"] is None:
        return url, None
    start, end = found.span("secret")
    return url[:start] + url[end:], unquote(found["password"])
