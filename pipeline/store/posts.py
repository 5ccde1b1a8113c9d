"""Posts and everything they have ever been known by. Written by the clean room; choices by the compose room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec
import sqlalchemy as sa

from pipeline.model import Article, EntryId, Glance, Post, PostId, SourceName
from pipeline.model.text import bare
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import among, upsert, upsert_many

_T = tables.posts.c
Choice = Literal["keep", "skip"]
Decided = Literal["keep", "skip", "left out"]
_ADD = sa.insert(tables.posts).returning(_T.id, sort_by_parameter_order=True)
_ARRIVED = sa.select(sa.func.count()).where(
    _T.before.is_(False), _T.first_seen == sa.bindparam("seen"), _T.source == sa.bindparam("of")
)
_CONFIRMED = sa.select(tables.facts.c.value).where(tables.facts.c.name == tables.CONFIRMED)
_BRIEF = sa.func.coalesce(_T.outline, sa.type_coerce(_T.article, sa.Text))
"""A document that has at least what a list shows of an article: those of long ago have no outline beside them."""


class New(NamedTuple):
    """A post seen for the first time."""

    entry: EntryId
    source: SourceName
    article: Article
    article_sha: str
    fingerprint: str
    guids: tuple[str, ...]
    before: bool
    held: str | None
    fault: str | None
    settled_from: datetime
    first_seen: datetime


class Cleaned(NamedTuple):
    """A revision of an entry became a post, which from now on is known by `names`, nobody's before."""

    entry: EntryId
    post: PostId
    revision: int
    names: tuple[str, ...]


class _Head(msgspec.Struct):
    """As much of an article as it takes to compare many; the rest of the document is skipped over."""

    title: str
    published: datetime | None


class _Outline(_Head):
    """What a list of posts shows of one."""

    url: str
    tags: tuple[str, ...]
    words: int
    complete: bool


@cache
def _whole() -> sa.Select[Any]:
    """Posts with what their entries tell: gone when every one of them is, but for those of sources that were left."""
    entry, cleaning = tables.entries.c, tables.cleanings.c
    gone = (
        sa.select(sa.func.max(entry.gone))
        .join(tables.cleanings, entry.id == cleaning.entry)
        .where(cleaning.post == _T.id)
        .having(sa.func.count() == sa.func.count(entry.gone), sa.func.max(entry.gone) > tables.LEFT)
        .correlate(tables.posts)
        .scalar_subquery()
    )
    columns = [
        column for column in tables.posts.c if column.name not in ("article_sha", "outline", "moment", "title_key")
    ]
    return sa.select(*columns, sa.type_coerce(gone, tables.Instant).label("gone"))


def every(tx: Tx) -> list[Post]:
    """All posts, newest first by id."""
    return [_post(row) for row in tx.execute(_whole().order_by(_T.id.desc()))]


def outlines(tx: Tx, chosen: Iterable[PostId] | None = None) -> list[Post]:
    """All posts as `every` has them, but with nothing of their articles that is long: no html, text or excerpt.

    Only the `chosen` ones when they are given.
    """
    short = ("id", "entry", "source", "fingerprint", "before", "held", "fault", "settled_from", "first_seen")
    gone = _whole().selected_columns["gone"]
    head = sa.type_coerce(_BRIEF, tables.Packed(_Outline)).label("outline")
    known: sa.Select[Any] = sa.select(*(_T[name] for name in short), gone, head)
    if chosen is not None:
        return sorted(map(_outlined, among(tx, known, _T.id, chosen)), key=lambda post: -post.id)
    return [_outlined(row) for row in tx.execute(known.order_by(_T.id.desc()))]


def newest(tx: Tx, most: int, skip: int = 0) -> list[PostId]:
    """The ids of the `most` newest posts after the first `skip`, and of those whose date nobody noted."""
    undated = tx.execute(sa.select(_T.id).where(_T.moment.is_(None))).scalars()
    dated = sa.select(_T.id).where(_T.moment.is_not(None)).order_by(_T.moment.desc(), _T.id.desc())
    return [*(undated if not skip else ()), *tx.execute(dated.limit(most).offset(skip)).scalars()]


def earlier(tx: Tx, most: int, now: datetime) -> list[PostId]:
    """The newest posts that are sound and that an issue has, or that were there before the first contact.

    None that is off the blog, or whose day has not come.
    """
    entry, cleaning = tables.entries.c, tables.cleanings.c
    off = sa.exists().where(cleaning.post == _T.id, entry.id == cleaning.entry, entry.gone > tables.LEFT)
    placed = sa.exists().where(tables.issue_posts.c.post == _T.id)
    skipped = sa.exists().where(tables.choices.c.post == _T.id, tables.choices.c.choice == "skip")
    sound = sa.and_(_T.fault.is_(None), _T.held.is_(None), ~skipped, ~off, sa.or_(_T.before.is_(True), placed))
    undated = tx.execute(sa.select(_T.id).where(_T.moment.is_(None), sound)).scalars()
    dated = sa.select(_T.id).where(_T.moment <= now, sound).order_by(_T.moment.desc(), _T.id.desc())
    return [*undated, *tx.execute(dated.limit(most)).scalars()]


def eligible(tx: Tx, draft: int | None = None) -> list[PostId]:
    """Posts that no issue but the `draft` has and that are new, or kept by the author."""
    return list(tx.execute(_eligible(draft)).scalars())


def _eligible(draft: int | None = None) -> sa.Select[Any]:
    placed = sa.exists().where(tables.issue_posts.c.post == _T.id, tables.issue_posts.c.number != (draft or 0))
    return sa.select(_T.id).where(wanted(), ~placed).order_by(_T.id.desc())


def questionable(tx: Tx) -> list[PostId]:
    """Of the eligible posts those that may have to wait for the author's word.

    They are held, are gone from the blog, or were there when an older copy of the state was put back.
    """
    entry, cleaning, since = tables.entries.c, tables.cleanings.c, doubted(tx)
    gone = sa.exists().where(cleaning.post == _T.id, entry.id == cleaning.entry, entry.gone.is_not(None))
    there = () if since is None else (_T.first_seen <= since,)
    return list(tx.execute(_eligible().where(sa.or_(_T.held.is_not(None), gone, *there))).scalars())


def wanted() -> sa.ColumnElement[bool]:
    """Whether a post is new or kept by the author, whether an issue has it or not."""
    kept = sa.select(tables.choices.c.post).where(tables.choices.c.choice == "keep")
    return sa.or_(_T.before.is_(False), _T.id.in_(kept))


def changed_since_mailed(tx: Tx) -> list[PostId]:
    """Posts that differ from what they were when their issue was composed."""
    placed, issue = tables.issue_posts.c, tables.issues.c
    later = sa.or_(issue.created.is_(None), _T.settled_from > issue.created)
    chosen = sa.select(_T.id).join(tables.issue_posts, placed.post == _T.id)
    return list(tx.execute(chosen.join(tables.issues, issue.number == placed.number).where(later)).scalars())


def first_day(tx: Tx) -> datetime | None:
    """When the first post was seen."""
    return tx.execute(sa.select(sa.func.min(_T.first_seen, type_=tables.Instant))).scalar()


def count(tx: Tx) -> int:
    """How many posts there are."""
    return int(tx.execute(sa.select(sa.func.count()).select_from(tables.posts)).scalar_one())


def get(tx: Tx, post: PostId) -> Post | None:
    """One post by its id."""
    return some(tx, [post]).get(post)


def some(tx: Tx, chosen: Iterable[PostId]) -> dict[PostId, Post]:
    """Posts by their ids."""
    return {row.id: _post(row) for row in among(tx, _whole(), _T.id, chosen)}


def versions(tx: Tx, chosen: Iterable[PostId]) -> dict[PostId, tuple[int, int, int]]:
    """Numbers that differ as soon as a post's article may: how many entries it was cleaned from, and which versions.

    An entry is cleaned anew only when its revision or the rules have risen, so one of the sums has too.
    """
    done = tables.cleanings.c
    sums = [sa.func.count().label("entries"), *(sa.func.sum(done[name]).label(name) for name in ("revision", "rules"))]
    found = among(tx, sa.select(done.post, *sums).group_by(done.post), done.post, chosen)
    return {row.post: (row.entries, row.revision, row.rules) for row in found}


def glances(tx: Tx, source: SourceName) -> list[Glance]:
    """All posts of a source, in few words."""
    return [_glance(row) for row in tx.execute(_heads().where(_T.source == source))]


def count_arrived(tx: Tx, source: SourceName, seen: datetime) -> int:
    """How many posts that are not from before were first seen at that moment."""
    return int(tx.execute(_ARRIVED, {"seen": seen, "of": source}).scalar_one())


def title_key(title: str) -> str:
    """The same for titles that are the same but for case and punctuation; rarely for others."""
    return bare(title)[:120]


def absent(tx: Tx, title: str, around: tuple[datetime, datetime] | None) -> list[Glance]:
    """Posts that no source lists any more, in few words: of that title, or of no date or one `around` there.

    More of them may be told; without `around` all are.
    """
    entry, cleaning = tables.entries.c, tables.cleanings.c
    of_entry = sa.select(cleaning.post).join(tables.entries, entry.id == cleaning.entry)
    mine = of_entry.where(cleaning.post == _T.id).correlate(tables.posts)
    lost, there = mine.where(entry.listed.is_(False)).exists(), mine.where(entry.listed.is_(True)).exists()
    chosen = sa.select(_T.id)
    if around is not None:
        undated = sa.or_(_T.moment.is_(None), _T.moment == _T.first_seen)
        titled = sa.or_(_T.title_key.is_(None), _T.title_key == title_key(title))
        chosen = chosen.where(sa.or_(undated, _T.moment.between(*around), titled))
    ids = list(tx.execute(chosen).scalars())
    return [_glance(row) for row in among(tx, _heads().where(lost, ~there), _T.id, ids)]


def _heads() -> sa.Select[Any]:
    head = sa.type_coerce(_BRIEF, tables.Packed(_Head)).label("head")
    return sa.select(_T.id, head, _T.first_seen, _T.before).order_by(_T.id)


@cache
def _first_new() -> sa.Select[Any]:
    return _heads().where(_T.source == sa.bindparam("of"), _T.before.is_(False)).limit(50)


def _glance(row: sa.Row[Any]) -> Glance:
    head = row.head
    return Glance(id=row.id, title=head.title, published=head.published, first_seen=row.first_seen, before=row.before)


def of_entries(tx: Tx, chosen: Iterable[EntryId]) -> dict[EntryId, PostId]:
    """The posts that entries became; one that was never cleaned has none."""
    done = tables.cleanings.c
    return {row.entry: row.post for row in among(tx, tables.cleanings, done.entry, chosen)}


def known_by(tx: Tx, keys: Iterable[str]) -> dict[str, PostId]:
    """Which of `keys` belong to a post already."""
    return {row.key: row.post for row in among(tx, tables.post_keys, tables.post_keys.c.key, keys)}


def oldest_new(tx: Tx, source: SourceName, seen: datetime) -> datetime | None:
    """The publication date of the post that was a source's first new one before `seen`; None when it had none.

    Whatever date that post was given later: it was there when it was first seen.
    """
    rows = tx.execute(_first_new(), {"of": source})
    dates = (min(row.head.published, row.first_seen) for row in rows if row.head.published and row.first_seen < seen)
    return next(dates, None)


def add(tx: Tx, new: Sequence[New]) -> list[PostId]:
    """Keep posts seen for the first time; their ids, in the same order."""
    rows = [
        {
            **one._asdict(),
            "outline": _brief(one.article),
            "moment": one.article.published or one.first_seen,
            "title_key": title_key(one.article.title),
        }
        for one in new
    ]
    return [PostId(post) for post in tx.execute(_ADD, rows).scalars()] if rows else []


def change(
    tx: Tx, post: PostId, article: Article, *, article_sha: str, fingerprint: str, fault: str | None, settled: datetime
) -> None:
    """New content for a known post; it has to settle anew only when readers would notice a difference."""
    values = {
        "article": article,
        "outline": _brief(article),
        "moment": article.published or _T.first_seen,
        "title_key": title_key(article.title),
        "article_sha": article_sha,
        "fingerprint": fingerprint,
        "fault": fault,
    }
    here = sa.update(tables.posts).where(_T.id == post)
    tx.execute(here.where(_T.article_sha != article_sha).values(settled_from=settled))
    tx.execute(here.values(**values))


def were_cleaned(tx: Tx, cleaned: Sequence[Cleaned], *, rules: int) -> None:
    """Note which entries became which posts by these rules, and what posts are known by from now on."""
    rows = [{"entry": one.entry, "post": one.post, "revision": one.revision, "rules": rules} for one in cleaned]
    upsert_many(tx, tables.cleanings, ["entry"], rows)
    fresh = [{"key": name, "post": one.post} for one in cleaned for name in one.names]
    upsert_many(tx, tables.post_keys, ["key"], fresh)


def hold(tx: Tx, post: PostId, reason: str) -> None:
    """Keep a post back until the author says what it is; a reason that stands already stays."""
    tx.execute(sa.update(tables.posts).where(_T.id == post, _T.held.is_(None)).values(held=reason))


def shas(tx: Tx, chosen: Iterable[PostId]) -> dict[PostId, str]:
    """The hashes of posts' content, by their ids."""
    return {row.id: row.article_sha for row in among(tx, sa.select(_T.id, _T.article_sha), _T.id, chosen)}


def doubted(tx: Tx) -> datetime | None:
    """Until when posts may have been mailed that this state knows nothing of: an older copy of it was put back then.

    None where that never happened. Written by `carriers.confirm`.
    """
    value = tx.execute(_CONFIRMED).scalar()
    return None if value is None else datetime.fromisoformat(value)


def choices(tx: Tx, kept_after: datetime | None = None, among: Iterable[Post] = ()) -> dict[PostId, Decided]:
    """What the author decided; what she kept until `kept_after`, or before it was off the blog, counts no more."""
    said, gone = tables.choices.c, {post.id: post.gone for post in among if post.gone}
    newer = sa.true() if kept_after is None else said.at > kept_after
    rows = tx.execute(sa.select(tables.choices).where(sa.or_(said.choice != "keep", newer)))
    return {row.post: row.choice for row in rows if row.choice != "keep" or row.at >= gone.get(row.post, row.at)}


def choice(tx: Tx, post: PostId) -> Decided | None:
    """What the author decided about one post."""
    return tx.execute(sa.select(tables.choices.c.choice).where(tables.choices.c.post == post)).scalar()


def choose(tx: Tx, post: PostId, choice: Decided, now: datetime) -> None:
    """Keep the author's decision about a post; a later one replaces it."""
    upsert(tx, tables.choices, ["post"], {"post": post, "choice": choice, "at": now})


def unchoose(tx: Tx, post: PostId) -> None:
    """Forget the author's decision about a post."""
    tx.execute(sa.delete(tables.choices).where(tables.choices.c.post == post))


def _brief(article: Article) -> str:
    outline = _Outline(**{name: getattr(article, name) for name in _Outline.__struct_fields__})
    return msgspec.json.encode(outline).decode()


def _outlined(row: Iterable[Any]) -> Post:
    post, entry, source, fingerprint, before, held, fault, settled_from, first_seen, gone, head = row
    article = Article(
        url=head.url,
        title=head.title,
        html="",
        text="",
        excerpt="",
        question=None,
        authors=(),
        tags=head.tags,
        published=head.published,
        updated=None,
        lead_image=None,
        language=None,
        direction="ltr",
        words=head.words,
        removed=(),
        complete=head.complete,
    )
    return Post(
        id=post,
        entry=entry,
        source=source,
        guids=(),
        fingerprint=fingerprint,
        article=article,
        before=before,
        held=held,
        fault=fault,
        settled_from=settled_from,
        first_seen=first_seen,
        gone=gone,
    )


def _post(row: sa.Row[tuple[object, ...]]) -> Post:
    return Post(**row._mapping)
