"""Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model import Item
from pipeline.syndicate.generator import finished, generator
from pipeline.syndicate.meta import Meta


def feed(items: Sequence[Item], meta: Meta) -> bytes:
    """The posts, newest first, whole, with their books."""
    return finished(generator(items, meta, "atom.xml").atom_str(), meta, items)
