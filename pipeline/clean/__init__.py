"""Clean: an entry becomes a post.

does     takes residue out of what a source gave, makes it safe and readable, and finds out which post it is
reads    entries
writes   posts, what they are known by, and what was cleaned from what
never    fetches anything
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from pipeline.clean import identity
from pipeline.config import CleanSettings
from pipeline.errors import EntryFault
from pipeline.model import Article, Entry, EntryId, KnownEntry, Outside, Report, SourceName
from pipeline.store import Store, Tx, entries, posts

__all__ = ["RULES", "article_of_text", "cleaned", "due", "work"]

RULES = 1
"""The version of the cleaning rules; raising it cleans every entry anew."""


def due(store: Store, settings: CleanSettings, now: datetime) -> Iterable[str]:
    """Entries that no post was made of yet, or from an older revision, or by older rules."""
    with store.reading() as tx:
        return [str(entry) for entry in entries.uncleaned(tx, RULES)]


def work(key: str, store: Store, settings: CleanSettings, out: Outside) -> Report:
    """Make a post of one entry, or quarantine it with the reason."""
    entry = EntryId(int(key))
    with store.reading() as tx:
        known = entries.get(tx, entry)
    if known is None:
        return Report(unchanged=1)
    made, fault = cleaned(known)
    with store.writing() as tx:
        if entries.revision(tx, entry) != known.revision:
            return Report(unchanged=1)
        return _keep(tx, known, made, fault)


def cleaned(known: KnownEntry) -> tuple[Article, str | None]:
    """The cleaned article, or what little is certain of it together with the reason why there is no more."""
    from pipeline.clean.article import article as clean

    try:
        return clean(known), None
    except EntryFault as fault:
        return _bare(known), fault.what


def article_of_text(text: str, *, title: str, url: str) -> Article:
    """Any HTML or plain text, cleaned as if a source had given it. Raises EntryFault when nothing is left."""
    from pipeline.clean.article import article as clean

    html = text if "<" in text else "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    entry = Entry(source=SourceName("file"), guid=None, link=url, title=title, html=html)
    seen = datetime(1970, 1, 1, tzinfo=UTC)
    return clean(
        KnownEntry(
            id=EntryId(0),
            revision=1,
            entry=entry,
            page=None,
            page_url=None,
            page_problem=None,
            before=False,
            seen=seen,
            changed=None,
        )
    )


def _bare(known: KnownEntry) -> Article:
    entry = known.entry
    return Article(
        url=entry.link or "",
        title=" ".join(entry.title.split())[:200] or "(no title)",
        html="",
        text="",
        excerpt="",
        question=None,
        authors=(),
        tags=(),
        published=entry.published,
        updated=entry.updated,
        lead_image=None,
        language=None,
        direction="ltr",
        words=0,
        removed=(),
        complete=False,
    )


def _keep(tx: Tx, known: KnownEntry, cleaned: Article, fault: str | None) -> Report:
    names = identity.keys(known.entry, cleaned)
    post = posts.of_entry(tx, known.id) or identity.same(names, posts.known_by(tx, names))
    sha, print_ = _sha(cleaned), identity.fingerprint(cleaned)
    settled = _settled_from(known, cleaned)
    if post is None:
        post = posts.add(
            tx,
            known.id,
            known.entry.source,
            cleaned,
            article_sha=sha,
            fingerprint=print_,
            guids=(known.entry.guid,) if known.entry.guid else (),
            before=known.before,
            held=identity.held(cleaned, before=known.before, oldest_new=posts.oldest_new(tx, known.entry.source)),
            fault=fault,
            settled_from=settled,
            first_seen=known.seen,
        )
        done = () if known.before else (f"New post: {cleaned.title}",)
    else:
        posts.change(tx, post, cleaned, article_sha=sha, fingerprint=print_, fault=fault, settled=settled)
        done = ()
    posts.was_cleaned(tx, known.id, post, revision=known.revision, rules=RULES, keys=names)
    errors = () if fault is None or known.before else (f"{cleaned.title}: quarantined, {fault}",)
    return Report(done=done if fault is None else (), errors=errors)


def _settled_from(known: KnownEntry, cleaned: Article) -> datetime:
    """When this content last changed, as far as anyone can know: what we saw, else what the source says."""
    said = [moment for moment in (cleaned.published, cleaned.updated) if moment is not None]
    seen = [known.changed] if known.changed else []
    return max(said + seen) if said else max([known.seen, *seen])


def _sha(cleaned: Article) -> str:
    parts = (cleaned.url, cleaned.title, cleaned.html, *cleaned.authors)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
