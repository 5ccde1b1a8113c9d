"""What the files of outbox/public/ were made from. Written by the syndicate room."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert

_T = tables.outputs.c

UNKNOWN = ""
"""What a file was made from that may be another's: it is made anew, or removed when it is nobody's."""


def every(tx: Tx) -> dict[str, str]:
    """For each output: what it was made from, hashed."""
    return {row.name: row.inputs for row in tx.execute(sa.select(tables.outputs))}


def put_out(tx: Tx, name: str, inputs: str) -> None:
    """Note what an output was made from."""
    upsert(tx, tables.outputs, ["name"], {"name": name, "inputs": inputs})


def take_back(tx: Tx, name: str) -> None:
    """Note that an output is gone."""
    tx.execute(sa.delete(tables.outputs).where(_T.name == name))


def unknown_but_for(tx: Tx, pages: str, known: Iterable[str]) -> None:
    """Nobody knows any more what files were made from; of those below `pages` only the `known` are ours at all."""
    tx.execute(sa.delete(tables.outputs).where(_T.name.startswith(pages, autoescape=True)))
    tx.execute(sa.update(tables.outputs).values(inputs=UNKNOWN))
    for name in known:
        put_out(tx, name, UNKNOWN)
