"""Every command and option can be read about: in its help, in the manual page, by pressing Tab."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from pipeline.cli.main import cli


def every(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from every(found, f"{name} {child}")


COMMANDS = dict(every(cli, "paperround"))
ARGUMENTS = [
    (name, argument)
    for name, command in COMMANDS.items()
    for argument in command.params
    if isinstance(argument, click.Argument)
]
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option) and not option.hidden
]


def program(*words: str, **more: str) -> str:
    command = [sys.executable, "-m", "pipeline.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | more).stdout


@pytest.mark.parametrize(("name", "option"), OPTIONS, ids=[f"{name} {one.opts[-1]}" for name, one in OPTIONS])
def test_every_option_says_in_a_sentence_what_it_does(name: str, option: click.Option) -> None:
    assert option.help
    assert option.help[0].isupper() or option.help[0].isdigit()
    assert option.help.endswith(".")


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS, ids=[f"{name} {one.name}" for name, one in ARGUMENTS])
def test_every_word_that_a_command_takes_is_explained(name: str, argument: click.Argument) -> None:
    assert argument.help
    assert argument.help.endswith(".")


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "paperround"])
def test_every_command_s_example_names_the_command_itself(name: str) -> None:
    command = COMMANDS[name]
    _, _, example = (command.help or "").partition("Example")
    last = name.rsplit(maxsplit=1)[-1]
    assert last in example, "its example shows another command"
    assert command.short_help or (command.help or "").partition("\n")[0].endswith(".")


@pytest.fixture(scope="module")
def page() -> str:
    return program("manual")


def test_the_manual_page_holds_every_command_and_option(page: str) -> None:
    plain = page.replace("\\-", "-")
    for name in COMMANDS:
        assert f".SS {name}\n" in plain or name == "paperround"
    for _, option in OPTIONS:
        if option.name != "help":
            assert option.opts[-1] in plain
    assert "\n.SH EXIT STATUS\n" in page


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not here")
def test_the_manual_page_is_set_without_a_warning(page: str) -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_of_the_documentation_has_a_heading_for_every_command() -> None:
    markdown = program("manual", "--markdown")
    headings = {line.lstrip("# ") for line in markdown.splitlines() if line.startswith("#")}
    assert set(COMMANDS) - {"paperround"} <= headings


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_reads_what_it_is_given(shell: str) -> None:
    script = program("completion", shell)
    assert "_PAPERROUND_COMPLETE" in script
    if shutil.which(shell):
        done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_tab_offers_the_commands_and_their_options() -> None:
    code = "import sys; sys.argv = ['paperround']; from pipeline.cli.main import main; main()"
    asked = {"_PAPERROUND_COMPLETE": "bash_complete", "COMP_WORDS": "paperround sub", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | asked
    )
    assert done.stdout.split() == ["plain,subscribers"]
    asked = {"_PAPERROUND_COMPLETE": "bash_complete", "COMP_WORDS": "paperround send --dr", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ | asked
    )
    assert done.stdout.split() == ["plain,--dry-run"]
