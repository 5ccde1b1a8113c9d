"""How quickly readers come in from a file, and what it costs in memory: python -m tests.bench.readers [ROWS …]."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pipeline.feedback import importing
from pipeline.store import open_store

ROWS = (1_000, 10_000, 100_000)


def file(rows: int) -> bytes:
    """A file of another program: one row in twenty has left, one in fifty is no address."""
    lines = ["Email,First Name,Last Name,Global Status,List Status,City"]
    for number in range(rows):
        address = f"reader.{number}@mail{number % 97}.example.org" if number % 50 else f"reader {number}"
        status = "unsubscribed" if number % 20 == 7 else "subscribed"
        lines.append(f"{address},Ann{number},Lee,{status},subscribed,Rome")
    return "\n".join(lines).encode()


def main(*sizes: int) -> None:
    """One line for each size."""
    print("rows     seconds  rows/s   again s  peak MB")
    for rows in sizes or ROWS:
        raw, now = file(rows), datetime(2026, 11, 23, tzinfo=UTC)
        with tempfile.TemporaryDirectory() as folder, closing(open_store("sqlite:///a.sqlite3", Path(folder))) as store:
            start = time.perf_counter()
            done = importing.from_csv(store, raw, file="readers.csv", now=now)
            first = time.perf_counter() - start
            start = time.perf_counter()
            importing.from_csv(store, raw, file="readers.csv", now=now)
            again = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{rows:<8} {first:<8.2f} {rows / first:<8.0f} {again:<8.2f} {peak:.0f}   {dict(done.counts)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
