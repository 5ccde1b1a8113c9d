"""A batch as it is handed over: its readers, and who of them must not be mailed. Nothing is written here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import sqlalchemy as sa

from pipeline.model import Batch, BatchId, Outcome, Recipient, SubscriberId
from pipeline.store import ledger, people, tables
from pipeline.store.open import Tx
from pipeline.store.rows import bare

_S = tables.sendings.c
_B = tables.batches.c
_O = tables.outcomes.c
_W = tables.subscribers.c
_ABOUT = (
    sa.select(_S.number, _B.key, _S.sender, _S.reply_to, _S.frozen, _S.links, _S.domain, ledger.MESSAGE)
    .join(tables.batches, _B.number == _S.number)
    .where(_B.id == ledger.THIS)
)
# Whom a mail server refused comes last, so that she holds up nobody when it is asked again.
_REFUSED = sa.case((_O.words.like("5%"), 1), else_=0)
_READERS = sa.select(_REFUSED, _O.subscriber, _O.address, _O.name, _O.unsubscribe, _O.message_id).where(
    *ledger.OPEN_HERE
)


def read(tx: Tx, batch: BatchId, secret: bytes, *, named: bool = True) -> Batch:
    """A batch with its readers who are still to be handed over or of unknown fate.

    Copies that the provider makes out of one message are `named` by it; then all their Message-IDs are "".
    """
    about = tx.execute(_ABOUT, {"this": batch}).one()
    name = _message_ids(secret, about.number, about.domain) if named else _nameless
    links = about.links
    rows = sorted(bare(tx.execute(_READERS, {"this": batch})))  # nearly in order already, which the database can't know
    return Batch(
        id=batch,
        issue=about.number,
        key=about.key,
        message=ledger.message(about.message),
        sender=about.sender,
        reply_to=about.reply_to,
        date=about.frozen,
        recipients=tuple(
            Recipient(
                subscriber=subscriber,
                address=address,
                name=called,
                unsubscribe=links + token,
                message_id=known or name(subscriber),
            )
            for _, subscriber, address, called, token, known in rows
        ),
    )


def message_id(secret: bytes, number: int, subscriber: int, domain: str) -> str:
    """The Message-ID of a reader's copy: always the same, and nobody else can tell whose it is."""
    return _message_ids(secret, number, domain)(subscriber)


def _nameless(_subscriber: int) -> str:
    return ""


def _message_ids(secret: bytes, number: int, domain: str) -> Callable[[int], str]:
    """Names the copies of an issue; what they share is hashed once."""
    begun = hashlib.blake2b(f"{number}/".encode(), key=secret[:64], digest_size=12)

    def named(subscriber: int) -> str:
        name = begun.copy()
        name.update(b"%d" % subscriber)
        return f"<{number}.{name.hexdigest()}@{domain}>"

    return named


_LEFT = (
    sa.select(_O.subscriber, _W.state)
    .outerjoin_from(tables.outcomes, tables.subscribers, _W.id == _O.subscriber)
    .where(*ledger.OPEN_HERE, _O.subscriber != ledger.THE_LIST, sa.or_(_W.id.is_(None), _W.state != "active"))
)


def barred(tx: Tx, batch: Batch, secret: bytes) -> list[Outcome]:
    """Readers of a batch who said no, or must not be mailed, since the issue was frozen."""
    rows = tx.execute(_LEFT, {"this": batch.id})
    words = {SubscriberId(row.subscriber): str(row.state or "forgotten") for row in rows}
    addresses = {one.subscriber: one.address for one in batch.recipients if one.subscriber != ledger.THE_LIST}
    hashes = people.suppressed_among(tx, secret, addresses)
    return [
        Outcome(subscriber=subscriber, fate="suppressed", words=why) for subscriber, why in (words | hashes).items()
    ]
