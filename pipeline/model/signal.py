"""What a provider reports later about a copy, by webhook or when it is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from pipeline.model.issue import IssueNumber
from pipeline.model.people import SubscriberId

SignalKind = Literal["delivered", "deferred", "bounced", "complained", "unsubscribed"]


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One event about one copy.

    `permanent`: no later copy will arrive either (a hard bounce). `id` is the provider's for this event, the same
    however often it is reported. `provider_id` is the provider's for the message; `issue` and `subscriber` come back
    from what was sent along with it. `at` is aware UTC; `words` are the provider's own.
    """

    kind: SignalKind
    permanent: bool
    id: str
    address: str | None
    provider_id: str | None
    issue: IssueNumber | None
    subscriber: SubscriberId | None
    at: datetime
    words: str
