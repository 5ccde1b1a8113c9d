"""A hub hears of every change, once, and never makes a run fail."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from pipeline import config
from pipeline.errors import SettingsError
from tests.journeys import killing
from tests.journeys.steps import build_now, cron, pull
from tests.world import World, lay_out

FEEDS = ["atom.xml", "feed.json", "issues.xml", "rss.xml"]


class Hub(ThreadingHTTPServer):
    """A hub on this machine that takes down what it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Told)
        self.told: list[str] = []
        self.status = 202

    def names(self) -> list[str]:
        """The feeds that it was told of since it was last asked."""
        told, self.told = self.told, []
        assert all(url.startswith("https://news.example.org/") for url in told)
        return sorted(url.rpartition("/")[2] for url in told)


class _Told(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Hub)
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert asked["hub.mode"] == ["publish"]
        if self.server.status < 300:
            self.server.told += asked["hub.url"]
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"topic <unknown>" if self.server.status >= 300 else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        pass


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def follow(world: World, hub: Hub) -> None:
    world.set("[[source]]", f'hub = "http://127.0.0.1:{hub.server_address[1]}/"\n[[source]]')


def test_a_hub_is_told_of_each_feed_that_changed_and_only_once(world: World, hub: Hub) -> None:
    follow(world, hub)
    report = cron(world)
    assert hub.names() == FEEDS
    assert "Told the hub that 4 feeds have changed." in report.done
    cron(world)
    assert hub.names() == []
    world.blog.publish("bikes", "Learning to Fall", world.now)
    world.pass_time(hours=1)
    cron(world)
    assert hub.names() == ["atom.xml", "feed.json", "rss.xml"]


def test_a_change_of_the_settings_that_changes_no_feed_is_no_news(world: World, hub: Hub) -> None:
    follow(world, hub)
    pull(world)
    build_now(world)
    hub.names()
    world.set('postal_address = "12 Main Street, Springfield"', 'postal_address = "1 Elm Street, Springfield"')
    build_now(world)
    assert hub.names() == []


def test_a_hub_that_refuses_is_asked_again_by_the_next_run_which_does_not_fail(world: World, hub: Hub) -> None:
    follow(world, hub)
    hub.status = 400
    report = cron(world)
    (said,) = [words for words in report.waiting if "hub" in words]
    assert said == (
        "The hub at 127.0.0.1 could not be told that rss.xml has changed: it answered 400 (topic <unknown>). "
        "The next run tries again."
    )
    assert report.errors == ()
    hub.status = 204
    cron(world)
    assert hub.names() == FEEDS


def test_a_hub_that_is_not_there_is_said(world: World) -> None:
    world.set("[[source]]", 'hub = "http://127.0.0.1:9/"\n[[source]]')
    report = cron(world)
    assert any(words.startswith("The hub at 127.0.0.1 could not be told") for words in report.waiting)
    assert report.errors == ()


def test_without_a_hub_nobody_is_told(world: World, hub: Hub) -> None:
    cron(world)
    assert hub.names() == []
    assert b"hub" not in (world.folder / "outbox/public/rss.xml").read_bytes()


def test_a_hub_that_could_not_find_the_feeds_is_a_fault_of_the_settings(world: World) -> None:
    world.set("[[source]]", 'hub = "https://hub.example.net/"\n[[source]]')
    world.set('public_url = "https://news.example.org/"\n', "")
    with pytest.raises(SettingsError, match=r"newsletter\.toml:\d+: newsletter\.hub: a hub fetches your feeds"):
        config.load(world.folder, {})


def test_a_run_killed_while_it_tells_the_hub_leaves_none_untold(tmp_path: Path, hub: Hub) -> None:
    ready = lay_out(tmp_path / "ready")
    cron(ready)
    follow(ready, hub)
    number = 1
    while True:
        world = World(folder=tmp_path / f"killed-{number}", blog=ready.blog)
        shutil.copytree(ready.folder, world.folder)
        rooms = ("syndicate/websub", "store/pings")
        came_so_far = killing.at_statement(number, rooms, lambda world=world: cron(world))  # type: ignore[misc]
        cron(world)
        assert sorted(set(hub.names())) == FEEDS
        shutil.rmtree(world.folder)
        if not came_so_far:
            break
        number += 17
    assert number > 50
