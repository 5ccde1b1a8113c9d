"""Who an issue is frozen for, and in which batches."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from pipeline import folder
from pipeline.config import DeliverSettings
from pipeline.errors import NeedsPerson, UserError
from pipeline.mail import sender
from pipeline.model import (
    Approval,
    Batch,
    BatchId,
    Issue,
    IssueNumber,
    Message,
    Recipient,
    Report,
    SubscriberId,
)
from pipeline.plural import many
from pipeline.providers import Provider
from pipeline.store import Store, Tx, freezing, issues, ledger, past, people


def approved(tx: Tx, number: IssueNumber, settings: DeliverSettings) -> tuple[Issue, Approval]:
    """The issue and the yes that covers the bytes on disk.

    Raises UserError for an unknown issue, NeedsPerson when there is no yes or the files changed after it.
    """
    issue, approval = issues.get(tx, number), issues.approval(tx, number)
    if issue is None:
        raise UserError(f"There is no issue {number}.", next_step="`paperround status` lists them.")
    if approval is None:
        raise NeedsPerson(f"Issue {number} is not approved.", next_step=f"Look at it, then `approve {number}`.")
    if folder.sha(settings.issues / issue.folder) != approval.sha:
        raise NeedsPerson(
            f"Issue {number} changed after it was approved, so the approval is void; nothing was sent.",
            where=f"outbox/issues/{issue.folder}",
            next_step=f"Look at it again, then `approve {number}`.",
        )
    return issue, approval


def freeze(
    number: IssueNumber,
    store: Store,
    settings: DeliverSettings,
    by: Provider,
    now: datetime,
    *,
    canary: int | None = None,
) -> Report:
    """Write down message, readers and batches, durable before the first request.

    With `canary` only so many readers go first; the others wait for a person's word. Raises UserError where that can't
    be had.
    """
    with store.writing() as tx:
        if ledger.sending(tx, number) is not None:
            return Report(unchanged=1)
        try:
            issue, approval = approved(tx, number, settings)
        except NeedsPerson as fault:
            return Report(attention=(str(fault),))
        got = issue.corrects.number if issue.corrects else None
        if got and (first := ledger.account(tx, got)) and first.pending:
            return Report(attention=(f"Issue {number} corrects issue {got} and waits until that is handed over.",))
        if got and past.is_forgotten(tx, got):
            words = f"Issue {number} corrects issue {got}, which went out so long ago that who got it is forgotten"
            return Report(attention=(f"{words}; `correct {got} --drop` takes it back.",))
        readers_of_it = who(issue, settings, now)
        rendering, readers = issues.rendering(tx, number), people.count_active(tx, readers_of_it)
        at_provider = by.can.idempotency == "campaign"
        if got and at_provider:
            words = f"Issue {number} corrects issue {got}, but {settings.provider} sends to the whole list it keeps."
            return Report(attention=(f"{words} Say it in the next issue; `correct {got} --drop` takes this one back.",))
        if rendering is None or not (readers or at_provider or people.count_active(tx)):
            return Report(attention=(f"Issue {number} is approved, but there are no subscribers to send it to.",))
        sending = ledger.Sending(
            number=number,
            sha=approval.sha,
            provider=settings.provider,
            message=folder.message(settings.issues / issue.folder, rendering.message),
            sender=settings.newsletter.from_,
            reply_to=settings.newsletter.reply_to,
            frozen=now.replace(microsecond=0),
            audience=1 if at_provider else readers,
            links=way_out("", settings),
            domain=_domain(settings),
            canary=canary if canary and canary < readers else None,
            asked=now,
        )
        if at_provider:
            _freeze_list(tx, sending)
            return Report(done=(f"Issue {number} frozen for the list that {settings.provider} keeps.",))
        keys = [_key(number, approval.sha, at) for at in range(_batches(sending, by.can.batch_max))]
        freezing.freeze(tx, sending, keys, by.can.batch_max, readers_of_it)
    return Report(done=(_begun(issue, readers),))


def _begun(issue: Issue, readers: int) -> str:
    """What is told of an issue that was frozen. One that no reader wants just now is done with it."""
    if readers:
        return f"Issue {issue.number} frozen for {many(readers, 'reader')}."
    got = issue.corrects
    why = f"nobody who got issue {got.number} is a reader now" if got else "each had one lately, or chose other topics"
    return f"Issue {issue.number} goes to no reader by mail: {why}."


def who(issue: Issue, settings: DeliverSettings, now: datetime) -> people.Who:
    """Whom an issue is for: by the topics of its posts and how often readers want mail; a correction, who got it."""
    if issue.corrects:
        return people.Who(got=issue.corrects.number)
    tags = {tag.casefold() for item in issue.items for tag in item.post.article.tags}
    offered = settings.readers.topics
    about = tuple(topic for topic in offered if topic.casefold() in tags)
    return people.Who(about=about, offered=offered, at=now)


def _freeze_list(tx: Tx, sending: ledger.Sending) -> None:
    if sending.canary:
        raise UserError(
            f"{sending.provider} sends to the list it keeps, so no few of it can go first.",
            next_step=f"A test copy: `send {sending.number} --to ADDRESS`.",
        )
    words = f"everybody on the list that {sending.provider} keeps"
    freezing.freeze_list(tx, sending, _key(sending.number, sending.sha, 0), words)


def _batches(sending: ledger.Sending, size: int) -> int:
    """How many batches there are: the canary has its own."""
    canary = sending.canary or 0
    return -(-canary // size) + -(-(sending.audience - canary) // size)


def trial(
    number: IssueNumber, message: Message, addresses: Iterable[str], settings: DeliverSettings, now: datetime
) -> Batch:
    """A batch for a test send: outside the ledger, its links lead nowhere."""
    domain = _domain(settings)
    recipients = tuple(
        Recipient(
            subscriber=SubscriberId(at),
            address=address,
            name=None,
            unsubscribe=way_out("test", settings),
            message_id=f"<test.{number}.{at}.{int(now.timestamp())}@{domain}>",
        )
        for at, address in enumerate(dict.fromkeys(addresses), 1)
    )
    return Batch(
        id=BatchId(0),
        issue=number,
        key=f"test-{number}-{int(now.timestamp())}",
        message=message,
        sender=settings.newsletter.from_,
        reply_to=settings.newsletter.reply_to,
        date=now.replace(microsecond=0),
        recipients=recipients,
    )


def way_out(token: str, settings: DeliverSettings) -> str:
    """A reader's link to leave; what it begins with when `token` is "".

    RFC 8058 section 3.1 wants HTTPS, whatever the settings say; the pre-flight list says so too.

    Without a server it is a mail to a mailbox that is read; the token is last in either.
    """
    if settings.readers.unsubscribe == "mailto":
        to = sender(settings.readers.unsubscribe_to or settings.newsletter.reply_to or settings.newsletter.from_)[1]
        return f"mailto:{quote(to, safe='@+')}?subject=unsubscribe%20{token}"
    home = settings.newsletter.home
    return f"https://{home.partition('://')[2]}unsubscribe/{token}"


def _domain(settings: DeliverSettings) -> str:
    return sender(settings.newsletter.from_)[1].rpartition("@")[2]


def _key(number: IssueNumber, sha: str, at: int) -> str:
    return hashlib.sha256(f"{number}/{sha}/{at}".encode()).hexdigest()[:32]
