"""A real browser at the real page: uvicorn in a thread, the system's Chromium, an author's clicks and keys."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import uvicorn

from pipeline.preview import Desk, Door, application
from tests.looking import AXE, CHROMIUM

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@contextmanager
def served(desk: Desk) -> Iterator[Door]:
    """The page on a free port of this machine, until the block ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # who comes before the server does waits instead of being refused
        door = Door(port=listening.getsockname()[1])
        settings = uvicorn.Config(
            application(desk, door), log_level="warning", timeout_graceful_shutdown=1, access_log=False
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield door
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def window(browser: Any, door: Door, **options: Any) -> Iterator[Any]:
    """A page of its own session, let in; whatever it complains about fails the test."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.set_default_timeout(30_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    # Who does not listen yet misses what another tab does next.
    with page.expect_response("**/live") if options.get("java_script_enabled", True) else nullcontext():
        page.goto(door.url)
    try:
        yield page
        assert page.locator(".unanswered").count() == 0
        assert [one for one in complaints if "sandbox" not in one and "400" not in one and "409" not in one] == []
    finally:
        context.close()


def serious(page: Any) -> list[str]:
    """What axe-core finds wrong with the page as it is, of weight (WCAG 2.2 AA and best practice)."""
    # A script element would be refused by the page's own policy, so the session brings it in.
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {iframes: false})")
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
