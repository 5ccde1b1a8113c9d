"""What a reader gets: how often, and what about."""

from __future__ import annotations

from pipeline.feedback import choosing, leave
from pipeline.public import pages
from pipeline.public.asked import Answered, Asked, Desk

# Rhythms that make sense beside the newsletter's own: a weekly one can't come daily.
_OFFERED = {
    "each": ("issue", "day", "week", "month"),
    "daily": ("issue", "week", "month"),
    "weekly": ("issue", "month"),
    "monthly": ("issue",),
}


def preferences(asked: Asked, desk: Desk) -> Answered:
    """The page of a reader's own link; who has left is shown the way back instead."""
    reader = leave.whose(asked.token, desk.store)
    if reader is None:
        return pages.lost(desk)
    if reader.state not in ("active", "paused"):
        return pages.message(desk, "reader_left", "reader_left_more", links=[("../subscribe", "reader_again")])
    offered = desk.settings.readers.topics
    wanted = tuple(topic for topic in offered if topic in asked.form.get("topic", ()))
    saved = asked.method == "POST" and choosing.choose(
        asked.token, desk.store, every=asked.one("every"), topics=wanted, now=desk.clock()
    )
    now = leave.whose(asked.token, desk.store) or reader
    rhythms = dict.fromkeys((*_OFFERED[desk.settings.schedule.cadence], now.every))
    return pages.page(
        desk,
        "preferences",
        "reader_preferences",
        address=reader.address,
        saved=saved,
        token=asked.token,
        every=choosing.PAUSE if now.state == "paused" else now.every,
        rhythms=[
            *((value, pages.say(desk, f"reader_every_{value}")) for value in rhythms),
            (choosing.PAUSE, pages.say(desk, "reader_pause")),
        ],
        topics=offered,
        chosen=choosing.topics(asked.token, desk.store),
    )
