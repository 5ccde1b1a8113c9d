"""Work on hostile input in child processes that may run out of time, memory or luck without taking us along.

A few workers stay alive between requests, since to start one costs more than most feeds do. `pipeline/child/loop.py`
is what runs in them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from pipeline.errors import ChildFault
from pipeline.model.text import legal

_REQUEST, _REPLY = struct.Struct(">dQ"), struct.Struct(">??Q")
_LOOP = Path(__file__).with_name("loop.py")
AT_ONCE = os.cpu_count() or 1
"""Workers of each kind at most."""
# What a worker reads is hostile, and the environment may hold the keys of a mail provider.
_HARMLESS = ("PATH", "HOME", "LANG", "TMPDIR", "LC_", "LD_", "DYLD_", "PYTHON", "COVERAGE_")


def run(module: str, given: bytes, *, seconds: float, megabytes: int, what: str) -> bytes:
    """What a module's function `work(given: bytes) -> bytes` makes of `given`, in a child process.

    The file is run by its path, so that its package, with all that it imports, is not loaded in the child.
    `seconds` bounds this one request, `megabytes` the address space of its worker; of each kind there are at most as
    many workers as processors, and whoever comes late waits. `what` names the work in the error. Raises ChildFault,
    with the words of a ValueError that the function raised; the worker's standard error is never shown.
    """
    with _pool(module, megabytes).worker() as worker:
        good, answer = worker.ask(given, seconds, what)
    if good:
        return answer
    words = " ".join(legal(answer.decode("utf-8", "replace")).split())[:300]
    raise ChildFault(f"{what} failed: {words.rstrip('.')}.")


class _Worker:
    """A child process and the pipes to it, used by one thread at a time."""

    def __init__(self, module: str, path: str, megabytes: int) -> None:
        self.spent = False
        watched, held = os.pipe()
        self._lifeline = os.fdopen(held, "wb", buffering=0)
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_LOOP), module, path, str(megabytes), str(watched)],
            pass_fds=(watched,),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={name: value for name, value in os.environ.items() if name.startswith(_HARMLESS)},
        )
        os.close(watched)

    @property
    def alive(self) -> bool:
        """Whether it still waits for work; one that died idle is cleared away here."""
        return self._process.poll() is None

    def ask(self, given: bytes, seconds: float, what: str) -> tuple[bool, bytes]:
        """Whether the work was done, and its result or the words of its fault. Raises ChildFault when it died of it."""
        with contextlib.suppress(BrokenPipeError):
            self._send(_REQUEST.pack(seconds, len(given)) + given)
        head = self._receive(_REPLY.size)
        if len(head) == _REPLY.size:
            good, self.spent, length = _REPLY.unpack(head)
            answer = self._receive(length)
            if len(answer) == length:
                return good, answer
        code = self._process.wait()
        if code == -signal.SIGALRM:
            raise ChildFault(f"{what} took longer than {seconds:g} seconds and was stopped.")
        raise ChildFault(f"{what} failed: {_reason(code)}.")

    def _send(self, message: bytes) -> None:
        assert self._process.stdin is not None
        rest = memoryview(message)
        while rest:
            rest = rest[self._process.stdin.write(rest) :]

    def _receive(self, length: int) -> bytes:
        """So many bytes; fewer when the worker is gone."""
        assert self._process.stdout is not None
        found = bytearray()
        while len(found) < length and (more := self._process.stdout.read(length - len(found))):
            found += more
        return bytes(found)

    def hang_up(self) -> None:
        """Let go of the pipes; a worker without them ends by itself."""
        for pipe in (self._process.stdin, self._process.stdout, self._lifeline):
            assert pipe is not None
            pipe.close()

    def end(self) -> None:
        """End the worker, whatever it does, and clear it away."""
        self.hang_up()
        self._process.kill()
        self._process.wait()

    def disown(self) -> None:
        """Forget it in a forked process: it is another's child."""
        self.hang_up()
        self._process.returncode = 0


class _Pool:
    """The workers of one kind: as many as there are processors at most, started when first needed."""

    def __init__(self, module: str, megabytes: int) -> None:
        spec = find_spec(module)
        assert spec is not None
        self._module, self._path, self._megabytes = module, str(spec.origin), megabytes
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._idle: list[_Worker] = []
        self.all: set[_Worker] = set()

    @contextmanager
    def worker(self) -> Iterator[_Worker]:
        """A worker that nobody else uses; it is kept for the next unless something went wrong, or it is spent."""
        with self._places:
            worker = self._waiting() or self._started()
            try:
                yield worker
            except BaseException:
                self._retire(worker)
                raise
            if worker.spent:
                self._retire(worker)
            else:
                self._idle.append(worker)

    def _waiting(self) -> _Worker | None:
        with contextlib.suppress(IndexError):
            while not (worker := self._idle.pop()).alive:
                self._retire(worker)
            return worker
        return None

    def _started(self) -> _Worker:
        worker = _Worker(self._module, self._path, self._megabytes)
        self.all.add(worker)
        return worker

    def _retire(self, worker: _Worker) -> None:
        worker.end()
        self.all.discard(worker)


_pools: dict[tuple[str, int], _Pool] = {}
_lock = threading.Lock()


def _pool(module: str, megabytes: int) -> _Pool:
    with _lock:
        if (module, megabytes) not in _pools:
            _pools[module, megabytes] = _Pool(module, megabytes)
        return _pools[module, megabytes]


def _end_all() -> None:
    for pool in _pools.values():
        for worker in tuple(pool.all):
            worker.end()
    _pools.clear()


def _begin_anew() -> None:
    """In a forked process: the workers answer to the parent, whose locks may be held by threads that are not here."""
    global _lock  # noqa: PLW0603 - a fork copies the lock in whatever state it is
    _lock = threading.Lock()
    for pool in _pools.values():
        for worker in tuple(pool.all):
            worker.disown()
    _pools.clear()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_begin_anew)


def _reason(code: int) -> str:
    if code < 0:
        return f"it was killed by signal {-code}, most likely for using too much time or memory"
    return f"its process ended with exit code {code}"
