"""An open page hears what others have written, wherever the state is kept."""

from __future__ import annotations

import asyncio
from contextlib import closing

from pipeline.preview.live import Live
from tests.journeys import steps
from tests.preview.author import desk
from tests.world import World


def test_an_open_page_hears_what_a_run_elsewhere_has_written(on_both: World) -> None:
    steps.pull(on_both)

    async def heard() -> str:
        with closing(desk(on_both)) as mine:
            live = Live(mine)
            async with live.watching():
                stream = live._stream()
                assert await anext(stream) == ": here\n\n"
                await asyncio.sleep(1.5)
                await asyncio.to_thread(steps.subscribe, on_both, "ann@example.org")
                return await asyncio.wait_for(anext(stream), 20)

    assert asyncio.run(heard()).startswith("event: state")
