"""Notices: a word to the author when something waits for her, by mail, webhook or ntfy.

does     says each thing once, and again after some days; what could not be said is tried again, ever more slowly
reads    what the rooms tell of issues, sources and carriers
writes   notices
never    fails a run, changes an issue, or says an address or a secret
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pipeline import providers
from pipeline.config import Settings
from pipeline.errors import PaperroundError
from pipeline.model import Outside, Report
from pipeline.notices.channels import CHANNELS, check, said
from pipeline.notices.matters import Matter, matters
from pipeline.plural import many
from pipeline.store import Store, notices

__all__ = ["Matter", "check", "matters", "tell", "ways"]

AT_ONCE = 20
"""Things in one notice; the others are in the next."""
FIRST_PAUSE = timedelta(hours=1)
LONGEST_PAUSE = timedelta(days=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def ways(settings: Settings) -> list[str]:
    """The ways by which the author wants to be told."""
    return [channel.name for channel in CHANNELS if channel.wanted(settings)]


def tell(store: Store, settings: Settings, out: Outside) -> Report:
    """Say what is to be said. It comes back as waiting sentences at worst, never as a fault."""
    if not ways(settings):
        return Report()
    try:
        fresh = _taken(matters(store, settings, out.clock()), store, out.clock())
        return _said(fresh, store, settings, out) if fresh else Report()
    except PaperroundError as fault:
        return Report(waiting=(f"No notice could be sent: {fault}",))


def _taken(found: Sequence[Matter], store: Store, now: datetime) -> list[Matter]:
    """Those whose time has come, written down as tried before they are: a killed run does not say them each time."""
    with store.reading() as tx:
        known = notices.every(tx)
    fresh = [one for one in found if one.key not in known or known[one.key].next_at <= now][:AT_ONCE]
    # What is over is new when it comes again.
    over = known.keys() - {one.key for one in found}
    if fresh or over:
        with store.writing() as tx:
            notices.forget(tx, over)
            for one in fresh:
                tries = known[one.key].tries if one.key in known else 0
                pause = min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE)
                notices.tried(tx, one.key, one.words, now + pause, tries + 1)
    return fresh


def _said(fresh: Sequence[Matter], store: Store, settings: Settings, out: Outside) -> Report:
    """One notice with all of it; one way by which it arrived is enough."""
    arrived, faults = said(fresh, settings, out)
    if arrived:
        now = out.clock()
        with store.writing() as tx:
            notices.said(tx, [one.key for one in fresh if not one.once], now, now + settings.notices.again)
            notices.said(tx, [one.key for one in fresh if one.once], now, NEVER)
    done = (f"A notice of {many(len(fresh), 'thing')}{_ways_gone(arrived, settings)}.",)
    return Report(done=done if arrived else (), waiting=tuple(faults))


def _ways_gone(arrived: Sequence[str], settings: Settings) -> str:
    """As in " by mail and ntfy"; what was only written into a file went to nobody."""
    file = "mail" in arrived and not providers.leaves(settings.delivery.provider)
    by = " and ".join(name for name in arrived if not (file and name == "mail"))
    written = ", written into outbox/mail/0/test/, sent to nobody" if file else ""
    return f" by {by}{written}" if by else written
