"""Clean: an entry becomes a post.

does     takes residue out of what a source gave, makes it safe and readable, and finds out which post it is
reads    entries
writes   posts, what they are known by, and what was cleaned from what
never    fetches anything
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from html import escape
from typing import TYPE_CHECKING

from pipeline.clean import identity
from pipeline.config import CleanSettings
from pipeline.errors import EntryFault, UserError
from pipeline.model import Article, Entry, EntryId, KnownEntry, Outside, Post, PostId, Report, SourceName, total
from pipeline.store import Store, Tx, entries, posts

if TYPE_CHECKING:
    from pipeline.clean.compare import Block

__all__ = ["RULES", "article_of_text", "changes", "due", "work"]

RULES = 2
"""The version of the cleaning rules; raising it cleans every entry anew."""
HANDFUL = 50


def due(store: Store, settings: CleanSettings, now: datetime) -> Iterable[str]:
    """Handfuls of entries ("12,13,14") that no post was made of yet, or from an older revision, or by older rules.

    A handful is written in one transaction: a thousand entries are twenty commits to the disk, not a thousand.
    """
    with store.reading() as tx:
        ids = [str(entry) for entry in entries.uncleaned(tx, RULES)]
    return [",".join(ids[at : at + HANDFUL]) for at in range(0, len(ids), HANDFUL)]


def work(key: str, store: Store, settings: CleanSettings, out: Outside) -> Report:
    """Make posts of some entries, or quarantine them with the reason."""
    ids = [EntryId(int(number)) for number in key.split(",")]
    zones = {source.name: source.zone for source in settings.sources}
    with store.reading() as tx:
        found = entries.several(tx, ids)
    made = [_made(known, zones.get(known.entry.source, UTC)) for known in found]
    with store.writing() as tx:
        now = entries.revisions(tx, ids)
        handful = _handful(tx, made)
        return total(
            _keep(tx, one, handful) if now.get(one.known.id) == one.known.revision else Report(unchanged=1)
            for one in made
        )


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made of an entry, `fault` says why it is not more; `names` are all that its post can be known by."""

    known: KnownEntry
    zone: tzinfo
    article: Article
    fault: str | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Handful:
    """What a handful of entries meets in the state, asked for once; `owners`, the posts by their names, grow with it.

    `absent` is whether any entry at all is one that its source lists no more.
    """

    posts: Mapping[EntryId, PostId]
    owners: dict[str, PostId]
    absent: bool


def _made(known: KnownEntry, zone: tzinfo) -> _Made:
    article, fault = _cleaned(known, zone)
    return _Made(known, zone, article, fault, identity.keys(known.entry, article))


def _handful(tx: Tx, made: Sequence[_Made]) -> _Handful:
    return _Handful(
        posts=posts.of_entries(tx, [one.known.id for one in made]),
        owners=posts.known_by(tx, {name for one in made for name in one.names}),
        absent=entries.any_absent(tx),
    )


def _cleaned(known: KnownEntry, zone: tzinfo) -> tuple[Article, str | None]:
    """The cleaned article, or what little is certain of it together with the reason why there is no more."""
    from pipeline.clean.article import article as clean

    try:
        return clean(known, zone), None
    except EntryFault as fault:
        return _bare(known), fault.what
    except Exception as fault:  # noqa: BLE001 - a bug met by one entry must cost no other its turn
        return _bare(known), f"Paperround itself fails on it ({type(fault).__name__}: {fault}); please report it"


def changes(store: Store, post: PostId) -> list[Block]:
    """What cleaning kept, removed and put in, block by block. Raises UserError for an unknown post, EntryFault."""
    from pipeline.clean.compare import compare

    with store.reading() as tx:
        found = posts.get(tx, post)
        known = entries.get(tx, found.entry) if found else None
    if known is None:
        raise UserError(f"There is no post {post}.", next_step="See `paperround posts` for their numbers.")
    return compare(known)


def article_of_text(text: str, *, title: str, url: str) -> Article:
    """Any HTML or plain text, cleaned as if a source had given it; a page's own title goes before `title`.

    Raises EntryFault when nothing is left.
    """
    from pipeline.clean.article import article as clean
    from pipeline.clean.article import own_title

    html = text if "<" in text else "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    entry = Entry(source=SourceName("file"), guid=None, link=url, title=own_title(text) or title, html=html)
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


def _keep(tx: Tx, made: _Made, handful: _Handful) -> Report:
    post = handful.posts.get(made.known.id) or _same(tx, made, handful)
    if post is None:
        report = _add(tx, made, handful)
    else:
        _change(tx, post, made, handful)
        report = Report()
    told = made.fault is not None and not made.known.before
    return report + Report(errors=(f"{made.article.title}: quarantined, {made.fault}",) if told else ())


def _same(tx: Tx, made: _Made, handful: _Handful) -> PostId | None:
    """Which known post an entry is that was never cleaned before."""
    owners = {name: handful.owners[name] for name in made.names if name in handful.owners}
    known = posts.some(tx, set(owners.values()))

    def absent() -> Iterable[Post]:
        article = made.article
        lost = posts.absent(tx, article.title, identity.around(article.published)) if handful.absent else ()
        return posts.some(tx, [one.id for one in lost if identity.may_be(article, one)]).values()

    return identity.same(made.article, made.names, {name: known[owner] for name, owner in owners.items()}, absent)


def _add(tx: Tx, made: _Made, handful: _Handful) -> Report:
    known, article, source = made.known, made.article, made.known.entry.source
    post = posts.add(
        tx,
        known.id,
        source,
        article,
        article_sha=_sha(article),
        fingerprint=identity.fingerprint(article),
        guids=(known.entry.guid,) if known.entry.guid else (),
        before=known.before,
        held=None if known.before else identity.held(article, posts.oldest_new(tx, source)),
        fault=made.fault,
        settled_from=_settled_from(known, article, made.zone),
        first_seen=known.seen,
    )
    _was_cleaned(tx, post, made, handful)
    if known.before:
        return Report()
    doubts = _hold_flood(tx, source, known.seen)
    words = f"New post, held: {article.title}" if post in doubts else f"New post: {article.title}"
    return Report(done=(words,)) if made.fault is None else Report()


def _change(tx: Tx, post: PostId, made: _Made, handful: _Handful) -> None:
    """New content for a known post; once its words are known to be another's, it waits for a person."""
    article, settled = made.article, _settled_from(made.known, made.article, made.zone)
    print_ = identity.fingerprint(article)
    posts.change(tx, post, article, article_sha=_sha(article), fingerprint=print_, fault=made.fault, settled=settled)
    words = [name for name in made.names if name.startswith("words:") and name in handful.owners]
    for other in {handful.owners[name] for name in words} - {post}:
        posts.hold(tx, post, f"it has the very words of post {other}")
    _was_cleaned(tx, post, made, handful)


def _was_cleaned(tx: Tx, post: PostId, made: _Made, handful: _Handful) -> None:
    fresh = [name for name in made.names if name not in handful.owners]
    posts.was_cleaned(tx, made.known.id, post, revision=made.known.revision, rules=RULES, names=fresh)
    handful.owners.update(dict.fromkeys(fresh, post))


def _hold_flood(tx: Tx, source: SourceName, seen: datetime) -> Mapping[PostId, str]:
    """Hold what arrived in one visit together with this post, when it looks like old posts shown as new."""
    if posts.count_arrived(tx, source, seen) < identity.FLOOD:
        return {}
    every = posts.glances(tx, source)
    arrived = [one for one in every if one.first_seen == seen and not one.before]
    doubts = identity.flood(arrived, [one for one in every if one.first_seen < seen])
    for post, why in doubts.items():
        posts.hold(tx, post, why)
    return doubts


def _settled_from(known: KnownEntry, made: Article, zone: tzinfo) -> datetime:
    """When this content last changed, as far as anyone can know: what we saw, else what the source says.

    A day without a time says too little about today: then it is when we first saw it.
    """
    said = [moment for moment in (made.published, made.updated) if moment is not None]
    day_only = bool(said) and max(said).astimezone(zone).time() == time(0)
    vague = not said or (day_only and known.seen - max(said) < timedelta(days=1))
    return max([*said, *([known.changed] if known.changed else []), *([known.seen] if vague else [])])


def _sha(cleaned: Article) -> str:
    parts = (cleaned.url, cleaned.title, cleaned.html, *cleaned.authors)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
