"""The books suggested for each post. Written by the books room."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from pipeline.model import Pick, PostId
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert


def inputs(tx: Tx) -> dict[PostId, str]:
    """For each post that was looked at: what the suggestions were made from, hashed."""
    return {row.post: row.inputs for row in tx.execute(sa.select(tables.picks.c.post, tables.picks.c.inputs))}


def of(tx: Tx) -> dict[PostId, tuple[Pick, ...]]:
    """The suggestions for every post, best first."""
    return {row.post: row.picks for row in tx.execute(sa.select(tables.picks.c.post, tables.picks.c.picks))}


def some(tx: Tx, chosen: Iterable[PostId]) -> dict[PostId, tuple[Pick, ...]]:
    """The suggestions for these posts, best first."""
    named = sa.select(tables.picks.c.post, tables.picks.c.picks).where(tables.picks.c.post.in_(list(chosen)))
    return {row.post: row.picks for row in tx.execute(named)}


def suggest(tx: Tx, post: PostId, inputs: str, picks: tuple[Pick, ...]) -> None:
    """Keep the suggestions for a post."""
    upsert(tx, tables.picks, ["post"], {"post": post, "inputs": inputs, "picks": picks})
