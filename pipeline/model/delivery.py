"""The ledger's nouns: who gets an issue, in which batch, and with what fate."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, NewType

import msgspec

if TYPE_CHECKING:
    from pipeline.model.issue import IssueNumber, Message
    from pipeline.model.people import SubscriberId

BatchId = NewType("BatchId", int)

Welcome = tuple[Literal["ok", "mend", "unknown"], str]
"""Whether a provider takes our key, and why not, or why nobody can say."""

Fate = Literal["pending", "accepted", "rejected", "suppressed", "not-sent", "unknown"]
FATES: dict[Fate, str] = {
    "pending": "not handed over yet",
    "accepted": "the provider took it",
    "rejected": "the provider refused this address for good",
    "suppressed": "must not be mailed; left out when the batch was claimed",
    "not-sent": "certainly not handed over; will be tried again",
    "unknown": "handed over, and nobody here can tell whether it was taken",
}
BatchState = Literal["pending", "held", "claimed", "unknown", "done"]


# Recipient and Outcome are made for every copy of every issue, and hold nothing that could refer to them (gc=False).
class Recipient(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reader of a batch, with what differs for her: her link, and the ids that make her copy reproducible.

    `message_id` is "" where the provider makes the copies out of one message (`merge`): it names them itself.
    """

    subscriber: SubscriberId
    address: str
    name: str | None
    unsubscribe: str
    message_id: str


class Batch(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One hand-over to a provider, frozen: the same batch always makes the same bytes. Each is one of a kind.

    `key` is the idempotency key and never changes; `sender` and `reply_to` are header values (RFC 5322 mailboxes);
    `date` is the Date header of every copy, aware UTC.
    """

    id: BatchId
    issue: IssueNumber
    key: str
    message: Message
    sender: str
    reply_to: str | None
    date: datetime
    recipients: tuple[Recipient, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One reader's fate in one batch, with the provider's id and its words."""

    subscriber: SubscriberId
    fate: Fate
    provider_id: str | None = None
    words: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An issue's ledger, added up: `audience` is always the sum of the rest."""

    issue: IssueNumber
    audience: int
    accepted: int
    rejected: int
    suppressed: int
    unknown: int
    pending: int

    @property
    def balanced(self) -> bool:
        """Whether everybody is accounted for."""
        return self.audience == self.accepted + self.rejected + self.suppressed + self.unknown + self.pending


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """How far an issue is: `account` is None before it was frozen, `approved` the hash of the last yes to it.

    `expired` says that it is too old to go out by itself, `held` counts readers who wait for a word, `again` those of
    unknown fate whose copies go once more by themselves, `provider` is who carries it, None before it was frozen.
    """

    number: IssueNumber
    account: Account | None
    provider: str | None
    approved: str | None
    expired: bool
    held: int
    again: int

    @property
    def doubtful(self) -> int:
        """Readers whose copies wait for a person, as nobody can say what became of them."""
        return self.account.unknown - self.again if self.account else 0
