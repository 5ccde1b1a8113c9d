"""What a command costs: wall time, processor time and the most memory of its whole process tree."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 600
"""Seconds after which a command is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a command took; `megabytes` is the most that it and its children held at one moment."""

    wall: float
    cpu: float
    megabytes: float
    code: int
    said: str


def measured(command: Sequence[str], folder: Path, patience: float = PATIENCE) -> Cost:
    """Run a command in `folder` to its end; what it prints goes to a file there."""
    said, peak, over = folder / "said.txt", [0], threading.Event()
    began = time.perf_counter()
    with said.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(), process_group=0
        )

        def watch() -> None:
            pause = 0.005
            while not over.wait(pause):
                peak[0] = max(peak[0], held(process.pid))
                pause = min(pause * 1.5, 0.02)  # children that are up for the last tenth of a second count, too
                if time.perf_counter() - began > patience:
                    os.killpg(process.pid, signal.SIGKILL)
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        except BaseException:  # who stops the bench stops what it started
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            over.set()
            watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        wall=wall,
        cpu=used.ru_utime + used.ru_stime,
        megabytes=peak[0] / (1 << 20),
        code=process.returncode,
        said=said.read_text("utf-8", "replace"),
    )


def environment() -> dict[str, str]:
    """That of this process, but programs may keep their bytecode, as installed ones do."""
    dropped = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
    return {name: value for name, value in os.environ.items() if name not in dropped}


def held(pid: int) -> int:
    """Bytes that a process and its descendants hold now; shared pages count for each."""
    total = 0
    with contextlib.suppress(OSError, IndexError):
        total = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * PAGE
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(held(int(child)) for child in (task / "children").read_text("ascii").split())
    return total


def used(pid: int) -> float:
    """Seconds of the processor that a living process has used."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK
    return 0.0
