"""How posts stand: a list of all of them, one of them, and how many wait for the next turn."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace

from pipeline.compose import drafting, filters, schedule
from pipeline.compose.select import Known, standing
from pipeline.config import ComposeSettings
from pipeline.model import Issue, Post, PostId, Standing
from pipeline.store import Store


def outlines(store: Store, settings: ComposeSettings, now: datetime) -> tuple[tuple[Post, Standing], ...]:
    """Every post with its state and why, newest first; the posts come without their html, text and excerpt."""
    with store.reading() as tx:
        known = filters.foreseen(tx, drafting.outline(tx), settings, now)
    return listed(known, settings, now)


def stands(store: Store, settings: ComposeSettings, post: Post, now: datetime) -> Standing:
    """Where one post stands, and why."""
    with store.reading() as tx:
        known = filters.foreseen(tx, drafting.outline(tx, [post]), settings, now)
    return standing(post, known, settings, now)


def listed(
    known: Known, settings: ComposeSettings, now: datetime, put_off: Collection[PostId] = ()
) -> tuple[tuple[Post, Standing], ...]:
    """What is known of posts, each with its state and why, newest first."""
    ordered = sorted(known.posts, key=lambda post: (post.when, post.id), reverse=True)
    told = ((post, standing(post, known, settings, now)) for post in ordered)
    return tuple((post, _waits(how) if post.id in put_off else how) for post, how in told)


def _waits(how: Standing) -> Standing:
    """Of a post that the author left out of this issue."""
    return replace(how, reason="you left it for the issue after this one") if how.state == "new" else how


def turn(store: Store, settings: ComposeSettings, now: datetime) -> tuple[datetime | None, int]:
    """When the next issue is due, None when nobody can say, and how many posts wait for it."""
    with store.reading() as tx:
        draft = next(iter(drafting.drafts(tx)), None)
        known = filters.foreseen(tx, drafting.free(tx, draft.number if draft else None), settings, now)
    waiting = sum(standing(post, known, settings, now).state in ("new", "settling") for post in known.posts)
    return when(draft, settings, now), waiting


def when(draft: Issue | None, settings: ComposeSettings, now: datetime) -> datetime | None:
    """When the next issue is due: its draft's turn, else the schedule's next; None when nobody can say."""
    following = schedule.following(settings.schedule, settings.timezone, now)
    return draft.slot.due if draft else (following.due if following else None)
