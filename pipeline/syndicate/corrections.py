"""What was found wrong after an issue went out: its archive page says so.

Posts that their author changed are named and lead to what they say now; a correction that she sent stands there too.
Nobody is mailed again for it, and what was sent is not touched.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

import msgspec

from pipeline import looks
from pipeline.config import SyndicateSettings
from pipeline.model import Issue, IssueNumber, Post, PostId


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an issue that something was wrong in: HTML, and when the newest of it was known."""

    html: str
    at: datetime


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """Issues in which something may be wrong; corrections that have a yes, newest first; posts that have changed."""

    issues: Sequence[Issue]
    words: Sequence[Issue]
    posts: Mapping[PostId, Post]


def notes(wrong: Wrong, settings: SyndicateSettings) -> dict[IssueNumber, Note]:
    """For each issue that was corrected: what its author wrote to its readers, then which posts are others now."""
    made, now = {}, wrong.posts
    for issue in wrong.issues:
        words = [one for one in wrong.words if one.corrects and one.corrects.number == issue.number]
        changed = [now[item.post.id] for item in issue.items if _differs(item.post, now.get(item.post.id), issue)]
        if words or changed:
            at = max([one.slot.due for one in words] + [post.settled_from for post in changed])
            made[issue.number] = Note(html=_said(words, settings) + _changed(changed, settings), at=at)
    return made


def of_posts(wrong: Wrong, agreed: Container[IssueNumber], settings: SyndicateSettings) -> dict[PostId, str]:
    """For each post that says something else by now than the mail did: a paragraph of HTML with the day.

    Only what somebody has `agreed` to was mailed.
    """
    words, now = looks.words(settings.newsletter.language, settings.templates), wrong.posts
    return {
        item.post.id: f"<p><em>{escape(words['corrected_post'].format(day=_day(now[item.post.id], settings)))}</em></p>"
        for issue in reversed(wrong.issues)
        if issue.number in agreed
        for item in issue.items
        if _differs(item.post, now.get(item.post.id), issue)
    }


def _said(words: Sequence[Issue], settings: SyndicateSettings) -> str:
    """What the author wrote to those who got an issue, the newest first."""
    furniture = looks.words(settings.newsletter.language, settings.templates)
    made = []
    for one in words:
        day = looks.day(one.slot.due.astimezone(settings.newsletter.timezone), furniture)
        head = f'<p class="quiet"><strong>{escape(furniture["correction"])}</strong> · {escape(day)}</p>'
        made.append(f'<div class="ask" role="note">{head}\n{one.corrects.html if one.corrects else ""}</div>\n')
    return "".join(made)


def _changed(changed: Sequence[Post], settings: SyndicateSettings) -> str:
    """A paragraph that names the posts whose words are others now; empty when there are none."""
    if not changed:
        return ""
    words = looks.words(settings.newsletter.language, settings.templates)
    day = _day(max(changed, key=lambda post: post.settled_from), settings)
    links = ", ".join(
        f'<a href="{escape(post.article.url or settings.newsletter.url)}">{escape(post.article.title)}</a>'
        for post in changed
    )
    return f'<p class="quiet" role="note">{escape(words["corrected"].format(day=day))} {links}</p>\n'


def _day(post: Post, settings: SyndicateSettings) -> str:
    words = looks.words(settings.newsletter.language, settings.templates)
    return looks.day(post.settled_from.astimezone(settings.newsletter.timezone), words)


def _differs(sent: Post, now: Post | None, issue: Issue) -> bool:
    """Whether the source changed a post's words; that we clean better today is no correction of hers."""
    if now is None or now.settled_from <= issue.created or now.fault:
        return False
    return (sent.article.title, sent.article.text) != (now.article.title, now.article.text)


def with_note(page: Path, words: str) -> bytes:
    """The page as it was approved, with the note at its beginning."""
    raw = page.read_bytes()
    return raw.replace(b"<main>\n", b"<main>\n" + words.encode(), 1) if words else raw
