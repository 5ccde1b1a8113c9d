"""Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.model import Item
from pipeline.syndicate.generator import ATOM, blank, entry_of, finished, newest
from pipeline.syndicate.meta import Meta


def feed(items: Sequence[Item], meta: Meta) -> bytes:
    """The posts, newest first, whole, with their books."""
    made = blank(meta, "atom.xml", newest(items))
    return finished(made.atom_str(), meta, items, _elements(items, meta))


def _elements(items: Sequence[Item], meta: Meta) -> Iterator[Any]:
    for item in items:
        element = entry_of(item, meta).atom_entry()
        for part in element.iter():  # feedgen names the namespace at the feed alone
            part.tag = ATOM + part.tag
        yield element
