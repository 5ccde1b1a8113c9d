"""A clock that ran ahead and goes well again: nothing waits any longer for the days that it named."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from pipeline.config import PullSettings
from pipeline.dates import said
from pipeline.errors import FetchFault
from pipeline.model import Fetch, Outside, Report
from pipeline.store import Store, timekeeping

KEY = "clock"
_NEAR = timedelta(days=1)
_ASKED_AT_MOST = 3


def set_right(store: Store, settings: PullSettings, out: Outside) -> Report:
    """Believe the clock as it goes now where no source's server has a later day; else say that it may be behind.

    An earlier day may be that of a copy in a cache. Who alone has files for sources has nobody to ask, and is believed.
    """
    now = out.clock()
    with store.reading() as tx:
        there = timekeeping.ahead(tx, now)
    if there is None:
        return Report(unchanged=1)
    asked = [source.url for source in settings.sources if source.url.startswith(("http://", "https://"))]
    told = next((moment for url in asked[:_ASKED_AT_MOST] if (moment := _time_at(url, out.fetch))), None)
    today, then = said(now, "%d %B %Y"), said(there, "%d %B %Y")
    if asked and (told is None or told - now > _NEAR):
        other = (
            f"by your blog's server it is {said(told, '%d %B %Y')}" if told else "nobody could be asked for the date"
        )
        words = f"By this machine's clock it is {today}, and sources were to be visited again on {then}; {other}"
        return Report(attention=(f"{words}. Set the clock; until it is right, new posts may wait.",))
    with store.writing() as tx:
        timekeeping.set_right(tx, now)
    words = f"This machine's clock ran ahead: sources were to be visited again on {then}, and today is {today}"
    return Report(attention=(f"{words}. Nothing waits for that day any more.",))


def _time_at(url: str, fetch: Fetch) -> datetime | None:
    """What a server says the time is (RFC 9110 section 6.6.1), None when it says nothing."""
    try:
        return parsedate_to_datetime(fetch(url).headers.get("date", ""))
    except (FetchFault, ValueError):
        return None
