"""What becomes of a batch: its readers' fates written down, and who is tried again, when, and who never by itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from pipeline.config import DeliverSettings
from pipeline.deliver.talk import Verdict
from pipeline.model import Batch, Fate, IssueNumber, Outcome, Outside, Report
from pipeline.model.text import legal
from pipeline.plural import many
from pipeline.providers import Provider
from pipeline.store import Store, Tx, carriers, claims, ledger

AGAIN = timedelta(minutes=10)
DOUBLED_AT_MOST = 5
"""After the first try 10 minutes, then 20, 40 and so on to five hours and twenty minutes."""

PATIENCE = 60.0
"""Seconds that a run waits by itself when the provider asks for it; longer waits are for the next run."""

TRIES_IN_A_RUN = 5
"""So often a provider that says "not now" is asked again by the same run."""

LOST_LINES = 3
"""So many lost lines do not hold up the readers behind them, be it of one batch or of batches in a row."""

REPLAYS = 2
"""So often the same bytes go again under the same key when there was an answer that made no sense of them."""

RESENT_UNTIL = 3
"""The attempt after which copies of unknown fate wait for a person, whatever the settings say."""

_LIFETIME_MARGIN = timedelta(minutes=5)


class _Round(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at a batch: how it stood before, what came of it, and when there may be another."""

    batch: Batch
    was: ledger.Standing
    outcomes: Sequence[Outcome]
    fates: Mapping[Fate, Sequence[Outcome]]
    said: Verdict
    now: datetime
    until: datetime

    @property
    def later(self) -> datetime:
        """When those of unknown fate may be sent again: not at once, unless the program was killed."""
        return self.until if self.said.killed else max(self.until, self.now + AGAIN)

    def of(self, fate: Fate) -> Sequence[Outcome]:
        """The readers with one fate."""
        return self.fates.get(fate, ())


def settle(
    batch: Batch,
    outcomes: Sequence[Outcome],
    said: Verdict,
    *,
    claim: str | None,
    store: Store,
    settings: DeliverSettings,
    by: Provider,
    out: Outside,
) -> Report:
    """Write every reader's fate, and decide about those who have none yet; as soon as the database can be written to.

    `claim` is who took the batch. When others gave it up, because they seemed to be gone, what is certain counts for
    those who are in another batch by now; when it was taken from them, that is all that counts.
    """
    now, beside = out.clock(), store.shared and _touches_only_its_own(outcomes, said)

    def deed(tx: Tx, *, alone: bool) -> _Settled | None:
        """None where it concerns more than this batch, and others may write meanwhile."""
        was = ledger.standing(tx, batch.id)
        held = (was.claimed_by, was.state) == (claim, "claimed")
        if was.claimed_by == claims.done_by(claim) or (said.killed and (not held or store.alive(tx, claim))):
            return _Settled()
        if not (held or alone):
            return None
        report = Report() if held else _late(tx, batch, outcomes, now)
        if was.claimed_by != claim:
            return _Settled(report=report)
        told = outcomes if held and was.attempts == 1 else ledger.still_open(tx, batch.id, outcomes)
        wait = _wait(said, was.attempts)
        until = now + (wait or _backoff(said, was.attempts))
        once = _Round(batch=batch, was=was, outcomes=told, fates=_by_fate(told), said=said, now=now, until=until)
        report += _write(tx, once, settings, by) + _held_up(tx, once, wait, settings)
        if not said.killed:
            claims.mark_done(tx, batch.id, claim)
        if alone:
            _finish(tx, batch)
        return _Settled(report=report, wait=wait)

    settled = store.written(lambda tx: deed(tx, alone=not beside), beside=beside)
    settled = settled or store.written(lambda tx: deed(tx, alone=True)) or _Settled()
    if beside:
        with store.reading() as tx:
            _finish(tx, batch)
    if settled.wait is not None and settled.wait.total_seconds() <= PATIENCE and not said.stop:
        out.rest(settled.wait.total_seconds())
    return settled.report


class _Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, and how long the provider asked to wait."""

    report: Report = msgspec.field(default_factory=lambda: Report(unchanged=1))
    wait: timedelta | None = None


def _by_fate(outcomes: Sequence[Outcome]) -> Mapping[Fate, Sequence[Outcome]]:
    """The readers of each fate."""
    found: dict[Fate, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.fate, []).append(outcome)
    return found


def _held_up(tx: Tx, once: _Round, wait: timedelta | None, settings: DeliverSettings) -> Report:
    """What the answer means for all other batches of the provider."""
    told, stop = Report(), once.said.stop
    if wait is not None:
        if wait.total_seconds() > PATIENCE and not stop:
            told = _others(tx, once, f"{settings.provider} asks to wait", settings)
        ledger.postpone(tx, once.until, provider=settings.provider)
    elif once.said.unreached and once.of("not-sent"):
        told = _others(tx, once, once.of("not-sent")[0].words, settings)
    elif once.of("unknown") and not once.said.killed and not stop:
        told = _swallowed(tx, once, settings)
    if not stop:
        return told
    carriers.stop(tx, settings.provider, stop)
    return Report(attention=(stop_words(settings.provider, stop, f"`send {once.batch.issue}`"),))


def _others(tx: Tx, once: _Round, words: str, settings: DeliverSettings) -> Report:
    """Nobody is called twice in vain: other issues that the provider would carry now wait as long, and are told."""
    errors = []
    for one, carrier, since in ledger.open_sendings(tx):
        mine = carrier == settings.provider and one != once.batch.issue and once.now - since <= settings.max_age
        if mine and ledger.claimable(tx, once.now, one):
            ledger.postpone(tx, once.until, number=one)
            account = ledger.account(tx, one)
            errors.append(_not_sent(one, account.pending if account else 0, words, once))
    return Report(errors=tuple(errors))


def _not_sent(number: IssueNumber, count: int, words: str, once: _Round) -> str:
    return f"Issue {number}: {count} not handed over ({legal(words)}); tried again in {_length(once.until - once.now)}."


def _swallowed(tx: Tx, once: _Round, settings: DeliverSettings) -> Report:
    """A provider that takes batch after batch and says nothing that makes sense gets no more for a while, ever longer.

    Else all readers of a large issue would be of unknown fate before somebody looks.
    """
    lost = claims.unheard(tx, settings.provider, LOST_LINES + DOUBLED_AT_MOST)
    if lost < LOST_LINES:
        return Report()
    rest = AGAIN * 2 ** (lost - LOST_LINES)
    ledger.postpone(tx, once.now + rest, provider=settings.provider)
    words = (
        f"{settings.provider} left the fate of {lost} batches in a row unknown; the others wait for {_length(rest)}."
    )
    return Report(errors=(words,))


def _touches_only_its_own(outcomes: Sequence[Outcome], said: Verdict) -> bool:
    """Whether nothing has to be said of other batches: then those of other workers can be written down meanwhile."""
    smooth = said.stop is None and said.wait is None and not said.killed
    return smooth and all(outcome.fate not in ("not-sent", "unknown") for outcome in outcomes)


def _late(tx: Tx, batch: Batch, outcomes: Sequence[Outcome], now: datetime) -> Report:
    """An answer for a batch that others have taken over meanwhile: a yes or a no is certain, whoever asked."""
    certain = [outcome for outcome in outcomes if outcome.fate in ("accepted", "rejected")]
    count = ledger.settle_late(tx, batch.issue, certain, now)
    _finish(tx, batch)
    return Report(
        done=(f"Issue {batch.issue}: {many(count, 'copy', 'copies')} found to be settled, later.",) if count else ()
    )


def stop_words(provider: str, words: str, command: str) -> str:
    """Why nothing more goes out, and what to do."""
    end = "" if words.endswith((".", "?", "!")) else "."
    return f"Nothing more is handed to {provider}: {words}{end} When that is mended, {command} goes on."


def _wait(said: Verdict, attempts: int) -> timedelta | None:
    """What the provider asks for; where it names no time, longer from try to try."""
    if said.wait is None:
        return None
    seconds = said.wait or 2.0 ** min(attempts, 6)
    return timedelta(seconds=seconds) if attempts <= TRIES_IN_A_RUN else max(timedelta(seconds=seconds), AGAIN)


def _backoff(said: Verdict, attempts: int) -> timedelta:
    """After a lost line those behind it go at once, a few times: nothing is known to be wrong with the provider."""
    if said.killed or said.stopped or (said.lost and attempts <= LOST_LINES):
        return timedelta()
    doubled: int = 2 ** min(max(attempts - 1, 0), DOUBLED_AT_MOST)
    return AGAIN * doubled


def _write(tx: Tx, once: _Round, settings: DeliverSettings, by: Provider) -> Report:
    batch, not_sent, again = once.batch, once.of("not-sent"), ""
    words = legal(not_sent[0].words) if not_sent else ""
    ledger.record(tx, batch.id, once.outcomes, once.now)
    if not_sent and len(not_sent) == len(once.outcomes):
        ledger.reopen(tx, batch.id, words, once.until)
    else:
        if not_sent:
            ledger.move(tx, batch.id, "pending", next_key(once.was, "left"), not_before=once.until, words=words)
        again = _unknown(tx, once, settings, by)
    if any(_concerns_all(outcome) for outcome in not_sent) and once.until > once.now:
        ledger.postpone(tx, once.until, number=batch.issue)
    return _report(once, words, again=again, real=by.can.real)


def _unknown(tx: Tx, once: _Round, settings: DeliverSettings, by: Provider) -> str:
    """Readers of unknown fate: again where that reaches nobody twice, or where the author said so once and for all.

    Returns why they go again, "" when they don't. What she said holds for a few attempts: a provider that never answers
    would get copies for everybody all week long.

    A key covers the very same bytes, so nobody of the batch may have another fate.
    """
    batch, left = once.batch.id, ledger.standing(tx, once.batch.id).unknown if once.of("unknown") else 0
    possible = safe_again(by, once.was, once.now)
    if by.can.idempotency == "key":
        worn_out = once.said.answered and once.was.attempts > REPLAYS
        possible = possible and left == len(once.outcomes) and not worn_out
    if left and possible:
        why = "the provider takes the same batch only once"
        ledger.reopen(tx, batch, f"sent again: {why}", once.later)
        return why
    if left and settings.on_unknown == "resend" and once.was.attempts < RESENT_UNTIL:
        key = next_key(once.was, "sent again")
        ledger.move(tx, batch, "unknown", key, not_before=once.later, words="sent again: on_unknown")
        ledger.close(tx, batch, "sent again, as the settings say")
        return "on_unknown says resend"
    ledger.close(tx, batch, "")
    return ""


def safe_again(by: Provider, was: ledger.Standing, now: datetime) -> bool:
    """Whether the provider itself sees to it that this batch, handed over again, arrives once.

    A first try in the future means that the clock went back: then nobody knows how old the key is.
    """
    if by.can.idempotency in ("recipient", "campaign"):
        return True
    if by.can.idempotency != "key" or by.can.key_lifetime_seconds is None:
        return False
    if was.payload is None or was.first_tried is None:
        return False
    lifetime = timedelta(seconds=by.can.key_lifetime_seconds)
    margin = min(_LIFETIME_MARGIN, lifetime / 4)
    return -margin < now - was.first_tried < lifetime - margin


def _finish(tx: Tx, batch: Batch) -> None:
    """When nobody waits any more, count every row of the issue once."""
    account = ledger.account(tx, batch.issue)
    if account is not None and not account.pending:
        ledger.audit(tx, batch.issue)


def _concerns_all(outcome: Outcome) -> bool:
    """A host's "not now" (4xx) or its rules (5.7) may be about one reader; no line, a closing host (421) is about all.

    So are rules that refuse one reader after another: those behind them were not even tried.
    """
    return not re.match(r"4(?!21)\d\d\b|5\d\d[ -]5\.7\.", outcome.words)


def _report(once: _Round, words: str, *, again: str, real: bool) -> Report:
    """`again`: why those of unknown fate are sent once more, "" when they wait for a person.

    `real` is False when files were written and nobody was mailed.
    """
    issue = f"Issue {once.batch.issue}"
    later = _length(once.later - once.now)
    accepted, not_sent, unknown = (len(once.of(fate)) for fate in ("accepted", "not-sent", "unknown"))
    copies = many(unknown, "copy", "copies")
    done, errors, attention = [], [], []
    if accepted:
        written = f"written into outbox/mail/{once.batch.issue}/, sent to nobody"
        done.append(f"{issue}: {accepted} {'handed over' if real else written}.")
    if not_sent:
        errors.append(_not_sent(once.batch.issue, not_sent, words, once))
    if unknown and again:
        errors.append(f"{issue}: nobody knows whether {copies} arrived; {again}, so it goes again in {later}.")
    elif unknown:
        attention.append(f"{issue}: the fate of {copies} is unknown; `reconcile {once.batch.issue}`.")
    return Report(done=tuple(done), errors=tuple(errors), attention=tuple(attention))


def _length(rest: timedelta) -> str:
    seconds = max(round(rest.total_seconds()), 1)
    if seconds == 1:
        return "a moment"
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"


def parked(tx: Tx, batch: Batch, words: str, now: datetime) -> Report:
    """A batch that nobody may repeat by itself; its readers are of unknown fate."""
    ledger.park(tx, batch.id, words, now)
    copies = many(len(batch.recipients), "copy", "copies")
    told = f"Issue {batch.issue}: {words}; the fate of {copies} is unknown; `reconcile {batch.issue}`."
    return Report(attention=(told,))


def next_key(was: ledger.Standing, why: str) -> str:
    """The key of what is made of a batch after an attempt; the same whenever it is computed."""
    return hashlib.sha256(f"{was.key}/{was.attempts}/{why}".encode()).hexdigest()[:32]
