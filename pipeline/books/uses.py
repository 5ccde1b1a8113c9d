"""Where a book is in use: what its author wants to know when she takes it off the shelf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.books.exchange import is_same
from pipeline.model import Book, Edit, Issue, Pick
from pipeline.model.edit import AddBook
from pipeline.store import Store, edits, issues, picks, posts

NAMED_AT_MOST = 5
"""So many posts are called by their titles, the newest."""


def of(book: Book, store: Store) -> tuple[str, ...]:
    """Sentences: what the book is pinned for, which drafts have it, which posts that may still be mailed name it."""
    with store.reading() as tx:
        drafts = [(issue, edits.of(tx, issue.number)) for issue in issues.unsettled(tx)]
        suggested = picks.some(tx, posts.eligible(tx))
        naming = [post for post, found in suggested.items() if any(_names(pick, book) for pick in found)]
        newest = sorted(naming, reverse=True)[:NAMED_AT_MOST]
        titles = [f"“{post.article.title}” (post {post.id})" for post in posts.outlines(tx, newest)]
    more = f" and {len(naming) - len(titles)} more" if len(naming) > len(titles) else ""
    return (
        *([f"It is pinned for posts about {', '.join(book.pinned_for)}."] if book.pinned_for else ()),
        *(words for issue, changes in drafts for words in _in_draft(issue, changes, book)),
        *([f"It is named in {', '.join(titles)}{more}."] if titles else ()),
    )


def left(book: Book, on_shelf: Iterable[Book]) -> tuple[str, ...]:
    """What is said of a book that was taken off and stands on the shelf all the same."""
    still = next((one for one in on_shelf if is_same(one, book)), None)
    if still is None:
        return ()
    if still.starter:
        return ("It is on the starter shelf too, and may come from there; added anew with never = true it would not.",)
    return ("It stood there twice; the other one is still there.",)


def _in_draft(issue: Issue, changes: Iterable[Edit], book: Book) -> Iterator[str]:
    by_hand = any(
        isinstance(one.change, AddBook) and not one.undone and is_same(one.change.pick.book, book) for one in changes
    )
    for item in issue.items:
        for pick in item.picks:
            if is_same(pick.book, book):
                where = f"Issue {issue.number}, a draft, has it with “{item.post.article.title}”"
                why = ", by your own hand, and keeps it until you take it out there" if by_hand else ""
                yield f"{where}{why or (', which names it' if _names(pick, book) else '')}."


def _names(pick: Pick, book: Book) -> bool:
    return pick.origin == "mentioned" and is_same(pick.book, book)
