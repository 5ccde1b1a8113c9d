"""What `check` says about the sender's domain; the name service is real, and on loopback."""

from __future__ import annotations

import base64
from dataclasses import replace

import msgspec
import pytest

from pipeline import config, names
from pipeline.config import FeedbackSettings, FeedbackTable, Mailbox, ReadersTable
from pipeline.feedback import domain
from tests.feedback.nameserver import Zone, serving
from tests.world import World

HOME = "kindwords.net"
DMARC = '"v=DMARC1; p=none; rua=mailto:postmaster@kindwords.net"'


def key(bits: int = 2048) -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    text = base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    whole = f"v=DKIM1; k=rsa; p={text}"
    return " ".join(f'"{whole[at : at + 250]}"' for at in range(0, len(whole), 250))


GOOD: dict[tuple[str, str], tuple[str, ...]] = {
    (HOME, "MX"): ("10 mx.kindwords.net.",),
    (HOME, "TXT"): ('"google-site-verification=x"', '"v=spf1 include:spf.mail.example -all"'),
    ("spf.mail.example", "TXT"): ('"v=spf1 ip4:192.0.2.0/24 ~all"',),
    (f"_dmarc.{HOME}", "TXT"): (DMARC,),
    (f"s1._domainkey.{HOME}", "TXT"): (key(),),
}


def sent_by(settings: FeedbackSettings, address: str) -> FeedbackSettings:
    return replace(settings, newsletter=msgspec.structs.replace(settings.newsletter, from_=Mailbox(address)))


@pytest.fixture
def settings(world: World) -> FeedbackSettings:
    found = config.load(world.folder, {}).feedback
    return replace(sent_by(found, f"Lisa <letters@{HOME}>"), feedback=FeedbackTable(dkim_selectors=("s1",)))


def look(settings: FeedbackSettings, zone: Zone) -> dict[str, domain.Advice]:
    with serving(zone) as (address, _):
        return {one.about: one for one in domain.advice(settings, names.asker(address))}


def test_a_domain_in_order_is_told_so(settings: FeedbackSettings) -> None:
    found = look(settings, GOOD)
    assert {about: one.level for about, one in found.items()} == dict.fromkeys(
        ("MX", "SPF", "DKIM", "DMARC", "alignment"), "ok"
    )


def without(*gone: tuple[str, str]) -> Zone:
    return {name: texts for name, texts in GOOD.items() if name not in gone}


@pytest.mark.parametrize(
    ("zone", "about", "words"),
    [
        (without((f"_dmarc.{HOME}", "TXT")), "DMARC", "v=DMARC1; p=none"),
        (without((HOME, "MX")), "MX", "no mail server"),
        (GOOD | {(HOME, "MX"): ("0 .",)}, "MX", "takes no mail"),
        (GOOD | {(HOME, "TXT"): ('"v=spf1 -all"', '"v=spf1 mx ~all"')}, "SPF", "2 SPF records"),
        (GOOD | {(HOME, "TXT"): ('"v=spf1 +all"',)}, "SPF", "lets anybody send"),
        (GOOD | {(HOME, "TXT"): ('"v=spf1 all"',)}, "SPF", "lets anybody send"),
        (GOOD | {(HOME, "TXT"): ('"v=spf1 ' + "a:x.example " * 11 + '-all"',)}, "SPF", "more than ten look-ups"),
        (without((f"s1._domainkey.{HOME}", "TXT")), "DKIM", "there is no key"),
        (GOOD | {(f"s1._domainkey.{HOME}", "TXT"): ('"v=DKIM1; p="',)}, "DKIM", "withdrawn"),
        (GOOD | {(f"_dmarc.{HOME}", "TXT"): (DMARC, DMARC.replace("none", "reject"))}, "DMARC", "several records"),
        (GOOD | {(f"_dmarc.{HOME}", "TXT"): ('"v=DMARC1; p=maybe"',)}, "DMARC", "no p="),
        (without((HOME, "TXT"), (f"s1._domainkey.{HOME}", "TXT")), "DKIM", "there is no key"),
    ],
)
def test_what_is_really_wrong_is_to_be_mended(settings: FeedbackSettings, zone: Zone, about: str, words: str) -> None:
    found = look(settings, zone)[about]
    assert found.level == "mend"
    assert words in found.words


def test_a_record_of_includes_that_go_round_in_circles_is_read_to_an_end(settings: FeedbackSettings) -> None:
    circle = {
        (HOME, "TXT"): ('"v=spf1 include:a.example -all"',),
        ("a.example", "TXT"): ('"v=spf1 include:a.example -all"',),
    }
    assert look(settings, GOOD | circle)["SPF"].level == "ok"


def test_a_short_key_is_named(settings: FeedbackSettings) -> None:
    assert look(settings, GOOD | {(f"s1._domainkey.{HOME}", "TXT"): (key(1024),)})["DKIM"].level == "note"


def test_the_policy_of_the_domain_above_counts_for_the_one_below(settings: FeedbackSettings) -> None:
    below = {(f"mail.{name}" if name == HOME else name, kind): texts for (name, kind), texts in GOOD.items()}
    below[f"s1._domainkey.mail.{HOME}", "TXT"] = GOOD[f"s1._domainkey.{HOME}", "TXT"]
    other = sent_by(settings, f"letters@mail.{HOME}")
    assert look(other, below)["DMARC"].level == "ok"


def test_without_a_network_nothing_is_a_fault_and_nobody_waits_long(settings: FeedbackSettings) -> None:
    found = domain.advice(settings, names.asker("127.0.0.1:1", seconds=0.2))
    assert {one.level for one in found} <= {"unknown", "note"}
    assert any("could not be looked up" in one.words for one in found)


@pytest.mark.parametrize("address", ["letters@example.org", "letters@news.example.com", "letters@blog.test"])
def test_names_for_examples_are_not_looked_up(settings: FeedbackSettings, address: str) -> None:
    other = sent_by(settings, address)
    with serving(GOOD) as (resolver, asked):
        (only,) = domain.advice(other, names.asker(resolver))
        assert (only.level, asked) == ("note", [])


def test_an_address_of_a_free_mail_host_can_not_be_the_sender(settings: FeedbackSettings) -> None:
    other = sent_by(settings, "lisa@gmail.com")
    (only,) = domain.advice(other, lambda _name, _kind: names.UNKNOWN)
    assert only.level == "mend"
    assert "domain of your own" in only.words


@pytest.mark.parametrize(("status", "level"), [(200, "ok"), (404, "mend"), (502, "mend"), (None, "unknown")])
def test_the_page_to_unsubscribe_must_answer(settings: FeedbackSettings, status: int | None, level: str) -> None:
    assert domain.way_out(settings, status).level == level
    assert domain.way_out(replace(settings, readers=ReadersTable(unsubscribe="mailto")), status).level == "note"


OLD = "https://old.example.org/unsubscribe/test"


@pytest.mark.parametrize(
    ("found", "status", "gone", "level", "words"),
    [
        (OLD, 200, False, "ok", "they answer"),
        ("https://news.example.org/unsubscribe/test", 200, False, "mend", "leads on to another address"),
        (OLD, 404, False, "mend", "it answers 404"),
        (OLD, None, True, "mend", "nothing is there"),
        (OLD, None, False, "unknown", "could not be looked up"),
    ],
)
def test_the_links_of_the_last_weeks_mails_must_answer_where_they_were(
    found: str, status: int | None, gone: bool, level: str, words: str
) -> None:
    told = domain.old_way_out(OLD, found, status, gone=gone)
    assert (told.level, told.about) == (level, "links to https://old.example.org/unsubscribe/")
    assert words in told.words


def test_a_network_that_answers_no_to_everything_is_no_network(
    settings: FeedbackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dns.resolver

    with serving({}) as (address, _):
        host, _, port = address.rpartition(":")

        class System(dns.resolver.Resolver):
            def __init__(self, *_: object, **__: object) -> None:
                super().__init__(configure=False)
                self.nameservers, self.port = [host], int(port)

        monkeypatch.setattr(dns.resolver, "Resolver", System)
        found = domain.advice(settings, names.asker())
    assert "mend" not in {one.level for one in found}
