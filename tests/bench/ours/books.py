"""Books for every post of the project here, through the room's doors, after the shelf has changed.

`python books.py post POSTS`: seconds for a post once the shelf is ready, the median of handfuls. `python books.py index
POSTS`: what the first post takes longer, since the shelf is read and made ready for it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from statistics import median

from pipeline import books, config
from pipeline.run import opened, outside

with Path("sources/books.toml").open("a", encoding="utf-8") as shelf:
    shelf.write("\n# changed\n")
settings = config.load(Path.cwd(), os.environ)
with outside(settings) as out, opened(settings, out, print, alone=True) as project:

    def seconds(key: str) -> float:
        """For each post of the key."""
        began = time.perf_counter()
        report = books.work(key, project.store, settings.books, out)
        assert not report.errors, report
        return (time.perf_counter() - began) / len(key.split(","))

    keys = list(books.due(project.store, settings.books, out.clock()))
    assert sum(len(key.split(",")) for key in keys) == int(sys.argv[2]), keys
    first = seconds(keys[0].partition(",")[0])
    post = median(map(seconds, keys))
print(json.dumps({"seconds": {"index": first - post, "post": post}[sys.argv[1]]}))
