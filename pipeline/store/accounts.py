"""The sums of all issues at once, for lists. What they add up is the ledger's; nothing is written here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from pipeline.model import Account, IssueNumber
from pipeline.store import tables
from pipeline.store.open import Tx

_S = tables.sendings.c
_B = tables.batches.c
_COUNTED = ("accepted", "rejected", "suppressed", "unknown")


def every(tx: Tx) -> dict[IssueNumber, tuple[datetime, Account]]:
    """When each issue was frozen, and its sum; read in one go, for lists."""
    sums = [sa.func.coalesce(sa.func.sum(_B[name]), 0).label(name) for name in ("size", *_COUNTED)]
    added = sa.select(_B.number, *sums).group_by(_B.number).subquery()
    rows = tx.execute(
        sa.select(_S.number, _S.frozen, _S.audience, *(added.c[name] for name in ("size", *_COUNTED))).outerjoin(
            added, added.c.number == _S.number
        )
    )
    found: dict[IssueNumber, tuple[datetime, Account]] = {}
    # Sorted here: asked for an order, SQLite reads every message on its way.
    for number, frozen, audience, *counted in sorted(rows, key=lambda row: row.number):
        size, *fates = (int(value or 0) for value in counted)
        told = dict(zip(_COUNTED, fates, strict=True))
        found[number] = frozen, Account(issue=number, audience=audience, **told, pending=size - sum(fates))
    return found


def ways_out(tx: Tx, since: datetime) -> list[tuple[str, str]]:
    """Who carried the issues that were frozen since then, and what their links to leave begin with."""
    chosen = sa.select(_S.provider, _S.links).where(_S.frozen > since, _S.links != "").distinct()
    return [(row.provider, row.links) for row in tx.execute(chosen)]
