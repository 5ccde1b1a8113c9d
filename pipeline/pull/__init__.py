"""Pull: what the sources have, as they give it.

does     asks each source and calendar what changed, and fetches the web page of an entry that came as an excerpt
reads    how the sources have been doing
writes   sources, entries, calendars
never    cleans, judges or forgets an entry; a source that fails keeps everything it ever gave
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import PullSettings
from pipeline.errors import UserError
from pipeline.model import AUTO, EntryId, Fetch, Outside, Report, Source, SourceName
from pipeline.pull import calling, clock, kinds, login
from pipeline.store import Store, calendars, entries, sources, timekeeping

if TYPE_CHECKING:
    from pipeline.pull.discover import Discovery

__all__ = ["check", "due", "kinds", "look", "together", "work"]


def due(store: Store, settings: PullSettings, now: datetime) -> Iterable[str]:
    """`source/<name>` and `calendar/<key>` whose time has come, and `page/<entry>` for each page that is wanted.

    `left/<name>` is a source that was taken out of the settings: another one may now have its posts.
    `clock` is due when it ran ahead before and goes well again: everything would wait for the days that it named.
    The pages are looked up after the sources were handed out, so that one walk also completes what it just found.
    """
    names = {source.name for source in settings.sources}
    with store.reading() as tx:
        health = sources.all_health(tx)
        left = [name for name in health if name not in names and entries.is_listed(tx, name)]
        ran_ahead = timekeeping.ahead(tx, now)
    if ran_ahead is not None:
        yield clock.KEY
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
        wanted = entries.pageless(tx, now)
    yield from (f"page/{entry}" for entry in wanted)


def work(key: str, store: Store, settings: PullSettings, out: Outside) -> Report:
    """Visit one source, let go of one, or fetch one entry's page."""
    what, _, name = key.partition("/")
    if what == clock.KEY:
        return clock.set_right(store, settings, out)
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
    if source is None:
        return Report(unchanged=1)
    with store.reading() as tx:
        known = sources.health(tx, source.name)
    answer = calling.call(source, known, settings, out)
    with store.writing() as tx:
        (report,) = calling.write(tx, [answer])
    return report


def together(
    keys: Iterable[str], store: Store, settings: PullSettings, out: Outside
) -> Iterator[tuple[str, Report | Exception]]:
    """Visit the sources among `keys`, side by side and written in few transactions; the other keys are left alone.

    Each is told with its report, or with what it failed of, as soon as it is written.
    """
    wanted = {key.partition("/")[2] for key in keys if key.startswith("source/")}
    chosen = [source for source in settings.sources if source.name in wanted]
    with store.reading() as tx:
        known = sources.all_health(tx)
    for name, outcome in calling.call_many(chosen, known, store, settings, out):
        yield f"source/{name}", outcome


def check(source: Source, folder: Path) -> None:
    """Whether a source may be asked at all; nobody is asked. `folder` is the project's.

    Raises UserError for a kind that nobody has and an address that is none, SourceFault for a folder that is not there.
    """
    from pipeline.pull import markdown

    if source.kind != AUTO:
        kinds.load(source.kind)
    if source.kind == "markdown" or (source.kind == AUTO and "://" not in source.url):
        markdown.place(source, folder)
    elif source.kind in (AUTO, *kinds.names()) and not source.url.startswith(("http://", "https://")):
        raise UserError(f"{source.url!r} is no web address.", next_step="It begins with https://.")


def look(url: str, fetch: Fetch, now: datetime) -> Discovery:
    """What a blog offers, the best first. Raises SourceFault when the blog itself can't be read."""
    from pipeline.pull import discover

    return discover.look(url, fetch, now)
