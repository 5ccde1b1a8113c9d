"""How the tables came to be: one file a step, run by Alembic inside the caller's transaction.

A step named `pre` adds and lets yesterday's program run on; one named `post` takes away, a release later.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PaperroundError

if TYPE_CHECKING:
    import sqlalchemy as sa

HEAD = "0019"


def current(tx: sa.Connection) -> str | None:
    """The newest step that the database has seen, None for an empty one."""
    import sqlalchemy as sa

    if not sa.inspect(tx).has_table("alembic_version"):
        return None
    version: str | None = tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return version


def upgrade(tx: sa.Connection, step: str = HEAD) -> None:
    """Bring the database to `step`; all of it happens or nothing. Raises PaperroundError for a newer database."""
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = tx
    try:
        command.upgrade(config, step)
    except CommandError:
        raise newer() from None


def newer() -> PaperroundError:
    """What is said of a database that has seen steps this program does not know."""
    return PaperroundError(
        "This project's state was written by a newer Paperround.",
        next_step="Update the program; nothing was changed.",
    )
