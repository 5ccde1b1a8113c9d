"""A container's first process gets no help from the kernel: what it does not answer to is dropped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("paperround")
ALONE = ("unshare", "--user", "--map-root-user", "--pid", "--fork")

SETTINGS = """
[newsletter]
title = "Kind Words"
url = "{home}"
from = "Nora <letters@example.org>"
postal_address = "12 Alder Street, Springfield"

[[source]]
url = "{home}feed/"

[fetch]
allow_private_hosts = ["{host}"]
"""


def apart() -> bool:
    """Whether a process may be the first of its own here."""
    return shutil.which("unshare") is not None and subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0


def first_of(process: subprocess.Popen[str]) -> int:
    """The number by which we know the process that knows itself as 1."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until = time.monotonic() + 10
    while not (found := children.read_text()) and time.monotonic() < until:
        time.sleep(0.01)
    return int(found)


def test_a_container_that_waits_for_a_slow_source_stops_at_once(tmp_path: Path) -> None:
    if not apart():
        pytest.skip("no processes of their own here")
    (tmp_path / "sources").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as source:
        source.settimeout(20)
        host = f"127.0.0.1:{source.getsockname()[1]}"
        settings = SETTINGS.format(host=host, home=f"http://{host}/")
        (tmp_path / "sources/newsletter.toml").write_text(settings, "utf-8")
        command = [*ALONE, str(PROGRAM), "--project", str(tmp_path), "pull"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            first = first_of(process)
            try:
                asked, _ = source.accept()
                os.kill(first, signal.SIGTERM)
                assert process.wait(5) == 128 + signal.SIGTERM
                asked.close()
            finally:
                if process.poll() is None:
                    os.kill(first, signal.SIGKILL)
