"""The entries for cron and for machines that work all day."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from pipeline.cli.terminal import Number, Terminal

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.config import Settings
    from pipeline.model import Report
    from pipeline.run import Project


WAITING = ("draft", "held", "expired")
"""States in which an issue waits for a person."""


@click.command()
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="Append the account to it as JSON lines.")
@click.pass_obj
def run(terminal: Terminal, log: Path | None) -> None:
    """Pull, build if due, publish, send what is approved and due; safe to start twice and to kill at any moment.

    \b
    Example, a line for crontab -e:
      */15 * * * *  cd ~/kind-words && ~/paperround/.venv/bin/paperround --quiet run
    """
    from datetime import UTC, datetime

    from pipeline.errors import PaperroundError
    from pipeline.run import told

    settings, began = None, datetime.now(UTC)
    try:
        settings = terminal.settings()
        report, salt = _everything(terminal)
    except PaperroundError as fault:
        if settings is not None:
            level = "info" if fault.exit_code == 0 else "error"
            _log(settings, log, began, fault.exit_code, {level: [str(fault)]}, None)
        if fault.exit_code != 0:
            _tell_of_standstill(terminal.start, str(fault))
        raise
    cut = _log(settings, log, began, report.exit_code, told(report), salt)
    if terminal.quiet:
        # Cron mails whatever is printed; quiet means that only what needs a person is.
        report = replace(report, waiting=())
    report = replace(report, waiting=(*report.waiting, *([cut] if cut else [])))
    terminal.conclude(report, {}, [] if terminal.quiet else [_paragraph(report)])


def _everything(terminal: Terminal) -> tuple[Report, bytes]:
    """One walk, told to whoever is to be told; and the salt by which the log names readers."""
    from pipeline import metrics, notices
    from pipeline.notices import standstill
    from pipeline.run import remember, walk

    with terminal.project(alone=True) as project:
        began = project.out.clock()
        report = walk(project)
        report += _waiting(project)
        report += notices.tell(project.store, project.settings, project.out)
        remember(project, report, began)
        standstill.over(project.settings)
        missing = metrics.leave(project.store, project.settings, project.out.clock())
        with project.store.reading() as tx:
            salt = project.store.secret(tx)
    return replace(report, waiting=(*report.waiting, *([missing] if missing else []))), salt


def _tell_of_standstill(start: Path, words: str) -> None:
    """Tell the author, as far as that is possible, what keeps the project around `start` from its work."""
    from pipeline import config
    from pipeline.errors import PaperroundError
    from pipeline.notices import standstill
    from pipeline.run import outside

    with suppress(PaperroundError, OSError):
        settings = standstill.readable(config.find(start), os.environ)
        if settings is not None:
            with outside(settings) as out:
                standstill.tell(words, settings, out)


def _log(
    settings: Settings,
    log: Path | None,
    began: datetime,
    code: int,
    account: Mapping[str, Sequence[str]],
    salt: bytes | None,
) -> str | None:
    from datetime import UTC, datetime

    from pipeline import run as whole

    ended = datetime.now(UTC)
    return whole.log(settings, account, what="run", began=began, ended=ended, code=code, salt=salt, to=log)


@click.command("metrics")
@click.pass_obj
def figures(terminal: Terminal) -> None:
    """Print the figures that `run` puts into the file of [metrics], as OpenMetrics text. Changes nothing.

    \b
    Example:
      paperround metrics > /var/lib/node_exporter/textfile/kind-words.prom
    """
    from pipeline import metrics

    with terminal.project(alone=False, looks=True) as project:
        families = metrics.families(project.store, project.settings, project.out.clock())
        text = metrics.text(families, project.settings.newsletter.title)
    document = {
        one.name: [{"labels": labels, "value": float(value)} for labels, value in one.samples]
        for one in families
        if one.samples
    }
    if terminal.as_json:
        terminal.show(document, [])
    else:
        click.echo(text.encode(), nl=False)


@click.command()
@click.option(
    "--project",
    "folders",
    type=click.Path(file_okay=False, path_type=Path),
    multiple=True,
    help="A newsletter's folder; say it again for each newsletter. Default: the one of the program's own --project.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(["home", "pull", "batches"]),
    help="Do only this kind of work: what needs the folder, asking sources, handing over. Default: all.",
)
@click.option("--at-once", type=click.IntRange(1, 64), default=8, show_default=True, help="So many jobs side by side.")
@click.option(
    "--every",
    type=click.IntRange(1, 30),
    default=1,
    show_default=True,
    help="Look at each newsletter every so many minutes; whoever waits for something to be sent waits as long.",
)
@click.option("--once", is_flag=True, help="Leave when there is nothing left to do.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="Append its accounts to it as JSON lines.")
@click.pass_obj
def worker(
    terminal: Terminal,
    folders: tuple[Path, ...],
    only: tuple[str, ...],
    at_once: int,
    every: int,
    log: Path | None,
    *,
    once: bool,
) -> None:
    """Work day and night: pull, build, publish and send whatever is due, in place of cron.

    Start it on as many machines as you like; they share the work through the database that [store] names. It stops
    at SIGTERM when what it has begun is done, and may be killed at any moment.

    \b
    Example:
      paperround worker
      paperround worker --project ~/kind-words --project ~/long-reads
      paperround worker --only batches
    """
    from pipeline import config
    from pipeline.errors import PaperroundError
    from pipeline.run import outside
    from pipeline.worker import QUEUES, Orders, Pace, serve

    orders = Orders(
        folders=[config.find(folder) for folder in folders or (terminal.start,)],
        load=lambda folder: config.load(folder, os.environ),
        world=outside,
        say=terminal.say,
        only=only or QUEUES,
        at_once=at_once,
        once=once,
        log=log,
        pace=Pace(every=60 * every),
    )
    try:
        serve(orders)
    except PaperroundError as fault:
        for folder in orders.folders:
            _tell_of_standstill(folder, str(fault))
        raise


@click.command()
@click.argument("issue", type=Number(), required=False, help="The issue's number. Default: all of them.")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Default: outbox/report/index.html.")
@click.pass_obj
def report(terminal: Terminal, issue: int | None, page: Path | None) -> None:
    """Print deliveries, bounces, readers and the sources' health, and leave them as a page with plots.

    With the number of an issue only that one. No reader is named.

    \b
    Example:
      paperround report
      paperround report 12 --page issue-12.html
    """
    from pipeline import files, lookback
    from pipeline.errors import of_the_disk
    from pipeline.model import IssueNumber

    with terminal.project(alone=False, looks=True) as project:
        only = None if issue is None else IssueNumber(issue)
        found = lookback.look(project.store, project.settings, project.out.clock(), only)
        name = "index.html" if issue is None else f"issue-{issue}.html"
        shown = page or Path("outbox/report") / name
        said, left = f"The same with plots: {shown}", True
        try:
            files.write(page or project.settings.folder / shown, lookback.page(found).encode())
        except OSError as fault:
            if page or not of_the_disk(fault):
                raise
            said, left = f"The same with plots can't be left at {shown}: {fault.strerror}.", False
    terminal.show(lookback.document(found) | {"page": str(shown) if left else None}, [*lookback.lines(found), "", said])


def _waiting(project: Project) -> Report:
    """What waits for the author, or for its time."""
    from pipeline import compose, dates, review
    from pipeline.model import Report
    from pipeline.plural import many

    told = reversed(review.overview(project.store, project.settings.review))
    mine = [
        f"Issue {line.issue.number}, “{line.issue.title}”: {line.next_step}." for line in told if line.state in WAITING
    ]
    due, new = compose.turn(project.store, project.settings.compose, project.out.clock())
    if not mine and due:
        local = due.astimezone(project.settings.newsletter.timezone)
        posts = many(new, "new post waits", "new posts wait")
        waiting = (f"The next turn is {dates.said(local, '%A, %d %B, %H:%M')}; {posts} for it.",)
        return Report(waiting=waiting)
    return Report(attention=tuple(mine))


def _paragraph(report: Report) -> str:
    done = report.done or ("Nothing was due.",)
    return " ".join(dict.fromkeys((*done, *report.errors)))


COMMANDS = (run, worker, figures, report)
