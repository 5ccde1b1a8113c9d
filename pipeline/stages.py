"""The list of stages, in the order a post walks through them. No logic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline import books, clean, compose, deliver, feedback, links, pictures, pull, render, review, syndicate
from pipeline.model import Outside, Report
from pipeline.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A room with its two doors; `name` is also the name of its section of the settings.

    `at_once` is how many keys may be worked on side by side. `together` is a third door, where many keys cost less at
    once than one by one: it takes on those it likes, and tells of each what it came to or failed of.
    """

    name: str
    due: Callable[[Store, Any, datetime], Iterable[str]]
    work: Callable[[str, Store, Any, Outside], Report]
    at_once: int = 1
    together: Callable[[Iterable[str], Store, Any, Outside], Iterable[tuple[str, Report | Exception]]] | None = None


STAGES = (
    Stage(name="pull", due=pull.due, work=pull.work, at_once=8, together=pull.together),
    Stage(name="clean", due=clean.due, work=clean.work),
    Stage(name="books", due=books.due, work=books.work),
    Stage(name="compose", due=compose.due, work=compose.work),
    Stage(name="pictures", due=pictures.due, work=pictures.work, at_once=4),
    Stage(name="links", due=links.due, work=links.work, at_once=8),
    Stage(name="render", due=render.due, work=render.work),
    Stage(name="review", due=review.due, work=review.work),
    Stage(name="deliver", due=deliver.due, work=deliver.work),
    Stage(name="feedback", due=feedback.due, work=feedback.work),
    Stage(name="syndicate", due=syndicate.due, work=syndicate.work),
)
