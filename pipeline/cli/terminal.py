"""What a command gets to work with: the project, opened when first needed, and one way to say things."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from pipeline.plural import many

if TYPE_CHECKING:
    from pipeline.config import Settings
    from pipeline.model import Report
    from pipeline.run import Project


class Number(click.ParamType[int]):
    """A number by which the program knows a post or an issue; no database has room for a larger one."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number: int = click.INT.convert(value, param, ctx)
        if abs(number) >= 2**31:
            self.fail("nothing has a number as large as that.", param, ctx)
        return number


class Terminal(msgspec.Struct, frozen=True, kw_only=True):
    """The options before the command; messages go to standard error, results to standard output."""

    start: Path
    as_json: bool
    quiet: bool
    verbose: bool

    def settings(self) -> Settings:
        """The project's settings. Raises SettingsError."""
        from pipeline import config

        return config.load(config.find(self.start), os.environ)

    @contextmanager
    def project(self, *, alone: bool, looks: bool = False) -> Iterator[Project]:
        """The project, open; `alone` holds its lock, so that only one run at a time changes anything.

        Who only `looks` makes nothing, not even a state where there is none.

        Raises SettingsError, Busy.
        """
        from msgspec.structs import replace

        from pipeline.run import opened, outside
        from pipeline.stopping import Stopping

        settings, stopping = self.settings(), Stopping(aloud=not (self.quiet or self.as_json))
        with outside(settings) as world:
            out = replace(world, rest=stopping.rest, unhurried=stopping.unhurried)
            with opened(settings, out, self.say, alone=alone, looks=looks) as project:
                yield project

    def say(self, sentence: str) -> None:
        """Progress, for a person who watches."""
        if not self.quiet and not self.as_json:
            click.echo(sentence, err=True)

    def show(self, document: Any, lines: Sequence[str]) -> None:
        """A command's result: the document for machines, or the lines for people."""
        if self.as_json:
            import json

            # In bytes: what machines read is UTF-8 whatever the locale says (RFC 8259 section 8.1).
            click.echo(json.dumps(document, indent=2, ensure_ascii=False).encode())
        else:
            for line in lines:
                click.echo(line)

    def conclude(self, report: Report, document: dict[str, Any] | None = None, lines: Sequence[str] = ()) -> None:
        """Show a report's waiting sentences and leave with its exit code."""
        told = {name: list(dict.fromkeys(getattr(report, name))) for name in ("done", "waiting", "attention", "errors")}
        self.show((document or {}) | told, [*lines, *told["waiting"]])
        if self.verbose:
            click.echo(f"{many(report.unchanged, 'piece')} of work needed nothing.", err=True)
        if not self.as_json:
            for sentence in dict.fromkeys((*(report.errors if self.quiet else ()), *report.attention)):
                click.echo(sentence, err=True)
        click.get_current_context().exit(report.exit_code)


def person() -> str:
    """Who sits at the keyboard."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "a person"
