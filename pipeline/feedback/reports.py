"""What is reported about a copy, and what it means for the reader.

- a permanent bounce: the address is suppressed
- a bounce that may pass (a full mailbox): suppressed when it is the fifth in a row, each on another day, over a week
  or more; a delivery in between, or 45 days without one, and the row begins anew
- a refusal of the mail or its sender (a blocklist, a filter, its size): says nothing of the reader
- a complaint ("this is spam"): suppressed
- unsubscribed at the provider: she has left
- delivered: ends a row of bounces; deferred: says nothing, the provider tries again

Only addresses of readers are believed, and only what happened after they came: a report that is late, repeated or out
of order changes nothing that was decided since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from pipeline.feedback import codes, readers
from pipeline.model import Signal, Subscriber
from pipeline.store import Store, Tx, people, signals

IN_A_ROW = 5
OVER = timedelta(days=7)
ENDS_A_ROW = timedelta(days=45)
"""Longer than from one issue to the next where there is one a month."""


def take(provider: str, reported: Iterable[Signal], store: Store, now: datetime) -> int:
    """Write down what is new and act on it, all or nothing; how many readers are not mailed any more because of it."""
    with store.writing() as tx:
        secret = store.secret(tx)
        return sum(_taken(tx, secret, provider, signal, now) for signal in reported)


def _taken(tx: Tx, secret: bytes, provider: str, signal: Signal, now: datetime) -> bool:
    reader = _reader(tx, signal)
    if reader is None or signal.kind == "deferred":
        return False
    words = people.unnamed(signal.words, reader.address, signal.address or "")
    signal = replace(signal, at=min(signal.at, now), words=words)
    hashed = people.address_hash(secret, reader.address)
    # Deliveries are many; only one that may end a row of bounces is worth a line.
    if signal.kind == "delivered" and not signals.of_address(tx, hashed):
        return False
    refused = signal.kind == "bounced" and codes.by_policy(words)
    host = people.address_key(reader.address).rpartition("@")[2] if refused else None
    fresh = signals.keep(tx, provider, signal, hashed, now, host=host)
    return fresh and signal.at >= reader.since and _acted(tx, secret, provider, signal, reader, now)


def _reader(tx: Tx, signal: Signal) -> Subscriber | None:
    """Whose copy it is: by the address; only where there is none, by what was sent along with it.

    An address that nobody here has is that of somebody forgotten, or of a reader of another newsletter that the same
    provider carries: her number is somebody else's here.
    """
    if signal.address:
        return people.by_address(tx, signal.address)
    return None if signal.subscriber is None else people.by_id(tx, signal.subscriber)


def _acted(tx: Tx, secret: bytes, provider: str, signal: Signal, reader: Subscriber, now: datetime) -> bool:
    issue = f"issue {signal.issue}, " if signal.issue else ""
    evidence = f"{provider}, {issue}{signal.at:%Y-%m-%d %H:%M} UTC: {signal.words[:300]}"
    match signal.kind:
        case "unsubscribed":
            readers.let_go(tx, secret, reader, evidence, now)
            return True
        case "complained":
            readers.bar(tx, secret, reader, "complained", evidence, now)
            return True
        case "bounced" if signal.permanent:
            readers.bar(tx, secret, reader, "bounced", evidence, now)
            return True
        case "bounced" if not codes.about_the_mail(signal.words):
            past = signals.of_address(tx, people.address_hash(secret, reader.address))
            if not out_of_patience([one for one in past if one[2] >= reader.since]):
                return False
            readers.bar(tx, secret, reader, "bounced", f"{IN_A_ROW} times in a row; last {evidence}", now)
            return True
    return False


def out_of_patience(past: Sequence[tuple[str, str, datetime]]) -> bool:
    """Whether passing bounces, (kind, words, when) in the order of time, have come too often in a row."""
    days: list[datetime] = []
    for kind, words, at in past:
        if kind == "delivered" or (days and at - days[-1] > ENDS_A_ROW):
            days = []
        if kind == "bounced" and not codes.about_the_mail(words) and (not days or at.date() != days[-1].date()):
            days.append(at)
    return len(days) >= IN_A_ROW and days[-1] - days[0] >= OVER
