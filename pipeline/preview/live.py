"""An open page hears at once what was saved, and what a run, another tab or a sending has changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse
from watchfiles import awatch

from pipeline.errors import PaperroundError
from pipeline.preview.desk import Desk

_SPARE, _PULSE = 0.3, 20.0
_PACE: Any = {"debounce": 60, "step": 20, "rust_timeout": 500}
"""Milliseconds: what changes within so many is one change; how often it is looked whether to stop."""


class Live:
    """Watches the project's folders and tells every open page "files" (the author's) or "state" (what was made)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: set[asyncio.Queue[str]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._anew = asyncio.Event()
        self._again = asyncio.Event()

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While the page is served."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._desk.errands.listen = lambda: self.tell("state")
        tasks = [asyncio.create_task(one()) for one in (self._files, self._state, self._on_a_server)]
        try:
            yield
        finally:
            for event in (self._stop, self._anew, self._again):
                event.set()
            for queue in self._open:
                queue.put_nowait("")
            await asyncio.gather(*tasks, return_exceptions=True)

    def tell(self, event: str) -> None:
        """Tell every open page, from whatever thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop may be closed between asking and calling
                loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: str) -> None:
        for queue in self._open:
            queue.put_nowait(event)

    async def _files(self) -> None:
        """The author's own files; where a folder of theirs is made later, the watch begins anew."""
        while not self._stop.is_set():
            watched = self._watched()
            if not watched:
                await self._rest(_SPARE)
                continue
            self._anew = asyncio.Event()
            async for changes in awatch(*watched, stop_event=self._anew, **_PACE):
                if any(not _stray(Path(name)) for _, name in changes):
                    self._put("files")

    def _watched(self) -> list[Path]:
        folder = self._desk.folder
        return [path for name in ("sources", "templates") if folder and (path := folder / name).is_dir()]

    async def _state(self) -> None:
        """The database, beside whoever writes to it; and new folders of the project."""
        while not self._stop.is_set():
            there = [path for path in (self._desk.start, self._desk.folder) if path and path.is_dir()]
            there += [path / "outbox" for path in there if (path / "outbox").is_dir()]
            before, watched = there, self._watched()
            if not there:
                await self._rest(1.0)
                continue
            stop = self._again = asyncio.Event()
            async for changes in awatch(*dict.fromkeys(there), recursive=False, stop_event=stop, **_PACE):
                if _of_state(Path(name) for _, name in changes):
                    self._put("state")
                if self._watched() != watched:
                    watched = self._watched()
                    self._anew.set()
                    self._put("files")
                if any(not path.is_dir() for path in before) or (self._outbox and self._outbox not in before):
                    stop.set()

    async def _on_a_server(self) -> None:
        """A state that is no file is asked each second; that somebody else wrote on that server costs one look more."""
        before = None
        while not self._stop.is_set():
            now = await asyncio.to_thread(self._pulse)
            if None not in (before, now) and before != now:
                self._put("state")
            before = now
            await self._rest(1.0)

    def _pulse(self) -> str | None:
        try:
            return self._desk.store(self._desk.settings()).pulse()
        except PaperroundError:
            return None

    @property
    def _outbox(self) -> Path | None:
        folder = self._desk.folder
        return folder / "outbox" if folder and (folder / "outbox").is_dir() else None

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def answer(self, _request: Request) -> StreamingResponse:
        """The stream of one open page: server-sent events, as the HTML standard has them (section 9.2)."""
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def _stream(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._open.add(queue)
        try:
            yield ": here\n\n"
            while not self._stop.is_set():
                try:
                    events = {await asyncio.wait_for(queue.get(), _PULSE)}
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                while not queue.empty():
                    events.add(queue.get_nowait())
                for event in sorted(events - {""}):
                    yield f"event: {event}\ndata: now\n\n"
        finally:
            self._open.discard(queue)


def _of_state(paths: Iterable[Path]) -> bool:
    return any(path.name.endswith((".sqlite3", ".sqlite3-wal")) for path in paths)


def _stray(path: Path) -> bool:
    """What editors put beside a file while they save it."""
    return path.name.startswith(".") or path.name.endswith(("~", ".tmp", ".swp", ".swx"))
