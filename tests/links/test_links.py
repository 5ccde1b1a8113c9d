"""What a draft links to is asked, politely and rarely, and only what is certain is called dead."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pipeline import config, links, review, run
from pipeline.errors import FetchFault
from pipeline.line import Wire
from pipeline.model import Check, Fetched, Outside, Report, Validators
from pipeline.run import Project, opened
from pipeline.store import links as known_links
from tests.journeys.steps import ONE, approve, build_now, pull
from tests.world import World

SHOP = "https://shop.example/rabbit"
OTHER = "https://shop.example/dot"
HOME = "https://blog.example.org/"
OFF = "[links]\ncheck = false\n\n"


@dataclass(eq=False)
class Web:
    """Servers that answer by address: a fault where one is named; everything else is there."""

    faults: dict[str, FetchFault] = field(default_factory=dict)
    closed: bool = False
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str, *, validators: Validators | None = None) -> Fetched:
        self.asked.append(url)
        if url in self.faults:
            raise self.faults[url]
        if url.endswith("/robots.txt") and not self.closed:
            raise FetchFault("The server has no such page (404).", where=url, gone=True, status=404)
        body = b"User-agent: *\nDisallow: /" if url.endswith("/robots.txt") else b""
        return Fetched(url=url, status=200, headers={}, body=body)


def drafted(world: World, more: str = "") -> World:
    """A draft whose post leads to two books in a shop; nothing was asked about it yet."""
    body = f'<p>{"We read at night. " * 30}<a href="{SHOP}">The Rabbit</a> <a href="{OTHER}">The Dot</a></p>{more}'
    world.blog.publish("worries", "Worries at Bedtime", world.now, body=body)
    pull(world)
    world.set("[schedule]", f"{OFF}[schedule]")
    build_now(world)
    world.set(OFF, "")
    return world


def ask(world: World, web: Web) -> Report:
    settings = config.load(world.folder, {})
    with Wire(settings.outbox) as line:
        out = Outside(clock=lambda: world.now, fetch=web, line=line, knock=web)
        with opened(settings, out, world.said.append, alone=True) as project:
            return run.walk(project, "links", "render")


def verdict(world: World, url: str = SHOP) -> str:
    with world.project() as project, project.store.reading() as tx:
        check: Check = known_links.of(tx, [url])[url]
    return check.verdict


def codes(world: World) -> dict[str, str]:
    with world.project() as project:
        return {one.code: one.message for one in review.findings(ONE, project.store)}


def gone(url: str, status: int = 404) -> FetchFault:
    return FetchFault(f"The server has no such page ({status}).", where=url, gone=True, status=status)


def test_every_address_of_a_draft_is_asked_once_a_day_and_none_of_our_own_site(world: World) -> None:
    web = Web()
    ask(drafted(world), web)
    assert [web.asked.count(url) for url in (SHOP, OTHER, f"{HOME}worries/")] == [1, 1, 1]
    assert not [url for url in web.asked if url.startswith("https://news.example.org")]
    assert verdict(world) == "there"
    world.pass_time(hours=23)
    ask(world, web)
    assert web.asked.count(SHOP) == 1
    world.pass_time(hours=1)
    ask(world, web)
    assert web.asked.count(SHOP) == 2


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_its_server_does_not_have_is_dead_and_the_draft_s_list_says_so(world: World, status: int) -> None:
    ask(drafted(world), Web(faults={SHOP: gone(SHOP, status)}))
    assert (verdict(world), verdict(world, OTHER)) == ("dead", "there")
    assert SHOP in codes(world)["dead-link"]


@pytest.mark.parametrize("status", [401, 403, 405, 429, 500, 503])
def test_a_server_that_refuses_or_stumbles_is_not_called_dead(world: World, status: int) -> None:
    ask(drafted(world), Web(faults={SHOP: FetchFault("The server refuses.", where=SHOP, status=status)}))
    assert verdict(world) == "unsure"
    assert "dead-link" not in codes(world)
    assert "shop.example" in codes(world)["unchecked-link"]


def test_a_host_that_does_not_answer_is_asked_once_for_all_its_pages(world: World) -> None:
    web = Web(faults={url: FetchFault("The server took too long.", where=url) for url in (SHOP, OTHER)})
    ask(drafted(world), web)
    assert len([url for url in web.asked if url in (SHOP, OTHER)]) == 1
    assert verdict(world, SHOP) == verdict(world, OTHER) == "unsure"


def test_a_host_without_a_name_is_dead_unless_it_is_we_who_are_cut_off(world: World) -> None:
    nameless = FetchFault("This host name has no address.", where=SHOP, nameless=True)
    web = Web(faults=dict.fromkeys((SHOP, OTHER), nameless))
    ask(drafted(world), web)
    assert verdict(world) == "dead"
    web.faults[HOME] = nameless
    world.pass_time(days=1)
    ask(world, web)
    assert verdict(world) == "unsure"


def test_a_host_that_asks_programs_to_stay_away_is_left_alone(world: World) -> None:
    web = Web(closed=True)
    ask(drafted(world), web)
    assert SHOP not in web.asked
    assert verdict(world) == "unsure"


def test_a_page_that_came_back_is_no_longer_listed(world: World) -> None:
    web = Web(faults={SHOP: gone(SHOP)})
    ask(drafted(world), web)
    assert "dead-link" in codes(world)
    web.faults.clear()
    world.pass_time(hours=6)
    ask(world, web)
    assert "dead-link" not in codes(world)


def test_approving_waits_for_no_network_and_an_approved_issue_is_asked_about_no_more(world: World) -> None:
    drafted(world)
    before = len(world.blog.fetched)
    approve(world)
    assert len(world.blog.fetched) == before
    web = Web()
    ask(world, web)
    assert web.asked == []


def test_nothing_is_asked_for_a_newsletter_that_has_no_place_of_its_own_yet(world: World) -> None:
    drafted(world)
    with world.project() as project:
        assert "shop.example" in due(project)
    world.set('public_url = "https://news.example.org/"\n', "")
    with world.project() as project:
        assert due(project) == []


def due(project: Project) -> list[str]:
    return list(links.due(project.store, project.settings.links, project.out.clock()))


def test_pictures_that_are_not_copied_are_asked_about_too(world: World) -> None:
    cat = "https://cats.example/cat.jpg"
    world.set("[schedule]", "[pictures]\ncopy = false\n\n[schedule]")
    drafted(world, f'<p><img src="{cat}" alt="A cat"/></p>')
    ask(world, Web(faults={cat: gone(cat)}))
    assert cat in codes(world)["dead-picture"]


def test_what_an_address_said_long_ago_is_forgotten(world: World) -> None:
    ask(drafted(world), Web())
    approve(world)
    world.pass_time(days=89)
    ask(world, Web())
    assert verdict(world) == "there"
    world.pass_time(days=2)
    ask(world, Web())
    with world.project() as project, project.store.reading() as tx:
        assert known_links.of(tx, [SHOP, OTHER]) == {}
