"""Pull: what the sources have, as they give it.

does     asks each source what changed, and fetches the web page of an entry that came as an excerpt
reads    how the sources have been doing
writes   sources, entries
never    cleans, judges or forgets an entry; a source that fails keeps everything it ever gave
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pipeline.config import PullSettings
from pipeline.errors import ChildFault, FetchFault, SourceFault
from pipeline.model import Entry, EntryId, Fetch, Fetched, Health, Outside, Report, Source, Validators
from pipeline.model.excerpt import is_excerpt
from pipeline.pull.charset import decoded
from pipeline.store import Store, Tx, entries, sources

if TYPE_CHECKING:
    from pipeline.pull.feed import Feed

__all__ = ["due", "look", "work"]

KINDS = ("auto", "feed")
EVERY = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)


def due(store: Store, settings: PullSettings, now: datetime) -> Iterable[str]:
    """`source/<name>` for each source whose time has come, and `page/<entry>` for each page that is wanted.

    The pages are looked up after the sources were handed out, so that one walk also completes what it just found.
    """
    with store.reading() as tx:
        health = sources.all_health(tx)
    for source in settings.sources:
        known = health.get(source.name)
        if known is None or known.next_check <= now:
            yield f"source/{source.name}"
    with store.reading() as tx:
        wanted = [known.id for known in entries.pageless(tx, now)]
    yield from (f"page/{entry}" for entry in wanted)


def work(key: str, store: Store, settings: PullSettings, out: Outside) -> Report:
    """Visit one source, or fetch one entry's page."""
    what, _, name = key.partition("/")
    if what == "page":
        return _pull_page(EntryId(int(name)), store, out)
    source = next((source for source in settings.sources if source.name == name), None)
    return Report(unchanged=1) if source is None else _pull_source(source, store, out)


def _pull_source(source: Source, store: Store, out: Outside) -> Report:
    now = out.clock()
    with store.reading() as tx:
        health = _health(tx, source)
    try:
        visit, found = _visit(source, health, out, now)
    except (SourceFault, ChildFault) as fault:
        return _failed(source, fault, store, now)
    with store.writing() as tx:
        first = _health(tx, source) is None
        sources.record(tx, visit)
        new, changed = _keep(tx, found.entries if found else (), first=first, now=now)
    return _said(source, found, new, changed, first=first)


def _health(tx: Tx, source: Source) -> Health | None:
    """What is known of a source that once answered; a new address in the settings is a new contact with its entries."""
    health = sources.health(tx, source.name)
    return health if health and health.last_ok and health.url == source.url else None


def _visit(source: Source, health: Health | None, out: Outside, now: datetime) -> tuple[Health, Feed | None]:
    """What a source's answer shows: its health, and its feed, None when nothing changed."""
    if source.kind not in KINDS:
        raise SourceFault(
            f'kind = "{source.kind}" is not a kind of source. Known: {", ".join(KINDS)}.', where=source.name
        )
    address = health.address if health else source.url
    answer = out.fetch(address, validators=health.validators if health else None)
    validators, sha = answer.validators, hashlib.sha256(answer.body).hexdigest()
    found: Feed | None = None
    if health and answer.status == 304:
        validators, sha = health.validators, health.body_sha or sha
    elif health is None or health.body_sha != sha:
        address, answer, found = _feed(source, address, answer, out.fetch, now)
        validators, sha = answer.validators, hashlib.sha256(answer.body).hexdigest()
    visit = Health(
        name=source.name,
        url=source.url,
        address=address,
        validators=validators,
        body_sha=sha,
        next_check=now + EVERY,
        last_ok=now,
        failures=0,
        problem=None,
    )
    return visit, found


def look(source: Source, fetch: Fetch, now: datetime) -> tuple[str, Feed]:
    """A feed's address and what it holds, without keeping anything. Raises SourceFault, ChildFault."""
    address, _, found = _feed(source, source.url, fetch(source.url), fetch, now)
    return address, found


def _feed(source: Source, address: str, answer: Fetched, fetch: Fetch, now: datetime) -> tuple[str, Fetched, Feed]:
    """The address of the feed, its answer and what it holds; a blog's page leads to the feed that it names.

    Raises SourceFault when there is none, ChildFault when it can't be read within bounds.
    """
    from pipeline.pull import feed, find

    if not feed.recognises(answer):
        named = find.feeds_in(decoded(answer), answer.url)
        if not named:
            raise SourceFault(
                "There is no feed at this address, and the page names none.",
                where=source.url,
                next_step="Open your blog, look for an RSS link, and put that address into newsletter.toml.",
            )
        address = named[0]
        answer = fetch(address)
    found = feed.read(source, answer, now=now)
    return address, answer, replace(found, entries=found.entries[: source.limit])


def _keep(tx: Tx, found: Sequence[Entry], *, first: bool, now: datetime) -> tuple[list[Entry], list[Entry]]:
    """Write what is new or changed; at the first contact only the newest entry counts as new."""
    found_by_ident = _identified(found)
    newest = max(found_by_ident, key=lambda ident: _age(found_by_ident[ident]), default=None)
    known = entries.shas(tx, found[0].source) if found else {}
    new, changed = [], []
    for ident, entry in found_by_ident.items():
        if ident not in known:
            before = first and ident != newest
            entries.add(tx, entry, ident, partial=is_excerpt(entry), before=before, now=now)
            new.append(entry)
        elif known[ident] != entry.sha:
            entries.change(tx, entry, ident, partial=is_excerpt(entry), now=now)
            changed.append(entry)
    return new, changed


def _identified(found: Sequence[Entry]) -> dict[str, Entry]:
    """Entries by what tells them apart in their source; a guid that several share tells nothing and is dropped."""
    guids = Counter(entry.guid for entry in found)
    result: dict[str, Entry] = {}
    for entry in found:
        told = entry if guids[entry.guid] == 1 else replace(entry, guid=None)
        result.setdefault(told.guid or told.link or f"title:{told.title}", told)
    return result


def _age(entry: Entry) -> datetime:
    """What to sort by at the first contact; among undated entries the first one given wins."""
    return entry.published or entry.updated or datetime.min.replace(tzinfo=UTC)


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
    return Report(errors=(f"{source.name}: {fault} Its posts are kept; the next try is in {_minutes(pause)}.",))


def _unknown(source: Source, now: datetime) -> Health:
    return Health(
        name=source.name,
        url=source.url,
        address=source.url,
        validators=Validators(),
        body_sha=None,
        next_check=now,
        last_ok=None,
        failures=0,
        problem=None,
    )


def _minutes(pause: timedelta) -> str:
    minutes = round(pause.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"


def _said(source: Source, found: Feed | None, new: Sequence[Entry], changed: Sequence[Entry], *, first: bool) -> Report:
    if found is None or not (new or changed):
        return Report(unchanged=1)
    total = len(found.entries)
    words = f"{source.name}: {len(new)} new, {len(changed)} changed, of {total} entries."
    if first and len(new) > 1:
        words = f"{source.name}: first contact. The newest of {total} entries counts as new; the others are known."
    lost = f"{source.name}: {found.left_out} entries could not be read, or were too many for one feed."
    return Report(done=(words,), errors=(lost,) if found.left_out else ())


def _pull_page(entry: EntryId, store: Store, out: Outside) -> Report:
    """Complete one excerpt; what was had before stays when the page can't be."""
    now = out.clock()
    with store.reading() as tx:
        known = entries.get(tx, entry)
    if known is None:
        return Report(unchanged=1)
    try:
        url, text = _page(known.entry, out)
    except SourceFault as fault:
        with store.writing() as tx:
            entries.page_failed(tx, entry, str(fault), now + timedelta(hours=6))
        return Report(errors=(f"{known.entry.title}: the whole article can't be had, the excerpt stands. {fault}",))
    with store.writing() as tx:
        if entries.revision(tx, entry) == known.revision:
            entries.complete(tx, entry, page=text, url=url)
    return Report(done=(f"{known.entry.title}: the feed has an excerpt only; fetched the whole article.",))


def _page(entry: Entry, out: Outside) -> tuple[str, str]:
    if entry.link is None:
        raise SourceFault("The entry names no web page.")
    answer = out.fetch(entry.link)
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml"):
        raise SourceFault(f"The page is {kind}, not HTML.", where=entry.link)
    return answer.url, decoded(answer)
