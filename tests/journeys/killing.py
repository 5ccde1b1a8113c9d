"""Run a piece of the program in a child process that is killed, for real, at a chosen moment."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import sqlalchemy as sa

from pipeline.store import Store

SPARSE = 4
"""On a server fewer places are tried: it costs more, and the code between two commits is the same."""


def stride(*, ci: int, desk: int, server: object = None) -> int:
    """Every how-many-th place is tried; KILL_STRIDE=1 in the environment tries each, which takes hours."""
    usual = (ci if os.environ.get("CI") else desk) * (SPARSE if server else 1)
    return int(os.environ.get("KILL_STRIDE") or usual)


def first() -> int:
    """The first place that is tried: KILL_FROM from 1 to KILL_STRIDE, one after the other, tries each in pieces."""
    return int(os.environ.get("KILL_FROM") or 1)


OURS = str(Path(__file__).parents[2] / "pipeline")


def at_statement(number: int, rooms: tuple[str, ...], deed: Callable[[], object]) -> bool:
    """Do `deed` in a child that dies by SIGKILL before its `number`-th statement in `rooms`; True when it came so far."""
    folders = tuple(f"{OURS}/{room}" for room in rooms)
    left = number

    def local(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return local

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        return local if frame.f_code.co_filename.startswith(folders) else None

    def traced() -> None:
        sys.settrace(trace)
        deed()

    return _killed(traced)


def at_step(number: int, deed: Callable[[], object]) -> bool:
    """Do `deed` in a child that dies at its `number`-th step that can be seen on disk; True when it came so far.

    Steps are: before and after each fsync, rename and removal, before and after each transaction's end.
    """
    left = number

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(real: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            step()
            result = real(*args, **kwargs)
            step()
            return result

        return stepped

    def watched() -> None:
        for owner, name in ((os, "fsync"), (os, "replace"), (Path, "replace"), (Path, "unlink"), (Path, "rmdir")):
            setattr(owner, name, around(getattr(owner, name)))
        Store.writing = _after(Store.writing, step)  # type: ignore[method-assign]
        sa.event.listen(sa.Engine, "commit", lambda _connection: step())
        deed()

    return _killed(watched)


def by_the_other_side(arm: Callable[[int], None], deed: Callable[[], object]) -> bool:
    """Do `deed` in a child whose number `arm` gets before it begins, for somebody else to kill; True when that was done."""
    wait, go = os.pipe()

    def waiting() -> None:
        os.read(wait, 1)
        deed()

    def told(child: int) -> None:
        arm(child)
        os.write(go, b"!")

    try:
        return _killed(waiting, told)
    finally:
        os.close(wait)
        os.close(go)


def _after(real: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    from contextlib import contextmanager

    @contextmanager
    def writing(self: Store) -> Any:
        with real(self) as tx:
            yield tx
        step()

    return writing


def _killed(deed: Callable[[], object], told: Callable[[int], None] = lambda _: None) -> bool:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            deed()
            code = 0
        except BaseException as fault:  # noqa: BLE001 - the parent must not get a second pytest
            os.write(2, f"{type(fault).__name__}: {fault}\n".encode())
        finally:
            os._exit(code)
    told(child)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the deed failed by itself"
    return False
