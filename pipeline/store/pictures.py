"""What asking for pictures came to. Written by the pictures room."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from pipeline.model import Copying, Validators
from pipeline.store import tables
from pipeline.store.open import Tx
from pipeline.store.rows import among, upsert


def get(tx: Tx, url: str) -> Copying | None:
    """What is known of the picture at an address, None before the first time."""
    return of(tx, [url]).get(url)


def of(tx: Tx, urls: Iterable[str]) -> dict[str, Copying]:
    """What is known of pictures, by their addresses."""
    return {row.url: _copying(row) for row in among(tx, tables.pictures, tables.pictures.c.url, urls)}


def every(tx: Tx) -> list[Copying]:
    """Every picture that was ever asked for."""
    return [_copying(row) for row in tx.execute(sa.select(tables.pictures))]


def record(tx: Tx, copying: Copying) -> None:
    """Keep what asking for a picture came to."""
    values = {name: getattr(copying, name) for name in ("url", "asked", "copy", "problem", "gone")}
    values |= {"etag": copying.validators.etag, "last_modified": copying.validators.last_modified}
    upsert(tx, tables.pictures, ["url"], values)


def _copying(row: sa.Row[tuple[object, ...]]) -> Copying:
    values = dict(row._mapping)
    validators = Validators(etag=values.pop("etag"), last_modified=values.pop("last_modified"))
    return Copying(validators=validators, **values)
