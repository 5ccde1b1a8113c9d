"""The author's page."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import click

from pipeline.cli.terminal import Terminal, person


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; see --address.")
@click.option("--port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="0 takes any free one.")
@click.option("--no-open", is_flag=True, help="Only print the address; open no browser.")
@click.option("--address", metavar="URL", help="What people type to reach it from elsewhere; wants a password.")
@click.option("--password-file", metavar="FILE", type=Path, help="A private file; its first line is the password.")
@click.pass_obj
def preview(
    terminal: Terminal, *, host: str, port: int, no_open: bool, address: str | None, password_file: Path | None
) -> None:
    """Your page: see the real next issue, change it, approve it, watch it go. Ctrl-C ends it.

    Only this machine can open it, with the key in the printed address. docs/preview.md tells how to use it from
    elsewhere.

    \b
    Example: paperround preview
    """
    import uvicorn

    from pipeline.preview import Desk, Door, Password, application
    from pipeline.stopping import hear_closed_windows

    hear_closed_windows()
    password = _password(password_file)
    _refuse(host, address, password)
    with _listening(host, port) as listening:
        known = Password(password) if password else None
        door = Door(host=host, port=listening.getsockname()[1], address=address, password=known)
        app = application(Desk(terminal.start, person=person()), door)
        click.echo(f"Your page: {door.url}", err=True)
        if not no_open:
            click.launch(door.url)
        # Open pages listen for changes, so without an end to waiting the program would never stop.
        settings = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=1, server_header=False, access_log=False
        )
        uvicorn.Server(settings).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    from pipeline.errors import UserError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # a browser that is quicker than the server waits instead of being refused
    except OSError as fault:
        listening.close()
        raise UserError(
            f"The page can't listen on {host}, port {port}: {fault.strerror}.",
            next_step="Is it open already in another window? Otherwise try --port 0.",
        ) from None
    return listening


def _refuse(host: str, address: str | None, password: str | None) -> None:
    """What more than this machine could reach is open to nobody without a word of the author's."""
    from pipeline.errors import UserError
    from pipeline.preview.guard import is_loopback

    if address and not address.startswith(("https://", "http://")):
        step = 'Write it like "https://desk.example.org/".'
        raise UserError(f"--address {address!r} is no web address.", next_step=step)
    if (address or not is_loopback(host)) and not (address and password):
        raise UserError(
            "A page that other machines can open needs --address, the address people type, and a password.",
            next_step="Name a private file with --password-file. docs/preview.md has an example.",
        )


def _password(file: Path | None) -> str | None:
    from pipeline.errors import UserError

    if file is None:
        return os.environ.get("PAPERROUND_PREVIEW_PASSWORD") or None
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise UserError("Others can read the password.", where=str(file), next_step=f"Run `chmod 600 {file}`.")
        words = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UserError("The password can't be read.", where=str(file)) from None
    if not words or len(words[0]) < 8:
        raise UserError("A password has 8 characters at least, in the first line.", where=str(file))
    return words[0]


COMMANDS = (preview,)
