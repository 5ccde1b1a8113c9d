"""Asking the provider what it has learnt about copies: for authors whom no webhook reaches, and for lost calls.

What was asked for before is asked for again by a day, since reports come late; each event counts once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline import providers
from pipeline.config import FeedbackSettings
from pipeline.errors import PaperroundError
from pipeline.feedback import reports
from pipeline.model import Answer, NoAnswer, Outside, Reply, Report
from pipeline.plural import many
from pipeline.store import Store, Tx, signals

EVERY = timedelta(hours=1)
AGAIN = timedelta(days=1)
FIRST = timedelta(days=7)
STEPS_AT_MOST = 30


def due(tx: Tx, settings: FeedbackSettings, now: datetime) -> str | None:
    """The provider to be asked now, None when it was asked just now or can't be."""
    asked = signals.cursor(tx, f"poll/{settings.provider}") if settings.feedback.poll else None
    if not settings.feedback.poll or (asked and asked[1] > now - EVERY):
        return None
    try:
        return settings.provider if isinstance(_open(settings), providers.Pollable) else None
    except PaperroundError:
        return None  # Sending says what is wrong with the settings.


def _open(settings: FeedbackSettings) -> providers.Provider:
    table = settings.tables.get(settings.provider, {})
    return providers.open_provider(settings.provider, table, settings.secrets, settings.text)


def ask(name: str, store: Store, settings: FeedbackSettings, out: Outside) -> Report:
    """Ask, and act on what is new."""
    by, now, cursor = _open(settings), out.clock(), f"poll/{name}"
    if not isinstance(by, providers.Pollable):
        return Report(unchanged=1)
    with store.reading() as tx:
        before = signals.cursor(tx, cursor)
    known = datetime.fromisoformat(before[0]) if before and before[0] else now - FIRST
    if known > now:  # as a clock that ran ahead has it
        known = now - FIRST
    replies: list[Reply] = []
    while (requests := by.poll(known - AGAIN, tuple(replies))) and len(replies) < STEPS_AT_MOST:
        got = list(out.line(requests))
        replies += got
        if len(got) < len(requests):
            break
    gone = reports.take(name, by.polled(tuple(replies), now), store, now)
    wrong = next((reply for reply in replies if not (isinstance(reply, Answer) and reply.status == 200)), None)
    with store.writing() as tx:
        signals.advance(tx, cursor, known.isoformat() if wrong else now.isoformat(), now)
    told = (f"{name} reports that {many(gone, 'reader')} must not be mailed any more.",) if gone else ()
    return Report(done=told, waiting=(_words(name, wrong),) if wrong else ())


def _words(name: str, wrong: Reply) -> str:
    why = wrong.words if isinstance(wrong, NoAnswer) else f"it answers {wrong.status}"
    return f"{name} could not be asked about bounces ({why.rstrip('.')}); it is asked again in an hour."
