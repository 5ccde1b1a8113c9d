"""The mails of the form: one for each person who filled it in, claimed before it is sent, so that none goes twice."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from pipeline import looks, mail, providers
from pipeline.config import FeedbackSettings
from pipeline.errors import PaperroundError
from pipeline.model import (
    Batch,
    BatchId,
    IssueNumber,
    Message,
    NoAnswer,
    Outcome,
    Outside,
    Recipient,
    Reply,
    Report,
    Signup,
    SignupId,
    SubscriberId,
)
from pipeline.providers import Provider
from pipeline.store import Store, people, signups

AN_HOUR = timedelta(hours=1)
AN_HOUR_AT_MOST = 300
"""Mails of the form in an hour; what comes beyond waits. A flood of them is a form bomb, whoever sends it."""

STAND_IN = "https://unsubscribe.invalid/never-ask-again"


def possible(settings: FeedbackSettings) -> bool:
    """Whether the provider can mail one person: one that keeps the list itself would mail everybody on it."""
    return bool(providers.load(settings.provider).CAN.idempotency != "campaign")


def due(store: Store, settings: FeedbackSettings, now: datetime) -> list[SignupId]:
    """Sign-ups whose mail may go now."""
    if not possible(settings):
        return []
    with store.reading() as tx:
        room = AN_HOUR_AT_MOST - signups.mailed_since(tx, now - AN_HOUR)
        return signups.waiting(tx)[: max(room, 0)]


def send(signup: SignupId, store: Store, settings: FeedbackSettings, out: Outside) -> Report:
    """Send the mail that waits for one sign-up; what was certainly not handed over waits on."""
    if not possible(settings):
        return Report(unchanged=1)
    now = out.clock()
    by = providers.open_provider(
        settings.provider, settings.tables.get(settings.provider, {}), settings.secrets, settings.text
    )
    with store.writing() as tx:
        found = signups.by_id(tx, signup)
        if found is None or found.mail is None or signups.mailed_since(tx, now - AN_HOUR) >= AN_HOUR_AT_MOST:
            return Report(unchanged=1)
        reader = people.by_address(tx, found.address)
        signups.claim(tx, signup, found.mail, now)
    link = f"confirm/{found.token}" if found.mail == "confirm" or reader is None else f"preferences/{reader.token}"
    outcome = _handed_over(_batch(found, link, settings, now), by, out)
    if outcome.fate == "accepted":
        return Report(done=("One person was asked to confirm.",) if found.mail == "confirm" else ())
    if outcome.fate == "not-sent":
        with store.writing() as tx:
            signups.put(tx, signup, mail=found.mail, mails=found.mails, mailed=found.mailed)
    words = f"A mail asking to confirm was not taken ({outcome.fate}): {outcome.words}"
    return Report(errors=(words.replace(found.address, "the address"),))


def _handed_over(batch: Batch, by: Provider, out: Outside) -> Outcome:
    replies: list[Reply] = []
    try:
        while asked := by.requests(batch, tuple(replies)):
            got = list(out.line(asked))
            replies += got
            if len(got) < len(asked) or any(isinstance(reply, NoAnswer) for reply in got):
                break
        return next(iter(by.read(batch, tuple(replies))))
    except PaperroundError as fault:
        return Outcome(subscriber=SubscriberId(0), fate="rejected", words=str(fault))


def _batch(signup: Signup, link: str, settings: FeedbackSettings, now: datetime) -> Batch:
    """One mail to one person, outside the ledger, which counts issues only."""
    newsletter = settings.newsletter
    home = f"https://{newsletter.home.partition('://')[2]}"
    name = hashlib.sha256(f"{signup.token}/{signup.mails}".encode()).hexdigest()[:24]
    domain = mail.sender(newsletter.from_)[1].rpartition("@")[2]
    recipient = Recipient(
        subscriber=SubscriberId(signup.id),
        address=signup.address,
        name=signup.name,
        unsubscribe=f"{home}unsubscribe/{signup.token}",
        message_id=f"<confirm.{name}@{domain}>",
    )
    return Batch(
        id=BatchId(0),
        issue=IssueNumber(0),
        key=f"confirm-{name}",
        message=message(signup, f"{home}{link}", settings),
        sender=newsletter.from_,
        reply_to=newsletter.reply_to,
        date=now.replace(microsecond=0),
        recipients=(recipient,),
    )


def message(signup: Signup, link: str, settings: FeedbackSettings) -> Message:
    """The mail in the newsletter's words and colours."""
    newsletter = settings.newsletter
    words = looks.words(newsletter.language, settings.templates)
    told = {key: str(value).replace("{title}", newsletter.title) for key, value in words.items()}
    kind = signup.mail or "confirm"
    values = {
        "newsletter": newsletter,
        "language": newsletter.language,
        "direction": looks.direction(words),
        "heading": told[f"mail_{kind}_subject"],
        "intro": told[f"mail_{kind}_intro"],
        "button": told[f"mail_{kind}_button"],
        "ignore": told["mail_confirm_ignore"] if kind == "confirm" else "",
        "never": told["mail_confirm_never"] if kind == "confirm" else told["unsubscribe"],
        "link": link,
        "unsubscribe": STAND_IN,
        "consent": signup.words if kind == "confirm" else "",
    } | looks.theme(settings.templates)
    return Message(
        subject=mail.header_text(told[f"mail_{kind}_subject"]),
        html=looks.fill("readers/mail.html", settings.templates, values),
        text=looks.fill("readers/mail.txt", settings.templates, values),
        unsubscribe=STAND_IN,
    )
