"""Which posts the settings left out when that was last noted. Written by the compose room."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import upsert

_NAME = "filters"
_NOTED = sa.select(tables.facts.c.value).where(tables.facts.c.name == _NAME)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A source's `include` and `exclude`."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]


def noted(tx: Tx) -> dict[str, Filter]:
    """The filters by their sources' names; a source without any is not named."""
    value = tx.execute(_NOTED).scalar()
    return {} if value is None else msgspec.json.decode(value, type=dict[str, Filter])


def note(tx: Tx, filters: Mapping[str, Filter]) -> None:
    """Remember these and no others."""
    upsert(tx, tables.facts, ["name"], {"name": _NAME, "value": msgspec.json.encode(filters).decode()})
