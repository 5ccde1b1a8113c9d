"""The draft of the project here, rendered again and again through the room's door: `python render.py TIMES`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from statistics import median

from pipeline import config, render
from pipeline.model import IssueNumber
from pipeline.run import opened, outside

settings = config.load(Path.cwd(), os.environ)
with outside(settings) as out, opened(settings, out, print, alone=True) as project:
    seconds = []
    for _ in range(int(sys.argv[1]) + 1):
        render.forget(IssueNumber(1), project.store)
        began = time.perf_counter()
        report = render.work("issue/1", project.store, settings.render, out)
        seconds.append(time.perf_counter() - began)
        assert report.done, report
print(json.dumps({"seconds": median(seconds[1:]), "first": seconds[0]}))
