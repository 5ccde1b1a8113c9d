"""A form of the page becomes one change of the issue, written down by the compose room."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pipeline import books, compose, review, run
from pipeline.compose.edits import in_force, to_redo, to_undo, words_of
from pipeline.compose.events import YEARS
from pipeline.errors import UserError
from pipeline.model import Change, Edit, Event, IssueNumber, Note, Pick, PostId, Report, edit
from pipeline.preview.ask import Ask
from pipeline.store import issues, posts

_NUMBER = re.compile(r"[0-9]{1,9}")
VOID = "You had approved this issue. The change took that back: look at it again, then approve it anew."


def number(ask: Ask) -> IssueNumber:
    """The issue that a form is about."""
    return IssueNumber(int(ask.request.path_params["number"]))


def post(ask: Ask) -> PostId:
    """The post that a form is about. Raises UserError for what is none."""
    given = ask.word("post")
    if not _NUMBER.fullmatch(given):
        raise UserError("The form names no post.")
    number = PostId(int(given))
    with ask.store.reading() as tx:
        if posts.get(tx, number) is None:
            raise UserError(f"There is no post {number}.")
    return number


def keep(ask: Ask, wanted: Change) -> None:
    """Write a change down; a yes that was given before is taken back, and she is told.

    She is told, too, which words from another window hers take the place of; a field that she left alone takes none.
    """
    other = _from_another_window(ask, wanted)
    if other and getattr(wanted, "words", "") == ask.word("was"):
        ask.say(
            f"Nothing was written, for you changed nothing; another window has written “{other}” there.", "attention"
        )
        return
    take_back(ask)
    chosen = _taken(wanted)
    if chosen is not None:
        books.ready(ask.store, ask.settings.books, chosen)
    made = _is_made(ask)
    told = compose.change(ask.store, ask.settings.compose, number(ask), wanted, by=ask.desk.person, now=ask.now)
    for sentence in (*told.attention, *told.errors, *(told.done if made and not _is_made(ask) else ())):
        ask.say(sentence, "attention")
    if other:
        ask.say(
            f"Meanwhile another window had written “{other}” there. Yours stand now; Undo brings those back.",
            "attention",
        )
    if chosen is not None:
        with ask.store.reading() as tx:
            known = posts.get(tx, chosen)
        if known is not None and not known.article.complete:
            fetch_whole(ask)


def _is_made(ask: Ask) -> bool:
    with ask.store.reading() as tx:
        return issues.get(tx, number(ask)) is not None


def _from_another_window(ask: Ask, wanted: Change) -> str | None:
    """The author's words that stand where these are to stand, and that the form did not show."""
    if not isinstance(wanted, edit.Subject | edit.Preheader | edit.Intro) or "was" not in ask.form:
        return None
    there = words_of(in_force(compose.history(ask.store, number(ask))), type(wanted))
    return None if there in ("", ask.word("was"), wanted.words) else there


def _taken(wanted: Change) -> PostId | None:
    """The post that a change lets in."""
    match wanted:
        case edit.Pin(post=chosen) | edit.Choose(post=chosen, choice="keep"):
            return chosen
        case _:
            return None


def fetch_whole(ask: Ask) -> None:
    """A post from before is often there as an excerpt only; its page is asked for now that it is wanted."""
    desk = ask.desk

    def work(say: Callable[[str], None]) -> Report:
        with desk.project(say) as project:
            return run.walk(project, "pull", "clean", "books") + follow(project)

    desk.errands.send("Looking for the whole post", work)
    desk.errands.wait(2)


def follow(project: run.Project) -> Report:
    """Bring the drafts up to date with what was just fetched, and make no new one."""
    with project.store.reading() as tx:
        slots = [issue.slot.key for issue in compose.drafts(tx)]
    return run.perform(project, "compose", lambda: slots)


def take_back(ask: Ask) -> None:
    """What was approved is no longer what there is. Raises UserError once the issue is on its way."""
    with ask.store.reading() as tx:
        approved = issues.approval(tx, number(ask)) is not None
    if approved:
        review.withdraw(number(ask), ask.store, by=ask.desk.person, now=ask.now)
        ask.say(VOID, "attention")


def subject(ask: Ask) -> Change:
    """Another subject."""
    return edit.Subject(words=ask.word("words"))


def preheader(ask: Ask) -> Change:
    """Another preheader."""
    return edit.Preheader(words=ask.word("words"))


def intro(ask: Ask) -> Change:
    """The author's own beginning."""
    return edit.Intro(words=ask.word("words"))


def order(ask: Ask) -> Change:
    """The whole order, or one post a place up or down ("12:up")."""
    there = [int(one) for one in ask.word("order").split(",") if _NUMBER.fullmatch(one)]
    moved, _, way = ask.word("move").partition(":")
    if _NUMBER.fullmatch(moved) and int(moved) in there:
        at = there.index(int(moved))
        to = min(max(at + (1 if way == "down" else -1), 0), len(there) - 1)
        there.insert(to, there.pop(at))
    return edit.Order(posts=tuple(PostId(one) for one in there))


def shape(ask: Ask) -> Change:
    """A post whole or as an excerpt."""
    return edit.Shape(post=post(ask), form="full" if ask.word("shown") == "full" else "excerpt")


def later(ask: Ask) -> Change:
    """A post for the next issue."""
    return edit.Later(post=post(ask))


def pin(ask: Ask) -> Change:
    """A post in this issue."""
    return edit.Pin(post=post(ask))


def skip(ask: Ask) -> Change:
    """A post never."""
    return edit.Choose(post=post(ask), choice="skip")


def keep_post(ask: Ask) -> Change:
    """A post after all."""
    return edit.Choose(post=post(ask), choice="keep")


def remove_book(ask: Ask) -> Change:
    """A book not with this post."""
    return edit.RemoveBook(post=post(ask), book=ask.word("book"))


def add_book(ask: Ask) -> Change:
    """A book with this post, as the page offered it. Raises UserError when the shelf has it no more."""
    named = ask.word("book")
    with ask.store.reading() as tx:
        about = posts.get(tx, post(ask))
    if about is None:
        raise UserError("There is no such post.")
    offered: tuple[Pick, ...] = books.candidates(about, ask.settings.books)
    offered += books.found(ask.word("title"), ask.settings.books, 500)
    pick = next((one for one in offered if one.book.key == named), None)
    if pick is None:
        raise UserError("This book is not on your shelf any more.", next_step="Choose another one.")
    return edit.AddBook(post=post(ask), pick=pick, instead=ask.word("instead") or None)


def note(ask: Ask) -> Change:
    """A few words for this issue only."""
    return edit.AddNote(note=_note(ask))


def remove_note(ask: Ask) -> Change:
    """Those words not in this issue."""
    return edit.RemoveNote(note=_note(ask))


def _note(ask: Ask) -> Note:
    words = ask.word("words")
    if not words:
        raise UserError("A note needs words.")
    return Note(words=words, title=" ".join(ask.word("title").split()) or None)


def event(ask: Ask) -> Change:
    """Something she invites to, in this issue only. Raises UserError for what is missing."""
    title, url, starts = " ".join(ask.word("title").split()), ask.word("url"), _starts(ask)
    if not title:
        raise UserError("An event needs a title.")
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise UserError('The address of an event begins with "https://".')
    return edit.AddEvent(
        event=Event(
            title=title,
            starts=starts.replace(tzinfo=ask.settings.newsletter.timezone),
            place=" ".join(ask.word("place").split()) or None,
            url=url or None,
            note=" ".join(ask.word("note").split()) or None,
        )
    )


def remove_event(ask: Ask) -> Change:
    """An event not in this issue."""
    return edit.RemoveEvent(title=ask.word("title"), starts=_starts(ask))


def _starts(ask: Ask) -> datetime:
    try:
        starts = datetime.fromisoformat(ask.word("starts"))
    except ValueError:
        raise UserError("An event needs a day and a time.") from None
    if starts.year not in YEARS:
        raise UserError(f"An event in the year {starts.year:04} can't be meant.")
    return starts


FORMS: Mapping[str, Callable[[Ask], Change]] = {
    "subject": subject,
    "preheader": preheader,
    "intro": intro,
    "order": order,
    "shape": shape,
    "later": later,
    "pin": pin,
    "skip": skip,
    "keep": keep_post,
    "remove-book": remove_book,
    "add-book": add_book,
    "note": note,
    "remove-note": remove_note,
    "event": event,
    "remove-event": remove_event,
}


def undo(ask: Ask) -> None:
    """Take the newest change back, if it is the one that the form is about."""
    if _still_meant(ask, to_undo):
        take_back(ask)
        compose.undo(ask.store, ask.settings.compose, number(ask), now=ask.now)


def redo(ask: Ask) -> None:
    """Make the change again that was taken back last, if it is the one that the form is about."""
    if _still_meant(ask, to_redo):
        take_back(ask)
        compose.redo(ask.store, ask.settings.compose, number(ask), now=ask.now)


def _still_meant(ask: Ask, turn: Callable[[Sequence[Edit]], Edit | None]) -> bool:
    there = turn(compose.history(ask.store, number(ask)))
    if "edit" not in ask.form or (there is not None and ask.word("edit") == str(there.id)):
        return True
    ask.say(
        "Something was changed or undone in another window meanwhile, so this undid nothing. Look again.", "attention"
    )
    return False


def said(change: Change) -> str:
    """A change in the author's words."""
    return _SAID[type(change)](change)


_SAID: Mapping[type, Callable[[Any], str]] = {
    edit.Subject: lambda one: f"Subject: {one.words}" if one.words else "The proposed subject again",
    edit.Preheader: lambda one: f"Preheader: {one.words}" if one.words else "The proposed preheader again",
    edit.Intro: lambda one: "Your own words at the beginning" if one.words else "No words at the beginning",
    edit.Order: lambda _: "Another order",
    edit.Choose: lambda one: "A post never to be sent" if one.choice == "skip" else "A post taken after all",
    edit.Pin: lambda _: "A post put into this issue",
    edit.Later: lambda _: "A post left for later",
    edit.Shape: lambda one: "A post as a whole" if one.form == "full" else "A post as an excerpt",
    edit.AddBook: lambda one: f"“{one.pick.book.title}” {'in place of another' if one.instead else 'added'}",
    edit.RemoveBook: lambda _: "A book taken out",
    edit.AddNote: lambda _: "A note",
    edit.RemoveNote: lambda _: "A note taken out",
    edit.AddEvent: lambda one: f"The event “{one.event.title}”",
    edit.RemoveEvent: lambda one: f"The event “{one.title}” taken out",
    edit.Hold: lambda _: "Held: only you may approve it",
}
