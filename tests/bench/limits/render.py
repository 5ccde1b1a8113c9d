"""MJML compiled by mjml-python, nothing else: `python render.py FILE TIMES`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median

import mjml

source = Path(sys.argv[1]).read_text("utf-8")
seconds = []
for _ in range(int(sys.argv[2]) + 1):
    began = time.perf_counter()
    assert mjml.mjml2html(source)
    seconds.append(time.perf_counter() - began)
print(json.dumps({"seconds": median(seconds[1:]), "first": seconds[0]}))
