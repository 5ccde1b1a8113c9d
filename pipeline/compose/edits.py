"""The author's changes and what they make of an issue. Pure: whatever she changed, it stays an issue that can go out.

Some changes decide which posts there are (`wishes`), before anything is chosen; the others are made to the issue that
was chosen (`apply`). A change about a post or book that is not there does nothing, and does it again when it is back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from unicodedata import category

import msgspec
from msgspec.structs import replace

from pipeline.model import Change, Edit, Event, Issue, Item, Note, Pick, PostId, edit

LONGEST = 250
"""Characters of a subject or preheader; no inbox shows more."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """Which posts the author wants in an issue and which not, and in which order."""

    pinned: frozenset[PostId] = frozenset()
    later: frozenset[PostId] = frozenset()
    order: tuple[PostId, ...] = ()


def in_force(
    edits: Iterable[Edit], *, pinned_after: datetime | None = None, put_off_after: datetime | None = None
) -> tuple[Change, ...]:
    """The changes that were not undone; what was pinned or put off until the moments given for it counts no more."""

    def counts(one: Edit) -> bool:
        match one.change:
            case edit.Pin():
                return pinned_after is None or one.at > pinned_after
            case edit.Later():
                return put_off_after is None or one.at > put_off_after
            case _:
                return True

    return tuple(one.change for one in edits if not one.undone and counts(one))


def to_undo(edits: Sequence[Edit]) -> Edit | None:
    """The newest edit in force."""
    return next((one for one in reversed(edits) if not one.undone), None)


def to_redo(edits: Sequence[Edit]) -> Edit | None:
    """The edit that was undone last; none once another was made after it."""
    last = to_undo(edits)
    after = (one for one in edits if last is None or one.id > last.id)
    return next((one for one in after if one.undone and not one.overtaken), None)


def said_already(there: Sequence[Change], wanted: Change) -> bool:
    """Whether it stands so already: a form that was sent twice changes nothing twice."""
    if isinstance(wanted, edit.Choose):
        return wanted.before == wanted.choice
    if isinstance(wanted, edit.Subject | edit.Preheader | edit.Intro | edit.Order):
        return next((one for one in reversed(there) if isinstance(one, type(wanted))), None) == wanted
    return there[-1:] == (wanted,)


def words_of(changes: Sequence[Change], kind: type[edit.Subject | edit.Preheader | edit.Intro]) -> str:
    """The author's own subject, preheader or intro as an issue has it; empty when the proposed one stands."""
    said = next((one.words for one in reversed(changes) if isinstance(one, kind)), "")
    return said.strip() if kind is edit.Intro else _line(said)


def wishes(changes: Iterable[Change]) -> Wishes:
    """Which posts the changes ask for; of two that contradict each other the later counts."""
    told = Wishes()
    for change in changes:
        match change:
            case edit.Pin(post=post) | edit.Choose(post=post, choice="keep"):
                pinned = told.pinned | {post} if isinstance(change, edit.Pin) else told.pinned
                told = replace(told, pinned=pinned, later=told.later - {post})
            case edit.Later(post=post) | edit.Choose(post=post, choice="skip"):
                told = replace(told, pinned=told.pinned - {post}, later=told.later | {post})
            case edit.Order(posts=order):
                told = replace(told, order=order)
            case _:
                pass
    return told


def apply(issue: Issue, changes: Iterable[Change]) -> Issue:
    """The issue with the changes made to it, in their order; which posts it has was settled by `wishes` before."""
    for change in changes:
        issue = _applied(issue, change)
    return issue


def ordered(posts: Sequence[PostId], order: Sequence[PostId]) -> list[PostId]:
    """`posts` in the author's order; those she did not name come after them, as they stood."""
    named = [post for post in dict.fromkeys(order) if post in posts]
    return [*named, *(post for post in posts if post not in named)]


def _applied(issue: Issue, change: Change) -> Issue:
    match change:
        case edit.Subject(words=words):
            return replace(issue, subject=_line(words) or issue.subject)
        case edit.Preheader(words=words):
            return replace(issue, preheader=_line(words) or issue.preheader)
        case edit.Intro(words=words):
            return replace(issue, intro=words.strip() or None)
        case edit.AddNote() | edit.RemoveNote():
            return replace(issue, notes=_notes(issue, change))
        case edit.AddEvent() | edit.RemoveEvent():
            return replace(issue, events=_events(issue, change))
        case edit.Order(posts=order):
            by_post = {item.post.id: item for item in issue.items}
            return replace(issue, items=tuple(by_post[post] for post in ordered(list(by_post), order)))
        case _:
            return replace(issue, items=_items(issue.items, change))


def _notes(issue: Issue, change: edit.AddNote | edit.RemoveNote) -> tuple[Note, ...]:
    if isinstance(change, edit.AddNote):
        return (*issue.notes, change.note) if change.note.words.strip() else issue.notes
    return tuple(one for one in issue.notes if one != change.note)


def _events(issue: Issue, change: edit.AddEvent | edit.RemoveEvent) -> tuple[Event, ...]:
    if isinstance(change, edit.AddEvent):
        return tuple(sorted({*issue.events, change.event}, key=lambda one: (one.starts, one.title)))
    return tuple(one for one in issue.events if (one.title, one.starts) != (change.title, change.starts))


def _items(items: tuple[Item, ...], change: Change) -> tuple[Item, ...]:
    match change:
        case edit.Shape(post=post, form=form):
            return tuple(
                replace(item, form=form) if item.post.id == post and _has(item, form) else item for item in items
            )
        case edit.RemoveBook(post=post, book=book):
            return tuple(
                replace(item, picks=_without(item, {book})) if item.post.id == post else item for item in items
            )
        case edit.AddBook(post=post, pick=pick, instead=instead) if post in {item.post.id for item in items}:
            return tuple(_with(item, pick, instead) if item.post.id == post else _freed(item, pick) for item in items)
        case _:
            return items


def _has(item: Item, form: str) -> bool:
    """Only an excerpt may be all that there is of a post."""
    return form == "excerpt" or item.post.article.complete


def _without(item: Item, books: set[str]) -> tuple[Pick, ...]:
    return tuple(pick for pick in item.picks if not _names(pick) & books)


def _freed(item: Item, pick: Pick) -> Item:
    """A book stands in an issue once: where the author put it last."""
    return replace(item, picks=_without(item, _names(pick)))


def _with(item: Item, pick: Pick, instead: str | None) -> Item:
    others = _without(item, _names(pick))
    at = next((at for at, one in enumerate(others) if one.book.key == instead), None)
    if at is None:
        return replace(item, picks=(*others, pick))
    return replace(item, picks=(*others[:at], pick, *others[at + 1 :]))


def _names(pick: Pick) -> set[str]:
    return {pick.book.key, pick.book.isbn or pick.book.key}


def _line(words: str) -> str:
    """One line without what no header may hold."""
    printable = "".join(" " if category(letter) in ("Cc", "Cs", "Zl", "Zp") else letter for letter in words)
    return " ".join(printable.split())[:LONGEST].strip()
