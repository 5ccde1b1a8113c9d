"""The readers' side on the web."""

from __future__ import annotations

import click

from pipeline.cli.terminal import Terminal


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port to listen at.")
@click.option("--webhook", is_flag=True, help="Only show the address that your provider reports to, and leave.")
@click.pass_obj
def serve(terminal: Terminal, host: str, port: int, *, webhook: bool) -> None:
    """Serve the static site, the form to subscribe, and the links in mails. Put a web server with https before it.

    It may run all the time beside `paperround run`; docs/readers.md shows how to set it up.

    \b
    Example: paperround serve --port 8000
    """
    from pipeline.feedback import hooks
    from pipeline.public.serve import serve as served
    from pipeline.stopping import hear_closed_windows

    with terminal.project(alone=False) as project:
        if webhook:
            address = hooks.address(project.store, project.settings.feedback)
            words = address or f"{project.settings.delivery.provider} does not report by webhook."
            unset = hooks.unset(project.settings.delivery.provider, project.settings.feedback) if address else []
            terminal.show({"webhook": address, "unset": unset}, [words])
            for name in unset:
                terminal.say(f"{name} is not set yet, and without it no report is believed. Put it into .env.")
            return
        hear_closed_windows()
        served(project, host, port, terminal.say)


COMMANDS = (serve,)
