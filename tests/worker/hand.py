"""One worker as a program of its own: `python -m tests.worker.hand FOLDER BEGUN OPTIONS`, OPTIONS being JSON.

Its clock began with the imaginary web's and goes on by itself, the same for all workers; its web is away.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pipeline import config, worker
from pipeline.config import Settings
from pipeline.errors import FetchFault
from pipeline.line import Wire
from pipeline.model import Fetched, Outside, Validators
from tests.world import START


def away(url: str, *, validators: Validators | None = None) -> Fetched:
    raise FetchFault("The web is away.", where=url)


def said(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main() -> None:
    folder, begun, options = Path(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3])

    @contextmanager
    def outside(settings: Settings) -> Iterator[Outside]:
        with Wire(settings.outbox) as line:
            yield Outside(clock=lambda: START + timedelta(seconds=time.time() - begun), fetch=away, line=line)

    worker.serve(
        worker.Orders(
            folders=[folder],
            load=lambda folder: config.load(folder, os.environ),
            world=outside,
            say=said,
            pace=worker.Pace(**options.pop("pace", {})),
            **options,
        )
    )


if __name__ == "__main__":
    main()
