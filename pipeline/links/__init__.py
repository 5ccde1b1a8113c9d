"""Links: whether what an issue leads to is there, asked before readers find out.

does     asks each address that a draft links to, politely, a host at a time, once in a while
reads    issues, what was asked before
writes   links
never    asks anything of an issue that was approved; calls dead only what says so for certain
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pipeline import robots
from pipeline.config import LinksSettings
from pipeline.errors import FetchFault, SourceFault
from pipeline.model import Check, Outside, Report, references
from pipeline.store import Store, Tx, issues, links

__all__ = ["due", "work"]

AGAIN = timedelta(days=1)
SOON = timedelta(hours=6)
"""When an address that was not there is asked again."""
KEPT = timedelta(days=90)
"""What an address said longer ago helps nobody: it would be asked again."""
_OLD = "old/addresses"


def due(store: Store, settings: LinksSettings, now: datetime) -> Iterable[str]:
    """The hosts of addresses in drafts that were not asked lately; answers that are too old to keep."""
    with store.reading() as tx:
        if links.has_older(tx, now - KEPT):
            yield _OLD
    if not settings.check:
        return
    with store.reading() as tx:
        wanted = _wanted(tx, settings, now)
    yield from dict.fromkeys(_host(url) for url in wanted)


def work(key: str, store: Store, settings: LinksSettings, out: Outside) -> Report:
    """Ask one host for what drafts link to, one address after another; a host that is not there is asked once."""
    if key == _OLD:
        with store.writing() as tx:
            links.clear(tx, out.clock() - KEPT)
        return Report(unchanged=1)
    with store.reading() as tx:
        wanted = [url for url in _wanted(tx, settings, out.clock()) if _host(url) == key]
    for check in _checks(wanted, settings, out):
        with store.writing() as tx:
            links.record(tx, check)
    return Report(unchanged=1)


def _wanted(tx: Tx, settings: LinksSettings, now: datetime) -> list[str]:
    drafts = issues.unsettled(tx)
    urls = dict.fromkeys(url for issue in drafts for url in references.links(issue))
    if settings.pictures:
        urls |= dict.fromkeys(url for issue in drafts for url in references.pictures(issue))
    others = [url for url in urls if _host(url) and not url.startswith(settings.home)]
    known = links.of(tx, others)
    return [url for url in others if url not in known or _is_due(known[url], now)]


def _is_due(known: Check, now: datetime) -> bool:
    return now - known.asked >= (AGAIN if known.verdict == "there" else SOON)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _checks(urls: list[str], settings: LinksSettings, out: Outside) -> Iterator[Check]:
    absent: Check | None = None
    for url in urls:
        if absent:
            yield Check(url=url, asked=absent.asked, verdict=absent.verdict, words=absent.words)
            continue
        try:
            robots.ask(url, out.fetch, out.clock())
            (out.knock or out.fetch)(url)
        except FetchFault as fault:
            check = _answered(url, fault, settings, out)
            absent = check if fault.status is None else None
        except SourceFault as fault:
            check = Check(url=url, asked=out.clock(), verdict="unsure", words=fault.what)
        else:
            check = Check(url=url, asked=out.clock(), verdict="there")
        yield check


def _answered(url: str, fault: FetchFault, settings: LinksSettings, out: Outside) -> Check:
    dead = fault.gone or (fault.nameless and not _is_offline(settings, out))
    return Check(url=url, asked=out.clock(), verdict="dead" if dead else "unsure", words=fault.what)


def _is_offline(settings: LinksSettings, out: Outside) -> bool:
    """Whether not even the author's own blog has a name just now: then it is we who are cut off."""
    try:
        (out.knock or out.fetch)(settings.blog)
    except FetchFault as fault:
        return fault.nameless
    return False
