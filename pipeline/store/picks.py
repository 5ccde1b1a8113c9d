"""The books suggested for each post. Written by the books room.

`picks.inputs` is made of two halves: what all suggestions are made from, and the post's own content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from pipeline.model import Pick, PostId
from pipeline.store import posts, tables
from pipeline.store.open import Tx
from pipeline.store.rows import among, upsert

HALF = 32


def stale(tx: Tx, made_from: str, shown: Collection[PostId] | None = None) -> list[PostId]:
    """Sound posts without suggestions that may be shown, and those whose content or `made_from` (a hash) has changed.

    May be shown what an issue may take, and a few more that are `shown`; without these every post. The newest come
    first.
    """
    post, known = tables.posts.c, tables.picks.c
    now = sa.literal(made_from[:HALF]).concat(sa.func.substr(post.article_sha, 1, HALF))
    changed = sa.select(post.id).join(tables.picks, known.post == post.id).where(known.inputs != now)
    bare = sa.select(post.id).outerjoin(tables.picks, known.post == post.id).where(known.post.is_(None))
    if shown is not None:
        bare = bare.where(sa.or_(posts.wanted(), post.id.in_(shown)))
    # Few differ, so whether one has a fault is looked up for those alone: that column lies behind the article.
    found = {*tx.execute(changed).scalars(), *tx.execute(bare).scalars()}
    sound = among(tx, sa.select(post.id).where(post.fault.is_(None)), post.id, found)
    return sorted((row.id for row in sound), reverse=True)


def of(tx: Tx) -> dict[PostId, tuple[Pick, ...]]:
    """The suggestions for every post, best first."""
    return {row.post: row.picks for row in tx.execute(sa.select(tables.picks.c.post, tables.picks.c.picks))}


def some(tx: Tx, chosen: Iterable[PostId]) -> dict[PostId, tuple[Pick, ...]]:
    """The suggestions for these posts, best first."""
    columns = tables.picks.c
    return {row.post: row.picks for row in among(tx, sa.select(columns.post, columns.picks), columns.post, chosen)}


def inputs(tx: Tx, chosen: Iterable[PostId]) -> dict[PostId, str]:
    """What the suggestions for these posts were made from, hashed: they are others only when this is."""
    columns = tables.picks.c
    return {row.post: row.inputs for row in among(tx, sa.select(columns.post, columns.inputs), columns.post, chosen)}


def suggest(tx: Tx, post: PostId, made_from: str, content: str, picks: tuple[Pick, ...]) -> None:
    """Keep the suggestions for a post of this content (a hash)."""
    inputs = made_from[:HALF] + content[:HALF]
    upsert(tx, tables.picks, ["post"], {"post": post, "inputs": inputs, "picks": picks})
