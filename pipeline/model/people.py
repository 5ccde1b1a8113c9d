"""Readers, their consent, and addresses that must not be mailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NewType

SubscriberId = NewType("SubscriberId", int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A reader: the address as given, how consent was had (in words), and the opaque token of her links."""

    id: SubscriberId
    address: str
    name: str | None
    state: Literal["active", "unsubscribed"]
    consent: str
    since: datetime
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that must not be mailed, by its salted hash, with the evidence."""

    address_hash: str
    reason: Literal["unsubscribed", "bounced", "complained", "forgotten"]
    evidence: str
    at: datetime
