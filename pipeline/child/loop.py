"""Run as a child: do one request after another, until nobody is left who could ask.

This file imports nothing of ours: it is run by its path. Arguments: the name and the file of the module whose `work`
is to be done, the megabytes that it may take, and a pipe that closes when the asker is gone. A request is its seconds
and length (`>dQ`) and its bytes; a reply says whether the work was done and whether this worker ends now, then its
length (`>??Q`) and its bytes.
"""

from __future__ import annotations

import fcntl
import gc
import os
import resource
import select
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

Work = Callable[[bytes], bytes]

REQUESTS = 500
GROWTH_MEGABYTES = 250
CPU_SECONDS = 120
"""A worker ends after so many requests, when it has grown so much, or when it has worked so long."""

_REQUEST, _REPLY = struct.Struct(">dQ"), struct.Struct(">??Q")


def serve(work: Work, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until the asker is gone, or until this process is worn."""
    at_first = _held()
    for count in range(1, REQUESTS + 1):
        head = requests.read(_REQUEST.size)
        if len(head) < _REQUEST.size:
            return
        seconds, length = _REQUEST.unpack(head)
        given = requests.read(length)
        if len(given) < length:
            return
        good, answer = _within(seconds, work, given)
        last = count == REQUESTS or not good or _worn(at_first)
        replies.write(_REPLY.pack(good, last, len(answer)) + answer)
        replies.flush()
        if last:
            return


def _within(seconds: float, work: Work, given: bytes) -> tuple[bool, bytes]:
    """Whether the work was done, and its result or the words of its fault."""
    try:
        with _bounded(seconds):
            return True, work(given)
    except MemoryError:
        return False, b"it ran out of memory"
    except ValueError as fault:
        return False, str(fault).encode("utf-8", "replace")
    except Exception as fault:  # noqa: BLE001 - whatever the work met, it is told in one line
        return False, f"{type(fault).__name__}: {fault}".encode("utf-8", "replace")


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """Have the kernel end this process when time is up (SIGALRM).

    The signal keeps its default action, so that no code in here, however busy, can put its end off.
    """
    signal.setitimer(signal.ITIMER_REAL, seconds)
    gc.disable()  # most of what a short request makes is needed until its end
    try:
        yield
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)


def _end_with(lifeline: int) -> None:
    """Have the kernel end this process when the other end of a pipe closes (SIGIO, with its default action).

    Nobody may ever write to that pipe: the kernel tells of a write after its reader may have gone on, and so it would
    hit whoever begins to watch meanwhile. Where a pipe sends no SIGIO, or nobody dies of it (macOS), time runs out.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    watched = select.poll()
    watched.register(lifeline, select.POLLHUP)
    if watched.poll(0):  # it closed before anybody watched
        sys.exit(1)


def _worn(at_first: int) -> bool:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return _held() - at_first > GROWTH_MEGABYTES << 20 or used.ru_utime + used.ru_stime > CPU_SECONDS


def _held() -> int:
    """Bytes of memory in use; where the system does not say (macOS), the most that ever was."""
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return int(pages) * resource.getpagesize()


def _limit(megabytes: int) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    except ValueError:  # macOS refuses any: https://github.com/python/cpython/issues/78783
        threading.Thread(target=_watch, args=(megabytes << 20,), daemon=True).start()
    resource.setrlimit(resource.RLIMIT_CPU, (3 * CPU_SECONDS, 3 * CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _watch(most: int) -> None:
    """End this process when it holds more than so many bytes, where the system would not refuse them."""
    while _held() <= most:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)


def _loaded(name: str, path: str) -> ModuleType:
    """The module in a file. Of its package there is only the folder: it finds its neighbours, at no other cost."""
    if package := name.rpartition(".")[0]:
        bare = ModuleType(package)
        bare.__path__ = [str(Path(path).parent)]
        sys.modules[package] = bare
    spec = spec_from_file_location("work_of_a_child", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Serve standard input and output, out of the way of a library that prints."""
    name, path, megabytes, lifeline = sys.argv[1:]
    _limit(int(megabytes))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted asker says so by closing the pipe
    _end_with(int(lifeline))
    modules: list[ModuleType] = []

    def work(given: bytes) -> bytes:
        """Loading is part of the first request: it may fail, or take too long, like any work."""
        if not modules:
            modules.append(_loaded(name, path))
        made: bytes = modules[0].work(given)
        return made

    with os.fdopen(0, "rb") as requests, os.fdopen(os.dup(1), "wb") as replies:
        os.dup2(2, 1)
        serve(work, requests, replies)


if __name__ == "__main__":
    main()
