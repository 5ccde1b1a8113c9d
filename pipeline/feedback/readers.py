"""Readers come, leave and are forgotten."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pipeline.errors import UserError
from pipeline.feedback import tokens
from pipeline.model import Consent, Reason, Subscriber, Suppression, graver
from pipeline.store import Store, Tx, people, signals

Added = Literal["added", "known", "left"]


def add(store: Store, address: str, *, name: str | None, consent: str, now: datetime) -> Added:
    """A reader by the author's word: "added", "known" already, or "left" when she had said no (and stays out).

    Raises UserError for an address that can't be mailed.
    """
    with store.writing() as tx:
        return _add(tx, store.secret(tx), checked(address), name=name, consent=consent, now=now)


def _add(tx: Tx, secret: bytes, address: str, *, name: str | None, consent: str, now: datetime) -> Added:
    if people.suppressed(tx, people.address_hash(secret, address)):
        return "left"
    known = people.by_address(tx, address)
    if known is not None:
        return "known" if known.state in ("active", "paused") else "left"
    fresh = people.add(tx, address, name=name, consent=consent, token=tokens.made(secret), now=now)
    people.consented(tx, fresh, Consent(act="added", words=consent, source="the author", at=now))
    return "added"


def checked(address: str) -> str:
    """The address, if mail to it can be written at all. Raises UserError with the reason."""
    from email_validator import EmailNotValidError, validate_email

    if not address.strip():
        raise UserError("There is no address.", next_step="Write it as ann@example.org.")
    try:
        return validate_email(address.strip(), check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError as fault:
        raise UserError(f"{address.strip()!r} is no address that mail can go to: {fault}") from None


def export_csv(store: Store) -> Iterator[str]:
    """All readers as CSV lines, header first; what is read back by an import is the same readers."""
    yield HEAD
    with store.reading() as tx:
        yield from (line for _, line in rows(tx))


def rows(tx: Tx) -> Iterator[tuple[Subscriber, str]]:
    """Every reader with the line that she has in the CSV file."""
    topics = people.all_topics(tx)
    for reader in people.every(tx):
        rest = json.dumps(reader.attributes, ensure_ascii=False) if reader.attributes else ""
        mine = ", ".join(topics.get(reader.id, ()))
        kept = (reader.consent, reader.since.isoformat(), reader.every, mine, rest)
        yield reader, _line((reader.address, reader.name or "", reader.state, *kept))


def _line(values: tuple[str, ...]) -> str:
    line = io.StringIO()
    # A spreadsheet runs cells that begin with these; a quote makes them plain text again.
    csv.writer(line).writerow(f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t") else value for value in values)
    return line.getvalue()


HEAD = _line(("email", "name", "state", "consent", "since", "every", "topics", "attributes"))


def unsubscribe(store: Store, address: str, *, evidence: str, now: datetime) -> Subscriber:
    """A reader who leaves stays out, until she herself asks to come back. Raises UserError for an unknown address."""
    with store.writing() as tx:
        reader = _reader(tx, address)
        let_go(tx, store.secret(tx), reader, evidence, now)
    return reader


def let_go(tx: Tx, secret: bytes, reader: Subscriber, evidence: str, now: datetime) -> None:
    """She wants no more mail; the row stays so that no import brings her back, nor a mailbox that works again."""
    if graver("unsubscribed", reader.state):
        people.put(tx, reader.id, state="unsubscribed")
        people.consented(tx, reader.id, Consent(act="left", words=evidence, source="", at=now))
    _suppress(tx, secret, reader.address, "unsubscribed", evidence, now)


def bar(
    tx: Tx,
    secret: bytes,
    reader: Subscriber,
    reason: Literal["bounced", "complained"],
    evidence: str,
    now: datetime,
) -> None:
    """Her mail host, or she herself by way of it, says that she must not be mailed. A bounce undoes no goodbye."""
    if graver(reason, reader.state):
        people.put(tx, reader.id, state=reason)
    _suppress(tx, secret, reader.address, reason, evidence, now)


def forget(store: Store, address: str, *, now: datetime) -> None:
    """Delete all about a person but a salted hash that keeps her out. Raises UserError for an unknown address."""
    with store.writing() as tx:
        reader = _reader(tx, address)
        signals.forget(tx, people.address_hash(store.secret(tx), reader.address))
        people.remove(tx, reader.id, reader.address)
        _suppress(tx, store.secret(tx), reader.address, "forgotten", "by request", now)


def _reader(tx: Tx, address: str) -> Subscriber:
    reader = people.by_address(tx, address)
    if reader is None:
        raise UserError(f"Nobody here has the address {address}.", next_step="`paperround subscribers list` shows all.")
    return reader


def _suppress(tx: Tx, secret: bytes, address: str, reason: Reason, evidence: str, now: datetime) -> None:
    """The gravest reason is kept."""
    key = people.address_key(address)
    hashed = people.hash_of_key(secret, key)
    known = people.suppressed(tx, hashed)
    if graver(reason, known.reason if known else None):
        people.suppress(tx, Suppression(address_hash=hashed, reason=reason, evidence=evidence, at=now), key)


def allow(store: Store, address: str, *, now: datetime) -> bool:
    """Mail may go to an address again that bounced, by the author's word that it works.

    False when nobody has the address: then only the bar is lifted. Raises UserError when there is no bounce to take
    back: who left or complained comes back by her own confirmed yes only.
    """
    with store.writing() as tx:
        reader = people.by_address(tx, address)
        hashed = people.address_hash(store.secret(tx), address)
        barred = people.suppressed(tx, hashed)
        bounced = (barred is None or barred.reason == "bounced") and (reader is None or reader.state == "bounced")
        if not bounced or (reader is None and barred is None):
            raise UserError(
                f"There is no bounce of {address} to take back.",
                next_step="Who has left comes back by filling in the form herself.",
            )
        people.lift(tx, hashed)
        if reader is None:
            return False
        people.put(tx, reader.id, state="active", since=now)
        words = "the author's word that the mailbox works again"
        people.consented(tx, reader.id, Consent(act="changed", words=words, source="the author", at=now))
    return True


def about(store: Store, address: str) -> dict[str, Any]:
    """Everything that is kept about a person, for her to read (GDPR, article 15). Raises UserError for a stranger."""
    with store.reading() as tx:
        reader = _reader(tx, address)
        hashed = people.address_hash(store.secret(tx), reader.address)
        barred = people.suppressed(tx, hashed)
        return {
            "address": reader.address,
            "name": reader.name,
            "state": reader.state,
            "since": reader.since.isoformat(),
            "consent": reader.consent,
            "every": reader.every,
            "topics": list(people.topics(tx, reader.id)),
            "attributes": dict(reader.attributes or {}),
            "acts": [
                {"act": one.act, "words": one.words, "source": one.source, "at": one.at.isoformat()}
                for one in people.consents(tx, reader.id)
            ],
            "issues": [
                {"issue": number, "fate": fate, "words": words} for number, fate, words in people.copies(tx, reader.id)
            ],
            "reports": [{**one, "at": one["at"].isoformat()} for one in signals.words_about(tx, hashed)],
            "suppressed": barred
            and {"reason": barred.reason, "evidence": barred.evidence, "at": barred.at.isoformat()},
        }
