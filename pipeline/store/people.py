"""Readers and the addresses that must not be mailed. Written by the feedback room."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from pipeline.model import IssueNumber, Subscriber, SubscriberId, Suppression
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert

_T = tables.subscribers.c
_COLUMNS = [column for column in tables.subscribers.c if column.name != "address_key"]


def address_key(address: str) -> str:
    """What makes two spellings one mailbox: case is ignored, the domain is in ASCII, a +tag stays.

    RFC 5321 section 2.4 lets a host tell `Ann@` from `ann@`; none is known to, and mailing both would be mailing twice.
    """
    local, _, domain = address.strip().rpartition("@")
    return f"{local.casefold()}@{domain.casefold().encode('idna').decode()}"


def address_hash(secret: bytes, address: str) -> str:
    """A mailbox's name in the suppression list: it can be recognised, not read back."""
    return hmac.new(secret, address_key(address).encode(), hashlib.sha256).hexdigest()


def by_address(tx: Tx, address: str) -> Subscriber | None:
    """The reader with this mailbox, whatever its spelling."""
    return _one(tx, _T.address_key == address_key(address))


def by_id(tx: Tx, subscriber: SubscriberId) -> Subscriber | None:
    """One reader by her id."""
    return _one(tx, _T.id == subscriber)


def active(tx: Tx, got: IssueNumber | None = None) -> Iterator[Subscriber]:
    """Readers who want mail, in the order they came, read row by row; with `got` only those who may have that issue."""
    chosen = sa.select(*_COLUMNS).where(*_wants_mail(got)).order_by(_T.id)
    for row in tx.execution_options(yield_per=1000).execute(chosen):
        yield Subscriber(**row._mapping)


def every(tx: Tx) -> Iterator[Subscriber]:
    """All readers, in the order they came, read row by row."""
    for row in tx.execution_options(yield_per=1000).execute(sa.select(*_COLUMNS).order_by(_T.id)):
        yield Subscriber(**row._mapping)


def count_active(tx: Tx, got: IssueNumber | None = None) -> int:
    """How many readers want mail; with `got` only those who may have that issue."""
    return tx.execute(sa.select(sa.func.count()).where(*_wants_mail(got))).scalar_one()


def _wants_mail(got: IssueNumber | None) -> Sequence[sa.ColumnElement[bool]]:
    """Whose copy is of unknown fate may have it as well."""
    copies = tables.outcomes.c
    have_it = sa.select(copies.subscriber).where(copies.number == got, copies.fate.in_(("accepted", "unknown")))
    return (_T.state == "active", *(() if got is None else (_T.id.in_(have_it),)))


def add(tx: Tx, address: str, *, name: str | None, consent: str, token: str, now: datetime) -> None:
    """A new reader, with how her consent was had."""
    values = {"address": address, "address_key": address_key(address), "name": name, "consent": consent}
    tx.execute(sa.insert(tables.subscribers).values(**values, token=token, state="active", since=now))


def unsubscribe(tx: Tx, subscriber: SubscriberId) -> None:
    """She wants no more mail; the row stays so that no import brings her back."""
    tx.execute(sa.update(tables.subscribers).where(_T.id == subscriber).values(state="unsubscribed"))


def remove(tx: Tx, subscriber: SubscriberId) -> None:
    """Forget a person: the row goes, and her address in the ledger with it."""
    tx.execute(sa.delete(tables.subscribers).where(_T.id == subscriber))
    ledger = tables.outcomes
    gone = {"address": "(forgotten)", "name": None, "unsubscribe": "", "words": ""}
    tx.execute(sa.update(ledger).where(ledger.c.subscriber == subscriber).values(**gone))


def suppress(tx: Tx, suppression: Suppression) -> None:
    """Keep an address out of every mail from now on; the newest evidence is kept."""
    values = {name: getattr(suppression, name) for name in ("address_hash", "reason", "evidence", "at")}
    upsert(tx, tables.suppressions, ["address_hash"], values)


def suppressed(tx: Tx, address_hash: str) -> Suppression | None:
    """Why an address must not be mailed, None when it may."""
    found = tx.execute(sa.select(tables.suppressions).where(tables.suppressions.c.address_hash == address_hash)).first()
    return None if found is None else Suppression(**found._mapping)


def _one(tx: Tx, condition: sa.ColumnElement[bool]) -> Subscriber | None:
    row = tx.execute(sa.select(*_COLUMNS).where(condition)).first()
    return None if row is None else Subscriber(**row._mapping)
