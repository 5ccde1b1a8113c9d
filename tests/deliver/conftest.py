"""The ledger's tests run on each kind of database; a provider's double stands ready."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from pipeline import installed
from tests import postgres
from tests.deliver.scene import READERS, Scene, Stage
from tests.doubles.installed import Doubles
from tests.doubles.mail import receiving
from tests.doubles.provider import Kind, serving
from tests.journeys import steps
from tests.world import World, laid_out, lay_out


@pytest.fixture
def world(on_both: World) -> World:
    return on_both


@pytest.fixture(scope="session")
def approved_in_a_file(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A project whose first issue is approved, to be copied."""
    world = lay_out(tmp_path_factory.mktemp("approved") / "project")
    _approve(world)
    return world


@pytest.fixture(scope="session")
def approved_on_a_server(tmp_path_factory: pytest.TempPathFactory, postgresql: postgres.Server) -> Iterator[World]:
    """The same in a database."""
    with laid_out(tmp_path_factory.mktemp("approved") / "project", postgresql) as world:
        _approve(world)
        yield world


def _approve(world: World) -> None:
    world.set(
        "[[source]]", '[delivery]\nprovider = "double"\n[delivery.double]\nurl = "http://127.0.0.1:1"\n\n[[source]]'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installed, "brought", Doubles)
        steps.subscribe(world, *READERS)
        steps.pull(world)
        steps.build_now(world)
        steps.approve(world)


@pytest.fixture
def stage(
    kept_in: postgres.Server | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Stage:
    """Sets a scene: `with stage("key", lifetime=1800) as scene`."""
    approved: World = request.getfixturevalue("approved_on_a_server" if kept_in else "approved_in_a_file")
    monkeypatch.setattr(installed, "brought", Doubles)

    @contextmanager
    def scene(kind: Kind | Literal["smtp"] = "none", *, more: tuple[str, ...] = (), **can: object) -> Iterator[Scene]:
        folder = tmp_path / f"project{len(list(tmp_path.iterdir()))}"
        with (
            serving(kind if kind != "smtp" else "none") as double,
            receiving() as mail,
            approved.copied(folder, kept_in) as world,
        ):
            double.seconds = 3.0
            table = "\n".join(f"{name} = {json.dumps(value)}" for name, value in {"kind": kind, **can}.items())
            world.set('"http://127.0.0.1:1"', f'"{double.url}"\n{table}')
            if kind == "smtp":
                world.set(
                    'kind = "smtp"', f'[delivery.smtp]\nhost = "127.0.0.1"\nport = {mail.port}\nsecurity = "none"'
                )
                world.set('provider = "double"', 'provider = "smtp"')
            steps.subscribe(world, *more)
            yield Scene(world=world, double=double, mail=mail if kind == "smtp" else None, server=kept_in)

    return scene
