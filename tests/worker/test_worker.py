"""The same stages from the queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline import config, worker
from pipeline.config import Settings
from pipeline.errors import UserError
from pipeline.line import Wire
from pipeline.model import Outside
from tests import postgres
from tests.journeys import steps
from tests.world import World, lay_out


@pytest.fixture
def world(tmp_path: Path, postgresql: postgres.Server) -> Iterator[World]:
    with postgresql.database() as name:
        world = lay_out(tmp_path / "project")
        world.set('approval = "required"', 'approval = "automatic"')
        world.keep_in(postgresql.url(name), postgres.PASSWORD)
        yield world


def drain(*worlds: World) -> list[str]:
    """One worker that leaves when there is nothing left to do."""
    said: list[str] = []
    by_folder = {world.folder: world for world in worlds}

    @contextmanager
    def outside(settings: Settings) -> Iterator[Outside]:
        world = by_folder[settings.folder]
        with Wire(settings.outbox) as line:
            yield Outside(clock=lambda: world.now, fetch=world.blog, line=line)

    worker.serve(
        worker.Orders(
            folders=list(by_folder),
            load=lambda folder: config.load(folder, {}),
            world=outside,
            say=said.append,
            once=True,
            pace=worker.Pace(look=0.05),
        )
    )
    return said


def test_a_post_becomes_a_mail_without_a_run(world: World) -> None:
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    said = drain(world)
    assert any("2 handed over" in sentence for sentence in said), said
    assert len(steps.mails(world)) == 2
    assert (world.folder / "outbox/public/rss.xml").is_file()
    assert drain(world) == []
    assert len(steps.mails(world)) == 2


def test_a_worker_needs_postgresql(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="migrate-store"):
        drain(lay_out(tmp_path / "project"))


def test_one_worker_serves_several_newsletters_of_one_database(tmp_path: Path, postgresql: postgres.Server) -> None:
    with postgresql.database() as database:
        worlds = []
        for name in ("kind_words", "long_reads"):
            world = lay_out(tmp_path / name)
            world.set('approval = "required"', 'approval = "automatic"')
            world.keep_in(postgresql.url(database), postgres.PASSWORD)
            world.set("[store]", f'[store]\nname = "{name}"')
            world.set("Kind Words", name)
            steps.subscribe(world, f"{name}@example.org")
            worlds.append(world)
        drain(*worlds)
        assert [[mail["To"] for mail in steps.mails(world)] for world in worlds] == [
            ["kind_words@example.org"],
            ["long_reads@example.org"],
        ]


def test_newsletters_of_the_same_name_are_not_mixed_up(world: World, tmp_path: Path) -> None:
    other = lay_out(tmp_path / "other")
    url = config.load(world.folder, {}).store.url
    other.keep_in(url, postgres.PASSWORD)
    with pytest.raises(UserError, match="the same name"):
        drain(world, other)


def test_a_key_that_fails_stops_no_other_and_the_round_ends(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    world.set("[schedule]", '[[source]]\nurl = "https://gone.example.org/feed/"\nname = "gone"\n\n[schedule]')
    said = drain(world)
    assert any("There is no such page" in sentence for sentence in said)
    assert len(steps.mails(world)) == 1


def test_a_run_and_a_worker_after_each_other_find_nothing_left_to_do(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    steps.cron(world)
    drain(world)
    steps.cron(world)
    assert len(steps.mails(world)) == 1


def test_a_newsletter_does_not_take_another_s_place_in_the_database(world: World) -> None:
    steps.subscribe(world, "ann@example.org")
    world.set("Kind Words", "Kinder Words")
    steps.cron(world)
    world.set("Kinder Words", "Long Reads")
    world.set('url = "https://blog.example.org/"\nfrom', 'url = "https://reads.example.org/"\nfrom')
    with pytest.raises(UserError, match="“Kinder Words”, another newsletter"):
        steps.cron(world)
