"""The state: one file of queries for each noun; rows become model values in here and nothing of SQL leaves.

A new query gets a test; a writing one also gets a place in the kill tests (tests/journeys). What needs SQLAlchemy is
loaded when it is first asked for, so that `glance.py` does without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.store.open import Store, Tx, open_store

__all__ = ["Store", "Tx", "open_store"]

if not TYPE_CHECKING:  # a type checker would believe that every name is there, misspelt ones too

    def __getattr__(name: str) -> Any:
        """One of the three public names, from where it lives."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module("pipeline.store.open"), name)
