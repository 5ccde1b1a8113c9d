"""RSS, Atom and JSON Feed by joining strings: `python feeds.py ENTRIES`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))

from tests.bench import syndicated, words

posts = [words.post(7, number) for number in reversed(range(int(sys.argv[1])))]
began = time.perf_counter()
size = sum(len(kind("Kind Words", posts).encode()) for kind in (syndicated.rss, syndicated.atom, syndicated.json_feed))
print(json.dumps({"seconds": time.perf_counter() - began, "size": size}))
