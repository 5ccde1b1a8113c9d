"""Clean: an entry becomes a post.

does     takes residue out of what a source gave, makes it safe and readable, and finds out which post it is
reads    entries
writes   posts, what they are known by, and what was cleaned from what
never    fetches anything
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache, partial
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pipeline.clean import identity
from pipeline.clean.making import Made, made
from pipeline.config import CleanSettings
from pipeline.errors import UserError
from pipeline.model import Article, Entry, EntryId, KnownEntry, Outside, Post, PostId, Report, SourceName, total
from pipeline.store import Store, Tx, entries, posts
from pipeline.store.posts import Cleaned, New

if TYPE_CHECKING:
    from pipeline.clean.compare import Block

__all__ = ["RULES", "article_of_text", "changes", "due", "together", "work"]

RULES = 2
"""The version of the cleaning rules; raising it cleans every entry anew."""
HANDFUL = 200


def due(store: Store, settings: CleanSettings, now: datetime) -> Iterable[str]:
    """Handfuls of entries ("12,13,14") that no post was made of yet, or from an older revision, or by older rules.

    A handful is written in one transaction: a thousand entries are five commits to the disk, not a thousand.
    """
    with store.reading() as tx:
        ids = [str(entry) for entry in entries.uncleaned(tx, RULES)]
    return [",".join(ids[at : at + HANDFUL]) for at in range(0, len(ids), HANDFUL)]


def work(key: str, store: Store, settings: CleanSettings, out: Outside) -> Report:
    """Make posts of some entries, or quarantine them with the reason."""
    found = _found(key, store, _zones(settings))
    return _write([(known, made(known, zone)) for known, zone in found], store)


def together(
    keys: Iterable[str], store: Store, settings: CleanSettings, out: Outside
) -> Iterator[tuple[str, Report | Exception]]:
    """Many handfuls: they are cleaned in child processes, side by side, and written one after the other, in order.

    A few are left to `work`.
    """
    from pipeline.clean import apart

    chosen, zones = list(keys), _zones(settings)
    if len(chosen) * HANDFUL < apart.MANY or not apart.possible():
        return

    def make(key: str) -> list[_Pair]:
        found = _found(key, store, zones)
        return [(known, one) for (known, _), one in zip(found, apart.made(found), strict=True)]

    for key, making in apart.side_by_side(make, chosen):
        try:
            yield key, _write(making.result(), store)
        except Exception as fault:  # noqa: BLE001 - it is told of this handful, and costs no other its turn
            yield key, fault


_Pair = tuple[KnownEntry, Made]
"""An entry, and what was made of it."""


def _zones(settings: CleanSettings) -> Mapping[SourceName, tzinfo]:
    return {source.name: source.zone for source in settings.sources}


def _found(key: str, store: Store, zones: Mapping[SourceName, tzinfo]) -> list[tuple[KnownEntry, tzinfo]]:
    """The entries of a handful, each with its author's time zone."""
    with store.reading() as tx:
        found = entries.several(tx, [EntryId(int(number)) for number in key.split(",")])
    return [(known, zones.get(known.entry.source, UTC)) for known in found]


def _write(pairs: Sequence[_Pair], store: Store) -> Report:
    """Keep what was made of entries that have not changed meanwhile."""
    with store.writing() as tx:
        now = entries.revisions(tx, [known.id for known, _ in pairs])
        handful = _handful(tx, pairs)
        report = total(
            _keep(tx, known, one, handful) if now.get(known.id) == known.revision else Report(unchanged=1)
            for known, one in pairs
        )
        _note(tx, handful)
    return report


class _Handful(msgspec.Struct, frozen=True):
    """What a handful of entries meets in the state, asked for once; `owners`, the posts by their names, grow with it.

    `absent` is whether any entry at all is one that its source lists no more. Still to be noted: `new` posts, each with
    its entry's revision and the names that it gets, `awaited` all those names; and `cleaned`, entries that
    became posts and new names of posts.
    """

    posts: Mapping[EntryId, PostId]
    owners: dict[str, PostId]
    absent: bool
    new: list[tuple[New, int, tuple[str, ...]]]
    awaited: set[str]
    cleaned: list[Cleaned]


class _Others(NamedTuple):
    """What an entry is compared with, when it must be: posts beside it in its source, posts gone from any source."""

    beside: Callable[[PostId], bool]
    gone: Callable[[], Collection[Post]]


def _handful(tx: Tx, pairs: Sequence[_Pair]) -> _Handful:
    return _Handful(
        posts=posts.of_entries(tx, [known.id for known, _ in pairs]),
        owners=posts.known_by(tx, {name for _, one in pairs for name in one.names}),
        absent=entries.any_absent(tx),
        new=[],
        awaited=set(),
        cleaned=[],
    )


def _note(tx: Tx, handful: _Handful) -> None:
    """Write down what of a handful is not written yet, so that it is found."""
    _note_new(tx, handful)
    posts.were_cleaned(tx, handful.cleaned, rules=RULES)
    handful.cleaned.clear()


def _note_new(tx: Tx, handful: _Handful) -> list[PostId]:
    made = posts.add(tx, [post for post, _, _ in handful.new])
    for post, (new, revision, names) in zip(made, handful.new, strict=True):
        handful.cleaned.append(Cleaned(entry=new.entry, post=post, revision=revision, names=names))
        handful.owners.update(dict.fromkeys(names, post))
    handful.new.clear()
    handful.awaited.clear()
    return made


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


def _keep(tx: Tx, known: KnownEntry, made: Made, handful: _Handful) -> Report:
    if not handful.awaited.isdisjoint(made.names):
        _note_new(tx, handful)
    others = _Others(
        beside=cache(partial(_is_beside, tx, known.entry.source, handful)),
        gone=cache(partial(_gone, tx, made.article, handful)),
    )
    post = handful.posts.get(known.id) or _same(tx, known.entry.source, made, handful, others)
    if post is None:
        report = _add(tx, known, made, handful, others)
    else:
        _change(tx, post, known, made, handful, others)
        report = Report()
    told = made.fault is not None and not known.before
    return report + Report(errors=(f"{made.article.title}: quarantined, {made.fault}",) if told else ())


def _same(tx: Tx, source: SourceName, made: Made, handful: _Handful, others: _Others) -> PostId | None:
    """Which known post an entry is that was never cleaned before."""
    owners = {name: handful.owners[name] for name in made.names if name in handful.owners}
    known = posts.some(tx, set(owners.values()))
    owned = {name: known[owner] for name, owner in owners.items()}
    return identity.same(made.article, made.names, owned, source=source, beside=others.beside, absent=others.gone)


def _is_beside(tx: Tx, source: SourceName, handful: _Handful, post: PostId) -> bool:
    """Whether a source lists an entry of that post now, beside the one that is cleaned."""
    _note(tx, handful)
    return entries.lists(tx, source, post)


def _gone(tx: Tx, article: Article, handful: _Handful) -> Collection[Post]:
    """Posts that no source lists any more, and that this may be, by its date or its title."""
    if not handful.absent:
        return ()
    _note(tx, handful)
    lost = posts.absent(tx, article.title, identity.around(article.published))
    return posts.some(tx, [one.id for one in lost if identity.may_be(article, one)]).values()


def _add(tx: Tx, known: KnownEntry, made: Made, handful: _Handful, others: _Others) -> Report:
    article, source = made.article, known.entry.source
    held = None if known.before else _held(tx, known, made, handful, others)
    new = New(
        entry=known.id,
        source=source,
        article=article,
        article_sha=made.sha,
        fingerprint=made.fingerprint,
        guids=(known.entry.guid,) if known.entry.guid else (),
        before=known.before,
        held=held,
        fault=made.fault,
        settled_from=made.settled_from,
        first_seen=known.seen,
    )
    fresh = _fresh(made, handful) + _shared(tx, made, handful, others)
    handful.new.append((new, known.revision, fresh))
    handful.awaited.update(fresh)
    if known.before:
        return Report()
    *_, post = _note_new(tx, handful)
    doubts = _hold_flood(tx, source, known.seen)
    words = f"New post, held: {article.title}" if post in doubts else f"New post: {article.title}"
    return Report(done=(words,)) if made.fault is None else Report()


def _shared(tx: Tx, made: Made, handful: _Handful, others: _Others) -> tuple[str, ...]:
    """The names that older posts of the same source have, too: the newest gets them, as it is listed the longest."""
    owners = {name: handful.owners[name] for name in made.names if name in handful.owners}
    known = posts.some(tx, {owner for owner in owners.values() if others.beside(owner)})
    dates = {post.id: post.article.published for post in known.values()}
    mine = made.article.published
    return tuple(
        name for name, owner in owners.items() if owner in dates and (mine is None or (dates[owner] or mine) <= mine)
    )


def _held(tx: Tx, known: KnownEntry, made: Made, handful: _Handful, others: _Others) -> str | None:
    article = made.article
    old = identity.held(article, posts.oldest_new(tx, known.entry.source, known.seen), posts.doubted(tx), known.seen)
    return old or identity.anew(article, others.gone()) or _echoes(known, made, handful, others)


def _echoes(
    known: KnownEntry, made: Made, handful: _Handful, others: _Others, post: PostId | None = None
) -> str | None:
    """Why an entry whose words are another post's should wait for a person, None when they are not.

    What its own source lists beside it may say the same each time, but for whole pages: then it is none of the article.
    """
    for name in made.names:
        other = handful.owners.get(name) if name.startswith("words:") else None
        if other not in (None, post) and (known.page is not None or not others.beside(other)):
            return f"it has the very words of post {other}"
    return None


def _change(tx: Tx, post: PostId, known: KnownEntry, made: Made, handful: _Handful, others: _Others) -> None:
    """New content for a known post; once its words are known to be another's, it waits for a person."""
    posts.change(
        tx,
        post,
        made.article,
        article_sha=made.sha,
        fingerprint=made.fingerprint,
        fault=made.fault,
        settled=made.settled_from,
    )
    if why := _echoes(known, made, handful, others, post):
        posts.hold(tx, post, why)
    fresh = _fresh(made, handful)
    handful.cleaned.append(Cleaned(entry=known.id, post=post, revision=known.revision, names=fresh))
    handful.owners.update(dict.fromkeys(fresh, post))


def _fresh(made: Made, handful: _Handful) -> tuple[str, ...]:
    """The names that no post has yet."""
    return tuple(name for name in made.names if name not in handful.owners)


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
