"""Batches that nobody finished: left by a killed run, of unknown fate, or behind what really went out."""

from __future__ import annotations

from datetime import timedelta

from pipeline.config import DeliverSettings
from pipeline.deliver import mark, send, settle, talk
from pipeline.deliver.journal import Journal
from pipeline.model import Batch, BatchId, IssueNumber, Outcome, Outside, Report
from pipeline.plural import many
from pipeline.providers import Provider
from pipeline.store import Store, Tx, batches, carriers, ledger

ASK_AGAIN = timedelta(minutes=30)
"""Between two looks at a provider's records: events come late and out of order."""

_STOPPED = "the program was stopped while this batch was being handed over"


def recover(batch: BatchId, store: Store, settings: DeliverSettings, by: Provider, out: Outside) -> Report:
    """A batch that a killed run had claimed: what is known of it is written down, the rest is of unknown fate."""
    with store.reading() as tx:
        was = ledger.standing(tx, batch)
        if was.state != "claimed" or store.alive(tx, was.claimed_by):
            return Report(unchanged=1)
        frozen = batches.read(tx, batch, store.secret(tx))
    journal = Journal(settings.outbox, batch, was.attempts)
    if journal.is_kept():  # its run was cut off from the database, and lives
        return Report(unchanged=1)
    outcomes = _heard(frozen, journal, by) or [
        Outcome(subscriber=one.subscriber, fate="unknown", words=_STOPPED) for one in frozen.recipients
    ]
    killed = talk.Verdict(answered=False, killed=True)
    report = settle.settle(
        frozen, outcomes, killed, claim=was.claimed_by, store=store, settings=settings, by=by, out=out
    )
    journal.forget()
    return report


def _heard(frozen: Batch, journal: Journal, by: Provider) -> list[Outcome]:
    good, requests, refused = send.written(frozen, by)
    if not send.journaled(by, good, requests):
        return []
    replies = journal.replies(good)
    return [] if replies is None else [*refused, *talk.fates(good, replies, by)]


def look_up(batch: BatchId, store: Store, settings: DeliverSettings, by: Provider, out: Outside) -> Report:
    """Ask the provider what became of a batch; absence of evidence changes nothing where its records come late."""
    with store.reading() as tx:
        frozen, was = batches.read(tx, batch, store.secret(tx)), ledger.standing(tx, batch)
    questions = by.look_up(frozen)
    if not questions or was.state not in ("unknown", "pending", "held"):
        return Report(unchanged=1)
    replies = talk.converse(frozen, questions, by.look_up, out, pause=talk.pace(store, settings.provider, by, out))
    sure = by.can.lookup == "sure" and was.state == "unknown"
    told = [one for one in by.found(frozen, replies) if one.fate != "unknown" and (sure or one.fate != "not-sent")]
    now = out.clock()
    with store.writing() as tx:
        if ledger.standing(tx, batch) != was:  # another asked as well, or a person gave an order
            return Report(unchanged=1)
        ledger.record(tx, batch, told, now)
        if was.state == "unknown":
            ledger.move(
                tx, batch, "pending", settle.next_key(was, "not found"), words="not found in the provider's records"
            )
            ledger.close(tx, batch, "settled by the provider's records")
            ledger.rest(tx, batch, now + ASK_AGAIN)
        elif len(told) == len(frozen.recipients):
            ledger.close(tx, batch, "settled by the provider's records")
    found = sum(one.fate == "accepted" for one in told)
    copies = many(found, "copy", "copies")
    return Report(done=(f"Issue {frozen.issue}: {copies} found in the provider's records.",) if found else ())


def resend(batch: BatchId, store: Store, by: Provider, out: Outside) -> Report:
    """A person's order: hand the readers of unknown fate over again; where the key still holds, under the same one."""
    now = out.clock()
    with store.writing() as tx:
        was = ledger.standing(tx, batch)
        words = f"sent again by order, {now:%Y-%m-%d %H:%M}"
        if settle.safe_again(by, was, now) and _same_bytes(tx, batch, was, store, by):
            ledger.reopen(tx, batch, words)
        else:
            ledger.move(tx, batch, "unknown", settle.next_key(was, "by order"), words=words)
            ledger.close(tx, batch, words)
    return Report(
        done=(f"Issue {was.number}: {many(was.unknown, 'copy', 'copies')} of unknown fate will be sent again.",)
    )


def _same_bytes(tx: Tx, batch: BatchId, was: ledger.Standing, store: Store, by: Provider) -> bool:
    """Whether a repeat would be the very request that was made before, where the provider compares."""
    if by.can.idempotency != "key":
        return True
    frozen = batches.read(tx, batch, store.secret(tx))
    nobody_left = not batches.barred(tx, frozen, store.secret(tx))
    return nobody_left and send.payload_of(send.written(frozen, by)[1]) == was.payload


def own_up(store: Store, settings: DeliverSettings, out: Outside) -> Report:
    """The ledger is older than what went out: nobody who waits in it is mailed until evidence or a person says so."""
    words = "the state is older than what went out"
    with store.writing() as tx:
        numbers: set[IssueNumber] = set()
        for state in ("pending", "held", "claimed"):
            for batch in ledger.in_state(tx, state):
                numbers.add(ledger.standing(tx, batch).number)
                ledger.park(tx, batch, words, out.clock())
        carriers.confirm(tx, out.clock())
        carriers.resume(tx, settings.provider)
        generation = carriers.advance(tx, max(mark.reached(settings.outbox), carriers.generation(tx)) + mark.LEAP)
        name = mark.name_of(store.secret(tx))
    mark.set_to(settings.outbox, name, generation)
    told = [f"Issue {number}: everybody who waited is of unknown fate now." for number in sorted(numbers)]
    waiting = "Posts that may have been mailed meanwhile wait for your word: `posts` shows them."
    return Report(done=("The state is known to be older than what went out.", *told, waiting))
