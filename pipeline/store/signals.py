"""What providers and mail hosts reported, each event once, and how far they were asked. Written by feedback."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pipeline.model import IssueNumber, Signal
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert

_T = tables.signals.c
_C = tables.cursors.c
_WORDS_AT_MOST = 500


def keep(tx: Tx, provider: str, signal: Signal, address_hash: str, now: datetime, *, host: str | None = None) -> bool:
    """Write an event down; False when it was known already. Of the address only its salted hash is kept.

    `host` is the mail host that refused a copy by its rules, None for everything else that is reported.
    """
    values = {
        "provider": provider,
        "event": hashlib.sha256(signal.id.encode("utf-8", "replace")).hexdigest(),
        "kind": signal.kind,
        "permanent": signal.permanent,
        "address_hash": address_hash,
        "number": signal.issue,
        "at": signal.at,
        "seen": now,
        "words": signal.words[:_WORDS_AT_MOST],
        "host": host,
    }
    known = sa.select(sa.literal(1)).where(_T.provider == provider, _T.event == values["event"])
    if tx.execute(known).first():
        return False
    upsert(tx, tables.signals, ["provider", "event"], values)
    return True


def refusals(tx: Tx, since: datetime) -> list[tuple[int, int, str, str]]:
    """(issue, reader, address, the provider's words) of copies refused for good, while their reader is to be mailed.

    Only of issues frozen since then: what a refusal says of an address is acted on by the next run.
    """
    copies, who = tables.outcomes.c, tables.subscribers.c
    whose = (who.id == copies.subscriber, who.state.in_(("active", "paused")), copies.at >= who.since)
    lately = copies.number.in_(_sent_since(since))
    columns = (copies.number, copies.subscriber, copies.address, copies.words)
    rows = tx.execute(sa.select(*columns).where(copies.fate == "rejected", lately, *whose))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def refusing_hosts(tx: Tx, since: datetime) -> list[tuple[IssueNumber, str, str, str]]:
    """(issue, host, whose copy, the host's words) of each copy that a mail host refused by its rules, as reported.

    Only of issues frozen since then. Whose it was is told by the hash of her address; she may stand there twice.
    """
    columns = (_T.number, _T.host, _T.address_hash, _T.words)
    rows = tx.execute(sa.select(*columns).where(_T.number.in_(_sent_since(since)), _T.host.is_not(None)))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def refused_at_once(tx: Tx, since: datetime) -> list[tuple[IssueNumber, str]]:
    """(issue, the provider's words) of each copy that was refused for good when it was handed over."""
    copies = tables.outcomes.c
    theirs = (copies.fate == "rejected", copies.number.in_(_sent_since(since)))
    return [(row[0], row[1]) for row in tx.execute(sa.select(copies.number, copies.words).where(*theirs))]


def readers_at(tx: Tx, number: IssueNumber, host: str) -> int:
    """How many of an issue's readers have their mailbox at a host."""
    copies = tables.outcomes.c
    theirs = copies.address.iendswith(f"@{host}", autoescape=True)
    return tx.execute(sa.select(sa.func.count()).where(copies.number == number, theirs)).scalar_one()


def _sent_since(since: datetime) -> sa.Select[tuple[int]]:
    return sa.select(tables.sendings.c.number).where(tables.sendings.c.frozen >= since)


def first_copy(tx: Tx) -> datetime | None:
    """When the first issue was frozen; nothing can be reported from before."""
    found: datetime | None = tx.execute(sa.select(sa.func.min(tables.sendings.c.frozen, type_=tables.Instant))).scalar()
    return found


def of_address(tx: Tx, address_hash: str) -> Sequence[tuple[str, str, datetime]]:
    """(kind, the reporter's words, when) of everything reported about an address, by the time it happened."""
    mine = sa.select(_T.kind, _T.words, _T.at).where(_T.address_hash == address_hash).order_by(_T.at)
    return [(row.kind, row.words, row.at) for row in tx.execute(mine)]


def words_about(tx: Tx, address_hash: str) -> Sequence[Mapping[str, Any]]:
    """The same with who reported it, of which issue, and in what words."""
    columns = (_T.kind, _T.permanent, _T.provider, _T.number.label("issue"), _T.words, _T.at, _T.host)
    mine = sa.select(*columns).where(_T.address_hash == address_hash).order_by(_T.at)
    return [dict(row) for row in tx.execute(mine).mappings()]


def counts(tx: Tx) -> dict[IssueNumber, dict[str, int]]:
    """Of how many readers' copies each kind was reported, for each issue.

    Postmark tells a hard bounce twice, as a bounce and as a change of its list; who is asked tells what a webhook told.
    """
    found: dict[IssueNumber, dict[str, int]] = {}
    readers = sa.func.count(sa.distinct(_T.address_hash))
    chosen = sa.select(_T.number, _T.kind, readers).where(_T.number.is_not(None)).group_by(_T.number, _T.kind)
    for number, kind, count in tx.execute(chosen):
        found.setdefault(number, {})[kind] = count
    return found


def forget(tx: Tx, address_hash: str) -> None:
    """What was said about an address loses its words; the count of events stays."""
    tx.execute(sa.update(tables.signals).where(_T.address_hash == address_hash).values(words="", host=None))


def cursor(tx: Tx, name: str) -> tuple[str, datetime] | None:
    """How far something was read, and when; None before the first time."""
    row = tx.execute(sa.select(_C.value, _C.at).where(_C.name == name)).first()
    return None if row is None else (row.value, row.at)


def advance(tx: Tx, name: str, value: str, now: datetime) -> None:
    """Something was read so far."""
    upsert(tx, tables.cursors, ["name"], {"name": name, "value": value, "at": now})
