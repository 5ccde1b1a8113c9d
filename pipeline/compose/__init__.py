"""Compose: settled posts become the draft of one numbered issue.

does     looks at the calendar, chooses posts and books, proposes the inbox line, keeps what the author changed
reads    posts, picks, choices, what earlier issues held, whether a draft's files were edited by hand
writes   issues with their posts and books; the author's choices and edits
never    renders, and never touches an issue that was approved or sent
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from pipeline.compose import drafting, edits, events, filters, schedule
from pipeline.compose.correction import correct, correcting, drop
from pipeline.compose.drafting import drafts
from pipeline.compose.select import Known, Waiting, bookless, select, standing, why_not
from pipeline.compose.standings import listed, outlines, stands, turn, when
from pipeline.config import ComposeSettings
from pipeline.errors import NeedsPerson, UserError
from pipeline.model import Change, Edit, Issue, IssueNumber, Outside, Pick, Post, PostId, Report, Slot, Standing, edit
from pipeline.plural import many
from pipeline.store import Store, Tx, issues, posts
from pipeline.store import edits as kept

__all__ = [
    "Plan",
    "at_once",
    "change",
    "choose",
    "correct",
    "correcting",
    "decide",
    "drafts",
    "drop",
    "due",
    "held",
    "history",
    "outlines",
    "pin",
    "plan",
    "redo",
    "select",
    "standing",
    "stands",
    "turn",
    "undo",
    "work",
]

HELD = "held"
"""The key of the work that is no slot: to say which posts wait for the author's word."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the next issue would hold, and why; `issue` is None when there is a reason to wait.

    `edits` are all that the author changed about it, `draft` tells whether it has been composed already. `posts` are
    all that are known, without what is long of them, or the newest of `total`.
    """

    number: IssueNumber
    draft: bool
    issue: Issue | None
    waiting: str | None
    due: datetime | None
    total: int
    posts: tuple[tuple[Post, Standing], ...]
    left_out: tuple[tuple[Post, Pick, str], ...]
    edits: tuple[Edit, ...] = ()


def due(store: Store, settings: ComposeSettings, now: datetime) -> Iterable[str]:
    """Slots whose issue is a draft (it follows its posts until it is approved), and the slot that was just reached.

    A turn from before the project's first day is nobody's; today's counts.
    """
    each = settings.schedule.cadence == "each"
    with store.reading() as tx:
        drafts, free = drafting.drafts(tx), drafting.free(tx) if each else drafting.questionable(tx)
        known = filters.foreseen(tx, free, settings, now)
        newest, first = issues.latest_slot(tx), posts.first_day(tx)
        refiltered = filters.changed(tx, settings)
    if refiltered:
        yield filters.KEY
    if _held(known, settings, now):
        yield HELD
    yield from (issue.slot.key for issue in drafts)
    if each:
        yield from _each(known, settings, now)
    elif first and not drafts and (slot := schedule.latest(settings.schedule, settings.timezone, now)):
        begun = slot.due.astimezone(settings.timezone).date() >= first.astimezone(settings.timezone).date()
        in_time = now - slot.due <= settings.schedule.late
        if begun and in_time and (newest is None or slot.due > newest):
            yield slot.key


def _each(known: Known, settings: ComposeSettings, now: datetime) -> Iterable[str]:
    """A turn for each post; where several are late, as when nothing ran for days, they share one."""
    ready = [post for post in known.posts if standing(post, known, settings, now).state == "new"]
    ready.sort(key=lambda post: (post.when, post.id))
    late = sum(now - post.when > settings.schedule.late for post in ready)
    size = settings.schedule.max_posts if late > 1 else 1
    for some in (ready[at : at + size] for at in range(0, len(ready), size)):
        due = max(max(post.settled_from + settings.schedule.settle, post.first_seen) for post in some)
        yield schedule.for_posts((post.id for post in some), due).key


def work(key: str, store: Store, settings: ComposeSettings, out: Outside) -> Report:
    """Make or bring up to date the issue of one slot; a person's "now" continues the draft there is."""
    if key == HELD:
        waiting = held(store, settings, out.clock())
        return Report(attention=waiting[1:]) if waiting else Report(unchanged=1)
    if key == filters.KEY:
        with store.writing() as tx:
            return filters.settle(tx, settings, out.clock())
    (slot, only), now = schedule.parse(key), out.clock()
    with store.writing() as tx:
        draft = drafting.draft_for(tx, slot)
        if draft is None and issues.has_slot(tx, slot.key):
            return Report(unchanged=1)
        if draft is not None and drafting.edited(tx, draft, settings):
            return Report(attention=(drafting.HAND_EDITED.format(draft.number),))
        number = draft.number if draft else drafting.next_number(tx)
        created = draft.created if draft else now
        asked = _Asked(slot=slot, only=only, number=number, created=created, impatient=drafting.asked_for(slot))
        return filters.settle(tx, settings, now) + _composed(tx, asked, draft, settings, now)


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The issue that is to be made: for which turn, for some posts only, and whether posts need not have settled."""

    slot: Slot
    only: frozenset[PostId]
    number: IssueNumber
    created: datetime
    impatient: bool


def _composed(tx: Tx, asked: _Asked, draft: Issue | None, settings: ComposeSettings, now: datetime) -> Report:
    """Choose, and keep what was chosen; a draft with nothing left in it is taken back."""
    changes = drafting.changes(tx, draft, settings, asked.slot.due)
    known = _known(tx, asked.number, changes, settings, now)
    chosen = _made(asked, known, changes, settings)
    if isinstance(chosen, Waiting):
        return drafting.take_back(tx, draft, chosen)
    written = drafting.write(tx, chosen, draft)
    if draft is None:
        kept.move(tx, kept.NEXT, asked.number)
    return written + Report(attention=chosen.unread, done=_cut_short(chosen, settings) if written.done else ())


def _known(tx: Tx, number: IssueNumber, changes: Iterable[Change], settings: ComposeSettings, now: datetime) -> Known:
    pinned, evergreen = edits.wishes(changes).pinned, settings.schedule.evergreen
    there = drafting.known(tx, draft=number, urls=settings.calendars, now=now, pinned=pinned, evergreen=evergreen)
    return filters.foreseen(tx, there, settings, now)


def _made(asked: _Asked, known: Known, changes: tuple[Change, ...], settings: ComposeSettings) -> Issue | Waiting:
    """The whole issue, with its events and everything the author changed."""
    chosen = select(
        known,
        asked.slot,
        settings,
        number=asked.number,
        created=asked.created,
        only=asked.only,
        impatient=asked.impatient,
        wanted=edits.wishes(changes),
    )
    if isinstance(chosen, Waiting):
        return chosen
    written_down, faults = events.read(settings.events, settings.timezone)
    announced = events.coming(events.together(written_down, known.events), asked.slot.due)
    return edits.apply(replace(chosen, events=announced, unread=(*faults, *bookless(chosen, known))), changes)


def change(
    store: Store, settings: ComposeSettings, number: IssueNumber, wanted: Change, *, by: str, now: datetime
) -> Report:
    """Keep a change of the issue that is next, and make its draft anew if there is one already.

    Raises UserError for another issue, NeedsPerson for one that was approved or whose files were edited by hand.
    """
    with store.writing() as tx:
        draft = _changeable(tx, number, settings)
        if isinstance(wanted, edit.Choose):
            wanted = replace(wanted, before=posts.choice(tx, wanted.post))
        of = draft.number if draft else kept.NEXT
        if edits.said_already(drafting.changes(tx, draft, settings, now), wanted):
            return Report(unchanged=1)
        if isinstance(wanted, edit.Choose):
            posts.choose(tx, wanted.post, wanted.choice, now)
        kept.add(tx, of, wanted, by=by, now=now)
        return _anew(tx, number, draft, settings, now)


def pin(store: Store, settings: ComposeSettings, post: PostId, *, by: str, now: datetime) -> tuple[Post, Report]:
    """Let a post lead the next issue, whatever speaks against it: an edit like others, which undo takes back.

    Raises UserError for a post that can't be mailed, NeedsPerson for a draft whose files were edited by hand.
    """
    with store.writing() as tx:
        known = _choosable(tx, post)
        if known.fault is not None:
            raise UserError(f"Post {post} can't be mailed: {known.fault}.")
        drafts, placed = drafting.drafts(tx), issues.placed(tx, [post]).get(post)
        draft = next((one for one in drafts if placed in (None, one.number)), None)
        number = draft.number if draft else drafting.next_number(tx)
        _changeable(tx, number, settings)
        place = draft.number if draft else kept.NEXT
        others = edits.wishes(edits.in_force(kept.of(tx, place))).order
        for wanted in (edit.Pin(post=post), edit.Order(posts=(post, *(one for one in others if one != post)))):
            kept.add(tx, place, wanted, by=by, now=now)
        return known, _anew(tx, number, draft, settings, now)


def undo(store: Store, settings: ComposeSettings, number: IssueNumber, *, now: datetime) -> Report:
    """Let the newest edit in force do nothing. Raises as `change` does."""
    with store.writing() as tx:
        draft = _changeable(tx, number, settings)
        last = edits.to_undo(kept.of(tx, draft.number if draft else kept.NEXT))
        if last is None:
            return Report(unchanged=1)
        kept.mark(tx, last.id, undone=True)
        if isinstance(last.change, edit.Choose):
            _chosen_before(tx, last.change, now)
        return _anew(tx, number, draft, settings, now)


def redo(store: Store, settings: ComposeSettings, number: IssueNumber, *, now: datetime) -> Report:
    """Let the edit that was undone last do what it did. Raises as `change` does."""
    with store.writing() as tx:
        draft = _changeable(tx, number, settings)
        again = edits.to_redo(kept.of(tx, draft.number if draft else kept.NEXT))
        if again is None:
            return Report(unchanged=1)
        kept.mark(tx, again.id, undone=False)
        if isinstance(again.change, edit.Choose):
            posts.choose(tx, again.change.post, again.change.choice, now)
        return _anew(tx, number, draft, settings, now)


def _chosen_before(tx: Tx, change: edit.Choose, now: datetime) -> None:
    if change.before is None:
        posts.unchoose(tx, change.post)
    else:
        posts.choose(tx, change.post, change.before, now)


def history(store: Store, number: IssueNumber) -> tuple[Edit, ...]:
    """Everything the author changed about an issue, also before it is composed, and what she undid."""
    with store.reading() as tx:
        return tuple(kept.of(tx, kept.NEXT if number == drafting.next_number(tx) else number))


def _changeable(tx: Tx, number: IssueNumber, settings: ComposeSettings) -> Issue | None:
    """The draft with this number, None when it is still to be made."""
    known = issues.get(tx, number)
    if known is None:
        if number != drafting.next_number(tx):
            raise UserError(f"There is no issue {number} to change.")
        return None
    if known.corrects:
        raise UserError(
            f"Issue {number} is a correction.", next_step=f"`correct {known.corrects.number}` writes it anew."
        )
    if issues.settled(tx, number):
        raise NeedsPerson(f"Issue {number} has been approved or sent, so it can't be changed as it is.")
    if drafting.edited(tx, known, settings):
        raise NeedsPerson(drafting.HAND_EDITED.format(number))
    return known


def _anew(tx: Tx, number: IssueNumber, draft: Issue | None, settings: ComposeSettings, now: datetime) -> Report:
    if draft is None:
        return Report()
    _, only = schedule.parse(draft.slot.key)
    asked = _Asked(
        slot=draft.slot, only=only, number=number, created=draft.created, impatient=drafting.asked_for(draft.slot)
    )
    return filters.settle(tx, settings, now) + _composed(tx, asked, draft, settings, now)


def _cut_short(issue: Issue, settings: ComposeSettings) -> tuple[str, ...]:
    """What an author who wants full texts should know."""
    short = [item for item in issue.items if item.form == "excerpt" and item.post.article.complete]
    if settings.texts != "full" or not short:
        return ()
    names = ", ".join(f"“{item.post.article.title}”" for item in short)
    return (f"A mail has no room for all of {names}: shown by excerpt, with a link to the rest.",)


def _held(known: Known, settings: ComposeSettings, now: datetime) -> list[Post]:
    return [post for post in known.posts if standing(post, known, settings, now).state == "held"]


def held(store: Store, settings: ComposeSettings, now: datetime) -> tuple[PostId, str] | None:
    """The newest of the posts that wait for nobody but the author, and a sentence about all of them."""
    with store.reading() as tx:
        known = filters.foreseen(tx, drafting.questionable(tx), settings, now)
    found = _held(known, settings, now)
    if not found:
        return None
    waiting = many(len(found), "post is", "posts are")
    asked = "`posts` says why; then `posts keep ID` or `posts skip ID`"
    return max(post.id for post in found), f"{waiting} held until you decide: {drafting.named(found)}. {asked}."


def at_once(now: datetime) -> Slot:
    """The slot of an issue that a person asks for, whatever the schedule says."""
    return schedule.at_once(now)


def choose(store: Store, post: PostId, choice: posts.Choice, now: datetime) -> Post:
    """Keep or skip a post, by the author's word. Raises UserError for an unknown post or one already in an issue."""
    with store.writing() as tx:
        known = _choosable(tx, post)
        posts.choose(tx, post, choice, now)
    return known


def decide(
    store: Store, settings: ComposeSettings, post: PostId, choice: posts.Choice, *, by: str, now: datetime
) -> tuple[Post, Report]:
    """Keep or skip a post as `choose` does, as an edit of the next issue, which undo takes back.

    A draft follows at once, unless its files were edited by hand. Raises UserError as `choose` does.
    """
    with store.writing() as tx:
        known = _choosable(tx, post)
        wanted = edit.Choose(post=post, choice=choice, before=posts.choice(tx, post))
        posts.choose(tx, post, choice, now)
        drafts, placed = drafting.drafts(tx), issues.placed(tx, [post]).get(post)
        draft = next((one for one in drafts if placed in (None, one.number)), None)
        if draft is not None and drafting.edited(tx, draft, settings):
            return known, Report(attention=(drafting.HAND_EDITED.format(draft.number),))
        kept.add(tx, draft.number if draft else kept.NEXT, wanted, by=by, now=now)
        return known, _anew(tx, draft.number if draft else drafting.next_number(tx), draft, settings, now)


def _choosable(tx: Tx, post: PostId) -> Post:
    """A post that no issue has but a draft. Raises UserError."""
    known = posts.get(tx, post)
    if known is None:
        raise UserError(f"There is no post {post}.", next_step="`paperround posts` lists them.")
    number = issues.placed(tx, [post]).get(post)
    if number is not None and number not in {issue.number for issue in drafting.drafts(tx)}:
        raise UserError(f"Post {post} is in issue {number}, which has been approved or sent.")
    return known


def plan(
    store: Store, settings: ComposeSettings, now: datetime, of: IssueNumber | None = None, *, most: int | None = None
) -> Plan:
    """What `build --now` would make of what is known, when the schedule would make it, and why; changes nothing.

    `of` asks about one issue that was composed, whatever its state. With `most` only so many of the newest posts are
    told of, besides as many as the issue holds.
    """
    with store.reading() as tx:
        draft = next(iter(drafting.drafts(tx)), None) if of is None else issues.get(tx, of)
        number = draft.number if draft else drafting.next_number(tx)
        changed = tuple(kept.of(tx, draft.number if draft else kept.NEXT))
        changes = drafting.changes(tx, draft, settings, now)
        known = _known(tx, number, changes, settings, now)
        slot = replace(draft.slot if draft else schedule.at_once(now), due=now)
        created = draft.created if draft else now
        asked = _Asked(slot=slot, only=frozenset(), number=number, created=created, impatient=True)
        chosen = _made(asked, known, changes, settings)
        issue = chosen if isinstance(chosen, Issue) else None
        all_told = drafting.listing(tx, number, None if most is None else most + len(issue.items if issue else ()))
        among = filters.foreseen(tx, all_told, settings, now)
        total = posts.count(tx)
    return Plan(
        number=number,
        draft=draft is not None,
        issue=issue,
        waiting=chosen.reason if isinstance(chosen, Waiting) else None,
        due=when(draft, settings, now),
        total=total,
        posts=listed(among, settings, now, edits.wishes(changes).later),
        left_out=tuple(
            (item.post, pick, why)
            for item in (issue.items if issue else ())
            for pick, why in why_not(item.post, issue, known, settings)
        ),
        edits=changed,
    )
