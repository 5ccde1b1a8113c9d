"""What `include` and `exclude` left out stays out when they change or their source goes: nothing old is mailed.

A post that came after the last turn had no turn that it could miss, so it goes out like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from pipeline.compose import schedule
from pipeline.compose.drafting import named
from pipeline.compose.select import Known, left_out
from pipeline.config import ComposeSettings
from pipeline.model import Post, PostId, Report, Source, SourceName
from pipeline.plural import many
from pipeline.store import Tx, entries, filters, posts

KEY = "filters"
"""The key of the work that is no slot: the settings leave out other posts than before."""
ONE_TIME = timedelta(days=1)
"""No source is asked less often: one that has a post so soon after another has it as new, too."""


def changed(tx: Tx, settings: ComposeSettings) -> bool:
    """Whether the settings leave out other posts than those that were noted last."""
    return filters.noted(tx) != _now(settings)


def settle(tx: Tx, settings: ComposeSettings, now: datetime) -> Report:
    """Note what the settings leave out now; what they let in only now, and had its turn, stays out and is told."""
    before, wanted = filters.noted(tx), _now(settings)
    if before == wanted:
        return Report()
    let_in = _let_in(tx, settings, before, entries.had_too(tx, ONE_TIME), now)
    for post in let_in:
        posts.choose(tx, post.id, "left out", now)
    filters.note(tx, wanted)
    return Report(done=(_told(let_in),)) if let_in else Report()


def foreseen(tx: Tx, known: Known, settings: ComposeSettings, now: datetime) -> Known:
    """What is `known`, with what it takes to say what the settings leave out and what `settle` will.

    What a source has only later than another is old, and goes out for no filter of its own.
    """
    before, wanted = filters.noted(tx), _now(settings)
    if not (before or wanted):
        return known
    known = replace(known, had_too=entries.had_too(tx, ONE_TIME))
    if before == wanted:
        return known
    let_in: dict[PostId, str] = {post.id: "left out" for post in _let_in(tx, settings, before, known.had_too, now)}
    return replace(known, choices={**known.choices, **let_in})


def _let_in(
    tx: Tx,
    settings: ComposeSettings,
    before: Mapping[str, filters.Filter],
    had_too: Mapping[PostId, frozenset[SourceName]],
    now: datetime,
) -> list[Post]:
    """Free posts that the settings left out `before`, for which they have a place now."""
    present = {source.name: source for source in settings.sources}
    old = {name: replace(source, include=(), exclude=()) for name, source in present.items()}
    for given, one in before.items():
        name = SourceName(given)
        old[name] = Source(name=name, url="", include=one.include, exclude=one.exclude)
    turn, decided, free = _last_turn(settings, now), posts.choices(tx), posts.outlines(tx, posts.eligible(tx))
    return [
        post
        for post in free
        if post.id not in decided
        and left_out(post, old, had_too)
        and not left_out(post, present, had_too)
        and (post.source not in present or post.first_seen < turn)
    ]


def _now(settings: ComposeSettings) -> dict[str, filters.Filter]:
    return {
        source.name: filters.Filter(include=source.include, exclude=source.exclude)
        for source in settings.sources
        if source.include or source.exclude
    }


def _last_turn(settings: ComposeSettings, now: datetime) -> datetime:
    """When posts last had a turn; under the cadence "each" every post has its own."""
    slot = schedule.latest(settings.schedule, settings.timezone, now)
    return slot.due if slot else now - settings.schedule.settle


def _told(let_in: list[Post]) -> str:
    stay = many(len(let_in), "post that your settings left out stays", "posts that your settings left out stay")
    return f"{stay} out, although they would take it now: {named(let_in)}. `posts keep ID` takes one."
