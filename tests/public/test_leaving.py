from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feedback import readers, tokens
from pipeline.model import IssueNumber
from pipeline.store import people
from tests.journeys import steps
from tests.public.site import FORM, ONE_CLICK, Site, up, words
from tests.world import World


@pytest.fixture
def sent(world: World) -> World:
    """A project whose first issue went to two readers."""
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    return world


def link(world: World, address: str) -> str:
    """The path of a reader's own link, as her mail program finds it in the header."""
    mail = next(mail for mail in steps.mails(world) if mail["To"] == address)
    url = str(mail["List-Unsubscribe"]).partition("<")[2].partition(">")[0]
    return url.removeprefix("https://news.example.org")


def state(site: Site, address: str) -> str:
    with site.project.store.reading() as tx:
        reader = people.by_address(tx, address)
    assert reader is not None
    return reader.state


def one_click(site: Site, path: str, **more: Any) -> Any:
    return site.client.post(path, content=ONE_CLICK, headers=FORM | more)


def test_a_mail_host_takes_a_reader_off_with_one_post(sent: World) -> None:
    with up(sent) as site:
        answer = one_click(site, link(sent, "ann@example.org"))
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert (state(site, "ann@example.org"), state(site, "ben@example.org")) == ("unsubscribed", "active")


def test_the_same_post_repeated_is_welcome_and_changes_nothing(sent: World) -> None:
    with up(sent) as site:
        path = link(sent, "ann@example.org")
        assert [one_click(site, path).status_code for _ in range(5)] == [200] * 5
        with site.project.store.reading() as tx:
            reader = people.by_address(tx, "ann@example.org")
            assert reader is not None
            assert [one.act for one in people.consents(tx, reader.id)] == ["added", "left"]


def test_the_link_of_an_issue_of_last_year_still_works(sent: World) -> None:
    path = link(sent, "ann@example.org")
    sent.pass_time(days=400)
    with up(sent) as site:
        assert one_click(site, path).status_code == 200
        assert state(site, "ann@example.org") == "unsubscribed"


def test_a_link_scanner_that_visits_every_link_takes_nobody_off(sent: World) -> None:
    with up(sent) as site:
        for _ in range(50):
            for method in ("GET", "HEAD"):
                assert site.client.request(method, link(sent, "ann@example.org")).status_code == 200
        assert state(site, "ann@example.org") == "active"


@pytest.mark.parametrize("kind", [{}, {"content-type": "text/plain;charset=UTF-8"}])
def test_a_mail_program_that_does_not_call_it_a_form_takes_her_off_too(sent: World, kind: dict[str, str]) -> None:
    with up(sent) as site:
        answer = site.client.post(link(sent, "ann@example.org"), content=ONE_CLICK.encode(), headers=kind)
        assert answer.status_code == 200
        assert state(site, "ann@example.org") == "unsubscribed"


def test_multipart_is_understood_too(sent: World) -> None:
    with up(sent) as site:
        answer = site.client.post(link(sent, "ann@example.org"), files={"List-Unsubscribe": (None, "One-Click")})
        assert answer.status_code == 200
        assert state(site, "ann@example.org") == "unsubscribed"


@pytest.mark.parametrize("body", ["", "List-Unsubscribe=", "a=b", "One-Click", "\x00\xff"])
def test_any_other_post_takes_nobody_off_and_shows_the_button(sent: World, body: str) -> None:
    with up(sent) as site:
        answer = site.client.post(link(sent, "ann@example.org"), content=body, headers=FORM)
        assert answer.status_code == 400
        assert "One-Click" in answer.text
        assert state(site, "ann@example.org") == "active"


def test_the_button_of_the_page_does_what_the_mail_program_does(sent: World) -> None:
    with up(sent) as site:
        page = site.client.get(link(sent, "ann@example.org")).text
        assert 'name="List-Unsubscribe" value="One-Click"' in page
        assert "a…@example.org" in page
        assert "ann@" not in page
        answer = one_click(site, link(sent, "ann@example.org"))
        assert "You are unsubscribed" in words(answer.text)


def test_who_left_gets_nothing_of_an_issue_that_was_frozen_before(world: World) -> None:
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    with world.project() as project:
        from pipeline import deliver

        deliver.ask(steps.ONE, project.store, project.settings.deliver, world.now)
        deliver.work("freeze/1", project.store, project.settings.deliver, project.out)
        with project.store.reading() as tx:
            ann = people.by_address(tx, "ann@example.org")
    assert ann is not None
    with up(world) as site:
        assert one_click(site, f"/unsubscribe/{ann.token}").status_code == 200
    steps.send(world)
    account = steps.account(world)
    assert account is not None
    assert (account.audience, account.accepted, account.suppressed) == (2, 1, 1)


def test_the_link_of_somebody_forgotten_has_nothing_left_to_do(sent: World) -> None:
    path = link(sent, "ann@example.org")
    with up(sent) as site:
        readers.forget(site.project.store, "ann@example.org", now=sent.now)
        assert one_click(site, path).status_code == 200
        assert site.client.get(path).status_code == 200


def test_who_came_back_after_she_was_forgotten_is_told_that_her_old_link_is_nobody_s(sent: World) -> None:
    path, told = (
        link(sent, "ann@example.org"),
        "Should Kind Words come to you all the same, please use the link in the newest",
    )
    with up(sent) as site:
        readers.forget(site.project.store, "ann@example.org", now=sent.now)
        assert told in words(one_click(site, path).text)
        assert told not in words(one_click(site, link(sent, "ben@example.org")).text)


@pytest.mark.parametrize("token", ["test", "sample"])
def test_the_link_of_a_test_copy_leads_nowhere_harmful(sent: World, token: str) -> None:
    with up(sent) as site:
        assert "This is a test copy" in words(site.client.get(f"/unsubscribe/{token}").text)
        assert one_click(site, f"/unsubscribe/{token}").status_code == 200
        assert {state(site, "ann@example.org"), state(site, "ben@example.org")} == {"active"}


def test_a_link_holds_no_address_and_one_altered_character_makes_it_nobody_s(sent: World) -> None:
    path = link(sent, "ann@example.org")
    assert "ann" not in path.lower().removeprefix("/unsubscribe/") or len(path) == 13 + 43
    with up(sent) as site:
        for at in (13, 30, len(path) - 1):
            other = "A" if path[at] != "A" else "B"
            assert one_click(site, path[:at] + other + path[at + 1 :]).status_code == 404
        assert one_click(site, path[:-1]).status_code == 404
        assert state(site, "ann@example.org") == "active"


@given(st.text(max_size=60))
def test_no_guess_is_a_token(guess: str) -> None:
    salt = b"s" * 32
    assert not tokens.genuine(salt, guess)
    made = tokens.made(salt)
    assert tokens.genuine(salt, made)
    assert len(made) == 43
    assert not tokens.genuine(b"t" * 32, made)


def test_a_cookie_and_another_origin_make_no_difference(sent: World) -> None:
    with up(sent) as site:
        answer = one_click(site, link(sent, "ann@example.org"), cookie="a=b", origin="https://mail.example.com")
        assert answer.status_code == 200


def test_a_return_within_two_days_is_kept(sent: World) -> None:
    """Who leaves is out at once, which is sooner than the two days that mail hosts allow."""
    with up(sent) as site:
        one_click(site, link(sent, "ann@example.org"))
    sent.blog.publish("second", "A second post", sent.now)
    sent.pass_time(hours=2)
    steps.pull(sent)
    steps.build_now(sent)
    sent.now += timedelta(minutes=1)
    steps.approve(sent, IssueNumber(2))
    steps.send(sent, IssueNumber(2))
    assert [mail["To"] for mail in steps.mails(sent, 2)] == ["ben@example.org"]
