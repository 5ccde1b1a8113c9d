"""What was found wrong after an issue went out: its archive page says so.

Posts that their author changed are named and lead to what they say now; a correction that she sent stands there too.
Nobody is mailed again for it, and what was sent is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from pipeline import looks
from pipeline.config import SyndicateSettings
from pipeline.model import Issue, Post, PostId


def note(issue: Issue, now: Mapping[PostId, Post], settings: SyndicateSettings) -> str:
    """A paragraph of HTML that names the posts whose words are others now; empty when there are none."""
    changed = [now[item.post.id] for item in issue.items if _differs(item.post, now.get(item.post.id), issue)]
    if not changed:
        return ""
    newsletter, words = settings.newsletter, looks.words(settings.newsletter.language, settings.templates)
    day = looks.day(max(post.settled_from for post in changed).astimezone(newsletter.timezone), words)
    links = ", ".join(
        f'<a href="{escape(post.article.url or newsletter.url)}">{escape(post.article.title)}</a>' for post in changed
    )
    return f'<p class="quiet" role="note">{escape(words["corrected"].format(day=day))} {links}</p>\n'


def said(issue: Issue, settled: Sequence[Issue], settings: SyndicateSettings) -> str:
    """What the author wrote to those who got an issue, the newest first; empty when there is nothing."""
    newsletter, words = settings.newsletter, looks.words(settings.newsletter.language, settings.templates)
    notes = []
    for one in settled:
        if one.corrects and one.corrects.number == issue.number:
            day = looks.day(one.slot.due.astimezone(newsletter.timezone), words)
            head = f'<p class="quiet"><strong>{escape(words["correction"])}</strong> · {escape(day)}</p>'
            notes.append(f'<div class="ask" role="note">{head}\n{one.corrects.html}</div>\n')
    return "".join(notes)


def _differs(sent: Post, now: Post | None, issue: Issue) -> bool:
    """Whether the source changed a post's words; that we clean better today is no correction of hers."""
    if now is None or now.settled_from <= issue.created or now.fault:
        return False
    return (sent.article.title, sent.article.text) != (now.article.title, now.article.text)


def with_note(page: Path, words: str) -> bytes:
    """The page as it was approved, with the note at its beginning."""
    raw = page.read_bytes()
    return raw.replace(b"<main>\n", b"<main>\n" + words.encode(), 1) if words else raw
