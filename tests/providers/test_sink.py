"""Mail by SMTP to Postfix's own test server, with its faults."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pipeline.line import Wire
from pipeline.providers import open_provider
from pipeline.testing import a_batch
from tests.test_line import closed_port

SINK = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin")


@contextmanager
def sink(*faults: str) -> Iterator[int]:
    """Postfix's smtp-sink (its manual page lists the faults)."""
    if SINK is None:
        pytest.skip("Postfix's smtp-sink is not installed")
    port = closed_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen([SINK, *user, *faults, f"127.0.0.1:{port}", "100"], stderr=subprocess.PIPE) as server:
        try:
            for _ in range(100):
                with closing(socket.socket()) as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            assert server.poll() is None, server.stderr
            yield port
        finally:
            server.terminate()
            server.communicate()


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ((), ["accepted"] * 3),
        (("-r", "RCPT"), ["not-sent"] * 3),
        (("-r", "DATA"), ["not-sent"] * 3),
        (("-r", "."), ["not-sent"] * 3),
        (("-f", "RCPT"), ["rejected"] * 3),
        (("-f", "MAIL"), ["not-sent"] * 3),
        (("-q", "DATA"), ["not-sent"] * 3),
        (("-q", "."), ["unknown", "not-sent", "not-sent"]),
    ],
)
def test_only_a_line_lost_after_the_final_dot_leaves_a_fate_unknown(
    faults: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    with sink(*faults) as port, Wire(tmp_path, 20) as line:
        by = open_provider("smtp", {"host": "127.0.0.1", "port": port, "security": "none"}, {})
        batch = a_batch(3)
        outcomes = by.read(batch, list(line(by.requests(batch))))
    assert [one.fate for one in outcomes] == expected
