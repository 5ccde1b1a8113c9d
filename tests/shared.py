"""Material that others made and that is not in this repository, where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_PLACES = (os.environ.get("PAPERROUND_SHARED", ""), str(Path(__file__).parents[2] / "shared"))


def shared(path: str) -> Path:
    """A file of the shared material; the test is skipped where there is none."""
    for place in _PLACES:
        if place and (Path(place) / path).exists():
            return Path(place) / path
    pytest.skip(f"{path} is not at hand; PAPERROUND_SHARED names the folder that has it")
