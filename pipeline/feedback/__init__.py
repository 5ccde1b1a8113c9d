"""Feedback: what readers and their mail hosts say.

does     keeps who wants mail and how they said so; a mailbox that does not exist is not tried again
reads    the ledger's rejections
writes   subscribers, suppressions
never    brings back an address that has left
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pipeline.config import FeedbackSettings
from pipeline.model import Outside, Report, Suppression
from pipeline.store import Store, ledger, people

__all__ = ["consequence", "due", "work"]

# RFC 3463: 5.1.1 no such mailbox, 5.1.2 no such domain, 5.1.3 bad syntax, 5.1.6 moved away, 5.1.10 null MX.
_NO_SUCH_MAILBOX = re.compile(r"\b5\.1\.(1|2|3|6|10)\b")


def due(store: Store, settings: FeedbackSettings, now: datetime) -> Iterable[str]:
    """Addresses that a provider refused for good, and that are not suppressed yet."""
    with store.reading() as tx:
        secret = store.secret(tx)
        refused = ledger.refusals(tx)
        for number, subscriber, address, words in refused:
            if consequence(words) and not people.suppressed(tx, people.address_hash(secret, address)):
                yield f"{number}/{subscriber}"


def work(key: str, store: Store, settings: FeedbackSettings, out: Outside) -> Report:
    """Suppress one address, with the provider's words as evidence."""
    number, _, subscriber = key.partition("/")
    with store.writing() as tx:
        refused = {(row[0], row[1]): row for row in ledger.refusals(tx)}.get((int(number), int(subscriber)))
        reason = consequence(refused[3]) if refused else None
        if refused is None or reason is None:
            return Report(unchanged=1)
        hashed = people.address_hash(store.secret(tx), refused[2])
        evidence = f"issue {number}: {refused[3]}"
        people.suppress(tx, Suppression(address_hash=hashed, reason=reason, evidence=evidence, at=out.clock()))
    return Report(done=("One address does not exist any more and will not be mailed again.",))


def consequence(words: str) -> Literal["bounced"] | None:
    """What a provider's refusal means for the address: "bounced" when the mailbox is gone, None when it says nothing.

    A refusal for the content or the sender says nothing about the reader.
    """
    return "bounced" if _NO_SUCH_MAILBOX.search(words) else None
