"""Books for each post of the project here, by SQLite's full-text search: seconds for a post."""

from __future__ import annotations

import json
import re
import sqlite3
import time
import tomllib
from pathlib import Path

shelf = tomllib.loads(Path("sources/books.toml").read_text("utf-8"))["book"]
base = sqlite3.connect(":memory:")
base.execute("CREATE VIRTUAL TABLE books USING fts5(title, description, themes, tokenize='porter')")
rows = [(one["title"], one["description"], " ".join(one["themes"])) for one in shelf]
base.executemany("INSERT INTO books (title, description, themes) VALUES (?, ?, ?)", rows)
posts = [path.read_text("utf-8").lower() for path in Path("sources/posts").glob("*.md")]
began = time.perf_counter()
for post in posts:
    asked = " OR ".join(f'"{word}"' for word in sorted(set(re.findall(r"[a-z]{3,}", post))))
    base.execute(
        "SELECT rowid FROM books WHERE books MATCH ? ORDER BY bm25(books, 3, 1, 2) LIMIT 12", (asked,)
    ).fetchall()
print(json.dumps({"seconds": (time.perf_counter() - began) / len(posts)}))
