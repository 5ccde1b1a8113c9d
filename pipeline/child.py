"""Work on hostile input in a child process that may run out of time, memory or luck without taking us along."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

from pipeline.errors import ChildFault

_START = """
import resource, runpy, sys
memory, seconds = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
del sys.argv[:3]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(module: str, given: bytes, *, seconds: int, megabytes: int, what: str) -> bytes:
    """What a module's file, run by itself, writes to standard output for `given` on standard input.

    The file is run by its path, so that its package, with all that it imports, is not loaded with every child.
    `seconds` bounds both wall and processor time, `megabytes` the address space. `what` names the work in the error.
    Raises ChildFault with the last line of the child's standard error.
    """
    spec = find_spec(module)
    assert spec is not None
    command = [sys.executable, "-c", _START, str(megabytes << 20), str(seconds), str(spec.origin)]
    try:
        done = subprocess.run(command, input=given, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise ChildFault(f"{what} took longer than {seconds} seconds and was stopped.") from None
    if done.returncode != 0:
        raise ChildFault(f"{what} failed: {_reason(done.returncode, done.stderr)}.")
    return done.stdout


def _reason(code: int, stderr: bytes) -> str:
    if code < 0:
        return f"it was killed by signal {-code}, most likely for using too much time or memory"
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else f"exit code {code}"
    return "it ran out of memory" if last.startswith("MemoryError") else last.rstrip(".")
