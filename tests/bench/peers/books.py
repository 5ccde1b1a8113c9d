"""Books for each post of the project here, by SQLite's full-text search.

`python books.py post`: seconds for a post, the median. `python books.py index`: seconds for reading and indexing the shelf.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import time
import tomllib
from pathlib import Path
from statistics import median

began = time.perf_counter()
shelf = tomllib.loads(Path("sources/books.toml").read_text("utf-8"))["book"]
base = sqlite3.connect(":memory:")
base.execute("CREATE VIRTUAL TABLE books USING fts5(title, description, themes, tokenize='porter')")
rows = [(one["title"], one["description"], " ".join(one["themes"])) for one in shelf]
base.executemany("INSERT INTO books (title, description, themes) VALUES (?, ?, ?)", rows)
index = time.perf_counter() - began
each = []
for path in Path("sources/posts").glob("*.md"):
    post = path.read_text("utf-8").lower()
    began = time.perf_counter()
    asked = " OR ".join(f'"{word}"' for word in sorted(set(re.findall(r"[a-z]{3,}", post))))
    base.execute(
        "SELECT rowid FROM books WHERE books MATCH ? ORDER BY bm25(books, 3, 1, 2) LIMIT 12", (asked,)
    ).fetchall()
    each.append(time.perf_counter() - began)
print(json.dumps({"seconds": {"index": index, "post": median(each)}[sys.argv[1]]}))
