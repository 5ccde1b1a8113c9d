"""Drafts in the store: which there are, what there is to choose from, and keeping what was chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from pipeline import folder
from pipeline.compose import edits, schedule
from pipeline.compose.select import RELATED, Known, Waiting
from pipeline.config import ComposeSettings
from pipeline.model import Change, Issue, IssueNumber, Post, PostId, Report, Slot
from pipeline.plural import many
from pipeline.store import Tx, calendars, issues, picks, posts
from pipeline.store import edits as kept

HAND_EDITED = (
    "Issue {0} has files that were edited by hand, so it stays as it is. "
    "`approve {0}` takes them; `build --now --fresh` throws the edits away."
)
UNDONE = " What you had changed about it is undone with it; Redo, on your page, makes it again."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def asked_for(slot: Slot) -> bool:
    """Whether a person asked for an issue, whatever the schedule says."""
    return slot.key.startswith("now ")


def drafts(tx: Tx) -> list[Issue]:
    """Issues that still follow their posts: nobody has said yes to them as they were last rendered."""
    return [issue for issue in issues.unsettled(tx) if issue.corrects is None]


def edited(tx: Tx, draft: Issue, settings: ComposeSettings) -> bool:
    """Whether a person has edited a draft's files: then it holds what she saw, and new posts wait for the next."""
    last = issues.rendering(tx, draft.number)
    return last is not None and last.whole and folder.edited(settings.issues / last.folder, last.sha)


def draft_for(tx: Tx, slot: Slot) -> Issue | None:
    """The draft of a slot; a person's "now" continues the one there is."""
    there = drafts(tx)
    named = next((issue for issue in there if issue.slot.key == slot.key), None)
    return named or (next(iter(there), None) if asked_for(slot) else None)


def next_number(tx: Tx) -> IssueNumber:
    """The number of the next issue; taken in the same transaction that writes it, so that it is nobody else's."""
    return IssueNumber(issues.last_number(tx) + 1)


def changes(tx: Tx, draft: Issue | None, settings: ComposeSettings, due: datetime) -> tuple[Change, ...]:
    """What the author changed about the draft, or else about the issue that is due then, as far as it counts.

    What she pinned counts until a backup is put back, and "not in this issue" until its turn has gone by: a post that
    was to be the only one of a turn comes with the next.
    """
    said = kept.of(tx, draft.number if draft else kept.NEXT)
    put_off_after = _turn_before(tx, draft.slot.due if draft else due, settings)
    return edits.in_force(said, pinned_after=posts.doubted(tx), put_off_after=put_off_after)


def _turn_before(tx: Tx, due: datetime, settings: ComposeSettings) -> datetime | None:
    """When the turn before was over: with its issue, or if it has none, when one for it would have been too late."""
    turn = schedule.latest(settings.schedule, settings.timezone, due - timedelta(microseconds=1))
    if turn is None or issues.has_slot(tx, turn.key):
        return turn.due if turn else None
    return turn.due + min(settings.schedule.late, (due - turn.due) / 2)


def known(
    tx: Tx,
    draft: IssueNumber | None = None,
    urls: Iterable[str] = (),
    *,
    now: datetime,
    pinned: Iterable[PostId] = (),
    evergreen: bool = False,
) -> Known:
    """What there is to choose from; what stands in the `draft` itself is free to be chosen again.

    Only posts that may be chosen are read: new ones, those that the author keeps or has `pinned`, and with `evergreen`
    all of them. Of the others an issue shows the titles of a few.
    """
    wanted = sorted({*posts.eligible(tx, draft), *pinned}, reverse=True)
    whole = posts.every(tx) if evergreen else list(posts.some(tx, wanted).values())
    drafted = issues.posts_of(tx, draft) if draft else frozenset()
    others = posts.earlier(tx, RELATED + len(drafted) + len(wanted), now)
    placed, doubted = issues.placed(tx, {*(post.id for post in whole), *others}), posts.doubted(tx)
    return Known(
        posts=whole,
        earlier=posts.outlines(tx, others),
        picks=picks.of(tx) if evergreen else picks.some(tx, wanted),
        choices=posts.choices(tx, kept_after=doubted, among=whole),
        doubted=doubted,
        placed={post: number for post, number in placed.items() if number != draft},
        shown=issues.shown(tx, besides=draft),
        drafted=drafted,
        events=calendars.events(tx, urls),
    )


def free(tx: Tx, draft: IssueNumber | None = None) -> Known:
    """How the posts stand that no issue but the `draft` has; those from before only when the author keeps them."""
    known = outline(tx, posts.outlines(tx, posts.eligible(tx, draft)))
    return replace(known, placed={})


def questionable(tx: Tx) -> Known:
    """The same of those alone that may have to wait for the author's word: of thousands that wait few do."""
    known = outline(tx, posts.outlines(tx, posts.questionable(tx)))
    return replace(known, placed={})


def unreadable(tx: Tx, since: datetime) -> list[Post]:
    """New posts that came since then and can't be mailed, and of which the author has said nothing."""
    known = free(tx)
    return [one for one in known.posts if one.fault and one.first_seen >= since and one.id not in known.choices]


def outline(tx: Tx, chosen: Sequence[Post] | None = None) -> Known:
    """What it takes to say how each post (or the `chosen` ones) stands, and nothing that is long."""
    doubted, every = posts.doubted(tx), posts.outlines(tx) if chosen is None else chosen
    return Known(
        posts=every,
        picks={},
        choices=posts.choices(tx, kept_after=doubted, among=every),
        doubted=doubted,
        placed=issues.placed(tx, None if chosen is None else [post.id for post in chosen]),
        shown={},
        agreed=issues.agreed(tx),
    )


def listing(tx: Tx, draft: IssueNumber, most: int | None) -> Known:
    """The same of all posts or of the `most` newest; what stands in the `draft` counts as free."""
    known = outline(tx, None if most is None else posts.outlines(tx, posts.newest(tx, most)))
    return replace(known, placed={post: number for post, number in known.placed.items() if number != draft})


def named(posts: Sequence[Post]) -> str:
    """The first few by their numbers and titles, for a sentence."""
    return ", ".join(f"{post.id} “{post.article.title}”" for post in posts[:5]) + (", …" if len(posts) > 5 else "")


def take_back(tx: Tx, draft: Issue | None, waiting: Waiting) -> Report:
    """There is nothing to write about: say so, and drop the draft if there is one; what was changed in it waits."""
    if draft is None:
        return Report(waiting=(f"No issue now: {waiting.reason}.",))
    issues.drop(tx, draft.number)
    undone = ""
    if draft.slot.key.startswith("each "):
        undone = UNDONE if any(not one.undone for one in kept.of(tx, draft.number)) else ""
        kept.forget(tx, draft.number)
    kept.move(tx, draft.number, kept.NEXT)
    return Report(done=(f"Issue {draft.number} was taken back: {waiting.reason}.{undone}",))


def write(tx: Tx, issue: Issue, draft: Issue | None) -> Report:
    """Keep an issue as composed, unless its draft says the same already."""
    sha = _sha(issue)
    if draft is not None and issues.sha(tx, draft.number) == sha:
        return Report(unchanged=1)
    issues.write(tx, issue, sha, books=[pick.book.key for item in issue.items for pick in item.picks])
    count = len(issue.items)
    what = "composed" if draft is None else "composed anew"
    return Report(done=(f"Issue {issue.number} {what}: “{issue.title}”, {many(count, 'post')}.",))


def _sha(issue: Issue) -> str:
    """Of what readers see, so that asking again for the same posts changes nothing, whenever it is."""
    timeless = replace(issue, slot=Slot(key="", due=_EPOCH), created=_EPOCH)
    return hashlib.sha256(msgspec.json.encode(timeless)).hexdigest()
