"""What every test may ask for, and what none may do."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import hypothesis
import pytest

from tests.world import World, lay_out

# How long an example takes says more about what else the machine does.
hypothesis.settings.register_profile("paperround", deadline=None)
hypothesis.settings.load_profile("paperround")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A project on an imaginary web."""
    return lay_out(tmp_path / "project")


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that would reach another machine fails instead."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            assert ipaddress.ip_address(address[0]).is_loopback, f"a test tried to reach {address}"
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
