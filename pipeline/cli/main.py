"""Where `paperround` starts: the options that every command has, and one place where faults become exit codes."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import click

from pipeline.cli.terminal import Terminal
from pipeline.errors import PaperroundError, of_the_disk

_GROUPS = ("setup", "posts", "issues", "preview", "cron", "readers", "server", "shelf", "storage", "manual")


class _Commands(click.Group):
    """All commands of the files named in _GROUPS, in the order of an author's day."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        _ = ctx
        return list(_commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        _ = ctx
        return _commands().get(cmd_name)


def _commands() -> dict[str, click.Command]:
    modules = (import_module(f"pipeline.cli.{name}") for name in _GROUPS)
    return {command.name or "": command for module in modules for command in module.COMMANDS}


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The project's folder; it is searched upward for sources/newsletter.toml. Default: here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON document to standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what went wrong.")
@click.option("-v", "--verbose", is_flag=True, help="Say every step.")
@click.version_option(package_name="paperround", prog_name="paperround")
@click.pass_context
def cli(ctx: click.Context, project: Path, *, as_json: bool, quiet: bool, verbose: bool) -> None:
    """From your blog to an approved email digest and clean feeds, with the children's books that fit.

    \b
    An author's week:
      paperround pull          fetch what is new
      paperround plan          what would the next issue hold, and why?
      paperround build --now   make it
      paperround approve 1     say yes to exactly these bytes
      paperround send 1        hand it over, to each reader once
    Or let cron do it: paperround run
    """
    ctx.obj = Terminal(start=project, as_json=as_json, quiet=quiet, verbose=verbose)


def main() -> None:
    """Run the command line and leave with the documented exit code."""
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.Abort:
        code = 130
    except click.ClickException as fault:
        fault.show()
        _document(fault.format_message())
        code = 2
    except PaperroundError as fault:
        code = _told(fault)
    except BrokenPipeError:
        code = 0
    except OSError as fault:
        words = of_the_disk(fault)
        if words is None:
            raise
        code = _told(words)
    sys.exit(code if isinstance(code, int) else 0)


def _document(fault: str) -> None:
    """Machines get one document, whatever went wrong."""
    if "--json" in sys.argv:
        click.echo(json.dumps({"fault": fault}, ensure_ascii=False))


def _told(fault: PaperroundError) -> int:
    click.echo(str(fault), err=True)
    _document(str(fault))
    return fault.exit_code


if __name__ == "__main__":
    main()
