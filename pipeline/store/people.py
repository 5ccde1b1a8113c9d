"""Readers and the addresses that must not be mailed. Written by the feedback room."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

import msgspec
import sqlalchemy as sa
from msgspec import structs

from pipeline.model import Consent, Every, IssueNumber, Subscriber, SubscriberId, Suppression
from pipeline.store import issues, tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert

_T = tables.subscribers.c
_TOPICS = tables.reader_topics.c
_CONSENTS = tables.consents.c
_LAST = "last reader"
"""The fact that says how high ids had gone when somebody was forgotten: SQLite gives the last one's again."""
_ROW_BY_ROW = {"yield_per": 1000}
_ANY = re.compile(r"[^\s<>()\[\]{},;:\"'?&/|@]{1,64}(?:@|%40)[^\s<>()\[\]{},;:\"'?&/|@]{1,255}(?<![.!])", re.IGNORECASE)
_OFFICE = re.compile(r"(?:abuse|hostmaster|noc|postmaster|security|support)(?:@|%40)", re.IGNORECASE)
_COLUMNS = [column for column in tables.subscribers.c if column.name != "address_key"]


def address_key(address: str) -> str:
    """What makes two spellings one mailbox: case is ignored, the domain is in ASCII, a +tag stays.

    A domain has one key whether it is written in letters or as it is mailed to (xn--, RFC 5891), also where the two
    standards of such names differ (ß, ς). RFC 5321 section 2.4 lets a host tell `Ann@` from `ann@`; none is known to,
    and mailing both would be mailing twice.
    """
    local, _, domain = address.strip().rpartition("@")
    return f"{local.casefold()}@{_domain_key(domain)}"


@lru_cache(maxsize=10_000)
def _domain_key(domain: str) -> str:
    try:
        return ".".join(map(_in_letters, domain.casefold().split("."))).casefold().encode("idna").decode()
    except UnicodeError:
        # No host has such a name; a stranger's report may.
        return domain.casefold()


def _in_letters(label: str) -> str:
    return label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label


def unnamed(words: str, *addresses: str) -> str:
    """A stranger's words without these addresses, in whatever spelling a mail host repeats them, or anybody else's.

    One may be where a reader's mail is forwarded to, or hers of before. What a host is asked at (RFC 2142) stays.
    """
    spellings = sorted({one for address in addresses if address for one in (address, address_key(address))}, key=len)
    for one in reversed(spellings):
        words = re.sub(re.escape(one), "(the address)", words, flags=re.IGNORECASE)
    return _ANY.sub(lambda found: found[0] if _OFFICE.match(found[0]) else "(an address)", words)


def address_hash(secret: bytes, address: str) -> str:
    """A mailbox's name in the suppression list: it can be recognised, not read back."""
    return hash_of_key(secret, address_key(address))


def hash_of_key(secret: bytes, key: str) -> str:
    """The same for a mailbox whose key is known."""
    return hmac.digest(secret, key.encode(), "sha256").hex()


def by_address(tx: Tx, address: str) -> Subscriber | None:
    """The reader with this mailbox, whatever its spelling."""
    return _one(tx, _T.address_key == address_key(address))


def by_id(tx: Tx, subscriber: SubscriberId) -> Subscriber | None:
    """One reader by her id."""
    return _one(tx, _T.id == subscriber)


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Which of those who want mail an issue is for.

    With `got` those who may have that issue (it is being corrected), whatever they chose. Else those whose topics,
    of the `offered` ones, are among what it is `about`, or who chose none; and whose rhythm allows a mail `at` that
    moment.
    """

    got: IssueNumber | None = None
    about: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    at: datetime | None = None


WANTING = ("active", "paused")
"""The states of readers who want mail, now or later."""

EVERYBODY = Who()
# A little less than the span itself: Tuesday's issue may be an hour earlier than last Tuesday's.
_RHYTHMS: Mapping[Every, timedelta] = {
    "day": timedelta(hours=20),
    "week": timedelta(days=6, hours=12),
    "month": timedelta(days=27),
}
_SKEW = timedelta(days=1)
"""How far ahead another machine's clock may be. What is further away was sent by a clock that went wrong."""


def every(tx: Tx) -> Iterator[Subscriber]:
    """All readers, in the order they came, read row by row."""
    for row in tx.execute(sa.select(*_COLUMNS).order_by(_T.id), execution_options=_ROW_BY_ROW):
        yield Subscriber(**row._mapping)


def count_active(tx: Tx, who: Who = EVERYBODY) -> int:
    """How many readers want mail."""
    return tx.execute(sa.select(sa.func.count()).where(*_wants_mail(who))).scalar_one()


def audience(who: Who = EVERYBODY) -> sa.Select[tuple[int, str, str | None, str]]:
    """The readers an issue goes to: id, address, name and the token of their links, for the ledger to copy."""
    return sa.select(_T.id, _T.address, _T.name, _T.token).where(*_wants_mail(who))


def _wants_mail(who: Who) -> Sequence[sa.ColumnElement[bool]]:
    if who.got is not None:
        # Whose copy is of unknown fate may have it as well.
        copies = tables.outcomes.c
        hers = (copies.number == who.got, copies.subscriber == _T.id, copies.fate.in_(("accepted", "unknown")))
        return (_T.state == "active", sa.exists().where(*hers))
    chosen = (_chose(who),) if who.offered else ()
    return (_T.state == "active", *chosen, *(() if who.at is None else (_in_turn(who.at),)))


def _chose(who: Who) -> sa.ColumnElement[bool]:
    """She chose no topic, or one of the issue's; a topic that is offered no more counts as none."""
    some = sa.exists().where(_TOPICS.subscriber == _T.id, _TOPICS.topic.in_(who.offered))
    hers = sa.exists().where(_TOPICS.subscriber == _T.id, _TOPICS.topic.in_(who.about))
    return sa.or_(~some, hers)


def _in_turn(at: datetime) -> sa.ColumnElement[bool]:
    """She wants every issue, or had none for as long as she likes; a correction takes nobody's turn."""
    copies, sendings = tables.outcomes.c, tables.sendings.c
    corrections = sa.select(tables.issues.c.number).where(tables.issues.c.slot.startswith(issues.CORRECTION))
    rested = [
        sa.and_(
            _T.every == every,
            ~sa.exists().where(
                sendings.frozen.between(at - span, at + _SKEW),
                sendings.number.not_in(corrections),
                copies.number == sendings.number,
                copies.subscriber == _T.id,
                copies.fate.not_in(("rejected", "suppressed")),
            ),
        )
        for every, span in _RHYTHMS.items()
    ]
    return sa.or_(_T.every == "issue", *rested)


def by_token(tx: Tx, token: str) -> Subscriber | None:
    """The reader whose links hold this token."""
    return _one(tx, _T.token == token)


def last_number(tx: Tx) -> int:
    """The highest id that any reader has or had; of whom states of earlier releases forgot, if she ever got a copy."""
    ledger = tables.outcomes.c
    highest = sa.select(sa.func.max(ledger.subscriber)).where(ledger.number == tables.sendings.c.number)
    copies = sa.select(sa.func.max(highest.correlate(tables.sendings).scalar_subquery())).select_from(tables.sendings)
    here = sa.select(sa.func.max(_T.id))
    noted = sa.select(tables.facts.c.value).where(tables.facts.c.name == _LAST)
    return max(int(tx.execute(chosen).scalar() or 0) for chosen in (here, copies, noted))


def add(tx: Tx, address: str, *, name: str | None, consent: str, token: str, now: datetime) -> SubscriberId:
    """A new reader, with how her consent was had. Her id is nobody's who was forgotten."""
    values = {"address": address, "address_key": address_key(address), "name": name, "consent": consent}
    fresh = SubscriberId(last_number(tx) + 1)
    tx.execute(sa.insert(tables.subscribers).values(**values, id=fresh, token=token, state="active", since=now))
    return fresh


def put(tx: Tx, subscriber: SubscriberId, **values: object) -> None:
    """Change columns of a reader's row."""
    tx.execute(sa.update(tables.subscribers).where(_T.id == subscriber).values(**values))


def topics(tx: Tx, subscriber: SubscriberId) -> tuple[str, ...]:
    """The topics that a reader wants, in alphabetical order; none means all."""
    mine = sa.select(_TOPICS.topic).where(_TOPICS.subscriber == subscriber).order_by(_TOPICS.topic)
    return tuple(tx.execute(mine).scalars())


def all_topics(tx: Tx) -> dict[int, list[str]]:
    """The topics of every reader who has chosen some."""
    found: dict[int, list[str]] = {}
    for row in tx.execute(sa.select(_TOPICS.subscriber, _TOPICS.topic).order_by(_TOPICS.topic)):
        found.setdefault(row.subscriber, []).append(row.topic)
    return found


def copies(tx: Tx, subscriber: SubscriberId) -> list[tuple[int, str, str]]:
    """(issue, fate, the provider's words) of every copy that was meant for a reader."""
    ledger = tables.outcomes.c
    mine = sa.select(ledger.number, ledger.fate, ledger.words).where(*_hers(subscriber))
    return [(row.number, row.fate, row.words) for row in tx.execute(mine.order_by(ledger.number))]


def _hers(subscriber: SubscriberId) -> Sequence[sa.ColumnElement[bool]]:
    """A reader's copies, issue by issue: the ledger is in that order, and reading all of it takes long."""
    ledger = tables.outcomes.c
    return (ledger.number.in_(sa.select(tables.sendings.c.number)), ledger.subscriber == subscriber)


def choose(tx: Tx, subscriber: SubscriberId, topics: Iterable[str]) -> None:
    """The topics that a reader wants from now on."""
    tx.execute(sa.delete(tables.reader_topics).where(_TOPICS.subscriber == subscriber))
    if rows := [{"subscriber": subscriber, "topic": topic} for topic in dict.fromkeys(topics)]:
        tx.execute(sa.insert(tables.reader_topics), rows)


def acts_by_month(tx: Tx) -> dict[str, dict[str, int]]:
    """How often readers did what ("left", "imported" …), by month as in "2026-11"."""
    month = sa.func.substr(sa.type_coerce(_CONSENTS.at, sa.Text), 1, 7)
    found: dict[str, dict[str, int]] = {}
    for when, act, count in tx.execute(sa.select(month, _CONSENTS.act, sa.func.count()).group_by(month, _CONSENTS.act)):
        found.setdefault(when, {})[act] = count
    return found


def count_by_state(tx: Tx) -> dict[str, int]:
    """How many readers there are of each state."""
    return {row[0]: row[1] for row in tx.execute(sa.select(_T.state, sa.func.count()).group_by(_T.state))}


def found(tx: Tx, words: str, state: str | None, *, limit: int, skip: int = 0) -> list[Subscriber]:
    """Readers in whose address or name `words` stand (all readers without any), the newest first, a page of them."""
    chosen = sa.select(*_COLUMNS).where(*_about(words, state)).order_by(_T.id.desc()).limit(limit).offset(skip)
    return [Subscriber(**row._mapping) for row in tx.execute(chosen)]


def count_found(tx: Tx, words: str, state: str | None) -> int:
    """How many readers those are in all."""
    return tx.execute(
        sa.select(sa.func.count()).select_from(tables.subscribers).where(*_about(words, state))
    ).scalar_one()


def _about(words: str, state: str | None) -> Sequence[sa.ColumnElement[bool]]:
    spoken = (
        _T.address.icontains(word, autoescape=True) | _T.name.icontains(word, autoescape=True) for word in words.split()
    )
    return (*(() if state is None else (_T.state == state,)), *spoken)


def consented(tx: Tx, subscriber: SubscriberId, consent: Consent) -> None:
    """Keep the evidence of what a reader did."""
    values = {"act": consent.act, "words": consent.words, "source": consent.source, "at": consent.at}
    tx.execute(sa.insert(tables.consents).values(subscriber=subscriber, **values))


def consents(tx: Tx, subscriber: SubscriberId) -> list[Consent]:
    """Everything that a reader did, oldest first."""
    columns = (_CONSENTS.act, _CONSENTS.words, _CONSENTS.source, _CONSENTS.at)
    mine = sa.select(*columns).where(_CONSENTS.subscriber == subscriber).order_by(_CONSENTS.id)
    return [Consent(**row._mapping) for row in tx.execute(mine)]


def remove(tx: Tx, subscriber: SubscriberId, address: str) -> None:
    """Forget a person: her rows go, and her address in the ledger with them. Nobody gets her id after her."""
    upsert(tx, tables.facts, ["name"], {"name": _LAST, "value": str(last_number(tx))})
    tx.execute(sa.delete(tables.reader_topics).where(_TOPICS.subscriber == subscriber))
    tx.execute(sa.delete(tables.consents).where(_CONSENTS.subscriber == subscriber))
    tx.execute(sa.delete(tables.signups).where(tables.signups.c.address_key == address_key(address)))
    tx.execute(sa.delete(tables.subscribers).where(_T.id == subscriber))
    gone = {"address": "(forgotten)", "name": None, "unsubscribe": "", "words": ""}
    tx.execute(sa.update(tables.outcomes).where(*_hers(subscriber)).values(**gone))


def suppress(tx: Tx, suppression: Suppression, key: str) -> None:
    """Keep the mailbox of this key out of every mail from now on; the newest evidence is kept.

    Change the state of its reader first: then no batch has to look for her by her hash.
    """
    wants = tx.execute(sa.select(_T.id).where(_T.address_key == key, _T.state.in_(WANTING))).first() is not None
    upsert(tx, tables.suppressions, ["address_hash"], suppression_row(suppression, unmatched=wants))


def suppression_row(suppression: Suppression, *, unmatched: bool) -> dict[str, object]:
    """A row of `suppressions`; `unmatched` as its column says."""
    return {**structs.asdict(suppression), "unmatched": unmatched}


def suppressed(tx: Tx, address_hash: str) -> Suppression | None:
    """Why an address must not be mailed, None when it may."""
    columns = (tables.suppressions.c[name] for name in Suppression.__struct_fields__)
    found = tx.execute(sa.select(*columns).where(tables.suppressions.c.address_hash == address_hash)).first()
    return None if found is None else Suppression(**found._mapping)


def lift(tx: Tx, address_hash: str) -> None:
    """An address may be mailed again."""
    tx.execute(sa.delete(tables.suppressions).where(tables.suppressions.c.address_hash == address_hash))


_UNMATCHED = tables.suppressions.c.unmatched.is_(True)
_ANY_UNMATCHED = sa.select(tables.suppressions.c.reason).where(_UNMATCHED).limit(1)


def any_unmatched(tx: Tx) -> bool:
    """Whether a reader who wants mail may be suppressed: an address came in by its hash alone, as from a backup."""
    return tx.execute(_ANY_UNMATCHED).first() is not None


def match(tx: Tx, secret: bytes) -> int:
    """Take off every reader who is suppressed and counts as one who wants mail; returns how many there were."""
    columns = tables.suppressions.c
    loose = {row[0]: row[1] for row in tx.execute(sa.select(columns.address_hash, columns.reason).where(_UNMATCHED))}
    wanting = sa.select(_T.id, _T.address).where(_T.state.in_(WANTING))
    rows = tx.execute(wanting, execution_options=_ROW_BY_ROW)
    hashed = ((row.id, address_hash(secret, row.address)) for row in rows)
    found = [(reader, loose[one]) for reader, one in hashed if one in loose]
    for reader, reason in found:
        put(tx, reader, state="unsubscribed" if reason == "forgotten" else reason)
    tx.execute(sa.update(tables.suppressions).where(_UNMATCHED).values(unmatched=False))
    return len(found)


def suppressed_among(tx: Tx, secret: bytes, addresses: Mapping[SubscriberId, str]) -> dict[SubscriberId, str]:
    """Those of many readers (id to address) who must not be mailed, each with the reason, whatever their state says.

    A hash takes as long as all else for a reader. So where each suppressed mailbox is known to be nobody's who wants
    mail, none is made: her state tells.
    """
    columns = tables.suppressions.c
    if not any_unmatched(tx):
        return {}
    hashes = {address_hash(secret, address): reader for reader, address in addresses.items()}
    found: dict[SubscriberId, str] = {}
    for some in _batched(hashes, 500):
        rows = tx.execute(sa.select(columns.address_hash, columns.reason).where(columns.address_hash.in_(some)))
        found |= {hashes[row[0]]: row[1] for row in rows}
    return found


def _batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """The items in lists of `size`: a statement takes only so many values."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def _one(tx: Tx, condition: sa.ColumnElement[bool]) -> Subscriber | None:
    row = tx.execute(sa.select(*_COLUMNS).where(condition)).first()
    return None if row is None else Subscriber(**row._mapping)
