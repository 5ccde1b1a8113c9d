"""Readers from a CSV file into a table, in one transaction: `python readers.py FILE`."""

from __future__ import annotations

import csv
import sqlite3
import sys

base = sqlite3.connect("readers.sqlite3")
base.executescript(
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE reader (address TEXT UNIQUE, name TEXT)"
)
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = ((one["email"], one["name"]) for one in csv.DictReader(file))
    base.executemany("INSERT INTO reader VALUES (?, ?)", rows)
base.commit()
