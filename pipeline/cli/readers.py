"""Readers: who wants mail."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import click

from pipeline.cli.terminal import Terminal

SHOWN = 20
"""How many rows of a file are named before the rest is only counted."""

ADDRESS = click.argument("address", help="The reader's address.")


@click.group()
def subscribers() -> None:
    """Who wants mail, and how they said so.

    \b
    Example: paperround subscribers add ann@example.org --name Ann
    """


@subscribers.command()
@ADDRESS
@click.option("--name", help="How to address her.")
@click.pass_obj
def add(terminal: Terminal, address: str, name: str | None) -> None:
    """Add a reader, on your word that she wants mail.

    \b
    Example: paperround subscribers add ann@example.org --name Ann
    """
    from pipeline.feedback import readers

    with terminal.project(alone=False) as project:
        consent = "the author's word"
        result = readers.add(project.store, address, name=name, consent=consent, now=project.out.clock())
    told = {
        "added": f"{address} is subscribed.",
        "known": f"{address} was subscribed already.",
        "left": f"{address} has left, and stays out: only she herself can come back.",
    }
    terminal.show({"address": address, "result": result}, [told[result]])
    click.get_current_context().exit(3 if result == "left" else 0)


@subscribers.command(name="list")
@click.pass_obj
def list_(terminal: Terminal) -> None:
    """List all readers with their state.

    \b
    Example: paperround subscribers list
    """
    from pipeline.store import people

    with terminal.project(alone=False, looks=True) as project, project.store.reading() as tx:
        every = people.every(tx)
        if terminal.as_json:
            documents = [{"address": one.address, "name": one.name, "state": one.state} for one in every]
            terminal.show({"subscribers": documents}, [])
            return
        lines = (f"{one.state:<13} {one.address}" + (f"  ({one.name})" if one.name else "") for one in every)
        click.echo(next(lines, "No subscribers yet."))
        for line in lines:
            click.echo(line)


@subscribers.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The CSV file.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each row.")
@click.pass_obj
def import_(terminal: Terminal, file: Path, *, dry_run: bool) -> None:
    """Add readers from a CSV file, or an export of Mailchimp, Buttondown, Kit, Substack, Ghost, MailPoet or listmonk.

    Who left, bounced or complained there is kept out from now on. Rows that can't be understood are named.

    \b
    Example: paperround subscribers import friends.csv --dry-run
    """
    from pipeline.feedback import importing

    with terminal.project(alone=not dry_run, looks=dry_run) as project, file.open("rb") as opened:
        now = project.out.clock()
        # A file is read twice, which a pipe can't be.
        raw = opened if opened.seekable() else BytesIO(opened.read())
        done = importing.from_csv(project.store, raw, file=file.name, now=now, dry_run=dry_run)
    rows = [{"line": line, "result": result, "words": words} for line, result, words in done.rows]
    document = {"program": done.program, "counts": done.counts, "rows": rows, "dry_run": dry_run}
    report = done.report
    shown = report.errors[:SHOWN]
    more = len(report.errors) - len(shown)
    lines = [*report.done, *shown, *([f"… and {more} more rows; --json lists all of them."] if more else [])]
    terminal.conclude(report, document, lines)


@subscribers.command()
@click.pass_obj
def export(terminal: Terminal) -> None:
    """Print all readers as CSV.

    \b
    Example: paperround subscribers export > readers.csv
    """
    from pipeline.feedback import readers

    with terminal.project(alone=False, looks=True) as project:
        if terminal.as_json:
            terminal.show({"csv": "".join(readers.export_csv(project.store))}, [])
            return
        for line in readers.export_csv(project.store):
            click.echo(line.encode(), nl=False)


@subscribers.command()
@ADDRESS
@click.pass_obj
def unsubscribe(terminal: Terminal, address: str) -> None:
    """Take a reader off, for ever.

    \b
    Example: paperround subscribers unsubscribe ann@example.org
    """
    from pipeline.feedback import readers

    with terminal.project(alone=False) as project:
        readers.unsubscribe(project.store, address, evidence="the author's word", now=project.out.clock())
    terminal.show({"address": address, "state": "unsubscribed"}, [f"{address} gets no more mail."])


@subscribers.command()
@ADDRESS
@click.pass_obj
def forget(terminal: Terminal, address: str) -> None:
    """Delete everything about a person; only a salted hash stays, so that no import brings her back.

    \b
    Example: paperround subscribers forget ann@example.org
    """
    from pipeline.feedback import readers

    with terminal.project(alone=True) as project:
        readers.forget(project.store, address, now=project.out.clock())
    sentence = "Forgotten. Copies that the outbox provider wrote are files in outbox/mail/; delete those yourself."
    terminal.show({"state": "forgotten"}, [sentence])


@subscribers.command()
@ADDRESS
@click.pass_obj
def show(terminal: Terminal, address: str) -> None:
    """Show everything that is kept about a person, so that you can answer when she asks.

    \b
    Example: paperround subscribers show ann@example.org
    """
    from pipeline.feedback import readers

    with terminal.project(alone=False, looks=True) as project:
        known = readers.about(project.store, address)
    lines = [f"{name}: {value}" for name, value in known.items() if value and not isinstance(value, list | dict)]
    for name in ("topics", "attributes", "acts", "issues", "reports", "suppressed"):
        value = known[name]
        several = value if isinstance(value, list) else [value] if value else []
        lines += [f"{name}: {_told(one)}" for one in several]
    terminal.show(known, lines)


def _told(value: object) -> str:
    return ", ".join(f"{key} {part}" for key, part in value.items() if part) if isinstance(value, dict) else str(value)


@subscribers.command()
@ADDRESS
@click.pass_obj
def allow(terminal: Terminal, address: str) -> None:
    """Mail a reader again whose mailbox bounced, on your word that it works now.

    \b
    Example: paperround subscribers allow ann@example.org
    """
    from pipeline.feedback import readers

    with terminal.project(alone=False) as project:
        here = readers.allow(project.store, address, now=project.out.clock())
    words = f"{address} gets mail again." if here else f"{address} may be added, or fill in the form, again."
    terminal.show({"address": address, "state": "active" if here else None}, [words])


COMMANDS = (subscribers,)
