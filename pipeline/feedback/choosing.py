"""What a reader chooses: how often, and what about."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from pipeline.model import Consent, Every
from pipeline.store import Store, people

RHYTHMS: tuple[Every, ...] = get_args(Every)
PAUSE = "none"


def topics(token: str, store: Store) -> tuple[str, ...]:
    """The topics that the reader of this link has chosen."""
    with store.reading() as tx:
        reader = people.by_token(tx, token)
        return people.topics(tx, reader.id) if reader else ()


def choose(token: str, store: Store, *, every: str, topics: tuple[str, ...], now: datetime) -> bool:
    """Keep what she chose; `every` is one of RHYTHMS, or "none" for a pause. False when there is nothing to choose.

    Choosing brings nobody back who left: that takes the form, and her yes.
    """
    with store.writing() as tx:
        reader = people.by_token(tx, token)
        if reader is None or reader.state not in ("active", "paused") or every not in (*RHYTHMS, PAUSE):
            return False
        state = "paused" if every == PAUSE else "active"
        rhythm = reader.every if every == PAUSE else every
        before = (reader.state, reader.every, people.topics(tx, reader.id))
        people.put(tx, reader.id, state=state, every=rhythm)
        people.choose(tx, reader.id, topics)
        if before != (state, rhythm, tuple(sorted(topics))):
            words = f"how often: {every}; topics: {', '.join(topics) or 'all'}"
            people.consented(tx, reader.id, Consent(act="changed", words=words, source="her own link", at=now))
    return True
