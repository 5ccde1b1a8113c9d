"""Where the state is kept."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pipeline.cli.terminal import Terminal


@click.command("migrate-store")
@click.argument("url", help="The database, as postgresql://user@host/name.")
@click.option("--name", default="paperround", show_default=True, help="This newsletter's name in that database.")
@click.pass_obj
def migrate_store(terminal: Terminal, url: str, name: str) -> None:
    """Move everything that is known (posts, issues, readers, the ledger) into a PostgreSQL database.

    Nothing else may be at work meanwhile. All rows arrive or none, and they are counted on both sides. Then [store] in
    newsletter.toml is changed, and the old file refuses to be used, so that no forgotten cron line sends from it. Say
    it again if it was stopped.

    \b
    Example:
      paperround migrate-store postgresql://paperround@db.example.org/newsletters --name kind_words
    """
    from pipeline.plural import many
    from pipeline.projects import moving

    moved = moving.move(terminal.settings(), url, name, terminal.say)
    lines = [
        f"Moved {many(sum(moved.rows.values()), 'row')} in {len(moved.rows)} tables to {moved.address}.",
        f'Changed [store] in sources/newsletter.toml: url = "{moved.address}", name = "{name}".',
        *moved.advice,
        f"The old file {moved.old} is kept, and refuses to be used. Delete it when you are sure.",
    ]
    terminal.show({"address": moved.address, "name": name, "rows": moved.rows}, lines)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), help="Where the backup is written to.")
@click.pass_obj
def backup(terminal: Terminal, file: Path) -> None:
    """Write everything that is known, sources/, templates/ and the issues that went out, into one new file.

    It holds one moment of the state, whatever runs meanwhile, and is there whole or not at all. It holds your readers'
    addresses, so only you may read it; passwords and keys (.env) are not in it.

    \b
    Example:
      paperround backup ~/backups/kind-words-$(date +%F).zip
    """
    from datetime import UTC, datetime

    from pipeline.plural import many
    from pipeline.projects import backup as whole
    from pipeline.run import opened_store

    settings = terminal.settings()
    store = opened_store(settings, looks=True)
    try:
        made = whole.back_up(settings, store, file, datetime.now(UTC))
    finally:
        store.close()
    rows, kept = many(sum(made.rows.values()), "row"), many(made.files, "file")
    lines = [
        f"Wrote {rows} and {kept} to {file} ({file.stat().st_size} bytes).",
        "It holds your readers' addresses: keep it to yourself. Passwords and keys (.env) are not in it.",
        *made.advice,
    ]
    terminal.show({"file": str(file), "rows": made.rows, "files": made.files, "advice": list(made.advice)}, lines)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), help="The backup.")
@click.option("--force", is_flag=True, help="Even over a state that knows of posts, issues or readers.")
@click.pass_obj
def restore(terminal: Terminal, file: Path, *, force: bool) -> None:
    """Put a backup into an empty project, or with --force in the place of what is there, which is kept in a file.

    It goes to where [store] says, a file or PostgreSQL, whichever it came from. Afterwards nothing is sent until you
    have said `paperround reconcile ISSUE`: a backup does not know what went out after it was made.

    \b
    Example:
      paperround --project kind-words restore ~/backups/kind-words-2026-11-27.zip
    """
    from datetime import UTC, datetime

    from pipeline.plural import many
    from pipeline.projects import backup as whole

    made = whole.put_back(terminal.start, file, os.environ, datetime.now(UTC), force=force)
    lines = [
        f"Put back {many(sum(made.rows.values()), 'row')} and {many(made.files, 'file')} from {file}.",
        *made.advice,
        "Nothing is sent until you have said `paperround reconcile ISSUE` for the last issue that went out.",
    ]
    terminal.show({"file": str(file), "rows": made.rows, "files": made.files, "advice": list(made.advice)}, lines)


COMMANDS = (migrate_store, backup, restore)
