"""Deliver: an approved issue is handed over, and the ledger proves it.

does     freezes message and audience, claims batches one by one, hands them over, writes down every fate
reads    approvals, the issue's files, subscribers, suppressions
writes   the ledger: sendings, batches, outcomes
never    retries what may have been taken, unless the provider removes duplicates or a person says so
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pipeline import folder, providers
from pipeline.config import DeliverSettings
from pipeline.deliver import audience, send
from pipeline.errors import NeedsPerson, UserError
from pipeline.model import Account, BatchId, Fate, IssueNumber, Outside, Report
from pipeline.providers import Provider
from pipeline.store import Store, issues, ledger, people

__all__ = ["account", "ask", "due", "next_try", "people_of", "provider", "reconcile", "rehearse", "try_out", "work"]


def due(store: Store, settings: DeliverSettings, now: datetime, number: IssueNumber | None = None) -> Iterable[str]:
    """Batches that a killed run left claimed, issues to freeze, and batches to hand over; of one issue or of all."""
    with store.reading() as tx:
        yield from (f"orphan/{batch}" for batch in ledger.in_state(tx, "claimed", number))
        frozen = set(ledger.frozen(tx))
        ready = [issue for issue in issues.every(tx) if issue.number not in frozen and issue.slot.due <= now]
        approved = [issue.number for issue in ready if issues.approval(tx, issue.number)]
        yield from (f"freeze/{one}" for one in approved if number in (None, one))
    with store.reading() as tx:
        waiting = ledger.claimable(tx, now, number)
    yield from (f"batch/{batch}" for batch in waiting)


def work(key: str, store: Store, settings: DeliverSettings, out: Outside) -> Report:
    """Take one step of a hand-over."""
    what, _, name = key.partition("/")
    match what:
        case "orphan":
            carrier = _carrier(BatchId(int(name)), store, settings)
            return send.recover(BatchId(int(name)), store, settings, carrier, out)
        case "freeze":
            return audience.freeze(IssueNumber(int(name)), store, settings, provider(settings), out)
        case _:
            return send.hand_over(BatchId(int(name)), store, _carrier(BatchId(int(name)), store, settings), out)


def _carrier(batch: BatchId, store: Store, settings: DeliverSettings) -> Provider:
    """The provider that a batch was frozen for: another one could not know what became of it before.

    Raises NeedsPerson when the settings name another one by now.
    """
    with store.reading() as tx:
        begun = ledger.sending_of(tx, batch)
    if begun.provider != settings.provider:
        raise NeedsPerson(
            f"Issue {begun.number} was begun with the provider {begun.provider}, and the settings now say "
            f"{settings.provider}; its readers wait.",
            next_step=f'Set provider = "{begun.provider}" again until it is sent.',
        )
    return provider(settings)


def ask(number: IssueNumber, store: Store, settings: DeliverSettings) -> None:
    """A person wants an issue sent now: nothing rests any more. Raises UserError, NeedsPerson when there is no yes."""
    with store.writing() as tx:
        if ledger.sending(tx, number) is None:
            audience.approved(tx, number, settings)
        ledger.postpone(tx, number, None)


def provider(settings: DeliverSettings) -> Provider:
    """The provider that the settings name. Raises UserError with what is missing."""
    return providers.open_provider(
        settings.provider, settings.tables.get(settings.provider, {}), settings.secrets, settings.text
    )


def account(number: IssueNumber, store: Store) -> Account | None:
    """Everybody's fate, added up; None before the issue was frozen."""
    with store.reading() as tx:
        return ledger.account(tx, number)


def people_of(number: IssueNumber, fate: Fate, store: Store) -> list[tuple[str, str]]:
    """The readers of an issue with one fate, as (address, the provider's words), a thousand at most."""
    with store.reading() as tx:
        return ledger.people(tx, number, fate)


def next_try(number: IssueNumber, store: Store) -> datetime | None:
    """When copies that could not be handed over are tried again by themselves; None when nothing rests."""
    with store.reading() as tx:
        return ledger.next_try(tx, number)


def rehearse(number: IssueNumber, store: Store, settings: DeliverSettings) -> str:
    """What `send` would do, in words; writes nothing. Raises UserError, NeedsPerson as sending would."""
    with store.reading() as tx:
        sending = ledger.sending(tx, number)
        if sending is not None:
            left = ledger.account(tx, number)
            return (
                f"Issue {number} is frozen already; {left.pending if left else 0} readers are still to be handed over."
            )
        issue, _ = audience.approved(tx, number, settings)
        readers = people.count_active(tx, issue.corrects.number if issue.corrects else None)
    batches = -(-readers // provider(settings).can.batch_max)
    return (
        f"Issue {number} would go to {readers} readers in {batches} batches by {settings.provider}. Nothing was sent."
    )


def try_out(
    number: IssueNumber, addresses: Iterable[str], store: Store, settings: DeliverSettings, out: Outside
) -> Report:
    """Send an issue as it is now to any address, marked as a test; the ledger does not count it."""
    with store.reading() as tx:
        issue, rendering = issues.get(tx, number), issues.rendering(tx, number)
    if issue is None or rendering is None:
        raise UserError(f"There is no issue {number} to try out.", next_step="`paperround build --now` makes one.")
    message = folder.message(settings.issues / issue.folder, rendering.message)
    batch = audience.trial(
        number, replace(message, subject=f"[Test] {message.subject}"), addresses, settings, out.clock()
    )
    return send.try_out(batch, provider(settings), out)


def reconcile(number: IssueNumber, store: Store, settings: DeliverSettings, out: Outside, *, resend: bool) -> Report:
    """Settle batches of unknown fate by the provider's records; `resend` is a person's order to send them again.

    Raises UserError for an issue that was never frozen, NeedsPerson while a fate stays unknown.
    """
    with store.reading() as tx:
        if ledger.sending(tx, number) is None:
            raise UserError(f"Issue {number} has not been sent, so there is nothing to reconcile.")
        unknown = ledger.in_state(tx, "unknown", number)
    done = Report()
    for batch in unknown:
        if resend:
            done += send.resend(batch, store, out.clock())
        else:
            done += send.look_up(batch, store, _carrier(batch, store, settings), out)
    left = account(number, store)
    if left and left.unknown and not resend:
        raise NeedsPerson(
            f"Issue {number}: {settings.provider} can't say what became of {left.unknown} copies.",
            next_step=f"Ask a reader, or accept that some may get it twice: `reconcile {number} --resend-unknown`.",
        )
    return done
