"""What a terminal wants to know of the program: its manual page, and how to complete a line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from pipeline.cli.terminal import Terminal

SHELLS = ("bash", "zsh", "fish")
CODES = {
    0: "done, or nothing to do, or another run is at work",
    1: "a fault of Paperround's own",
    2: "settings, shelf or words on the command line need mending",
    3: "finished, but something waits for a person",
}


@click.command()
@click.argument("shell", type=click.Choice(SHELLS), help="Which one you use.")
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what your shell needs to complete commands and options when you press Tab.

    \b
    Example, once for all:
      bash   paperround completion bash > ~/.local/share/bash-completion/completions/paperround
      zsh    paperround completion zsh > "${fpath[1]}/_paperround"
      fish   paperround completion fish > ~/.config/fish/completions/paperround.fish
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None, "click knows every shell of SHELLS"
    script = made(ctx.find_root().command, {}, "paperround", "_PAPERROUND_COMPLETE").source()
    terminal: Terminal = ctx.obj
    terminal.show({"shell": shell, "script": script}, [script])


@click.command()
@click.option("--markdown", is_flag=True, help="As a page of Markdown instead of one for `man`.")
@click.pass_context
def manual(ctx: click.Context, *, markdown: bool) -> None:
    """Print the manual page, made from the very commands of this program.

    \b
    Example: paperround manual > ~/.local/share/man/man1/paperround.1
             man paperround
    """
    text = "\n".join(_markdown() if markdown else _roff())
    terminal: Terminal = ctx.obj
    terminal.show({"manual": text}, [text])


def _every(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and all below it, each with the context that knows its whole name."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child:
                yield from _every(child, click.Context(child, info_name=name, parent=context))


def _commands() -> Iterator[tuple[click.Command, click.Context]]:
    from pipeline.cli.main import cli

    return _every(cli, click.Context(cli, info_name="paperround"))


def _parts(command: click.Command) -> Iterator[tuple[bool, str]]:
    """A command's words as paragraphs; True is said of what keeps its lines."""
    for text in re.split(r"\n\s*\n", inspect.cleandoc(command.help or "")):
        kept = text.startswith("\b\n")
        yield kept, text.removeprefix("\b\n") if kept else " ".join(text.split())


def _words(command: click.Command, context: click.Context) -> list[tuple[str, str]]:
    records = (one.get_help_record(context) for one in command.get_params(context))
    return [(name, " ".join(words.split())) for name, words in filter(None, records) if "--help" not in name]


def _usage(command: click.Command, context: click.Context) -> str:
    return " ".join([context.command_path, *command.collect_usage_pieces(context)])


def _markdown() -> Iterator[str]:
    yield "# Every command\n"
    yield "Made from the program's own help (`paperround COMMAND --help`). What stands in brackets may be left out.\n"
    for command, context in _commands():
        if context.parent:
            yield f"{'##' if context.parent.parent is None else '###'} {context.command_path}\n"
        yield f"```\n{_usage(command, context)}\n```\n"
        for kept, text in _parts(command):
            yield f"```\n{text}\n```\n" if kept else f"{text}\n"
        if words := _words(command, context):
            yield "| | what |\n|---|---|"
            yield "\n".join(f"| `{_cell(name)}` | {_cell(said)} |" for name, said in words) + "\n"
    yield "## Exit codes\n\n| code | means |\n|---|---|"
    yield "\n".join(f"| {code} | {words} |" for code, words in CODES.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _roff() -> Iterator[str]:
    """For `man`, in the language of man(7): https://man7.org/linux/man-pages/man7/man.7.html ."""
    from importlib.metadata import version

    yield f'.TH PAPERROUND 1 "" "paperround {version("paperround")}" "User Commands"'
    yield ".SH NAME\npaperround \\- from a blog to an approved email digest and clean feeds"
    for command, context in _commands():
        root = context.parent is None
        yield ".SH SYNOPSIS" if root else f".SS {_roffed(context.command_path)}"
        yield f".B {_roffed(_usage(command, context))}"
        yield ".SH DESCRIPTION" if root else ".PP"
        for kept, text in _parts(command):
            yield f".PP\n.nf\n{_roffed(text)}\n.fi" if kept else f".PP\n{_roffed(text)}"
        yield from (f".TP\n.B {_roffed(name)}\n{_roffed(words)}" for name, words in _words(command, context))
        if root:
            yield ".SH COMMANDS"
    yield ".SH EXIT STATUS"
    yield from (f".TP\n.B {code}\n{_roffed(words)}" for code, words in CODES.items())


def _roffed(text: str) -> str:
    """No word of ours begins a request, and a hyphen can be copied from the page into a terminal."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("“", "\\(lq").replace("”", "\\(rq")
    return re.sub(r"^([.'])", r"\\&\1", escaped.replace("…", "..."), flags=re.MULTILINE)


COMMANDS = (completion, manual)
