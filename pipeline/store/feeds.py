"""Which posts stand in our own feeds, and what posts and issues are called there. Written by the syndicate room."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa

from pipeline.model import Post, PostId
from pipeline.store import posts, tables
from pipeline.store.open import Tx
from pipeline.store.rows import among

_T = tables.guids.c

EXCERPTS_WAIT = timedelta(days=1)
"""So long a feed waits for the page of a post that came as an excerpt: most reader apps never look at it again."""


def shown(tx: Tx, most: int, now: datetime) -> list[PostId]:
    """The `most` newest posts that feeds may show, newest first.

    That is sound ones of which nothing more is awaited. What is held, dated ahead or off the blog must have been kept.
    """
    found, skip = list[Post](), 0
    while len(found) < most and (ids := posts.newest(tx, 2 * most, skip)):
        known = posts.outlines(tx, ids)
        decided = posts.choices(tx, among=known)
        found += [post for post in known if _may_be_shown(post, decided.get(post.id), now)]
        skip += 2 * most
    return [post.id for post in sorted(found, key=lambda post: (post.when, post.id), reverse=True)[:most]]


def _may_be_shown(post: Post, choice: posts.Decided | None, now: datetime) -> bool:
    ready = post.fault is None and (post.article.complete or now - post.first_seen >= EXCERPTS_WAIT)
    asked = post.held is not None or post.gone is not None or post.when > now
    return ready and choice != "skip" and (choice == "keep" or not asked)


def guids(tx: Tx, what: Iterable[str]) -> dict[str, str]:
    """The guids of "post/<id>" and "issue/<number>" that have one."""
    return {row.what: row.guid for row in among(tx, tables.guids, _T.what, what)}


def give(tx: Tx, what: str, guid: str) -> None:
    """Call a post or an issue so, for good."""
    tx.execute(sa.insert(tables.guids), {"what": what, "guid": guid})


def is_taken(tx: Tx, guid: str) -> bool:
    """Whether something else is called so."""
    return tx.execute(sa.select(_T.what).where(_T.guid == guid)).scalar() is not None


def last_tagged(tx: Tx) -> PostId:
    """The last post that there was when guids began to be kept: until then the site's host and its own id named it."""
    value = tx.execute(sa.select(tables.facts.c.value).where(tables.facts.c.name == tables.TAGGED)).scalar()
    return PostId(int(value or 0))
