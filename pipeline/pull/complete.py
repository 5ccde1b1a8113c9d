"""The web page of an entry that came as an excerpt, where the page's host lets programs read it."""

from __future__ import annotations

from datetime import timedelta

from pipeline import robots
from pipeline.errors import SourceFault
from pipeline.model import Entry, EntryId, Outside, Report
from pipeline.model.excerpt import plain
from pipeline.pull import find
from pipeline.pull.charset import decoded
from pipeline.store import Store, entries

AGAIN = timedelta(hours=6)
"""The first pause; each later one is as long as the entry has been as it is, so that old failures cost ever less."""


def complete(entry: EntryId, store: Store, out: Outside) -> Report:
    """Fetch one entry's page; what was had before stays when it can't be."""
    now = out.clock()
    with store.reading() as tx:
        known = entries.get(tx, entry)
    if known is None:
        return Report(unchanged=1)
    try:
        url, text = page(known.entry, out)
    except SourceFault as fault:
        with store.writing() as tx:
            entries.page_failed(tx, entry, str(fault), now + max(AGAIN, now - (known.changed or known.seen)))
        return Report(errors=(f"{_named(known.entry)}: the whole article can't be had, the excerpt stands. {fault}",))
    with store.writing() as tx:
        if entries.revision(tx, entry) == known.revision:
            entries.complete(tx, entry, page=text, url=url)
    return Report(done=(f"{_named(known.entry)}: the source has an excerpt only; fetched the whole article.",))


def _named(entry: Entry) -> str:
    """What an entry is called in a sentence; many a short note has no title."""
    return plain(entry.title) or entry.link or "(no title)"


def page(entry: Entry, out: Outside) -> tuple[str, str]:
    """The address and text of an entry's page. Raises SourceFault."""
    if entry.link is None or find.absolute(entry.link) is None:
        raise SourceFault("The entry names no web page.")
    robots.ask(entry.link, out.fetch, out.clock())
    answer = out.fetch(entry.link)
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if kind not in ("text/html", "application/xhtml+xml"):
        raise SourceFault(f"The page is {kind}, not HTML.", where=entry.link)
    return answer.url, decoded(answer)
