"""People who filled in the form and have not confirmed yet. Written by the feedback room."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from pipeline.model import Signup, SignupId
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.people import address_key

_T = tables.signups.c
_COLUMNS = [column for column in tables.signups.c if column.name != "address_key"]


def by_id(tx: Tx, signup: SignupId) -> Signup | None:
    """One sign-up by its id."""
    return _one(tx, _T.id == signup)


def by_address(tx: Tx, address: str) -> Signup | None:
    """The sign-up of this mailbox, whatever its spelling."""
    return _one(tx, _T.address_key == address_key(address))


def by_token(tx: Tx, token: str) -> Signup | None:
    """The sign-up whose mail holds this token."""
    return _one(tx, _T.token == token)


def add(tx: Tx, address: str, *, token: str, now: datetime) -> SignupId:
    """A new sign-up; what she asked for follows with `put`."""
    values = {"address": address, "address_key": address_key(address), "token": token, "asked": now}
    fresh = sa.insert(tables.signups).values(**values, topics=(), words="", source="", mails=0)
    return SignupId(tx.execute(fresh.returning(_T.id)).scalar_one())


def put(tx: Tx, signup: SignupId, **values: object) -> None:
    """Change columns of a sign-up."""
    tx.execute(sa.update(tables.signups).where(_T.id == signup).values(**values))


def waiting(tx: Tx) -> list[SignupId]:
    """Sign-ups for which a mail waits to be sent, oldest first."""
    return list(tx.execute(sa.select(_T.id).where(_T.mail.is_not(None)).order_by(_T.asked)).scalars())


def unasked(tx: Tx, before: datetime) -> int:
    """How many people have filled in the form before then, and their mail still waits to be sent."""
    return tx.execute(sa.select(sa.func.count()).where(_T.mail.is_not(None), _T.asked < before)).scalar_one()


def mailed_since(tx: Tx, since: datetime) -> int:
    """How many people were sent a mail because of the form since then."""
    return tx.execute(sa.select(sa.func.count()).where(_T.mailed > since)).scalar_one()


def claim(tx: Tx, signup: SignupId, mail: Literal["confirm", "known"], now: datetime) -> bool:
    """Take the mail that waits for one attempt; False when somebody else did."""
    mine = sa.update(tables.signups).where(_T.id == signup, _T.mail == mail)
    return tx.execute(mine.values(mail=None, mailed=now, mails=_T.mails + 1)).rowcount == 1


def remove(tx: Tx, signup: SignupId) -> None:
    """A sign-up is over."""
    tx.execute(sa.delete(tables.signups).where(_T.id == signup))


def old(tx: Tx, before: datetime) -> int:
    """How many sign-ups were last asked for before then."""
    return tx.execute(sa.select(sa.func.count()).where(_T.asked < before)).scalar_one()


def clear(tx: Tx, before: datetime) -> None:
    """Sign-ups last asked for before then are forgotten."""
    tx.execute(sa.delete(tables.signups).where(_T.asked < before))


def _one(tx: Tx, condition: sa.ColumnElement[bool]) -> Signup | None:
    row = tx.execute(sa.select(*_COLUMNS).where(condition)).first()
    return None if row is None else Signup(**row._mapping)
