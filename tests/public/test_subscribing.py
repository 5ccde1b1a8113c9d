from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import pairwise
from typing import Any

import pytest

from pipeline import feedback
from pipeline.feedback import readers
from pipeline.model import Subscriber, Suppression
from pipeline.store import people, signups
from tests.journeys import steps
from tests.public.site import FORM, ONE_CLICK, Site, up, words
from tests.world import World


@pytest.fixture
def topical(world: World) -> World:
    """A newsletter whose readers may choose from two topics."""
    with (world.folder / "sources/newsletter.toml").open("a") as settings:
        settings.write('\n[readers]\ntopics = ["Sleep", "School"]\n')
    return world


def fill_in(site: Site, address: str = "ann@example.org", **more: Any) -> Any:
    return site.client.post("/subscribe", data={"email": address, "consent": "yes"} | more)


def mails(site: Site) -> list[EmailMessage]:
    """The mails of the form that were sent, in the order of people."""
    paths = sorted((site.project.settings.outbox / "mail/0").rglob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def button(mail: EmailMessage) -> str:
    """Where the mail's button leads, as a path."""
    text = mail.get_body(("plain",))
    assert text is not None
    found = re.search(r"https://news\.example\.org(/(?:confirm|preferences)/\S+)", text.get_content())
    assert found
    return found[1]


def reader(site: Site, address: str = "ann@example.org") -> Subscriber | None:
    with site.project.store.reading() as tx:
        return people.by_address(tx, address)


def subscribe(site: Site, address: str = "ann@example.org", **more: Any) -> Subscriber:
    """The whole way in: form, mail, button."""
    fill_in(site, address, **more)
    site.later()
    *_, newest = (mail for mail in mails(site) if mail["To"].addresses[0].addr_spec == address)
    path = button(newest)
    assert "Welcome" in words(site.client.post(path, data={"yes": "yes"}).text)
    found = reader(site, address)
    assert found is not None
    return found


def test_somebody_who_fills_in_the_form_and_presses_the_button_in_the_mail_is_a_reader(world: World) -> None:
    with up(world) as site:
        page = words(fill_in(site, name="Ann").text)
        assert "Please look into your mailbox" in page
        assert reader(site) is None
        site.later()
        (mail,) = mails(site)
        assert (str(mail["To"]), mail["Subject"]) == ("Ann <ann@example.org>", "Please confirm: Kind Words")
        site.client.post(button(mail), data={"yes": "yes"})
        found = reader(site)
    assert found is not None
    assert (found.state, found.name, found.address) == ("active", "Ann", "ann@example.org")


def test_what_she_agreed_to_is_kept_with_page_and_times_and_without_a_machine_s_address(world: World) -> None:
    with up(world) as site:
        found = subscribe(site)
        with site.project.store.reading() as tx:
            (consent,) = people.consents(tx, found.id)
    assert consent.act == "subscribed"
    assert consent.words.startswith("I would like to get Kind Words by mail")
    assert consent.source.startswith(
        "the form at https://news.example.org/subscribe, filled in on 2026-11-23 12:00 UTC"
    )
    assert b"I would like to get" in world.state()
    assert b"testclient" not in world.state()


def test_opening_the_link_of_the_mail_is_no_yes(world: World) -> None:
    with up(world) as site:
        fill_in(site)
        site.later()
        path = button(mails(site)[0])
        for _ in range(20):
            assert site.client.get(path).status_code == 200
            assert site.client.head(path).status_code == 200
        assert reader(site) is None


def test_pressing_the_button_twice_makes_one_reader_and_one_consent(world: World) -> None:
    with up(world) as site:
        found = subscribe(site)
        path = button(mails(site)[0])
        assert "Welcome" in words(site.client.post(path, data={"yes": "yes"}).text)
        with site.project.store.reading() as tx:
            assert len(people.consents(tx, found.id)) == 1


def test_who_left_since_is_not_welcomed_by_the_old_link_but_shown_the_form(world: World) -> None:
    with up(world) as site:
        found = subscribe(site)
        path = button(mails(site)[0])
        site.client.post(f"/unsubscribe/{found.token}", content=ONE_CLICK, headers=FORM)
        for answer in (site.client.get(path), site.client.post(path, data={"yes": "yes"})):
            assert "Welcome" not in words(answer.text)
            assert "../subscribe" in answer.text
        assert subscribe(site).state == "active"


def test_a_confirmation_runs_out_after_seven_days_and_the_address_is_forgotten(world: World) -> None:
    with up(world) as site:
        fill_in(site)
        site.later()
        path = button(mails(site)[0])
        world.pass_time(days=7, minutes=1)
        answer = site.client.post(path, data={"yes": "yes"})
        assert (answer.status_code, reader(site)) == (404, None)
        assert "run out" in words(answer.text)
    steps.cron(world)
    with up(world) as site, site.project.store.reading() as tx:
        assert signups.by_address(tx, "ann@example.org") is None


def test_the_answer_is_the_same_for_readers_strangers_and_barred_addresses(world: World) -> None:
    steps.subscribe(world, "reader@example.org", "left@example.org")
    with up(world) as site:
        store = site.project.store
        readers.unsubscribe(store, "left@example.org", evidence="x", now=world.now)
        with store.writing() as tx:
            key = people.address_key("bounced@example.org")
            hashed = people.hash_of_key(store.secret(tx), key)
            suppression = Suppression(address_hash=hashed, reason="bounced", evidence="5.1.1", at=world.now)
            people.suppress(tx, suppression, key)
        names = ("reader", "left", "bounced", "nobody")
        answers = [fill_in(site, f"{name}@example.org") for name in names]
        assert len({(answer.status_code, answer.text) for answer in answers}) == 1
        assert len({tuple(sorted(answer.headers.items())) for answer in answers}) == 1
        site.later()
        subjects = {mail["To"].addresses[0].addr_spec: str(mail["Subject"]) for mail in mails(site)}
    assert subjects == {
        "reader@example.org": "You already get Kind Words",
        "left@example.org": "Please confirm: Kind Words",
        "nobody@example.org": "Please confirm: Kind Words",
    }


def test_who_left_comes_back_by_her_own_yes_and_by_nothing_else(world: World) -> None:
    with up(world) as site:
        found = subscribe(site)
        site.client.post(f"/unsubscribe/{found.token}", content=ONE_CLICK, headers=FORM)
        assert readers.add(site.project.store, "ann@example.org", name=None, consent="x", now=world.now) == "left"
        world.pass_time(hours=1)
        fill_in(site)
        site.later()
        assert (reader(site) or found).state == "unsubscribed"
        with site.project.store.reading() as tx:
            signup = signups.by_address(tx, "ann@example.org")
        assert signup is not None
        site.client.post(f"/confirm/{signup.token}", data={"yes": "yes"})
        back = reader(site)
        assert back is not None
        assert (back.id, back.state, back.token) == (found.id, "active", found.token)
        with site.project.store.reading() as tx:
            assert [one.act for one in people.consents(tx, back.id)] == ["subscribed", "left", "subscribed"]
            assert people.suppressed(tx, people.address_hash(site.project.store.secret(tx), back.address)) is None


def test_somebody_forgotten_comes_back_by_her_own_yes(world: World) -> None:
    with up(world) as site:
        subscribe(site)
        readers.forget(site.project.store, "ann@example.org", now=world.now)
        world.pass_time(hours=1)
        again = subscribe(site)
        assert again.state == "active"


def test_never_ask_again_is_kept(world: World) -> None:
    """The mail that asks has a way out too: whoever did not ask for it is not asked a second time."""
    with up(world) as site:
        fill_in(site)
        site.later()
        (mail,) = mails(site)
        link = str(mail["List-Unsubscribe"]).partition("<")[2].partition(">")[0]
        path = link.removeprefix("https://news.example.org")
        assert site.client.get(path).status_code == 200
        assert site.client.post(path, content=ONE_CLICK, headers=FORM).status_code == 200
        world.pass_time(days=30)
        fill_in(site)
        site.later()
        assert len(mails(site)) == 1


def test_one_address_gets_three_mails_at_most_however_often_it_is_put_in(world: World) -> None:
    with up(world) as site:
        seen = set()
        for _ in range(30):
            fill_in(site)
            site.later()
            world.pass_time(minutes=10)
            with site.project.store.reading() as tx:
                signup = signups.by_address(tx, "ann@example.org")
            assert signup is not None
            seen.add((signup.mails, signup.mailed))
        assert max(count for count, _ in seen) == 3
        moments = sorted(moment for _, moment in seen if moment)
        assert all((later - earlier).total_seconds() >= 900 for earlier, later in pairwise(moments))


def test_one_client_can_not_put_in_thousands_of_addresses(world: World) -> None:
    with up(world, clients=20) as site:
        answers = [fill_in(site, f"victim{number}@example.org").status_code for number in range(30)]
        assert answers == [200] * 20 + [429] * 10
        world.pass_time(hours=1, minutes=1)
        assert fill_in(site, "later@example.org").status_code == 200


def test_a_flood_from_everywhere_waits_and_is_not_sent_in_one_go(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.feedback import asking

    monkeypatch.setattr(asking, "AN_HOUR_AT_MOST", 5)
    with up(world) as site:
        for number in range(8):
            fill_in(site, f"one{number}@example.org")
        site.later()
        assert len(mails(site)) == 5
    world.pass_time(minutes=61)
    steps.cron(world)
    with up(world) as site:
        assert len(mails(site)) == 8


def test_a_program_that_fills_in_every_field_is_thanked_and_ignored(world: World) -> None:
    with up(world) as site:
        answer = fill_in(site, website="https://spam.example.com/")
        assert "Please look into your mailbox" in words(answer.text)
        assert site.due == []
        with site.project.store.reading() as tx:
            assert signups.by_address(tx, "ann@example.org") is None


@pytest.mark.parametrize(
    "address", ["", "ann", "ann@", "a b@example.org", "ann@example.org\r\nBcc: x@example.org", "<script>"]
)
def test_a_slip_of_the_pen_is_shown_at_the_form_with_what_was_typed(world: World, address: str) -> None:
    with up(world) as site:
        answer = fill_in(site, address, name="Ann & Co")
        assert answer.status_code == 422
        assert "Is there a slip of the pen in it?" in words(answer.text)
        assert 'value="Ann &amp; Co"' in answer.text
        assert "<script>" not in answer.text


def test_without_the_tick_nobody_is_asked(world: World) -> None:
    with up(world) as site:
        answer = site.client.post("/subscribe", data={"email": "ann@example.org"})
        assert answer.status_code == 422
        assert site.due == []


def test_a_mail_that_could_not_go_waits_for_the_next_run(world: World) -> None:
    world.set(
        "[[source]]",
        '[delivery]\nprovider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\n\n[[source]]',
    )
    with up(world) as site:
        fill_in(site)
        site.later()
    world.set(
        'provider = "smtp"\n[delivery.smtp]\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\n', 'provider = "outbox"\n'
    )
    steps.cron(world)
    with up(world) as site:
        assert len(mails(site)) == 1


def test_the_mail_reads_well_as_text_and_has_the_headers_of_a_good_sender(world: World) -> None:
    with up(world) as site:
        fill_in(site)
        site.later()
        (mail,) = mails(site)
    text = mail.get_body(("plain",))
    html = mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Was it not you? Then do nothing." in text.get_content()
    assert "12 Main Street" in text.get_content()
    assert "12 Main Street" in html.get_content()
    assert "unsubscribe.invalid" not in text.get_content() + html.get_content()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_topics_of_the_form_and_of_the_preferences_are_kept(topical: World) -> None:
    with up(topical) as site:
        assert "School" in words(site.client.get("/subscribe").text)
        found = subscribe(site, topic=["Sleep", "Elsewhere"])
        with site.project.store.reading() as tx:
            assert people.topics(tx, found.id) == ("Sleep",)
        page = site.client.get(f"/preferences/{found.token}").text
        assert re.search(r'value="Sleep" checked', page)
        saved = site.client.post(f"/preferences/{found.token}", data={"every": "week", "topic": ["School"]})
        assert "Saved." in words(saved.text)
        with site.project.store.reading() as tx:
            assert people.topics(tx, found.id) == ("School",)
        assert (reader(site) or found).every == "week"


def test_a_pause_is_kept_until_she_ends_it(world: World) -> None:
    steps.subscribe(world, "ann@example.org", "ben@example.org")
    with up(world) as site:
        ann = reader(site)
        assert ann is not None
        site.client.post(f"/preferences/{ann.token}", data={"every": "none"})
    steps.pull(world)
    steps.build_now(world)
    steps.approve(world)
    steps.send(world)
    assert [mail["To"] for mail in steps.mails(world)] == ["ben@example.org"]
    with up(world) as site:
        site.client.post(f"/preferences/{ann.token}", data={"every": "issue"})
        back = reader(site)
        assert back is not None
        assert (back.state, back.every) == ("active", "issue")
        with site.project.store.reading() as tx:
            assert [one.act for one in people.consents(tx, back.id)] == ["added", "changed", "changed"]


def test_who_paused_and_fills_in_the_form_is_asked_and_gets_mail_again(world: World) -> None:
    with up(world) as site:
        paused = subscribe(site)
        site.client.post(f"/preferences/{paused.token}", data={"every": "none"})
        world.pass_time(days=30)
        site.later()
        again = subscribe(site)
    assert (again.id, again.state, again.since) == (paused.id, "active", paused.since)


def test_choosing_brings_nobody_back_who_left(world: World) -> None:
    with up(world) as site:
        found = subscribe(site)
        site.client.post(f"/unsubscribe/{found.token}", content=ONE_CLICK, headers=FORM)
        answer = site.client.post(f"/preferences/{found.token}", data={"every": "issue"})
        assert "You are unsubscribed" in words(answer.text)
        assert (reader(site) or found).state == "unsubscribed"


@pytest.mark.parametrize("every", ["", "hourly", "issue'--", "NONE"])
def test_a_rhythm_that_nobody_offers_changes_nothing(world: World, every: str) -> None:
    with up(world) as site:
        found = subscribe(site)
        site.client.post(f"/preferences/{found.token}", data={"every": every})
        assert reader(site) == found


@pytest.mark.parametrize("provider", ["buttondown", "listmonk"])
def test_where_the_provider_keeps_the_list_there_is_no_form_and_nobody_is_mailed(world: World, provider: str) -> None:
    """One mail by such a provider would be one to everybody on its list."""
    with up(world) as site:
        fill_in(site)
    world.set("[[source]]", f'[delivery]\nprovider = "{provider}"\n\n[[source]]')
    with up(world) as site:
        assert site.client.get("/subscribe").status_code == 404
        assert fill_in(site, "ben@example.org").status_code == 404
        assert site.due == []
        store, settings = site.project.store, site.project.settings.feedback
        assert not [key for key in feedback.due(store, settings, world.now) if key.startswith("signup")]
        assert feedback.work("signup/1", store, settings, site.project.out).unchanged == 1
