"""What a listing changes in what we keep: entries that are new, that differ, that are there no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from pipeline.model import Entry, EntryId, SourceName
from pipeline.model.excerpt import is_excerpt, plain
from pipeline.model.text import alike, bare
from pipeline.pull.listing import Listing
from pipeline.store import Tx, entries

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_UNLIKE = 0.3
_A_DAY = timedelta(days=1)
"""Dates without a time, and posts that lay as drafts for some hours, are as new as the others."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a listing came to; `first` when nothing was known of the source before.

    `gone` is without what came under another name in the same visit.
    """

    first: bool
    new: tuple[Entry, ...]
    changed: tuple[Entry, ...]
    gone: tuple[Entry, ...]


def keep(
    tx: Tx, source: SourceName, listing: Listing, *, moved: bool, now: datetime, seen: datetime | None = None
) -> Kept:
    """Write what is new or changed, and note what is listed no more.

    At the first contact only the newest entry counts as new; the others were there before. The same holds for a source
    whose address was changed in the settings (`moved`), unless some of it is known: then what is younger than that is
    new. A source that was `seen` before and had nothing yet has all as new that is dated since, or a day before.
    """
    found = identified(listing.entries)
    pages = Counter(_page(entry) for entry in found.values())
    states = entries.states(tx, source)
    known = {one.ident: one.sha for one in states}
    since = _line(tx, source, found) if moved else None
    first = not known or (moved and since is None)
    if first and not moved and seen is not None:
        since = seen - _A_DAY
    newest = max(found, key=lambda ident: age(found[ident]), default=None)
    new: list[entries.New] = []
    changed: list[Entry] = []
    for given, entry in found.items():
        same = given not in known or known[given] == entry.sha
        ident = given if same else _own_ident(tx, source, given, entry)
        partial = pages[_page(entry)] == 1 and is_excerpt(entry)  # the page of several is the article of none
        if ident not in known:
            old = first if since is None else age(entry) <= since
            before = old and not (first and ident == newest)
            new.append(entries.New(entry=entry, ident=ident, partial=partial, before=before))
        elif known[ident] != entry.sha:
            entries.change(tx, entry, ident, partial=partial, now=now)
            changed.append(entry)
    entries.add(tx, new, now)
    gone = _note_absent(tx, source, found, listing, now=now) if states or listing.present is not None else []
    renamed = {_told_by(one.entry) for one in new}
    left = tuple(one for one in gone if _told_by(one) not in renamed)
    return Kept(first=first and since is None, new=tuple(one.entry for one in new), changed=tuple(changed), gone=left)


def identified(found: Sequence[Entry]) -> dict[str, Entry]:
    """Entries by what tells them apart in their source: the guid or the link, where it is theirs alone, or the title.

    A guid that several share is dropped. Their link stays: a podcast's episodes may all lead to its one page.
    """
    guids, links = Counter(entry.guid for entry in found), Counter(entry.link for entry in found)
    result: dict[str, Entry] = {}
    for entry in found:
        told = entry if guids[entry.guid] == 1 else replace(entry, guid=None)
        link = told.link if links[told.link] == 1 else None
        result.setdefault(told.guid or link or f"title:{told.title}", told)
    return result


def _page(entry: Entry) -> str:
    """The page that an entry leads to; several may have their places on one."""
    return (entry.link or "").partition("#")[0]


def age(entry: Entry) -> datetime:
    """What to sort by at the first contact; among undated entries the first one given wins."""
    return entry.published or entry.updated or _LONG_AGO


def _line(tx: Tx, source: SourceName, found: Mapping[str, Entry]) -> datetime | None:
    """The date of the youngest entry that both the old and the new address list, None when they share none."""
    known = entries.by_ident(tx, source)
    titles = {bare(one.title) for one in known.values()} - {""}
    shared = [entry for ident, entry in found.items() if ident in known or bare(entry.title) in titles]
    return max(map(age, shared), default=None)


def _own_ident(tx: Tx, source: SourceName, ident: str, entry: Entry) -> str:
    """An entry whose guid was another one's before is known by its address too.

    Some software numbers its entries anew, or gives every entry the feed's own address. An edit keeps the address, the
    title, the date or most of the words; what keeps none of them is another post.
    """
    known = entries.by_ident(tx, source, ident).get(ident)
    if known is None or known.link in (None, entry.link) or bare(known.title) == bare(entry.title):
        return ident
    if known.published == entry.published or alike(_words(known), _words(entry)) >= _UNLIKE:
        return ident
    return f"{ident} {entry.link}"


def _told_by(entry: Entry) -> tuple[str, datetime | None]:
    return bare(entry.title), entry.published


def _words(entry: Entry) -> str:
    return plain(entry.html or entry.summary or "")


def _note_absent(
    tx: Tx, source: SourceName, found: Mapping[str, Entry], listing: Listing, *, now: datetime
) -> list[Entry]:
    """Which entries vanished although the source still lists older ones; a source that lost most of it is not believed.

    An entry that is merely too old for a feed of ten is not gone, nor is any while something can't be read: it may be
    that one.
    """
    present = listing.present if listing.present is not None else frozenset(found)
    states = entries.states(tx, source)
    listed = {one.id: one.listed for one in states}
    there = [one.id for one in states if one.ident in present or one.ident.partition(" ")[0] in present]
    absent = [] if listing.faults else [one for one in listed.keys() - there if listed[one]]
    entries.mark_listed(tx, [one for one in there if not listed[one]], absent)
    if not absent or not there or (len(absent) > 2 and len(absent) > len(there)):
        return []
    line = _LONG_AGO if listing.whole else _oldest(entries.some(tx, there))
    vanished = {id_: one for id_, one in entries.some(tx, absent).items() if line is not None and age(one) > line}
    entries.mark_gone(tx, vanished, now)
    return list(vanished.values())


def _oldest(there: Mapping[EntryId, Entry]) -> datetime | None:
    """Since when a source lists everything: its oldest date, but for the odd old one that a blog keeps on top."""
    dates = sorted(age(entry) for entry in there.values() if entry.published or entry.updated)
    return dates[len(dates) // 5] if dates else None
