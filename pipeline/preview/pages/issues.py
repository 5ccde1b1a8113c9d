"""The archive: every issue, what became of it, and its numbers."""

from __future__ import annotations

from starlette.responses import Response

from pipeline import deliver, review
from pipeline.preview.ask import Ask
from pipeline.preview.pages import Page
from pipeline.preview.slices import slice_of
from pipeline.store import signals

STATES = {
    "draft": ("draft", "warn"),
    "approved": ("approved", "good"),
    "sending": ("on its way", "accent"),
    "held": ("waits for you", "bad"),
    "sent": ("sent", "good"),
    "expired": ("too old", "warn"),
}


def _show(ask: Ask) -> Response:
    every = review.overview(ask.store, ask.settings.review)
    words = ask.asked("words").strip()
    found = [line for line in every if _matches(line, words)]
    part = slice_of(ask, len(found), 25)
    with ask.store.reading() as tx:
        reported = signals.counts(tx)
    public = ask.settings.newsletter.public_url
    return ask.page(
        "issues.html",
        title="Issues",
        known=len(every),
        shown=found[part.start : part.end],
        part=part,
        words=words,
        states=STATES,
        written_only=deliver.written_only(ask.store),
        reported=reported,
        corrected={line.issue.corrects: line.issue.number for line in every if line.issue.corrects},
        public=public.rstrip("/") if public else None,
        folder=lambda line: f"{line.issue.number}-{line.issue.slug}",
    )


def _matches(line: review.Line, words: str) -> bool:
    text = f"{line.issue.number} {line.issue.title} {line.issue.subject}".casefold()
    return all(word in text for word in words.casefold().split())


PAGE = Page(title="Issues", address="/issues", show=_show, place=20)
