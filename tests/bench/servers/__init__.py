"""Servers on loopback, each in a process of its own, that answer at once and count."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

from tests.bench.tools import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One that is up: its process, and its ports (the first speaks HTTP)."""

    pid: int
    ports: tuple[int, ...]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    def ask(self, path: str) -> Any:
        """What a page of the server's own says, as JSON."""
        with urlopen(self.url + path) as answer:
            return json.load(answer)


@contextmanager
def serving(name: str, *words: object) -> Iterator[Server]:
    """tests.bench.servers.<name>, up until the end; it prints its ports when it is ready."""
    command = [sys.executable, "-m", f"tests.bench.servers.{name}", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout
            yield Server(pid=process.pid, ports=tuple(map(int, process.stdout.readline().split())))
        finally:
            process.kill()
