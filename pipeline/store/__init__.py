"""The state: one file of queries for each noun; rows become model values in here and nothing of SQL leaves.

A new query gets a test; a writing one also gets a place in the kill tests (tests/journeys).
"""

from pipeline.store.open import Store, Tx, open_store

__all__ = ["Store", "Tx", "open_store"]
