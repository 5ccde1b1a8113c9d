"""What is measured, a file for each stage: `rows(plan)` yields them, and keeps its servers up meanwhile."""

from __future__ import annotations

from importlib import import_module

from tests.bench.row import Stage

NAMES = ("pull", "render", "merge", "send", "feeds", "books", "readers", "start", "workers")
"""In this order."""


def stage(name: str) -> Stage:
    """The rows of one stage."""
    found: Stage = import_module(f"tests.bench.stages.{name}").rows
    return found
