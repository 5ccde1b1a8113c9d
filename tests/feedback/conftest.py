"""The tests of readers run on each kind of database."""

from __future__ import annotations

import pytest

from tests.world import World


@pytest.fixture
def world(on_both: World) -> World:
    return on_both
