"""What the sources yielded, as it came. Written by the pull room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from pipeline.model import Entry, EntryId, KnownEntry, PostId, SourceName
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import among, in_parts

_T = tables.entries.c


class State(NamedTuple):
    """An entry in few words; `listed` when its source had it the last time."""

    id: EntryId
    ident: str
    sha: str
    listed: bool


class New(NamedTuple):
    """An entry seen for the first time: what tells it apart in its source, and whether it is an excerpt or old."""

    entry: Entry
    ident: str
    partial: bool
    before: bool


def states(tx: Tx, source: SourceName) -> list[State]:
    """Every entry of `source`, in few words."""
    return [State(*row) for row in tx.execute(sa.select(_T.id, _T.ident, _T.sha, _T.listed).where(_T.source == source))]


def by_ident(tx: Tx, source: SourceName, ident: str | None = None) -> dict[str, Entry]:
    """The entries of `source` by their ident; only that one when it is given."""
    chosen = sa.select(_T.ident, _T.entry).where(_T.source == source)
    rows = tx.execute(chosen if ident is None else chosen.where(_T.ident == ident))
    return {row.ident: row.entry for row in rows}


def some(tx: Tx, chosen: Iterable[EntryId]) -> dict[EntryId, Entry]:
    """Entries by their ids."""
    return {row.id: row.entry for row in among(tx, sa.select(_T.id, _T.entry), _T.id, chosen)}


def mark_listed(tx: Tx, back: Sequence[EntryId], absent: Sequence[EntryId]) -> None:
    """Note which entries their source lists again, so that they are not gone, and which it lists no more."""
    for part in in_parts(back):
        tx.execute(sa.update(tables.entries).where(_T.id.in_(part)).values(listed=True, gone=None))
    for part in in_parts(absent):
        tx.execute(sa.update(tables.entries).where(_T.id.in_(part)).values(listed=False))


def is_listed(tx: Tx, source: SourceName) -> bool:
    """Whether any entry of a source counts as listed."""
    return tx.execute(sa.select(_T.id).where(_T.source == source, _T.listed.is_(True)).limit(1)).first() is not None


def lists(tx: Tx, source: SourceName, post: PostId) -> bool:
    """Whether a source lists an entry that became this post."""
    done = tables.cleanings.c
    of_post = sa.select(done.entry).where(done.post == post)
    mine = sa.select(_T.id).where(_T.id.in_(of_post), _T.source == source, _T.listed.is_(True))
    return tx.execute(mine.limit(1)).first() is not None


def had_too(tx: Tx, within: timedelta) -> dict[PostId, frozenset[SourceName]]:
    """Of posts the other sources that had them as new ones, `within` so long after their own."""
    done, post, found = tables.cleanings.c, tables.posts.c, defaultdict[PostId, set[SourceName]](set)
    chosen = sa.select(post.id, post.first_seen, _T.source, _T.seen).join(tables.cleanings, done.post == post.id)
    others = chosen.join(tables.entries, _T.id == done.entry).where(_T.source != post.source, _T.before.is_(False))
    for row in tx.execute(others):
        if row.seen - row.first_seen <= within:
            found[row.id].add(row.source)
    return {post: frozenset(names) for post, names in found.items()}


def unlist(tx: Tx, source: SourceName) -> None:
    """Note that a source lists nothing any more, because nobody asks it: what other sources say of its posts counts."""
    away = {"listed": False, "gone": sa.func.coalesce(_T.gone, sa.literal(tables.LEFT, tables.Instant))}
    tx.execute(sa.update(tables.entries).where(_T.source == source).values(away))


def mark_gone(tx: Tx, gone: Iterable[EntryId], now: datetime) -> None:
    """Note since when entries are known to be taken down."""
    for part in in_parts(gone):
        tx.execute(sa.update(tables.entries).where(_T.id.in_(part)).values(gone=now))


def add(tx: Tx, new: Sequence[New], now: datetime) -> None:
    """Keep entries seen for the first time."""
    if new:
        rows = [{**one._asdict(), "source": one.entry.source, "sha": one.entry.sha} for one in new]
        tx.execute(sa.insert(tables.entries).values(revision=1, seen=now), rows)


def change(tx: Tx, entry: Entry, ident: str, *, partial: bool, now: datetime) -> None:
    """Keep new content of a known entry; its page is fetched again, the old one serves until then."""
    values = {"sha": entry.sha, "entry": entry, "partial": partial, "changed": now, "page_next": now}
    values["revision"] = _T.revision + 1
    tx.execute(sa.update(tables.entries).where(_T.source == entry.source, _T.ident == ident).values(**values))


def get(tx: Tx, entry: EntryId) -> KnownEntry | None:
    """One entry by its id."""
    row = tx.execute(sa.select(tables.entries).where(_T.id == entry)).first()
    return None if row is None else _known(row)


def several(tx: Tx, chosen: Iterable[EntryId]) -> list[KnownEntry]:
    """Entries by their ids, in the order they were seen."""
    return [_known(row) for row in among(tx, sa.select(tables.entries).order_by(_T.id), _T.id, sorted(chosen))]


def any_absent(tx: Tx) -> bool:
    """Whether there is an entry that its source lists no more."""
    return tx.execute(sa.select(_T.id).where(_T.listed.is_(False)).limit(1)).first() is not None


def uncleaned(tx: Tx, rules: int) -> list[EntryId]:
    """Entries that no post was made of, or from an older revision or by older rules; in the order they were seen."""
    done = tables.cleanings.c
    fresh = sa.and_(done.entry == _T.id, done.revision == _T.revision, done.rules == rules)
    chosen = sa.select(_T.id).outerjoin(tables.cleanings, fresh).where(done.entry.is_(None))
    # Sorted here: asked for in order, SQLite walks through the entries themselves and not through the index.
    return sorted(tx.execute(chosen).scalars())


def revision(tx: Tx, entry: EntryId) -> int:
    """How often an entry has changed, counted from 1."""
    return int(tx.execute(sa.select(_T.revision).where(_T.id == entry)).scalar_one())


def revisions(tx: Tx, chosen: Iterable[EntryId]) -> dict[EntryId, int]:
    """The same for several entries."""
    return {row.id: row.revision for row in among(tx, sa.select(_T.id, _T.revision), _T.id, chosen)}


def pageless(tx: Tx, now: datetime) -> list[EntryId]:
    """Excerpts whose page should be fetched now; those from before the first contact only when the author kept them.

    The first condition is word for word that of the index ix_entries_pageless, which holds nothing else.
    """
    kept = sa.select(tables.cleanings.c.entry).join(
        tables.choices, (tables.choices.c.post == tables.cleanings.c.post) & (tables.choices.c.choice == "keep")
    )
    never_tried = sa.and_(_T.page_url.is_(None), _T.page_problem.is_(None))
    wanting = sa.and_(_T.partial.is_(True), sa.or_(never_tried, _T.page_next.is_not(None)))
    due = sa.select(_T.id).where(wanting, sa.or_(_T.page_next.is_(None), _T.page_next <= now))
    new, old = tx.execute(due.where(_T.before.is_(False))).scalars(), tx.execute(due.where(_T.id.in_(kept))).scalars()
    return sorted({*new, *old})


def complete(tx: Tx, entry: EntryId, *, page: str, url: str) -> None:
    """Keep the web page that completes an excerpt."""
    values = {"page": page, "page_url": url, "page_problem": None, "page_next": None, "revision": _T.revision + 1}
    tx.execute(sa.update(tables.entries).where(_T.id == entry).values(**values))


def page_failed(tx: Tx, entry: EntryId, problem: str, again: datetime) -> None:
    """Note why the page could not be had, and when to try again."""
    tx.execute(sa.update(tables.entries).where(_T.id == entry).values(page_problem=problem, page_next=again))


def _known(row: sa.Row[tuple[object, ...]]) -> KnownEntry:
    values = dict(row._mapping)
    for ours in ("source", "ident", "sha", "partial", "page_next", "listed", "gone"):
        del values[ours]
    return KnownEntry(**values)
