"""Posts and everything they have ever been known by. Written by the clean room; choices by the compose room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from pipeline.model import Article, EntryId, Post, PostId, SourceName
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert

_T = tables.posts.c
_COLUMNS = [column for column in tables.posts.c if column.name != "article_sha"]
Choice = Literal["keep", "skip"]


def every(tx: Tx) -> list[Post]:
    """All posts, newest first by id."""
    return [_post(row) for row in tx.execute(sa.select(*_COLUMNS).order_by(_T.id.desc()))]


def get(tx: Tx, post: PostId) -> Post | None:
    """One post by its id."""
    row = tx.execute(sa.select(*_COLUMNS).where(_T.id == post)).first()
    return None if row is None else _post(row)


def of_entry(tx: Tx, entry: EntryId) -> PostId | None:
    """The post that an entry became, None before it was cleaned."""
    return tx.execute(sa.select(tables.cleanings.c.post).where(tables.cleanings.c.entry == entry)).scalar()


def known_by(tx: Tx, keys: Iterable[str]) -> dict[str, PostId]:
    """Which of `keys` belong to a post already."""
    keys_table = tables.post_keys.c
    return {row.key: row.post for row in tx.execute(sa.select(tables.post_keys).where(keys_table.key.in_(list(keys))))}


def oldest_new(tx: Tx, source: SourceName) -> datetime | None:
    """The publication date of the post that a source's first contact counted as new; None when it had none."""
    rows = tx.execute(sa.select(_T.article).where(_T.source == source, _T.before.is_(False)).order_by(_T.id))
    dates = (row.article.published for row in rows)
    return next((date for date in dates if date is not None), None)


def add(
    tx: Tx,
    entry: EntryId,
    source: SourceName,
    article: Article,
    *,
    article_sha: str,
    fingerprint: str,
    guids: tuple[str, ...],
    before: bool,
    held: str | None,
    fault: str | None,
    settled_from: datetime,
    first_seen: datetime,
) -> PostId:
    """A post seen for the first time."""
    values = {
        "entry": entry,
        "source": source,
        "article": article,
        "article_sha": article_sha,
        "fingerprint": fingerprint,
        "guids": guids,
        "before": before,
        "held": held,
        "fault": fault,
        "settled_from": settled_from,
        "first_seen": first_seen,
    }
    made = tx.execute(sa.insert(tables.posts).values(**values).returning(_T.id))
    return PostId(made.scalar_one())


def change(
    tx: Tx, post: PostId, article: Article, *, article_sha: str, fingerprint: str, fault: str | None, settled: datetime
) -> None:
    """New content for a known post; it has to settle anew only when readers would notice a difference."""
    values = {"article": article, "article_sha": article_sha, "fingerprint": fingerprint, "fault": fault}
    here = sa.update(tables.posts).where(_T.id == post)
    tx.execute(here.where(_T.article_sha != article_sha).values(settled_from=settled))
    tx.execute(here.values(**values))


def was_cleaned(tx: Tx, entry: EntryId, post: PostId, *, revision: int, rules: int, keys: Iterable[str]) -> None:
    """Note that this revision of `entry` became `post`, which from now on is known by `keys` too."""
    upsert(tx, tables.cleanings, ["entry"], {"entry": entry, "post": post, "revision": revision, "rules": rules})
    taken = known_by(tx, keys := list(keys))
    fresh = [{"key": key, "post": post} for key in dict.fromkeys(keys) if key not in taken]
    if fresh:
        tx.execute(sa.insert(tables.post_keys), fresh)


def choices(tx: Tx) -> dict[PostId, Choice]:
    """What the author decided, by post."""
    return {row.post: row.choice for row in tx.execute(sa.select(tables.choices))}


def choose(tx: Tx, post: PostId, choice: Choice, now: datetime) -> None:
    """Keep the author's decision about a post; a later one replaces it."""
    upsert(tx, tables.choices, ["post"], {"post": post, "choice": choice, "at": now})


def _post(row: sa.Row[tuple[object, ...]]) -> Post:
    return Post(**row._mapping)
