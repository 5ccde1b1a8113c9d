"""Deliver: an approved issue is handed over, and the ledger proves it.

does     freezes message and audience, claims batches one by one, hands them over, writes down every fate
reads    approvals, the issue's files, subscribers, suppressions, the provider's records
writes   the ledger: sendings, batches, outcomes; what is known of carriers; outbox/ledger.mark and outbox/journal/
never    retries what may have been taken, unless the provider removes duplicates or a person says so
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from html import escape

from msgspec.structs import replace

from pipeline import folder, providers
from pipeline.config import DeliverSettings
from pipeline.deliver import audience, mark, mend, send
from pipeline.deliver.audience import who
from pipeline.deliver.settle import stop_words
from pipeline.errors import NeedsPerson, UserError
from pipeline.mail import sender
from pipeline.model import (
    Account,
    Approval,
    BatchId,
    BatchState,
    Fate,
    IssueNumber,
    Message,
    NoAnswer,
    Outside,
    Report,
    Welcome,
)
from pipeline.plural import many
from pipeline.providers import Provider
from pipeline.store import Store, Tx, carriers, claims, issues, ledger, past, people, posts

__all__ = [
    "account",
    "ask",
    "distrust",
    "due",
    "next_try",
    "people_of",
    "provider",
    "reach",
    "reconcile",
    "rehearse",
    "stop_words",
    "stopped",
    "try_out",
    "who",
    "work",
    "write_to_author",
    "written_only",
]


SHORTEST = timedelta(days=60)
"""So long who got an issue must be known: for corrections, late reports, and readers who want one mail a month."""


def due(store: Store, settings: DeliverSettings, now: datetime, number: IssueNumber | None = None) -> Iterable[str]:
    """What a killed run left, issues to freeze, batches to hand over or to ask about; of one issue or of all.

    Of all, also issues that went out so long ago that who got them is forgotten.

    `number` is an issue that a person asked for: it is never too old.
    """
    with store.reading() as tx:
        if mark.behind(tx, store.secret(tx), settings.outbox):
            yield "behind/ledger"
            return
        if number is None:
            yield from (f"old/{one}" for one in past.old(tx, now - max(settings.keep_copies, SHORTEST)))
        yield from (f"orphan/{batch}" for batch, by in claims.every(tx, number) if not store.alive(tx, by))
        yield from _to_freeze(tx, settings, now, number)
    told: set[str] = set()
    with store.reading() as tx:
        for one, carrier, since in ledger.open_sendings(tx):
            if number not in (None, one):
                continue
            if carriers.stopped(tx, carrier) is not None:
                # Said once, however many issues wait for the same provider.
                yield from () if carrier in told else (f"stopped/{one}",)
                told.add(carrier)
            elif now - since > settings.max_age:
                yield f"expired/{one}"
            else:
                yield from (f"batch/{batch}/{tries}" for batch, tries in ledger.claimable(tx, now, one))
        yield from _to_ask(tx, settings, now, number)


def _to_freeze(tx: Tx, settings: DeliverSettings, now: datetime, number: IssueNumber | None) -> Iterator[str]:
    """Approved issues whose turn has come; one that was approved too long ago goes only when a person says so."""
    doubted = posts.doubted(tx)
    for one, due in issues.unsent(tx):
        yes = issues.approval(tx, one) if due <= now and number in (None, one) else None
        if yes is not None:
            old = now - max(yes.at, due) > settings.max_age or _may_have_gone(yes, doubted)
            yield f"expired/{one}" if old and number is None else f"freeze/{one}"


def _may_have_gone(yes: Approval, doubted: datetime | None) -> bool:
    """Whether an issue was approved before an older copy of the state was put back."""
    return doubted is not None and yes.at <= doubted


def _to_ask(tx: Tx, settings: DeliverSettings, now: datetime, number: IssueNumber | None) -> Iterator[str]:
    """Batches of unknown fate, where the provider in use keeps records; for as long as an issue is fresh."""
    unknown = ledger.unknown(tx, now, settings.provider, now - settings.max_age)
    if unknown and provider(settings).can.lookup != "none":
        yield from (f"ask/{batch}/{now:%Y%m%d%H%M}" for batch, one in unknown if number in (None, one))


def work(key: str, store: Store, settings: DeliverSettings, out: Outside) -> Report:
    """Take one step of a hand-over."""
    what, name, *_ = key.split("/")
    match what:
        case "behind":
            raise NeedsPerson(
                "More went out than this state knows of (was a backup put back?), so nothing is sent.",
                where=f"outbox/{mark.NAME}",
                next_step="`paperround reconcile ISSUE` for the last issue that was sent.",
            )
        case "freeze":
            return audience.freeze(IssueNumber(int(name)), store, settings, provider(settings), out.clock())
        case "expired":
            return _expired(IssueNumber(int(name)), store, settings)
        case "stopped":
            return _stopped(IssueNumber(int(name)), store)
        case "old":
            return _forget(IssueNumber(int(name)), store)
    batch = BatchId(int(name))
    match what:
        case "orphan":
            return mend.recover(batch, store, settings, _carrier(batch, store, settings), out)
        case "ask":
            return mend.look_up(batch, store, settings, _carrier(batch, store, settings), out)
        case _:
            return send.hand_over(batch, store, settings, _ready(batch, store, settings), out)


def _expired(number: IssueNumber, store: Store, settings: DeliverSettings) -> Report:
    with store.writing() as tx:
        carriers.expire(tx, number, expired=True)
        yes, doubted = issues.approval(tx, number), posts.doubted(tx)
    words = (
        f"Issue {number} waited longer than {many(settings.max_age.days, 'day')} and does not go out by itself any more"
    )
    if yes is not None and _may_have_gone(yes, doubted):
        words = f"Issue {number} may have gone out before a backup was put back, so it does not go by itself"
    return Report(attention=(f"{words}; `send {number}` still sends it.",))


def _stopped(number: IssueNumber, store: Store) -> Report:
    with store.reading() as tx:
        begun = ledger.sending(tx, number)
        words = carriers.stopped(tx, begun.provider) if begun else None
    if begun is None or words is None:
        return Report(unchanged=1)
    return Report(attention=(stop_words(begun.provider, words, f"`send {number}`"),))


def _forget(number: IssueNumber, store: Store) -> Report:
    """A batch at a time, so that nobody waits for long; killed in between, the rest is for the next run."""
    with store.reading() as tx:
        batches = past.batches(tx, number)
    for batch in batches:
        with store.writing() as tx:
            past.forget(tx, batch)
    return Report(done=(f"Issue {number} went out long ago: who got it is forgotten, the sums stay.",))


def stopped(store: Store, settings: DeliverSettings) -> str | None:
    """Why nothing is handed to the provider until a person has looked; None when all is well."""
    with store.reading() as tx:
        return carriers.stopped(tx, settings.provider)


def _carrier(batch: BatchId, store: Store, settings: DeliverSettings) -> Provider:
    """The provider that a batch was frozen for. Raises NeedsPerson when the settings name another one by now."""
    with store.reading() as tx:
        number, begun_with = ledger.carrier_of(tx, batch)
    if begun_with != settings.provider:
        raise send.begun_elsewhere(number, begun_with, settings)
    return provider(settings)


def _ready(batch: BatchId, store: Store, settings: DeliverSettings) -> Provider:
    """The same for a batch whose claim will look at whom it was frozen for.

    That is asked here only where the provider is not ready, as it may be the wrong one.
    """
    try:
        return provider(settings)
    except UserError:
        return _carrier(batch, store, settings)


def ask(
    number: IssueNumber, store: Store, settings: DeliverSettings, now: datetime, *, canary: int | None = None
) -> None:
    """A person wants an issue sent now: nothing rests, waits or is too old any more.

    With `canary` only so many readers go first. Raises UserError, NeedsPerson when there is no yes.
    """
    with store.writing() as tx:
        begun = ledger.sending(tx, number)
        if begun is None:
            audience.approved(tx, number, settings)
        elif canary:
            raise UserError(
                f"Issue {number} is on its way already, so no few readers can go first any more.",
                next_step=f"`send {number}` goes on with everybody.",
            )
        carriers.expire(tx, number, expired=False)
        ledger.release(tx, number, now)
        behind = mark.behind(tx, store.secret(tx), settings.outbox)
        if not behind:
            carriers.resume(tx, begun.provider if begun else settings.provider)
    if canary and not behind:
        audience.freeze(number, store, settings, provider(settings), now, canary=canary)


def provider(settings: DeliverSettings) -> Provider:
    """The provider that the settings name. Raises UserError with what is missing."""
    return providers.open_provider(
        settings.provider, settings.tables.get(settings.provider, {}), settings.secrets, settings.text
    )


def reach(settings: DeliverSettings, out: Outside) -> Welcome | None:
    """Ask the provider whether it would take our mail; nothing is sent, and nothing changes there.

    None when it has no such question. Raises UserError as `provider` does.
    """
    by = provider(settings)
    if not isinstance(by, providers.Reachable):
        return None
    reply = next(iter(out.line([by.greet()])))
    return ("unknown", f"can't be asked just now: {reply.words}") if isinstance(reply, NoAnswer) else by.greeted(reply)


def distrust(tx: Tx, store: Store, settings: DeliverSettings, now: datetime) -> None:
    """A backup was put back into this state: nothing leaves until a person has reconciled it, on any machine.

    The mark is on disk before the caller's transaction ends; killed between the two, the state before is distrusted.
    """
    carriers.stop(tx, settings.provider, f"a backup was put back on {now:%Y-%m-%d}")
    mark.set_to(settings.outbox, mark.name_of(store.secret(tx)), carriers.generation(tx) + 1)


def account(number: IssueNumber, store: Store) -> Account | None:
    """Everybody's fate, added up; None before the issue was frozen."""
    with store.reading() as tx:
        return ledger.account(tx, number)


def people_of(number: IssueNumber, fate: Fate, store: Store) -> list[tuple[str, str]]:
    """The readers of an issue with one fate, as (address, the provider's words), a thousand at most."""
    with store.reading() as tx:
        return ledger.people(tx, number, fate)


def written_only(store: Store) -> frozenset[IssueNumber]:
    """The issues whose copies are files on this machine and went to nobody, as the outbox provider writes them."""
    with store.reading() as tx:
        carried = ledger.carried(tx)
    return frozenset(number for number, carrier in carried if not providers.leaves(carrier))


def next_try(number: IssueNumber, store: Store) -> datetime | None:
    """When copies that could not be handed over are tried again by themselves; None when nothing rests."""
    with store.reading() as tx:
        return ledger.next_try(tx, number)


def rehearse(number: IssueNumber, store: Store, settings: DeliverSettings, now: datetime) -> str:
    """What `send` would do, in words; writes nothing. Raises UserError, NeedsPerson as sending would."""
    with store.reading() as tx:
        sending = ledger.sending(tx, number)
        if sending is not None:
            left = ledger.account(tx, number)
            waiting = many(left.pending if left else 0, "reader is", "readers are")
            return f"Issue {number} is frozen already; {waiting} still to be handed over."
        issue, _ = audience.approved(tx, number, settings)
        readers = people.count_active(tx, who(issue, settings, now))
    can = provider(settings).can
    if can.idempotency == "campaign":
        return f"Issue {number} would go to the list that {settings.provider} keeps. Nothing was sent."
    batches = -(-readers // can.batch_max)
    whom = f"{many(readers, 'reader')} in {many(batches, 'batch', 'batches')}"
    return f"Issue {number} would go to {whom} by {settings.provider}. Nothing was sent."


def try_out(
    number: IssueNumber, addresses: Iterable[str], store: Store, settings: DeliverSettings, out: Outside
) -> Report:
    """Send an issue as it is now to any address, marked as a test; the ledger does not count it."""
    with store.reading() as tx:
        issue, rendering = issues.get(tx, number), issues.rendering(tx, number)
    if issue is None or rendering is None:
        raise UserError(f"There is no issue {number} to try out.", next_step="`paperround build --now` makes one.")
    try:
        wanted = [sender(address)[1] for address in addresses]
    except ValueError as fault:
        raise UserError(str(fault), next_step="Nothing was sent, to nobody.") from None
    message = folder.message(settings.issues / issue.folder, rendering.message)
    batch = audience.trial(number, replace(message, subject=f"[Test] {message.subject}"), wanted, settings, out.clock())
    return send.try_out(batch, provider(settings), out)


def write_to_author(subject: str, text: str, to: str, settings: DeliverSettings, out: Outside) -> str | None:
    """A plain word to the author by the provider that carries her issues; None when it was taken, else why not.

    Outside the ledger: nobody but her gets it. Raises UserError where the provider is not ready.
    """
    by = provider(settings)
    if by.can.idempotency == "campaign":
        return f"{settings.provider} can only write to the whole list it keeps."
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    page = (
        f'<!DOCTYPE html><html lang="en"><head><title>{escape(subject)}</title></head><body>{paragraphs}</body></html>'
    )
    message = Message(subject=subject, html=page, text=text, unsubscribe="https://unsubscribe.invalid/")
    batch = audience.trial(IssueNumber(0), message, [to], settings, out.clock())
    report = send.try_out(batch, by, out)
    return report.errors[0] if report.errors else None


def reconcile(number: IssueNumber, store: Store, settings: DeliverSettings, out: Outside, *, resend: bool) -> Report:
    """Settle batches of unknown fate by the provider's records; `resend` is a person's order to send them again.

    It is also the person's word that this state is older than what went out, where that was found; of the last issue
    that went out such a state may know nothing. Raises UserError for an issue that was never frozen, NeedsPerson while
    a fate stays unknown.
    """
    done = Report()
    with store.reading() as tx:
        behind, begun = mark.behind(tx, store.secret(tx), settings.outbox), ledger.sending(tx, number)
    if begun is None and not behind:
        raise UserError(f"Issue {number} has not been sent, so there is nothing to reconcile.")
    if behind:
        done += mend.own_up(store, settings, out)
    done += _settle(number, store, settings, out, resend=resend)
    left = account(number, store)
    if left and left.unknown and not resend:
        raise NeedsPerson(
            f"Issue {number}: {settings.provider} can't say what became of {many(left.unknown, 'copy', 'copies')}.",
            next_step=f"Ask a reader, or accept that some may get it twice: `reconcile {number} --resend-unknown`.",
        )
    return done


def _settle(number: IssueNumber, store: Store, settings: DeliverSettings, out: Outside, *, resend: bool) -> Report:
    """First what the provider's records say of everybody who is open, then the person's order about the rest."""
    done = Report()
    with store.reading() as tx:
        doubted = carriers.stopped(tx, settings.provider) is not None
        states: tuple[BatchState, ...] = ("unknown", "pending", "held") if doubted else ("unknown",)
        unsettled = [batch for state in states for batch in ledger.in_state(tx, state, number)]
    for batch in unsettled:
        done += mend.look_up(batch, store, settings, _carrier(batch, store, settings), out)
    with store.writing() as tx:
        unknown = ledger.in_state(tx, "unknown", number)
        carriers.resume(tx, settings.provider)
    for batch in unknown if resend else ():
        done += mend.resend(batch, store, _carrier(batch, store, settings), out)
    return done
