"""Where the state is kept."""

from __future__ import annotations

import click

from pipeline.cli.terminal import Terminal


@click.command("migrate-store", short_help="Move the state from its file into PostgreSQL.")
@click.argument("url")
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
    from pipeline import moving

    moved = moving.move(terminal.settings(), url, name, terminal.say)
    lines = [
        f"Moved {sum(moved.rows.values())} rows in {len(moved.rows)} tables to {moved.address}.",
        f'Changed [store] in sources/newsletter.toml: url = "{moved.address}", name = "{name}".',
        *moved.advice,
        f"The old file {moved.old} is kept, and refuses to be used. Delete it when you are sure.",
    ]
    terminal.show({"address": moved.address, "name": name, "rows": moved.rows}, lines)


COMMANDS = (migrate_store,)
