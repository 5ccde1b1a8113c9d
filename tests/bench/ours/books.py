"""Books for every post of the project here, through the room's doors, after the shelf has changed: seconds for a post."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from pipeline import books, config
from pipeline.cli.terminal import outside
from pipeline.run import opened

with Path("sources/books.toml").open("a", encoding="utf-8") as shelf:
    shelf.write("\n# changed\n")
settings = config.load(Path.cwd(), os.environ)
with outside(settings) as out, opened(settings, out, print, alone=True) as project:
    keys = list(books.due(project.store, settings.books, out.clock()))
    posts = sum(len(key.split(",")) for key in keys)
    assert posts == int(sys.argv[1]), keys
    began = time.perf_counter()
    for key in keys:
        report = books.work(key, project.store, settings.books, out)
        assert not report.errors, report
    seconds = (time.perf_counter() - began) / posts
print(json.dumps({"seconds": seconds}))
