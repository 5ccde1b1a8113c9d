"""The cron entry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from pipeline.cli.terminal import Terminal

if TYPE_CHECKING:
    from pipeline.model import Report
    from pipeline.run import Project


WAITING = ("draft", "held", "expired")
"""States in which an issue waits for a person."""


@click.command(short_help="Everything that is due: the command for cron.")
@click.pass_obj
def run(terminal: Terminal) -> None:
    """Pull, build if due, publish, send what is approved and due; safe to start twice and to kill at any moment.

    \b
    Example, a line for crontab -e:
      */15 * * * *  cd ~/kind-words && paperround --quiet run
    """
    from pipeline.run import walk

    with terminal.project(alone=True) as project:
        report = walk(project)
        waiting = _waiting(project)
    report += waiting
    if terminal.quiet:
        # Cron mails whatever is printed; quiet means that only what needs a person is.
        report = replace(report, waiting=())
    terminal.conclude(report, {}, [] if terminal.quiet else [_paragraph(report)])


def _waiting(project: Project) -> Report:
    """What waits for the author, or for its time."""
    from pipeline import compose, review
    from pipeline.model import Report

    told = review.states(project.store, project.settings.review)
    mine = [f"Issue {one.number}, “{one.title}”: {next_step}." for one, state, next_step in told if state in WAITING]
    plan = compose.plan(project.store, project.settings.compose, project.out.clock())
    zone = project.settings.newsletter.timezone
    if not mine and plan.due:
        new = sum(standing.state in ("new", "settling") for _, standing in plan.posts)
        waiting = (f"The next turn is {plan.due.astimezone(zone):%A, %d %B, %H:%M}; {new} new posts wait for it.",)
        return Report(waiting=waiting)
    return Report(attention=tuple(mine))


def _paragraph(report: Report) -> str:
    done = report.done or ("Nothing was due.",)
    return " ".join(dict.fromkeys((*done, *report.errors)))


COMMANDS = (run,)
