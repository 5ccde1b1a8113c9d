"""One batch: claimed and committed before the first byte, its fates written after the last."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.config import DeliverSettings
from pipeline.errors import PaperroundError
from pipeline.model import Batch, BatchId, NoAnswer, Outcome, Outside, Reply, Report, Request
from pipeline.providers import Provider
from pipeline.store import Store, Tx, ledger, people

AGAIN = timedelta(minutes=10)
_LIFETIME_MARGIN = timedelta(minutes=5)

Ask = Callable[[Batch, Sequence[Reply]], Sequence[Request]]


def hand_over(batch: BatchId, store: Store, by: Provider, out: Outside) -> Report:
    """Claim a batch, hand it over, and write down what became of each reader."""
    with store.writing() as tx:
        if not ledger.claim(tx, batch, f"process {os.getpid()}", out.clock()):
            return Report(unchanged=1)
        frozen = ledger.batch(tx, batch)
        barred = _barred(tx, frozen, store.secret(tx))
        ledger.record(tx, batch, barred, out.clock())
    left = _without(frozen, barred)
    good, requests, refused = _written(left, by)
    outcomes = _outcomes(good, requests, by, out) if good.recipients else []
    return _write(left, [*refused, *outcomes], store, out.clock())


def _barred(tx: Tx, batch: Batch, secret: bytes) -> list[Outcome]:
    """Readers who said no, or must not be mailed, since the issue was frozen."""
    barred = []
    for recipient in batch.recipients:
        suppression = people.suppressed(tx, people.address_hash(secret, recipient.address))
        reader = people.by_id(tx, recipient.subscriber)
        if suppression or reader is None or reader.state != "active":
            words = suppression.reason if suppression else "unsubscribed"
            barred.append(Outcome(subscriber=recipient.subscriber, fate="suppressed", words=words))
    return barred


def _without(batch: Batch, outcomes: Sequence[Outcome]) -> Batch:
    gone = {outcome.subscriber for outcome in outcomes}
    return replace(batch, recipients=tuple(one for one in batch.recipients if one.subscriber not in gone))


def _written(batch: Batch, by: Provider) -> tuple[Batch, Sequence[Request], list[Outcome]]:
    """The batch's requests, without readers whose copy can't even be written: one bad address stops nobody else."""
    try:
        return batch, by.requests(batch), []
    except PaperroundError:
        refused = [outcome for one in batch.recipients if (outcome := _refusal(batch, one.subscriber, by))]
        good = _without(batch, refused)
        return good, by.requests(good), refused


def _refusal(batch: Batch, subscriber: int, by: Provider) -> Outcome | None:
    alone = replace(batch, recipients=tuple(one for one in batch.recipients if one.subscriber == subscriber))
    try:
        by.requests(alone)
    except PaperroundError as fault:
        return Outcome(subscriber=alone.recipients[0].subscriber, fate="rejected", words=str(fault))
    return None


def _outcomes(batch: Batch, requests: Sequence[Request], by: Provider, out: Outside) -> list[Outcome]:
    """One fate for each reader: what the provider's answer does not mention is unknown."""
    replies = _talk(batch, requests, by.requests, out)
    told = {outcome.subscriber: outcome for outcome in by.read(batch, replies)}
    return [
        told.get(one.subscriber)
        or Outcome(subscriber=one.subscriber, fate="unknown", words="the answer does not mention this reader")
        for one in batch.recipients
    ]


def _talk(batch: Batch, first: Sequence[Request], ask: Ask, out: Outside) -> list[Reply]:
    """All replies: what is asked next may depend on them, and nothing is asked once the line is lost."""
    replies, requests = list[Reply](), first
    while requests:
        got = list(out.line(requests))
        replies += got
        if len(got) < len(requests) or (isinstance(got[-1], NoAnswer) and got[-1].sent == "after"):
            break
        requests = ask(batch, replies)
    return replies


def _write(batch: Batch, outcomes: Sequence[Outcome], store: Store, now: datetime) -> Report:
    not_sent = [outcome for outcome in outcomes if outcome.fate == "not-sent"]
    words = not_sent[0].words if not_sent else ""
    with store.writing() as tx:
        ledger.record(tx, batch.id, outcomes, now)
        ledger.close(tx, batch.id, words=words, again=(_next_key(batch), now + AGAIN))
        if any(_concerns_all(outcome) for outcome in not_sent):
            ledger.postpone(tx, batch.issue, now + AGAIN)
    return _said(batch, outcomes, words)


def _concerns_all(outcome: Outcome) -> bool:
    """A host's "not now" (4xx) is about one reader; no line, a closing host (421) or no right to send is about all."""
    return not re.match(r"4(?!21)\d\d\b", outcome.words)


def _said(batch: Batch, outcomes: Sequence[Outcome], words: str) -> Report:
    counts = {fate: sum(outcome.fate == fate for outcome in outcomes) for fate in ("accepted", "not-sent", "unknown")}
    done, errors, attention = [], [], []
    if counts["accepted"]:
        done.append(f"Issue {batch.issue}: {counts['accepted']} handed over.")
    if counts["not-sent"]:
        errors.append(
            f"Issue {batch.issue}: {counts['not-sent']} not handed over ({words}); tried again in 10 minutes."
        )
    if counts["unknown"]:
        attention.append(
            f"Issue {batch.issue}: the fate of {counts['unknown']} copies is unknown; `reconcile {batch.issue}`."
        )
    return Report(done=tuple(done), errors=tuple(errors), attention=tuple(attention))


def recover(batch: BatchId, store: Store, settings: DeliverSettings, by: Provider, out: Outside) -> Report:
    """A batch that a killed run had claimed: sent again only where that can't reach anybody twice, else parked."""
    now = out.clock()
    words = "the program was stopped while this batch was being handed over"
    with store.writing() as tx:
        if batch not in ledger.in_state(tx, "claimed"):
            return Report(unchanged=1)
        if _safe_again(by, ledger.claimed_at(tx, batch), now) or settings.on_unknown == "resend":
            ledger.reopen(tx, batch, words)
            return Report()
        ledger.park(tx, batch, words, now)
        number, count = ledger.batch(tx, batch).issue, len(ledger.batch(tx, batch).recipients)
    return Report(attention=(f"Issue {number}: {words}; the fate of {count} copies is unknown; `reconcile {number}`.",))


def _safe_again(by: Provider, claimed: datetime | None, now: datetime) -> bool:
    """Whether the provider itself makes the same bytes under the same key arrive once."""
    if by.can.idempotency == "recipient":
        return True
    if by.can.idempotency != "key" or by.can.key_lifetime_seconds is None or claimed is None:
        return False
    return now - claimed < timedelta(seconds=by.can.key_lifetime_seconds) - _LIFETIME_MARGIN


def look_up(batch: BatchId, store: Store, by: Provider, out: Outside) -> Report:
    """Ask the provider what became of a batch of unknown fate; absence of evidence changes nothing."""
    with store.reading() as tx:
        frozen = ledger.batch(tx, batch)
    questions = by.look_up(frozen)
    if not questions:
        return Report(unchanged=1)
    replies = _talk(frozen, questions, by.look_up, out)
    told = [outcome for outcome in by.found(frozen, replies) if outcome.fate == "accepted"]
    with store.writing() as tx:
        ledger.record(tx, batch, told, out.clock())
        ledger.close(tx, batch, words="settled by the provider's records", again=None)
    return Report(done=(f"Issue {frozen.issue}: {len(told)} copies found in the provider's records.",))


def resend(batch: BatchId, store: Store, now: datetime) -> Report:
    """A person's order: hand the readers of unknown fate over again, with the same bytes and key."""
    with store.writing() as tx:
        count, number = len(ledger.batch(tx, batch).recipients), ledger.batch(tx, batch).issue
        ledger.reopen(tx, batch, f"sent again by order, {now:%Y-%m-%d %H:%M}")
    return Report(done=(f"Issue {number}: {count} copies of unknown fate will be sent again.",))


def try_out(batch: Batch, by: Provider, out: Outside) -> Report:
    """Hand over a test batch; nothing is written down."""
    outcomes = _outcomes(batch, by.requests(batch), by, out)
    addresses = {one.subscriber: one.address for one in batch.recipients}
    told = [(addresses[outcome.subscriber], outcome) for outcome in outcomes]
    return Report(
        done=tuple(f"Test copy for {address}: accepted." for address, one in told if one.fate == "accepted"),
        errors=tuple(
            f"Test copy for {address}: {one.fate}. {one.words}" for address, one in told if one.fate != "accepted"
        ),
    )


def _next_key(batch: Batch) -> str:
    return hashlib.sha256(f"{batch.key}/again".encode()).hexdigest()[:32]
