"""Pull: what the sources have, as they give it.

does     asks each source and calendar what changed, and fetches the web page of an entry that came as an excerpt
reads    how the sources have been doing
writes   sources, entries, calendars
never    cleans, judges or forgets an entry; a source that fails keeps everything it ever gave
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.config import PullSettings
from pipeline.errors import ChildFault, FetchFault, SourceFault
from pipeline.model import EntryId, Fetch, Health, Outside, Report, Source, SourceName, Validators
from pipeline.pull import kinds, login
from pipeline.pull.listing import Ask, Visit
from pipeline.store import Store, calendars, entries, sources

if TYPE_CHECKING:
    from pipeline.pull.discover import Discovery
    from pipeline.pull.keep import Kept

__all__ = ["due", "kinds", "look", "work"]

EVERY = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)
MOVES = 3
"""How many visits in a row a permanent redirect must lead to the same address before that is asked directly."""
DEAD = 8
"""After so many failures in a row a source is called dead, and a person should look."""


def due(store: Store, settings: PullSettings, now: datetime) -> Iterable[str]:
    """`source/<name>` and `calendar/<key>` whose time has come, and `page/<entry>` for each page that is wanted.

    `left/<name>` is a source that was taken out of the settings: another one may now have its posts.
    The pages are looked up after the sources were handed out, so that one walk also completes what it just found.
    """
    names = {source.name for source in settings.sources}
    with store.reading() as tx:
        health = sources.all_health(tx)
        left = [name for name in health if name not in names and entries.is_listed(tx, name)]
    yield from (f"left/{name}" for name in left)
    for source in settings.sources:
        known = health.get(source.name)
        if known is None or known.next_check <= now or known.url != login.bare(source.url):
            yield f"source/{source.name}"
    with store.reading() as tx:
        known_calendars = calendars.every(tx)
    if known_calendars or settings.calendars:
        from pipeline.pull import agenda

        yield from agenda.due(known_calendars, settings, now)
    with store.reading() as tx:
        wanted = [known.id for known in entries.pageless(tx, now)]
    yield from (f"page/{entry}" for entry in wanted)


def work(key: str, store: Store, settings: PullSettings, out: Outside) -> Report:
    """Visit one source, let go of one, or fetch one entry's page."""
    what, _, name = key.partition("/")
    if what == "left":
        with store.writing() as tx:
            entries.unlist(tx, SourceName(name))
        return Report(done=(f"{name} is no longer a source; its posts are kept.",))
    if what == "calendar":
        from pipeline.pull import agenda

        return agenda.work(name, store, settings, out)
    if what == "page":
        from pipeline.pull.complete import complete

        return complete(EntryId(int(name)), store, out)
    source = next((source for source in settings.sources if source.name == name), None)
    return Report(unchanged=1) if source is None else _pull_source(source, store, settings, out)


def look(url: str, fetch: Fetch, now: datetime) -> Discovery:
    """What a blog offers, the best first. Raises SourceFault when the blog itself can't be read."""
    from pipeline.pull import discover

    return discover.look(url, fetch, now)


def _pull_source(configured: Source, store: Store, settings: PullSettings, out: Outside) -> Report:
    from pipeline.pull.keep import keep

    now = out.clock()
    source, fetch = login.apart(configured, out.fetch)
    with store.reading() as tx:
        known = sources.health(tx, source.name)
    ask = Ask(source=source, health=_usable(known, source), fetch=fetch, folder=settings.folder, now=now)
    try:
        visit = _visit(ask)
    except (SourceFault, ChildFault) as fault:
        return _failed(source, fault, store, now)
    moved = known is not None and known.last_ok is not None and known.url != source.url
    with store.writing() as tx:
        sources.record(tx, _health(source, ask.health, visit, now))
        kept = keep(tx, source.name, visit.listing, moved=moved, now=now) if visit.listing else None
    return _said(source, visit, kept)


def _usable(known: Health | None, source: Source) -> Health | None:
    """What is known of a source that once answered, unless its settings have changed since."""
    if known is None or known.last_ok is None or known.url != source.url:
        return None
    return known if source.kind in (kinds.AUTO, known.kind or "feed") else None


def _visit(ask: Ask) -> Visit:
    """Ask a source by its kind; one whose kind is to be found out is looked at first."""
    if ask.health:
        return kinds.load(ask.health.kind or "feed").visit(ask)
    if ask.source.kind == kinds.AUTO:
        from pipeline.pull.discover import settled

        return settled(ask)
    return kinds.load(ask.source.kind).visit(ask)


def _health(source: Source, known: Health | None, visit: Visit, now: datetime) -> Health:
    """How a source does after a visit that went well."""
    moves = known.moves + 1 if known and visit.moved and known.moved == visit.moved else int(visit.moved is not None)
    stays = visit.moved is None or moves < MOVES
    return Health(
        name=source.name,
        url=source.url,
        kind=visit.kind,
        address=visit.address if stays else visit.moved or visit.address,
        validators=visit.validators,
        body_sha=visit.sha,
        cursor=visit.cursor,
        moved=visit.moved if stays else None,
        moves=moves if stays else 0,
        next_check=now + max(EVERY, visit.fresh),
        last_ok=now,
        read=now if visit.full or known is None else known.read,
    )


def _failed(source: Source, fault: SourceFault | ChildFault, store: Store, now: datetime) -> Report:
    """Keep everything, ask again later: the pause doubles with every failure."""
    with store.writing() as tx:
        known = sources.health(tx, source.name)
        failures = (known.failures if known else 0) + 1
        pause = min(EVERY * 2 ** min(failures, 10), LONGEST_PAUSE)
        if isinstance(fault, FetchFault) and fault.retry_after:
            pause = max(pause, min(timedelta(seconds=fault.retry_after), LONGEST_PAUSE))
        kept = known or _unknown(source, now)
        sources.record(tx, replace(kept, next_check=now + pause, failures=failures, problem=str(fault)))
    since = f" It has failed {failures} times in a row: is the blog still there?" if failures >= DEAD else ""
    return Report(errors=(f"{source.name}: {fault} Its posts are kept; the next try is in {_minutes(pause)}.{since}",))


def _unknown(source: Source, now: datetime) -> Health:
    return Health(
        name=source.name,
        url=source.url,
        address=source.url,
        validators=Validators(),
        body_sha=None,
        next_check=now,
        last_ok=None,
    )


def _minutes(pause: timedelta) -> str:
    minutes = round(pause.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"


def _said(source: Source, visit: Visit, kept: Kept | None) -> Report:
    listing = visit.listing
    if listing is None or kept is None:
        return Report(unchanged=1)
    lost = f"{source.name}: {listing.left_out} entries could not be read, or were too many for one source."
    errors = (*listing.faults, *((lost,) if listing.left_out else ()))
    if not (kept.new or kept.changed or kept.gone):
        return Report(unchanged=1, errors=errors)
    total = len(listing.entries)
    words = f"{source.name}: {len(kept.new)} new, {len(kept.changed)} changed, of {total} entries."
    if kept.first and len(kept.new) > 1:
        words = f"{source.name}: first contact. The newest of {total} entries counts as new; the others are known."
    gone = tuple(f"{source.name}: “{entry.title}” is no longer on the blog." for entry in kept.gone)
    return Report(done=(words, *gone), errors=errors)
