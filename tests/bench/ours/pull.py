"""The sources of the project here, pulled through the room's door; their entries are kept, and not looked at yet."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline import config
from pipeline.run import opened, outside, perform

settings = config.load(Path.cwd(), os.environ)
with outside(settings) as out, opened(settings, out, print, alone=True) as project:
    report = perform(project, "pull", lambda: [f"source/{source.name}" for source in settings.sources])
assert not report.errors, report.errors
