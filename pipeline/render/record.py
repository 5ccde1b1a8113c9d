"""issue.json: the issue as data, with stable keys, for people and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline import folder
from pipeline.model import Event, Finding, Issue, Item, Pick
from pipeline.render.message import Rendered


def record(issue: Issue, made: Rendered, findings: Sequence[Finding]) -> dict[str, Any]:
    """The record of a fresh draft; `hash` is over its own keys but the state ones, and over all files."""
    whole: dict[str, Any] = {
        "number": issue.number,
        "slug": issue.slug,
        "title": issue.title,
        "subject": made.message.subject,
        "preheader": issue.preheader,
        "intro": issue.intro,
        "created": issue.created.isoformat(),
        "due": issue.slot.due.isoformat(),
        "corrects": issue.corrects.number if issue.corrects else None,
        "posts": [_post(item) for item in issue.items],
        "events": [_event(event) for event in issue.events],
        "notes": [{"title": note.title, "words": note.words} for note in issue.notes],
        "related": [{"id": post.id, "url": post.article.url, "title": post.article.title} for post in issue.related],
    }
    state = {
        "state": "draft",
        "hash": folder.digest(whole, made.files),
        "audience": {"total": 0},
    }
    return whole | state | listed(findings)


def listed(findings: Sequence[Finding]) -> dict[str, Any]:
    """The pre-flight list as the record has it."""
    return {"lint": [_finding(finding) for finding in findings]}


def _event(event: Event) -> dict[str, Any]:
    return {
        "title": event.title,
        "starts": event.starts.isoformat(),
        "ends": event.ends.isoformat() if event.ends else None,
        "place": event.place,
        "url": event.url,
        "note": event.note,
    }


def _post(item: Item) -> dict[str, Any]:
    article = item.post.article
    return {
        "id": item.post.id,
        "url": article.url,
        "title": article.title,
        "author": ", ".join(article.authors) or None,
        "published": article.published.isoformat() if article.published else None,
        "excerpt": article.excerpt,
        "html": article.html,
        "image": article.lead_image.url if article.lead_image else None,
        "source": item.post.source,
        "form": item.form,
        "books": [_book(pick) for pick in item.picks],
    }


def _book(pick: Pick) -> dict[str, Any]:
    return {
        "isbn": pick.book.isbn,
        "title": pick.book.title,
        "author": pick.book.author,
        "illustrator": pick.book.illustrator,
        "reason": pick.reason,
        "origin": pick.origin,
        "matched": list(pick.matched),
        "link": pick.links.email,
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {"level": finding.level, "code": finding.code, "message": finding.message, "where": finding.where}
