"""Which posts and books an issue holds, and why the others are not in it. Pure: no clock, no store."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from pipeline import dates
from pipeline.compose import subject
from pipeline.compose.edits import Wishes, ordered
from pipeline.config import ComposeSettings
from pipeline.model import (
    Book,
    Event,
    Form,
    Issue,
    IssueNumber,
    Item,
    Pick,
    Post,
    PostId,
    Slot,
    Source,
    SourceName,
    Standing,
)
from pipeline.plural import many

FULL_TEXT_WORDS = 900
"""A longer lead is shown by its excerpt, unless the author wants full texts."""
EVERGREEN_DAYS, A_YEAR = 10, timedelta(days=300)
"""An evergreen post is from so near this day of the calendar, and at least so old."""
ROOM = 70_000
"""Bytes of HTML that a mail has for its posts and books: Gmail cuts at 102 kB, and head and foot want their part."""
FRAME, CARD, TAG = 2_600, 2_300, 24
"""Bytes around an excerpt, of a book's card, and of the style that each tag of an article gets in a mail."""
Texts = Literal["lead", "full", "excerpt"]
RELATED = 3
_NO_WISHES = Wishes()


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known when an issue is chosen.

    `posts` are those that may be chosen, `earlier` the newest of the others. `drafted` are the posts of the draft that
    is made anew, `agreed` is when somebody said yes to an issue, `events` those of the author's calendars on the web.
    What was there at `doubted` may have been mailed already, because an older copy of the state was put back then;
    `choices` are without what was kept until then. `had_too` are other sources that a post came from.
    """

    posts: Sequence[Post]
    picks: Mapping[PostId, tuple[Pick, ...]]
    choices: Mapping[PostId, str]
    placed: Mapping[PostId, IssueNumber]
    shown: Mapping[str, IssueNumber]
    earlier: Sequence[Post] = ()
    drafted: frozenset[PostId] = frozenset()
    agreed: Mapping[IssueNumber, datetime] = msgspec.field(default_factory=dict)
    events: Sequence[Event] = ()
    doubted: datetime | None = None
    had_too: Mapping[PostId, frozenset[SourceName]] = msgspec.field(default_factory=dict)


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """There is no issue to make, and why."""

    reason: str


def standing(
    post: Post, known: Known, settings: ComposeSettings, now: datetime, *, impatient: bool = False
) -> Standing:
    """A post's state and why, in words; `impatient` takes posts that have not settled yet, if their day has come."""
    number, choice = known.placed.get(post.id), known.choices.get(post.id)
    if number is not None:
        return Standing(state="issue", reason=f"in issue {number}{_since(post, known)}", issue=number)
    if barred := _barred(post, known, settings):
        return barred
    if doubt := _doubt(post, known):
        return Standing(state="held", reason=f"{doubt}; `posts keep {post.id}` or `posts skip {post.id}`")
    free = post.settled_from + settings.schedule.settle
    ahead = post.when > now and choice != "keep" and post.id not in known.drafted
    if free > now and (ahead or not impatient):
        why = "its day has not come" if ahead else "it may still change"
        local = free.astimezone(settings.timezone)
        return Standing(state="settling", reason=f"{why}; free from {dates.said(local, '%d %B %H:%M')}")
    return Standing(state="new", reason="you kept it" if choice == "keep" else "it is new")


def _since(post: Post, known: Known) -> str:
    """What became of a post since its issue was agreed to, which changes nothing in the mail; a draft follows it."""
    if post.gone is not None:
        return f"; it is no longer on your blog since {dates.said(post.gone, '%d %B %Y')}"
    agreed = known.agreed.get(known.placed[post.id])
    return "; edited since, which changes nothing in the mail" if agreed and post.settled_from > agreed else ""


def _barred(post: Post, known: Known, settings: ComposeSettings) -> Standing | None:
    """What keeps a post out of every issue for now; the author's "keep" overrules all but a fault."""
    choice = known.choices.get(post.id)
    if post.fault is not None:
        return Standing(state="quarantined", reason=post.fault)
    if choice == "skip":
        return Standing(state="skipped", reason="you skipped it")
    if choice == "keep":
        return None
    if left_out := _left_out(post, known, settings.sources):
        return Standing(state="skipped", reason=left_out)
    if post.before:
        return Standing(state="before", reason=f"it was there before you started; `posts keep {post.id}` takes it")
    if post.gone:
        words = f"it is no longer on your blog since {dates.said(post.gone, '%d %B %Y')}"
        return Standing(state="held", reason=f"{words}; `posts keep {post.id}` or `posts skip {post.id}`")
    if post.held:
        return Standing(state="held", reason=f"{post.held}; `posts keep {post.id}` or `posts skip {post.id}`")
    return None


def _doubt(post: Post, known: Known) -> str | None:
    """Why a post may have been mailed without anybody here knowing of it."""
    if known.doubted is None or post.first_seen > known.doubted or known.choices.get(post.id) == "keep":
        return None
    return f"it may have been mailed before a backup was put back on {dates.said(known.doubted, '%d %B %Y')}"


def _left_out(post: Post, known: Known, sources: Sequence[Source]) -> str | None:
    """Why the settings have no place for a post, or had none when it came."""
    if why := left_out(post, {source.name: source for source in sources}, known.had_too):
        return why
    then = f"your settings left it out when it came; `posts keep {post.id}` takes it"
    return then if known.choices.get(post.id) == "left out" else None


def left_out(
    post: Post, sources: Mapping[SourceName, Source], had_too: Mapping[PostId, frozenset[SourceName]]
) -> str | None:
    """Why none of the `sources` that a post came from has a place for it; None when one has, or none is there."""
    article, names = post.article, (post.source, *sorted(had_too.get(post.id, ())))
    reasons = [sources[name].leaves_out(article.title, article.tags) for name in names if name in sources]
    return reasons[0] if reasons and all(reasons) else None


def select(
    known: Known,
    slot: Slot,
    settings: ComposeSettings,
    *,
    number: IssueNumber,
    created: datetime,
    only: frozenset[PostId] = frozenset(),
    impatient: bool = False,
    wanted: Wishes = _NO_WISHES,
) -> Issue | Waiting:
    """The issue of a turn, or why there is none.

    A post belongs to a turn when it had settled by then; one that a draft holds already stays when it is edited. When
    there are more than fit, the oldest go first, so that none waits for ever; the newest of those leads. What the
    author wishes comes before all that.
    """
    pinned = [post for post in known.posts if post.id in wanted.pinned and _can_be_pinned(post, known)]
    ready = [
        post
        for post in known.posts
        if standing(post, known, settings, slot.due, impatient=impatient or post.id in known.drafted).state == "new"
        and (not only or post.id in only)
        and post.id not in wanted.later | wanted.pinned
    ]
    ready.sort(key=lambda post: (post.when, post.id))
    if not ready and not pinned and not only and not impatient and settings.schedule.evergreen:
        ready = [post for post in evergreen(known, settings, slot.due) if post.id not in wanted.later]
    fewest = 1 if only or impatient or pinned else settings.schedule.min_posts
    if len(ready) + len(pinned) < fewest:
        put_off = sum(post.id in wanted.later and _is_new(post, known, settings, slot.due) for post in known.posts)
        return Waiting(reason=_too_few(len(ready), fewest, put_off))
    chosen = _arranged([*pinned, *ready[: max(settings.schedule.max_posts - len(pinned), 0)]], wanted)
    lead, line = chosen[0].article, subject.subject([post.article.title for post in chosen])
    return Issue(
        number=number,
        slug=slug(lead.title),
        slot=slot,
        title=lead.title,
        subject=line,
        preheader=subject.preheader(lead.excerpt, beside=(lead.title, line)),
        intro=None,
        created=created,
        items=_items(chosen, allot(chosen, known, settings, number), settings.texts),
        related=_related(chosen, known, slot.due),
    )


def _can_be_pinned(post: Post, known: Known) -> bool:
    """A post that could be made, that no other issue has, and that is on the blog or kept although it is not."""
    there = post.gone is None or known.choices.get(post.id) == "keep"
    return post.fault is None and post.id not in known.placed and there


def _arranged(chosen: Sequence[Post], wanted: Wishes) -> list[Post]:
    """The newest first, unless the author has put them in an order of her own."""
    by_post = {post.id: post for post in sorted(chosen, key=lambda post: (post.when, post.id), reverse=True)}
    return [by_post[post] for post in ordered(list(by_post), wanted.order)]


def evergreen(known: Known, settings: ComposeSettings, due: datetime) -> list[Post]:
    """An old post for a turn without a new one: never mailed, and from about this day of an earlier year.

    None for so long as one that was mailed unknown to this state may be near enough.
    """
    if known.doubted is not None and due - known.doubted < timedelta(days=2 * EVERGREEN_DAYS):
        return []
    today = due.astimezone(settings.timezone).date()
    found = []
    for post in known.posts:
        there = replace(post, before=False)
        away = _days_apart(post.when.astimezone(settings.timezone).date(), today)
        free = post.before and post.article.complete and known.placed.get(post.id) is None
        fits = away <= EVERGREEN_DAYS and due - post.when > A_YEAR
        if free and fits and not _barred(there, known, settings):
            found.append((away, -post.when.timestamp(), post.id, post))
    return [min(found)[3]] if found else []


def _days_apart(one: date, other: date) -> int:
    """How many days lie between two dates of the calendar, whatever their years."""
    apart = abs(one.timetuple().tm_yday - other.timetuple().tm_yday)
    return min(apart, 365 - apart)


def _is_new(post: Post, known: Known, settings: ComposeSettings, due: datetime) -> bool:
    return standing(post, known, settings, due).state == "new"


def _too_few(there: int, fewest: int, put_off: int) -> str:
    if there == 0:
        return "no post is new" + (f" but {put_off} that you left for the issue after it" if put_off else "")
    return f"{many(there, 'new post is', 'new posts are')} too few; min_posts is {fewest}"


def _items(chosen: Sequence[Post], books: Mapping[PostId, tuple[Pick, ...]], texts: Texts) -> tuple[Item, ...]:
    """The posts with their books, as much of each as the newsletter shows and as a mail has room for."""
    room, items = ROOM, []
    for post in chosen:
        room -= FRAME + len(post.article.excerpt.encode()) + CARD * len(books[post.id])
    for at, post in enumerate(chosen):
        form = _form(post, at, texts, room)
        room -= _weight(post) if form == "full" else 0
        items.append(Item(post=post, form=form, picks=books[post.id]))
    return tuple(items)


def _weight(post: Post) -> int:
    """About how many bytes an article has in a mail, where each tag carries its own style."""
    return len(post.article.html.encode()) + TAG * post.article.html.count("<")


def _form(post: Post, at: int, texts: Texts, room: int) -> Form:
    article = post.article
    lead = texts == "lead" and at == 0 and article.words <= FULL_TEXT_WORDS
    whole = article.complete and _weight(post) <= room and (texts == "full" or lead)
    return "full" if whole else "excerpt"


def allot(
    chosen: Sequence[Post], known: Known, settings: ComposeSettings, number: IssueNumber
) -> dict[PostId, tuple[Pick, ...]]:
    """The books of each post: what it names is always shown; the shelf fills what `per_post` and `per_issue` leave.

    The post with the fewest books is served first. No book comes twice in an issue, and a matched one not again within
    `repeat_after` issues; one by an author or on a theme that the issue has already gives way to a book that is nearly
    as good.
    """
    seen: set[str] = set()
    shown: dict[PostId, list[Pick]] = {}
    waiting: dict[PostId, list[Pick]] = {}
    for post in chosen:
        suggested = known.picks.get(post.id, ())
        shown[post.id] = [pick for pick in suggested if pick.origin == "mentioned" and _first_time(pick, seen)]
        waiting[post.id] = [
            pick
            for pick in suggested
            if pick.origin != "mentioned" and _rested(pick, known.shown, number, settings.repeat_after)
        ]
    room = {post.id: settings.per_post for post in chosen}
    while sum(map(len, shown.values())) < settings.per_issue:
        hungry = [post.id for post in chosen if room[post.id] and waiting[post.id]]
        if not hungry:
            break
        next_ = min(hungry, key=lambda post: len(shown[post]))
        there = [pick.book for picks in shown.values() for pick in picks]
        pick = max(waiting[next_], key=lambda pick: _worth(pick, there))
        waiting[next_].remove(pick)
        if _first_time(pick, seen):
            shown[next_].append(pick)
            room[next_] -= 1
    return {post: tuple(picks) for post, picks in shown.items()}


def _worth(pick: Pick, there: Sequence[Book]) -> float:
    """A pick's score beside the books that are in the issue already; what the author pinned is not weighed."""
    if pick.origin == "pinned":
        return 2.0
    again = sum(bool(pick.book.author) and book.author == pick.book.author for book in there)
    alike = sum(bool(pick.book.themes) and book.themes[:1] == pick.book.themes[:1] for book in there)
    return pick.score * 0.7**again * 0.9**alike


def _first_time(pick: Pick, seen: set[str]) -> bool:
    """Whether a book is in none of the picks before; from now on it is. Editions of one title are the same book."""
    names = {pick.book.key, pick.book.isbn or pick.book.key}
    if names & seen:
        return False
    seen |= names
    return True


def _rested(pick: Pick, shown: Mapping[str, IssueNumber], number: IssueNumber, repeat_after: int) -> bool:
    last = shown.get(pick.book.key)
    return pick.origin == "pinned" or last is None or number - last > repeat_after


def _related(chosen: Sequence[Post], known: Known, due: datetime) -> tuple[Post, ...]:
    here = {post.id for post in chosen}
    others = [
        post
        for post in {post.id: post for post in (*known.earlier, *known.posts)}.values()
        if post.id not in here
        and post.fault is None
        and post.held is None
        and post.gone is None
        and post.when <= due
        and known.choices.get(post.id) != "skip"
        and (post.before or post.id in known.placed)
    ]
    others.sort(key=lambda post: (post.when, post.id), reverse=True)
    return tuple(_without_body(post) for post in others[:RELATED])


def _without_body(post: Post) -> Post:
    """Only its title and address are shown, so an edit to its text must not void an approval.

    What is left is what an outline of a post has, so that it is the same however much of it was read.
    """
    article = replace(
        post.article,
        html="",
        text="",
        excerpt="",
        question=None,
        authors=(),
        updated=None,
        lead_image=None,
        language=None,
        direction="ltr",
        removed=(),
        enclosures=(),
    )
    return replace(post, article=article, guids=(), settled_from=post.first_seen, gone=None)


def slug(title: str) -> str:
    """A folder-safe name: a-z, 0-9 and hyphens, 60 characters at most, "issue" when nothing is left."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()  # ß becomes ss
    words = re.findall(r"[a-z0-9]+", re.sub(r"['’]", "", plain))
    cut = "-".join(words)[:61]
    return (cut if len(cut) <= 60 else cut[:60].rpartition("-")[0] or cut[:60]).strip("-") or "issue"


def why_not(post: Post, issue: Issue | None, known: Known, settings: ComposeSettings) -> list[tuple[Pick, str]]:
    """The suggested books of a post that the issue does not show, each with the reason."""
    shown = {pick.book.key: item.post.id for item in (issue.items if issue else ()) for pick in item.picks}
    number = issue.number if issue else IssueNumber(0)
    reasons = []
    for pick in known.picks.get(post.id, ()):
        if shown.get(pick.book.key) == post.id:
            continue
        if pick.book.key in shown:
            reasons.append((pick, "it already stands with another post of this issue"))
        elif not _rested(pick, known.shown, number, settings.repeat_after):
            reasons.append((pick, f"it was in issue {known.shown[pick.book.key]}"))
        else:
            reasons.append((pick, "there is room for no more books (per_post, per_issue)"))
    return reasons


def bookless(issue: Issue, known: Known) -> tuple[str, ...]:
    """Of which posts nobody knows what books go with them, in a sentence: a shelf that can't be read has none."""
    titles = ", ".join(f"“{item.post.article.title}”" for item in issue.items if item.post.id not in known.picks)
    return (f"No books could be looked for that go with {titles}: `books check` says why.",) if titles else ()
