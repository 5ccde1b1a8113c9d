"""What is true of all providers: whatever they answer, and however large a batch is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from pipeline.carrying import fates, packing
from pipeline.errors import SettingsError, UserError
from pipeline.mail import HeaderFault
from pipeline.model import Answer, BatchId, FileDrop, HttpRequest, Message, NoAnswer, Reply, Request, SmtpEnvelope
from pipeline.providers import Reachable
from pipeline.testing import LINK, ProviderContract, a_batch, a_reader
from tests.providers import test_contract, wire

HELD = {
    kind.__name__.removeprefix("Test"): kind()
    for kind in ProviderContract.__subclasses__()
    if kind.__module__ == test_contract.__name__
}
READERS = {name: held for name, held in HELD.items() if held.module.CAN.idempotency != "campaign"}
CAMPAIGNS = {name: held for name, held in HELD.items() if held.module.CAN.idempotency == "campaign"}
OVER_HTTP = {name: held for name, held in HELD.items() if name not in ("Outbox", "Smtp")}

EACH = [name for name in READERS if name in OVER_HTTP]

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
bodies = st.binary(max_size=60) | documents.map(lambda document: json.dumps(document).encode())
answers = st.builds(
    Answer,
    status=st.sampled_from([200, 201, 202, 204, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502]),
    headers=st.dictionaries(st.sampled_from(["content-type", "retry-after", "x-amzn-errortype"]), st.text(max_size=9)),
    body=bodies,
)
replies = answers | st.builds(NoAnswer, sent=st.sampled_from(["before", "after"]), words=st.text(max_size=9))


@pytest.mark.parametrize("name", OVER_HTTP)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=st.lists(replies, max_size=4), size=st.integers(1, 4))
def test_whatever_comes_back_every_reader_has_one_fate_and_nobody_is_called_accepted(
    name: str, said: list[Reply], size: int
) -> None:
    by, batch = OVER_HTTP[name].by, a_batch(size)
    outcomes = by.read(batch, said)
    assert [one.subscriber for one in outcomes] == [one.subscriber for one in batch.recipients]
    assert "accepted" not in {one.fate for one in outcomes}
    assert not by.found(batch, said)
    by.requests(batch, said)
    by.look_up(batch, said)


def mails(held: ProviderContract, requests: Any) -> list[str]:
    return [mail.addresses[0] for request in requests for mail in held.delivered(request)]


@pytest.mark.parametrize("name", EACH)
@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_batch_at_the_edge_of_the_limit_is_cut_right(name: str, over: int) -> None:
    held = READERS[name]
    most = min(held.module.CAN.batch_max, 1000)
    batch = a_batch(max(most + over, 1), words="Hello")
    requests = held.by.requests(batch)
    assert mails(held, requests) == [one.address for one in batch.recipients]
    if name != "SesOneByOne":
        assert len(requests) == (2 if over > 0 else 1)


@pytest.mark.parametrize("name", [name for name in EACH if name != "SesOneByOne"])
def test_a_batch_whose_words_are_too_many_for_one_request_is_cut_by_size(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = READERS[name]
    smaller = replace(held.module.CAN, body_max_bytes=100_000)
    monkeypatch.setattr(held.module, "CAN", smaller)
    batch = a_batch(150, words="Hello " * 200)
    requests = held.by.requests(batch)
    assert len(requests) > 1
    assert all(isinstance(one, HttpRequest) and len(one.body) <= 100_000 for one in requests)
    assert mails(held, requests) == [one.address for one in batch.recipients]
    lost = [NoAnswer(sent="after", words="lost")]
    fated = [one.fate for one in held.by.read(batch, lost)]
    first = len(mails(held, requests[:1]))
    assert fated == ["unknown"] * first + ["not-sent"] * (150 - first)


@pytest.mark.parametrize("name", READERS)
def test_an_address_that_comes_twice_in_another_spelling_is_not_twice_in_one_request(name: str) -> None:
    held = READERS[name]
    twice = (a_reader(1), structs.replace(a_reader(2), address="READER1@example.org"))
    for request in held.by.requests(replace(a_batch(2), recipients=twice)):
        if isinstance(request, HttpRequest):
            assert len({address.lower() for address in mails(held, [request])}) == len(mails(held, [request]))


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize(
    "changed",
    [
        {"sender": "Lisa <no address>"},
        {"reply_to": "a@example.org, b@example.org"},
        {"message": Message(subject="x", html="x", text="x", unsubscribe="")},
    ],
)
def test_what_can_not_be_written_safely_is_a_fault_and_no_request(name: str, changed: dict[str, Any]) -> None:
    with pytest.raises(HeaderFault):
        HELD[name].by.requests(replace(a_batch(1), **changed), _made(HELD[name]))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("address", ["a@example.org>, <b@example.org", "a@example.org\r\nBcc: b@example.org", "nobody"])
def test_a_reader_whose_address_is_no_address_is_a_fault(name: str, address: str) -> None:
    odd = (structs.replace(a_reader(1), address=address),)
    with pytest.raises(HeaderFault):
        READERS[name].by.requests(replace(a_batch(1), recipients=odd))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Postmark", [{"To": "ann@xn--bcher-kva.example.org", "MessageID": "m", "ErrorCode": 0, "Message": "OK"}]),
        (
            "Mailjet",
            {"Messages": [{"Status": "success", "To": [{"Email": "Ann@xn--bcher-kva.example.org", "MessageID": 1}]}]},
        ),
    ],
)
def test_an_answer_names_a_reader_as_she_was_mailed_to(name: str, said: Any) -> None:
    batch = replace(a_batch(1), recipients=(structs.replace(a_reader(1), address="Ann@bücher.example.org"),))
    (outcome,) = READERS[name].by.read(batch, [Answer(status=200, body=json.dumps(said).encode())])
    assert (outcome.fate, outcome.subscriber) == ("accepted", 1)


def _made(held: ProviderContract) -> list[Reply]:
    """Replies after which a campaign is made."""
    first = held.recorded.hand_overs[:1] if held.module.CAN.idempotency == "campaign" else []
    return [reply for exchange in first for reply in exchange.said()[:1]]


@pytest.mark.parametrize("name", EACH)
@given(reader=st.text(max_size=30))
@settings(max_examples=15, deadline=None)
def test_a_readers_name_never_becomes_an_address_or_a_field(name: str, reader: str) -> None:
    held = READERS[name]
    named = (structs.replace(a_reader(1), name=f"{reader} {{{{x}}}} %recipient.link% <c@example.org>, d"), a_reader(2))
    requests = held.by.requests(replace(a_batch(2), recipients=named))
    assert mails(held, requests) == ["reader1@example.org", "reader2@example.org"]


@pytest.mark.parametrize("name", EACH)
def test_readers_may_leave_by_mail_where_the_author_runs_no_server(name: str) -> None:
    held = READERS[name]
    way = "mailto:lisa@example.org?subject=unsubscribe%20"
    leaving = tuple(structs.replace(a_reader(at), unsubscribe=f"{way}token-{at}") for at in (1, 2))
    requests = held.by.requests(replace(a_batch(2), recipients=leaving))
    for at, mail in enumerate((mail for request in requests for mail in held.delivered(request)), 1):
        assert mail.headers["List-Unsubscribe"] == f"<{way}token-{at}>"
        assert "List-Unsubscribe-Post" not in mail.headers
        assert mail.text.count(f"{way}token-{at}") == 1
        assert mail.html.count(f"{way}token-{at}") == 3


def content(request: Request) -> str:
    assert isinstance(request, HttpRequest)
    return request.body.decode()


OFF = {
    "Postmark": ['"TrackOpens":false', '"TrackLinks":"None"'],
    "SendGrid": ['"click_tracking":{"enable":false,"enable_text":false}', '"open_tracking":{"enable":false}', '"subscription_tracking":{"enable":false}', '"ganalytics":{"enable":false}'],
    "Mailgun": [f'name="o:{what}"\r\n\r\nno\r\n' for what in ("tracking", "tracking-clicks", "tracking-opens")],
    "Mailjet": ['"TrackOpens":"disabled"', '"TrackClicks":"disabled"'],
}  # fmt: skip


@pytest.mark.parametrize("name", OFF)
def test_tracking_is_off_in_so_many_words(name: str) -> None:
    for request in READERS[name].by.requests(a_batch(2)):
        assert all(words in content(request) for words in OFF[name])


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org",
        "ftp://localhost",
        "https://user@api.example.org",
        "https://api.example.org/?a=b",
        "api.example.org",
        "https://",
        "http://localhost.evil.example",
    ],
)
@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_base_url_without_https_is_for_this_machine_only(name: str, url: str) -> None:
    held = type(OVER_HTTP[name])()
    held.table = {**held.table, "base_url": url}
    with pytest.raises(SettingsError, match="base_url can't be"):
        _ = held.by
    held.table = {**held.table, "base_url": "http://127.0.0.1:8123/x/"}
    assert all(
        one.url.startswith("http://127.0.0.1:8123/x/")
        for one in held.by.requests(a_batch(1))
        if isinstance(one, HttpRequest)
    )


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_missing_or_broken_secret_is_told_without_showing_it(name: str) -> None:
    held = type(OVER_HTTP[name])()
    needed = [secret for secret in held.secrets if "WEBHOOK" not in secret]
    for secret in needed:
        held.secrets = {key: value for key, value in OVER_HTTP[name].secrets.items() if key != secret}
        with pytest.raises(SettingsError, match=f"{secret} is not set"):
            _ = held.by
        held.secrets = {**OVER_HTTP[name].secrets, secret: "two words\nand a line"}
        with pytest.raises(SettingsError, match=f"{secret} holds") as fault:
            _ = held.by
        assert "two words" not in str(fault.value)


def test_one_bad_address_in_a_thousand_is_found_in_a_few_requests() -> None:
    held, batch, bad, said, asked = (
        READERS["Mailgun"],
        a_batch(1000, words="x"),
        "reader613@example.org",
        list[Reply](),
        0,
    )
    while requests := held.by.requests(batch, said):
        for request in requests:
            asked += 1
            refused = bad in mails(held, [request])
            body = (
                b'{"message":"to parameter is not a valid address"}'
                if refused
                else b'{"id":"<1@x>","message":"Queued."}'
            )
            said.append(Answer(status=400 if refused else 200, body=body))
    outcomes = held.by.read(batch, said)
    assert [one.subscriber for one in outcomes if one.fate == "rejected"] == [613]
    assert sum(one.fate == "accepted" for one in outcomes) == 999
    assert asked <= 21


def test_a_message_that_is_refused_whoever_reads_it_is_not_cut_to_pieces() -> None:
    held, batch, said = READERS["SendGrid"], a_batch(500, words="x"), list[Reply]()
    no = Answer(status=400, body=b'{"errors":[{"message":"The content is refused","field":"content"}]}')
    while requests := held.by.requests(batch, said):
        said += [no] * len(requests)
    assert len(said) < 20
    assert {one.fate for one in held.by.read(batch, said)} == {"not-sent"}


ASKED = {
    "Brevo": "GET /v3/account",
    "Buttondown": "GET /v1/emails?page=1",
    "Listmonk": "GET /api/campaigns?no_body=true&page=1&per_page=1",
    "Mailgun": "POST /v3/news.example.org/messages",
    "Mailjet": "GET /v3/REST/sender?Limit=1",
    "Postmark": "GET /message-streams/broadcast",
    "Resend": "GET /domains",
    "ResendBroadcasts": "GET /broadcasts?limit=1",
    "SendGrid": "GET /v3/scopes",
    "Ses": "GET /v2/email/account",
    "SesOneByOne": "GET /v2/email/account",
}
MAY_ONLY_SEND = {
    "Mailgun": Answer(
        status=400, body=b'{"message":"to parameter is not a valid address. please check documentation"}'
    ),
    "Resend": Answer(status=401, body=b'{"name":"restricted_api_key","message":"This API key may only send emails"}'),
    "Ses": Answer(status=403, headers={"x-amzn-errortype": "AccessDeniedException:http://"}, body=b"{}"),
}


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_provider_can_be_asked_whether_it_takes_the_key(name: str) -> None:
    by, given = OVER_HTTP[name].by, OVER_HTTP[name].secrets
    secrets = [given[one] for one in given if "WEBHOOK" not in one]
    assert isinstance(by, Reachable)
    question = by.greet()
    assert isinstance(question, HttpRequest)
    assert question.body == b""
    path = question.url.partition("://")[2].partition("/")[2]
    assert f"{question.method} /{path}" == ASKED[name]
    assert not any(value in f"{question!r}" for value in secrets)
    level, words = by.greeted(Answer(status=401, body=f'{{"message":"{" ".join(secrets)} is no key"}}'.encode()))
    assert level == "mend"
    assert words.startswith("does not take the key (401")
    assert not any(value in words for value in secrets)
    assert by.greeted(MAY_ONLY_SEND.get(name, Answer(status=200, body=b"{}"))) == ("ok", "")
    assert by.greeted(Answer(status=503, body=b"<html>"))[0] == by.greeted(Answer(status=429))[0] == "unknown"


def test_only_a_definite_no_is_cut_in_halves() -> None:
    parts = packing.packed(a_batch(4).recipients, 1, 4, 100)
    for reply in (Answer(status=500), NoAnswer(sent="after", words="lost"), NoAnswer(sent="before", words="no")):
        assert fates.rounds(parts, [reply], lambda answer: answer.status == 400).waiting == ()


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_campaign_is_named_after_its_words_so_it_is_found_whatever_the_batchs_key(name: str) -> None:
    held = CAMPAIGNS[name]
    batch = a_batch(1)
    again = replace(batch, key="another", recipients=a_batch(5).recipients)
    edited = replace(batch, message=replace(batch.message, text="other words"))
    assert _draft(held, batch) == _draft(held, again)
    assert _draft(held, batch) != _draft(held, edited)


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_test_copy_is_refused_where_it_would_go_to_the_whole_list(name: str) -> None:
    with pytest.raises(UserError, match="would go to the whole list; nothing was sent") as fault:
        CAMPAIGNS[name].by.requests(replace(a_batch(1), id=BatchId(0)))
    assert "preview" in str(fault.value)


def _draft(held: ProviderContract, batch: Any) -> bytes:
    (request,) = held.by.requests(batch, _made(held))
    assert isinstance(request, HttpRequest)
    assert request.method == "POST"
    return request.body


FIELDS = {
    "Listmonk": ("{{ UnsubscribeURL }}", r"\{\{ UnsubscribeURL \}\}|\{\{ \"[{@]\" \}\}"),
    "Buttondown": ("{{ unsubscribe_url }}", r"\{\{ unsubscribe_url \}\}"),
    "ResendBroadcasts": ("{{{RESEND_UNSUBSCRIBE_URL}}}", r"\{\{\{RESEND_UNSUBSCRIBE_URL\}\}\}"),
}


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_campaign_has_the_providers_own_link_to_leave_and_no_other_field(name: str) -> None:
    import re

    link, allowed = FIELDS[name]
    draft = json.loads(_draft(CAMPAIGNS[name], a_batch(1)))
    html = draft.get("html") or draft["body"]
    assert html.count(link) == 3
    assert LINK not in html
    for text in [value for value in draft.values() if isinstance(value, str)]:
        left = re.sub(allowed, "", text)
        assert "{{" not in left
        assert "@TrackLink" not in left
        if name == "Buttondown":
            assert "{%" not in left


def test_what_listmonk_fills_in_reads_as_it_was_written() -> None:
    import re

    batch = a_batch(1, words="{{ TrackView }} {x} http://a.example@TrackLink")
    draft = json.loads(_draft(CAMPAIGNS["Listmonk"], batch))
    filled = re.sub(r'\{\{ "([{@])" \}\}', r"\1", draft["altbody"]).replace("{{ UnsubscribeURL }}", LINK)
    assert filled == batch.message.text


def test_outside_of_http_there_are_files_and_envelopes() -> None:
    (file,), (envelope,) = (HELD[name].by.requests(a_batch(1)) for name in ("Outbox", "Smtp"))
    assert isinstance(file, FileDrop)
    assert isinstance(envelope, SmtpEnvelope)
    assert wire.mime(file.content) == wire.mime(envelope.message)
