"""Paperround: an author's posts become an approved digest and clean feeds. See docs/architecture.md.

`import pipeline` gives the stages and the nouns, loaded when first used:

    from pipeline import STAGES, Outside, Post, walk
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.books.shelf import Shelf
    from pipeline.model import (
        Approval,
        Article,
        Batch,
        Book,
        Entry,
        Issue,
        Message,
        Outcome,
        Outside,
        Pick,
        Post,
        Report,
        Slot,
        Source,
        Subscriber,
        Suppression,
    )
    from pipeline.providers import Provider
    from pipeline.run import Project, walk
    from pipeline.stages import STAGES, Stage
    from pipeline.store import Store, open_store

__all__ = [
    "STAGES",
    "Approval",
    "Article",
    "Batch",
    "Book",
    "Entry",
    "Issue",
    "Message",
    "Outcome",
    "Outside",
    "Pick",
    "Post",
    "Project",
    "Provider",
    "Report",
    "Shelf",
    "Slot",
    "Source",
    "Stage",
    "Store",
    "Subscriber",
    "Suppression",
    "open_store",
    "walk",
]

_HOMES = {
    "STAGES": "stages",
    "Stage": "stages",
    "Project": "run",
    "Provider": "providers",
    "Shelf": "books.shelf",
    "walk": "run",
    "Store": "store",
    "open_store": "store",
}


def __getattr__(name: str) -> Any:
    """Load a public name from where it lives, so that importing the package costs nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'pipeline' has no attribute {name!r}")
    return getattr(import_module(f"pipeline.{_HOMES.get(name, 'model')}"), name)
