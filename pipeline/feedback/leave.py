"""A reader leaves by the link in a mail, however old, however often."""

from __future__ import annotations

from datetime import datetime

from pipeline.feedback import readers, tokens
from pipeline.model import Subscriber, Suppression
from pipeline.store import Store, Tx, people, signups


def whose(token: str, store: Store) -> Subscriber | None:
    """The reader whose link this is, None when there is none (any more)."""
    with store.reading() as tx:
        return people.by_token(tx, token)


def known(token: str, store: Store) -> bool:
    """Whether a link was made here, for a reader or for somebody who has not confirmed."""
    with store.reading() as tx:
        return tokens.genuine(store.secret(tx), token) or signups.by_token(tx, token) is not None


def is_hers(token: str, store: Store) -> bool:
    """Whether it is known whose link this is; who was forgotten, and came back since, has another one."""
    with store.reading() as tx:
        return people.by_token(tx, token) is not None or signups.by_token(tx, token) is not None


def by_link(token: str, store: Store, *, evidence: str, now: datetime) -> bool:
    """Take the reader of this link off; True when nobody of this link gets mail now, False for a link not of ours.

    A link that was made here but whose reader is gone (forgotten since) has nothing left to do. The link of a mail that
    asked for confirmation says that the address wants no such mail ever again.
    """
    with store.reading() as tx:
        reader, genuine = people.by_token(tx, token), tokens.genuine(store.secret(tx), token)
        open_signup = signups.by_token(tx, token)
    if reader is not None and reader.state == "unsubscribed":
        return True
    if reader is None and open_signup is None:
        return genuine
    with store.writing() as tx:
        _leave(tx, store.secret(tx), token, evidence, now)
    return True


def _leave(tx: Tx, secret: bytes, token: str, evidence: str, now: datetime) -> None:
    if reader := people.by_token(tx, token):
        readers.let_go(tx, secret, reader, evidence, now)
    elif signup := signups.by_token(tx, token):
        known = people.by_address(tx, signup.address)
        if known is None:
            key = people.address_key(signup.address)
            hashed = people.hash_of_key(secret, key)
            words = "said on a mail asking for confirmation that she had not asked"
            people.suppress(tx, Suppression(address_hash=hashed, reason="complained", evidence=words, at=now), key)
        else:
            readers.let_go(tx, secret, known, evidence, now)
        signups.put(tx, signup.id, mail=None)
