"""Readers, their consent, and addresses that must not be mailed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NewType

import msgspec

SubscriberId = NewType("SubscriberId", int)
SignupId = NewType("SignupId", int)

ReaderState = Literal["active", "paused", "unsubscribed", "bounced", "complained"]
Every = Literal["issue", "day", "week", "month"]
"""How often a reader wants mail: each issue, or at most one a day, a week, a month."""

Reason = Literal["unsubscribed", "bounced", "complained", "forgotten"]
REASONS: tuple[Reason, ...] = ("bounced", "unsubscribed", "forgotten", "complained")
"""Why an address must not be mailed, the gravest last. The author may take back a bounce, its reader a goodbye, and
nobody a complaint."""


def graver(reason: Reason, than: str | None) -> bool:
    """Whether a reason outweighs another one, or the state of a reader: those who want mail weigh nothing."""
    return than not in REASONS or REASONS.index(reason) > REASONS.index(than)


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """A reader: the address as given, how consent was had (in words), and the opaque token of her links.

    Only an `active` reader is mailed; a `paused` one wants none for now. `attributes` are the other columns of the
    file she was imported from.
    """

    id: SubscriberId
    address: str
    name: str | None
    state: ReaderState
    consent: str
    since: datetime
    token: str
    every: Every = "issue"
    attributes: Mapping[str, str] | None = None


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """An address that must not be mailed, by its salted hash, with the evidence."""

    address_hash: str
    reason: Reason
    evidence: str
    at: datetime


class Signup(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody filled in the form: what she was told (`words`), on which page, and the token of her confirmation.

    `mail` is what waits to be sent to her: "confirm" asks whether it was she, "known" tells a reader that she is one
    already, None is nothing. `mails` were sent so far, the last at `mailed`. `done` is when she confirmed.
    """

    id: SignupId
    address: str
    name: str | None
    topics: tuple[str, ...]
    words: str
    source: str
    asked: datetime
    token: str
    mail: Literal["confirm", "known"] | None
    mailed: datetime | None
    mails: int
    done: datetime | None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """One act of a reader, kept as evidence: the words she agreed to (or what she did), where, and when.

    `act` is "subscribed", "imported", "added", "changed" or "left". No address of a machine is kept.
    """

    act: Literal["subscribed", "imported", "added", "changed", "left"]
    words: str
    source: str
    at: datetime
