"""What the hub was told of each feed. Written by the syndicate room."""

from __future__ import annotations

import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert


def told(tx: Tx) -> dict[str, str]:
    """By file name: the hash of what the hub was last told of."""
    return {row.name: row.sha for row in tx.execute(sa.select(tables.pings))}


def tell(tx: Tx, name: str, sha: str) -> None:
    """Note that the hub knows a feed as it is now."""
    upsert(tx, tables.pings, ["name"], {"name": name, "sha": sha})
