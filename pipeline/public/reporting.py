"""Webhooks: what providers report about copies."""

from __future__ import annotations

from pipeline.errors import FetchFault, Forged, Outdated, PaperroundError, Unverifiable
from pipeline.feedback import hooks, reports
from pipeline.public import pages
from pipeline.public.asked import Answered, Asked, Desk

AT_MOST = 4 << 20
"""Bytes of a call; the largest batches of events have a few hundred kilobytes."""

_PLAIN = "text/plain; charset=utf-8"
_LATER = "The call can't be verified just now; try again.\n"


def webhook(asked: Asked, desk: Desk) -> Answered:
    """A call from a provider: the secret of its address first, then its signature; then each event once.

    What is verified and not understood is answered with 200, or the provider would repeat it for days.
    """
    with desk.store.reading() as tx:
        salt = desk.store.secret(tx)
    if not hooks.genuine(salt, asked.provider, asked.token) or not hooks.reports(asked.provider):
        return pages.lost(desk)
    if asked.method != "POST":
        return Answered(body="This address is for reports.\n", kind=_PLAIN)
    try:
        told = hooks.verified(
            asked.provider, asked.headers, asked.body, desk.settings.feedback, desk.fetch, desk.clock()
        )
    except (Unverifiable, FetchFault) as fault:
        # A call refused with a 4xx may never be made again; this one is wanted later.
        return _refused(asked, desk, fault, Answered(body=_LATER, status=503, kind=_PLAIN))
    except Outdated as fault:
        # For a 403 Mailgun would call for hours; a 406 ends it, and for the others any 4xx says the same.
        return _refused(asked, desk, fault, Answered(body=f"{fault.what}\n", status=406, kind=_PLAIN))
    except Forged as fault:
        return _refused(asked, desk, fault, Answered(body=f"{fault.what}\n", status=403, kind=_PLAIN))
    reports.take(asked.provider, told, desk.store, desk.clock())
    return Answered(body="Thank you.\n", kind=_PLAIN)


def _refused(asked: Asked, desk: Desk, fault: PaperroundError, answer: Answered) -> Answered:
    """Who calls knows the secret of the address, so a wrong setting is likelier than a stranger; she can mend it."""
    desk.say(f"{asked.provider} called, and its report was not believed. {fault}")
    return answer
