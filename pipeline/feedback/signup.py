"""Somebody wants to be a reader: she is asked by mail whether it was she, and only her yes counts (double opt-in).

Who the form is filled in for never shows in its answer. Rules for the mail:

- nobody, or a reader who left or was forgotten: she is asked to confirm; her own yes brings her back
- a reader: she is told that she is one, with the link to what she may choose
- an address that bounced or complained: nothing is sent
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pipeline.feedback import tokens
from pipeline.model import Consent, Signup, SignupId
from pipeline.store import Store, Tx, people, signups

VALID = timedelta(days=7)
"""How long a confirmation's link is good, and how long an address that nobody confirmed is kept."""

PAUSE = timedelta(minutes=15)
"""No second mail to one address within this time, and three at most while a sign-up is kept."""

MAILS_AT_MOST = 3

Confirmed = Literal["subscribed", "expired"]


def ask(
    store: Store,
    address: str,
    *,
    name: str | None,
    topics: tuple[str, ...],
    words: str,
    source: str,
    now: datetime,
) -> SignupId:
    """Write down that this address was put into the form; a mail waits then, unless none may go there (again).

    `words` are what the person agreed to, `source` is the page.
    """
    with store.writing() as tx:
        secret = store.secret(tx)
        known = signups.by_address(tx, address)
        if known is not None and _over(known, now):
            signups.remove(tx, known.id)
            known = None
        signup = known.id if known else signups.add(tx, address, token=tokens.made(secret), now=now)
        mail = _mail(tx, secret, address, known, now)
        asked = {"address": address, "name": name, "topics": topics, "words": words, "source": source, "asked": now}
        signups.put(tx, signup, mail=mail, done=None, **asked)
    return signup


def _over(signup: Signup, now: datetime) -> bool:
    """Three mails bar an address only while they are fresh; a confirmation that was used needs another link."""
    return signup.done is not None or (signup.mailed is not None and signup.mailed < now - VALID)


def _mail(
    tx: Tx, secret: bytes, address: str, known: Signup | None, now: datetime
) -> Literal["confirm", "known"] | None:
    barred = people.suppressed(tx, people.address_hash(secret, address))
    reader = people.by_address(tx, address)
    if barred and barred.reason in ("bounced", "complained"):
        return None
    if known and known.mailed and (known.mails >= MAILS_AT_MOST or known.mailed > now - PAUSE):
        return None
    return "known" if reader and reader.state == "active" else "confirm"


def pending(token: str, store: Store, now: datetime) -> Signup | None:
    """The sign-up whose confirmation holds this link, None when it has run out, or she has left since she confirmed."""
    with store.reading() as tx:
        found = signups.by_token(tx, token)
        if found is None or found.asked <= now - VALID:
            return None
        reader = people.by_address(tx, found.address) if found.done else None
    return found if found.done is None or (reader and reader.state in people.WANTING) else None


def confirm(token: str, store: Store, now: datetime) -> Confirmed:
    """Her yes: she is a reader from now on. Pressing twice changes nothing more."""
    with store.writing() as tx:
        signup = signups.by_token(tx, token)
        if signup is None or signup.asked <= now - VALID:
            return "expired"
        if signup.done is None and not _welcome(tx, store.secret(tx), signup, now):
            return "expired"
        signups.put(tx, signup.id, done=signup.done or now, mail=None)
    return "subscribed"


def _welcome(tx: Tx, secret: bytes, signup: Signup, now: datetime) -> bool:
    """Make her a reader (again), with the evidence; False when mail to her address must not go."""
    hashed = people.address_hash(secret, signup.address)
    barred = people.suppressed(tx, hashed)
    if barred and barred.reason in ("bounced", "complained"):
        return False
    people.lift(tx, hashed)
    reader = people.by_address(tx, signup.address)
    consent = f"confirmed on {now:%Y-%m-%d}"
    if reader is None:
        fresh = tokens.made(secret)
        id_ = people.add(tx, signup.address, name=signup.name, consent=consent, token=fresh, now=now)
    else:
        id_ = reader.id
        if reader.state == "paused":
            people.put(tx, id_, state="active")
        elif reader.state != "active":
            people.put(tx, id_, state="active", consent=consent, since=now, name=signup.name or reader.name)
    people.choose(tx, id_, signup.topics)
    source = f"{signup.source}, filled in on {signup.asked:%Y-%m-%d %H:%M} UTC, confirmed by mail"
    people.consented(tx, id_, Consent(act="subscribed", words=signup.words, source=source, at=now))
    return True
