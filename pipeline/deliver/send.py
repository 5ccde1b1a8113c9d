"""One batch: claimed and committed before the first byte, its fates written after the last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from pipeline.config import DeliverSettings
from pipeline.deliver import mark, settle, talk
from pipeline.deliver.journal import Journal
from pipeline.errors import NeedsPerson, PaperroundError, StoreFault
from pipeline.model import Batch, BatchId, HttpRequest, IssueNumber, NoAnswer, Outcome, Outside, Report, Request
from pipeline.plural import many
from pipeline.providers import Provider
from pipeline.store import Store, Tx, batches, carriers, claims, ledger

_A_FEW = 10

_BEHIND = (
    "More went out from this machine than the state knows of (was a backup put back?), so it sends nothing; "
    "`paperround reconcile ISSUE` for the last issue that was sent."
)

SLEPT = timedelta(seconds=20)
"""After so long a claim may be another's by now: sooner nobody gives up a machine that lives."""


class _Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What is about to be handed over: the readers of `batch` by `requests`; `refused` can't even be written to."""

    batch: Batch
    requests: Sequence[Request]
    refused: Sequence[Outcome]
    journal: Journal | None
    mark: tuple[str, int]


def hand_over(batch: BatchId, store: Store, settings: DeliverSettings, by: Provider, out: Outside) -> Report:
    """Claim a batch, hand it over, and write down what became of each reader.

    Raises NeedsPerson when it was frozen for another provider.
    """
    asked = by.can.lookup == "none" or by.can.idempotency == "campaign"
    report = _try(batch, store, settings, by, out, asked=asked)
    report = report or _known_elsewhere(batch, store, settings, by, out)
    return report or _try(batch, store, settings, by, out, asked=True) or Report(unchanged=1)


def _try(
    batch: BatchId, store: Store, settings: DeliverSettings, by: Provider, out: Outside, *, asked: bool
) -> Report | None:
    """None where the provider has to be asked first whether it knows the batch, and is not `asked` yet."""
    pause = talk.pace(store, settings.provider, by, out)
    pause(1)
    with out.unhurried() as wanted, store.at_work() as me, ExitStack() as until:
        if not wanted():
            return Report(unchanged=1)
        ours = _still_ours(batch, me, store, out)
        intent: _Intent | Report | None = None
        try:
            with store.writing_beside() as tx:
                intent = _claimed(tx, batch, me, store=store, settings=settings, by=by, out=out, asked=asked)
                if isinstance(intent, _Intent) and intent.journal:
                    until.enter_context(intent.journal.begun(intent.batch))
        except StoreFault as fault:
            if isinstance(intent, _Intent):
                _let_go(intent, fault, claim=me, store=store, settings=settings, by=by, out=out)
            raise
        if not isinstance(intent, _Intent):
            return intent
        mark.set_to(settings.outbox, *intent.mark)
        pause(max(len(intent.requests) - 1, 0))
        heard = intent.journal.heard if intent.journal else lambda _: None
        ended = _ended(wanted, ours)
        replies = talk.converse(intent.batch, intent.requests, by.requests, out, pause=pause, heard=heard, ended=ended)
        told = talk.fates(intent.batch, replies, by) if intent.batch.recipients else []
        said, outcomes = talk.verdict(replies, out.clock()), [*intent.refused, *told]
        try:
            report = settle.settle(
                intent.batch, outcomes, said, claim=me, store=store, settings=settings, by=by, out=out
            )
        except StoreFault as fault:
            raise _held(intent, fault) from fault
    if intent.journal:
        intent.journal.forget()
    return report


def _claimed(
    tx: Tx,
    batch: BatchId,
    me: str,
    *,
    store: Store,
    settings: DeliverSettings,
    by: Provider,
    out: Outside,
    asked: bool,
) -> _Intent | Report | None:
    """What is to be handed over, now that it is ours; a report when nothing is, None as `_try` says."""
    secret = store.secret(tx)
    if mark.behind(tx, secret, settings.outbox):
        return Report(attention=(_BEHIND,))
    before = claims.candidate(tx, batch, store.present())
    if before.carrier != settings.provider:
        raise begun_elsewhere(before.number, before.carrier, settings)
    if before.stopped is not None:
        return Report(unchanged=1)
    if not (asked or before.attempts or before.begun):
        return None
    now = out.clock()
    was = ledger.claim(tx, batch, me, now)
    if was is None:
        return Report(unchanged=1)
    return _intend(tx, batch, was, secret=secret, settings=settings, by=by, now=now)


def begun_elsewhere(number: IssueNumber, carrier: str, settings: DeliverSettings) -> NeedsPerson:
    """An issue stays with the provider it was begun with: another one could not know what became of it before."""
    return NeedsPerson(
        f"Issue {number} was begun with the provider {carrier}, and the settings now say "
        f"{settings.provider}; its readers wait.",
        next_step=f'Set provider = "{carrier}" again until it is sent.',
    )


def _let_go(
    intent: _Intent,
    fault: StoreFault,
    *,
    claim: str,
    store: Store,
    settings: DeliverSettings,
    by: Provider,
    out: Outside,
) -> None:
    """The line was cut where the claim was about to be written down: if it was, nothing has left all the same."""
    words = f"not tried: {fault.what}"
    kept = [Outcome(subscriber=one.subscriber, fate="not-sent", words=words) for one in intent.batch.recipients]
    said = talk.Verdict(answered=False, lost=True)
    settle.settle(intent.batch, kept, said, claim=claim, store=store, settings=settings, by=by, out=out)
    if intent.journal:
        intent.journal.forget()


def _held(intent: _Intent, fault: StoreFault) -> StoreFault:
    """The fault of answers that could not be written down, and where they are now."""
    copies = many(len(intent.batch.recipients), "copy", "copies")
    kept = (
        f"The answers are kept in outbox/journal/{intent.journal.name}; the next run or worker on this machine goes on "
        "from there."
        if intent.journal
        else "The answer is kept nowhere else, so the next run or worker takes the batch for one of a killed run."
    )
    words = f"What became of {copies} of issue {intent.batch.issue} can't be written down. {fault.what}"
    return StoreFault(words, where=fault.where, next_step=kept, cut=fault.cut)


def _still_ours(batch: BatchId, claim: str, store: Store, out: Outside) -> Callable[[], bool]:
    """Asks whether nobody has taken the batch over, where time enough has gone by for that.

    A machine may fall asleep in the middle of a batch. When it goes on, others have long settled what it left.
    """
    asked = out.clock()

    def ours() -> bool:
        nonlocal asked
        if not store.shared or abs(out.clock() - asked) < SLEPT:
            return True
        try:
            # Whose line was cut says so of all its work again, before anybody else may look.
            with store.at_work(), store.writing_beside() as tx:
                was = ledger.standing(tx, batch)
        except StoreFault:
            return False
        asked = out.clock()
        return (was.state, was.claimed_by) == ("claimed", claim)

    return ours


def _ended(wanted: Callable[[], bool], ours: Callable[[], bool]) -> Callable[[], NoAnswer | None]:
    """Asks between one copy and the next whether the rest is left for another time, or to others."""
    return lambda: talk.STOPPED if not wanted() else None if ours() else talk.TAKEN_OVER


def _intend(
    tx: Tx,
    batch: BatchId,
    was: ledger.Standing,
    *,
    secret: bytes,
    settings: DeliverSettings,
    by: Provider,
    now: datetime,
) -> _Intent | Report:
    """Everything about a claimed batch that must be durable before its first byte leaves; a report when none may."""
    frozen = batches.read(tx, batch, secret, named=not by.can.merge)
    barred = batches.barred(tx, frozen, secret)
    if was.unknown and (fault := _may_not_be_repeated(was, by, barred, now)):
        return settle.parked(tx, frozen, fault, now)
    if barred:
        ledger.record(tx, batch, barred, now)
    left = _without(frozen, barred)
    good, requests, refused = written(left, by)
    payload = payload_of(requests) if by.can.idempotency == "key" else None
    if was.payload not in (None, payload):
        if was.unknown:
            return settle.parked(tx, frozen, "the bytes would not be the same as the first time", now)
        good = replace(good, key=settle.next_key(was, "other bytes"))
        ledger.rekey(tx, batch, good.key)
        requests = by.requests(good)
        payload = payload_of(requests)
    ledger.intend(tx, batch, payload, now)
    journal = Journal(settings.outbox, batch, was.attempts) if journaled(by, good, requests) else None
    line = (mark.name_of(secret), carriers.advance(tx))
    return _Intent(batch=good, requests=requests, refused=refused, journal=journal, mark=line)


def _may_not_be_repeated(was: ledger.Standing, by: Provider, barred: Sequence[Outcome], now: datetime) -> str | None:
    if not settle.safe_again(by, was, now):
        return "the time in which the provider recognises a repeat is over"
    if barred and by.can.idempotency == "key":
        return "some of its readers have left since, and only the very same batch would be recognised"
    return None


def journaled(by: Provider, batch: Batch, requests: Sequence[Request]) -> bool:
    """Whether a batch is one request for each reader, none of which must be repeated."""
    return len(requests) == len(batch.recipients) > 1 and by.can.idempotency in ("none", "key")


def payload_of(requests: Sequence[Request]) -> str:
    """Over every byte that is about to be sent, but secrets."""
    whole = hashlib.sha256()
    for one in requests:
        if isinstance(one, HttpRequest):
            whole.update(f"{one.method} {one.url} {len(one.body)}\n".encode())
            whole.update(one.body)
    return whole.hexdigest()


def _without(batch: Batch, outcomes: Sequence[Outcome]) -> Batch:
    gone = {outcome.subscriber for outcome in outcomes}
    if not gone:
        return batch
    return replace(batch, recipients=tuple(one for one in batch.recipients if one.subscriber not in gone))


def written(batch: Batch, by: Provider) -> tuple[Batch, Sequence[Request], list[Outcome]]:
    """The batch's requests, without readers whose copy can't even be written: one bad address stops nobody else."""
    if not batch.recipients:
        return batch, (), []
    try:
        return batch, by.requests(batch), []
    except PaperroundError:
        refused = [outcome for one in batch.recipients if (outcome := _refusal(batch, one.subscriber, by))]
        good = _without(batch, refused)
        return good, by.requests(good) if good.recipients else (), refused


def _refusal(batch: Batch, subscriber: int, by: Provider) -> Outcome | None:
    alone = replace(batch, recipients=tuple(one for one in batch.recipients if one.subscriber == subscriber))
    try:
        by.requests(alone)
    except PaperroundError as fault:
        return Outcome(subscriber=alone.recipients[0].subscriber, fate="rejected", words=str(fault))
    return None


def _known_elsewhere(
    batch: BatchId, store: Store, settings: DeliverSettings, by: Provider, out: Outside
) -> Report | None:
    """Before this process hands over the first batch of an issue, see whether the provider has it already.

    Then this ledger is older than what went out (a backup was put back), and nothing more may leave by itself; unless
    another process claimed the batch while the provider was asked.
    """
    with store.reading() as tx:
        frozen = batches.read(tx, batch, store.secret(tx))
    few = replace(frozen, recipients=frozen.recipients[:_A_FEW])
    replies = talk.converse(few, by.look_up(few), by.look_up, out)
    if not any(outcome.fate == "accepted" for outcome in by.found(few, replies)):
        return None
    words = f"it has copies of issue {frozen.issue} that this ledger does not know of; was a backup put back?"
    with store.writing() as tx:
        if ledger.standing(tx, batch).attempts:
            return Report(unchanged=1)
        carriers.stop(tx, settings.provider, words)
    return Report(attention=(settle.stop_words(settings.provider, words, f"`reconcile {frozen.issue}`"),))


def try_out(batch: Batch, by: Provider, out: Outside) -> Report:
    """Hand over a test batch; nothing is written down."""
    outcomes = talk.fates(batch, talk.converse(batch, by.requests(batch), by.requests, out), by)
    addresses = {one.subscriber: one.address for one in batch.recipients}
    told = [(addresses[outcome.subscriber], outcome) for outcome in outcomes]
    return Report(
        done=tuple(f"Test copy for {address}: accepted." for address, one in told if one.fate == "accepted"),
        errors=tuple(
            f"Test copy for {address}: {one.fate}. {one.words}" for address, one in told if one.fate != "accepted"
        ),
    )
