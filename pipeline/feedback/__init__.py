"""Feedback: what readers and their mail hosts say.

does     keeps who wants mail and how they said so; asks who filled in the form; believes bounces and complaints
reads    the ledger's rejections, what providers report
writes   subscribers, consents, sign-ups, signals, suppressions
never    brings back an address that has left, unless its owner says so herself
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from pipeline.config import FeedbackSettings
from pipeline.feedback import asking, codes, polling, post, readers, signup
from pipeline.model import Outside, Report, SignupId, SubscriberId
from pipeline.plural import many
from pipeline.store import Store, people, signals, signups

__all__ = ["consequence", "due", "work"]

LATELY = timedelta(days=30)
"""Refusals of older issues were acted on long ago."""


def due(store: Store, settings: FeedbackSettings, now: datetime) -> Iterable[str]:
    """Addresses refused for good and not suppressed yet; people to be asked; sign-ups that nobody confirmed."""
    with store.reading() as tx:
        for number, subscriber, _, words in signals.refusals(tx, now - LATELY):
            if consequence(words):
                yield f"{number}/{subscriber}"
        old = signups.old(tx, now - signup.VALID)
        visit, provider = post.due(tx, settings, now), polling.due(tx, settings, now)
        unmatched = people.any_unmatched(tx)
    yield from (f"signup/{one}" for one in asking.due(store, settings, now))
    yield from (
        key
        for key, wanted in (
            ("old-signups", old),
            ("mailbox", visit),
            (f"poll/{provider}", provider),
            ("unmatched", unmatched),
        )
        if wanted
    )


def work(key: str, store: Store, settings: FeedbackSettings, out: Outside) -> Report:
    """One mail of the form, a visit to the mailbox, or one address suppressed with the provider's words as evidence."""
    what, _, name = key.partition("/")
    if what == "signup":
        return asking.send(SignupId(int(name)), store, settings, out)
    if what == "poll":
        return polling.ask(name, store, settings, out)
    if what == "mailbox":
        return post.visit(store, settings, out)
    if what == "old-signups":
        with store.writing() as tx:
            signups.clear(tx, out.clock() - signup.VALID)
        return Report()
    if what == "unmatched":
        return _matched(store)
    return _dead_mailbox(key, store, out)


def _matched(store: Store) -> Report:
    """Readers whose address was suppressed by its hash alone, as a backup brings them back, count as gone again."""
    with store.writing() as tx:
        count = people.match(tx, store.secret(tx))
    gone = many(count, "reader is", "readers are")
    return Report(done=(f"{gone} off the list again, whose addresses had been kept out before.",) if count else ())


def _dead_mailbox(key: str, store: Store, out: Outside) -> Report:
    number, _, subscriber = key.partition("/")
    with store.writing() as tx:
        refused = {(row[0], row[1]): row for row in signals.refusals(tx, out.clock() - LATELY)}.get(
            (int(number), int(subscriber))
        )
        reason = consequence(refused[3]) if refused else None
        reader = people.by_id(tx, SubscriberId(int(subscriber)))
        if refused is None or reason is None or reader is None:
            return Report(unchanged=1)
        words = people.unnamed(refused[3], refused[2], reader.address)
        readers.bar(tx, store.secret(tx), reader, reason, f"issue {number}: {words}", out.clock())
    return Report(done=("One address does not exist any more and will not be mailed again.",))


def consequence(words: str) -> Literal["bounced"] | None:
    """What a provider's refusal means for the address: "bounced" when the mailbox is gone, None when it says nothing.

    A refusal for the content or the sender says nothing about the reader.
    """
    return "bounced" if codes.NO_SUCH_MAILBOX.search(words) else None
