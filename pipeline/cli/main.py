"""Where `paperround` starts: the options that every command has, and one place where faults become exit codes."""

from __future__ import annotations

import codecs
import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING

import click

from pipeline.errors import PaperroundError, UserError, of_the_disk

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "init": ("setup", "Lay out a project folder; with --url look at your blog."),
    "check": ("setup", "Is all well? Settings, shelf, templates, provider. Changes nothing."),
    "pull": ("posts", "Fetch what changed at your sources."),
    "posts": ("posts", "What is known of each post, its state and why."),
    "plan": ("issues", "What the next issue would hold, when, and why."),
    "build": ("issues", "Compose and render the next issue if it is due."),
    "lint": ("issues", "The pre-flight list of an issue."),
    "approve": ("issues", "Say yes to the exact bytes of an issue."),
    "send": ("issues", "Hand over an approved issue, to each reader once."),
    "correct": ("issues", "Write to those who got an issue about what was wrong in it."),
    "status": ("issues", "The ledger: everybody's fate, added up."),
    "reconcile": ("issues", "Settle copies of unknown fate by the provider's own records."),
    "preview": ("preview", "Your page: see the real next issue, change it, approve it."),
    "run": ("cron", "Everything that is due: the command for cron."),
    "worker": ("cron", "The same work from a queue in PostgreSQL, on as many machines as you like."),
    "metrics": ("cron", "The project's figures, for node_exporter."),
    "report": ("cron", "How mail, readers and sources have fared, as a page with plots and as text."),
    "subscribers": ("readers", "Who wants mail: add, import, export, list, unsubscribe, forget."),
    "serve": ("server", "The readers' side: subscribe, confirm, unsubscribe, the site."),
    "books": ("shelf", "Your books: list, check, add, suggest."),
    "migrate-store": ("storage", "Move the state from its file into PostgreSQL."),
    "backup": ("storage", "Put the whole state into one file, while running."),
    "restore": ("storage", "Put a backup back."),
    "completion": ("manual", "Let your shell complete commands and options."),
    "manual": ("manual", "The manual page, with every command and option."),
}
"""Every command in the order of an author's day: the file in here that has it, and what the list says of it.

So the list is there, and Tab answers, before any of these files is loaded.
"""

FLAGS = frozenset(["--json", "-q", "--quiet", "-v", "--verbose"])
"""Options of every command that may stand behind it, too: whoever has typed a command adds them there."""

PLAIN = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "…": "...", "–": "-", "—": "-", "→": "->", "×": "x"}


class _Context(click.Context):
    """Machines that ask for help get it in one document, too."""

    def get_help(self) -> str:
        words = super().get_help()
        return _as_json({"help": words}) if _for_machines() else words


click.Command.context_class = _Context


class _Commands(click.Group):
    """The commands of COMMANDS, each loaded when it is called."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        ahead = sorted(args[:end], key=lambda one: one not in FLAGS)
        return super().parse_args(ctx, [*ahead, *args[end:]])

    def list_commands(self, ctx: click.Context) -> list[str]:
        _ = ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        _ = ctx
        if cmd_name not in COMMANDS:
            return None
        file, _words = COMMANDS[cmd_name]
        found: Sequence[click.Command] = import_module(f"pipeline.cli.{file}").COMMANDS
        return next(command for command in found if command.name == cmd_name)

    def invoke(self, ctx: click.Context) -> object:
        """Whoever read standard output has seen enough, as `head` does; click would call that a fault of ours."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(0) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _ = ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_file, words) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        fitting = [(name, words) for name, (_file, words) in COMMANDS.items() if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=words) for name, words in fitting]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click calls it so
    if wanted:
        from importlib.metadata import version

        number = version("paperround")
        click.echo(_as_json({"version": number}) if _for_machines() else f"paperround, version {number}")
        ctx.exit()


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--project",
    type=click.Path(file_okay=False),
    default=".",
    help="The project's folder; it is searched upward for sources/newsletter.toml. Default: here.",
)
@click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON document to standard output.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of the way: only the result, and what went wrong.")
@click.option("-v", "--verbose", is_flag=True, help="Say every step.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version and exit."
)
@click.pass_context
def cli(ctx: click.Context, project: str, *, as_json: bool, quiet: bool, verbose: bool) -> None:
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
    if os.name == "nt":
        raise UserError(
            "Paperround needs Linux or macOS: what keeps two runs apart there is not part of Windows.",
            next_step="Install it in the Linux that Windows brings along: `wsl --install`, then docs/start.md.",
        )
    from pathlib import Path

    from pipeline.cli.terminal import Terminal

    ctx.obj = Terminal(start=Path(project), as_json=as_json, quiet=quiet, verbose=verbose)


def main() -> None:
    """Run the command line and leave with the documented exit code."""
    # What is loaded at the start stays until the end; looking through it again and again for garbage takes time.
    gc.set_threshold(50_000)
    _can_be_stopped()
    codecs.register_error("plainly", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="plainly")
    try:
        code = cli(standalone_mode=False)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.Abort:
        code = 130
    except click.ClickException as fault:
        misuse = _placed(fault)
        misuse.show()
        _document(misuse.format_message())
        code = 2
    except PaperroundError as fault:
        code = _told(fault)
    except OSError as fault:
        words = of_the_disk(fault)
        if words is None:
            raise
        code = _told(words)
    sys.exit(code if isinstance(code, int) else 0)


def _placed(misuse: click.ClickException) -> click.ClickException:
    """Whoever names the project behind the command is told where it stands: there `worker` has one of its own."""
    if not isinstance(misuse, click.NoSuchOption) or misuse.option_name != "--project":
        return misuse
    return click.UsageError(f"{misuse} It stands before the command: `paperround --project DIR …`.", misuse.ctx)


def _can_be_stopped() -> None:
    """As a container's first process, die of SIGTERM as any other does: the kernel drops what it has no answer to.

    Without this `podman stop` waits until its patience ends. What serves or works in the queue sets its own answer.
    """
    if os.getpid() == 1:
        import signal

        signal.signal(signal.SIGTERM, lambda number, _frame: os._exit(128 + number))


def _plainly(fault: UnicodeError) -> tuple[str, int]:
    """Signs that the locale's letters lack, such as “ in ISO 8859-1, as its readers would write them."""
    assert isinstance(fault, UnicodeEncodeError)
    lacking = fault.object[fault.start : fault.end]
    return "".join(PLAIN.get(sign, "?") for sign in lacking), fault.end


def _document(fault: str) -> None:
    """Machines get one document, whatever went wrong; none where standard output itself is what takes no more."""
    if _for_machines():
        with contextlib.suppress(OSError):
            click.echo(_as_json({"fault": fault}))


def _for_machines() -> bool:
    return "--json" in sys.argv


def _as_json(document: dict[str, str]) -> str:
    import json

    return json.dumps(document)


def _told(fault: PaperroundError) -> int:
    click.echo(str(fault), err=True)
    _document(str(fault))
    return fault.exit_code


if __name__ == "__main__":
    main()
