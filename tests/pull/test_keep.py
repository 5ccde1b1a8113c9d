"""What a listing changes in what is kept."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from msgspec.structs import replace

from pipeline.model import Entry, SourceName
from pipeline.pull.keep import keep
from pipeline.pull.listing import Listing
from pipeline.store import open_store

BLOG = SourceName("blog")
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def entry(number: int, html: str = "<p>Words.</p>") -> Entry:
    when = NOW - timedelta(hours=number)
    return Entry(source=BLOG, guid=f"post-{number}", link=None, title=f"Post {number}", html=html, published=when)


def test_a_feed_costs_by_what_is_new_in_it_and_not_by_what_was_there(tmp_path: Path) -> None:
    asked: list[str] = []
    every = [entry(number) for number in range(1, 51)]
    with closing(open_store("sqlite:///state.sqlite3", tmp_path)) as store:
        with store.writing() as tx:
            keep(tx, BLOG, Listing(entries=tuple(every)), moved=False, now=NOW)
        edited = replace(every[7], html="<p>Other words.</p>")
        with store.writing() as tx:
            sa.event.listen(tx, "before_cursor_execute", lambda *told: asked.append(told[2]))
            found = Listing(entries=(entry(0), *every[:7], edited, *every[8:]))
            kept = keep(tx, BLOG, found, moved=False, now=NOW)
    assert [one.title for one in (*kept.new, *kept.changed)] == ["Post 0", "Post 8"]
    assert len(asked) < 10


def test_of_posts_that_got_other_names_nobody_says_that_they_are_gone(tmp_path: Path) -> None:
    every = [entry(number) for number in range(1, 7)]
    renamed = [replace(one, guid=f"2026/{one.guid}") for one in every if one.title != "Post 2"]
    with closing(open_store("sqlite:///state.sqlite3", tmp_path)) as store, store.writing() as tx:
        keep(tx, BLOG, Listing(entries=tuple(every)), moved=False, now=NOW)
        kept = keep(tx, BLOG, Listing(entries=(*renamed, *every[5:])), moved=False, now=NOW)
    assert [one.title for one in kept.gone] == ["Post 2"]
