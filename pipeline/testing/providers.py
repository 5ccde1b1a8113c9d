"""What every provider must do, whoever wrote it. See `pipeline.testing` for how to use it."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from msgspec.structs import replace

from pipeline.errors import Forged, PaperroundError
from pipeline.model import Answer, Batch, HttpRequest, NoAnswer, Outcome, Reply, Request
from pipeline.providers import Capabilities, Provider, Reachable, open_module
from pipeline.testing.answers import Recorded, recorded
from pipeline.testing.batches import LINK, a_batch, a_test_batch

SIZES = (1, 2, 3, 7)
_NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
_STATUSES = (200, 201, 202, 204, 250, 301, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503)
_BODIES = (
    b"", b"{", b"[]", b"{}", b"null", b"0", b'"ok"', b"<html><body>Blocked</body></html>", b"\xff\xfe", b"[" * 9000,
    b'{"id":"a","id":"b"}', b"NaN", b'{"error":{"message":"no"}}', b"OK",
)  # fmt: skip
_LOST = (NoAnswer(sent="before", words="nobody answered"), NoAnswer(sent="after", words="the line broke"))


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """One mail as its reader sees it: every address that it shows, and her copy with all fields filled in."""

    addresses: tuple[str, ...]
    subject: str
    html: str
    text: str
    headers: Mapping[str, str]


class ProviderContract:
    """Subclass it, name the module, and pytest holds it to the rules.

    `table` is the provider's table in newsletter.toml, `secrets` what its SECRETS name (any values), `answers` a file
    of recorded answers. `delivered` may play the provider's part, to look at what readers would get.
    `list_id` is False for a provider that takes no List-Id header.
    """

    module: ModuleType
    table: Mapping[str, Any] = {}
    secrets: Mapping[str, str] = {}
    answers: Path | None = None
    list_id: bool = True

    def delivered(self, request: Request) -> Sequence[Delivered]:
        """The mails that a request makes, as the provider would write them; () when nobody plays its part."""
        del request
        return ()

    @property
    def by(self) -> Provider:
        """The provider, opened."""
        return open_module("contract", self.module, self.table, self.secrets)

    @property
    def recorded(self) -> Recorded:
        """The recorded answers."""
        return recorded(self.answers) if self.answers else Recorded(about="", hand_overs=[])

    def test_it_says_what_it_can_do(self) -> None:
        can = self.module.CAN
        assert isinstance(can, Capabilities)
        assert can.docs.startswith("https://")
        assert can.batch_max > 0
        assert can.body_max_bytes > 0
        assert can.per_second is None or can.per_second > 0
        assert (can.idempotency == "key") == (can.key_lifetime_seconds is not None)
        assert can.idempotency != "campaign" or can.lookup == "sure"
        assert all(name.startswith("PAPERROUND_") and words for name, words in self.module.SECRETS.items())

    def test_the_same_batch_makes_the_same_requests(self) -> None:
        for size in SIZES:
            first, second = (_plain(self.by.requests(a_batch(size))) for _ in range(2))
            assert first == second
            assert first

    def test_another_batch_makes_other_requests(self) -> None:
        one, other = a_batch(2), replace(a_batch(2), key="f" * 32, recipients=a_batch(4).recipients[2:])
        if self.module.CAN.idempotency != "campaign":
            assert _plain(self.by.requests(one)) != _plain(self.by.requests(other))

    def test_a_request_is_not_longer_than_it_says(self) -> None:
        for request in self.by.requests(a_batch(20)):
            assert not isinstance(request, HttpRequest) or len(request.body) <= self.module.CAN.body_max_bytes

    def test_there_is_an_end_to_asking(self) -> None:
        for reply in (Answer(status=200), Answer(status=404, body=b"{}"), *_LOST):
            replies = list[Reply]()
            for _ in range(50):
                asked = self.by.requests(a_batch(1), replies)
                replies += [reply] * len(asked)
                if not asked:
                    break
            assert not self.by.requests(a_batch(1), replies)

    def test_secrets_are_shown_nowhere(self) -> None:
        hidden = [value for value in self.secrets.values() if value]
        assert not any(value in repr(self.by) for value in hidden)
        for request in [*self.by.requests(a_batch(2)), *self.by.look_up(a_batch(2))]:
            shown = f"{request!r} {getattr(request, 'body', b'')!r}"
            assert not any(value in shown for value in hidden)
        for value in [self.secrets[name] for name in self.secrets if "WEBHOOK" not in name]:
            told = json.dumps({"message": value, "Message": value, "errors": [{"message": value}], "ErrorCode": 10})
            outcomes = self.by.read(a_batch(2), [Answer(status=401, body=told.encode())])
            assert not any(value in outcome.words for outcome in outcomes)

    def test_who_can_be_asked_for_a_welcome_gives_nothing_away(self) -> None:
        if not isinstance(self.by, Reachable):
            return
        hidden = [self.secrets[name] for name in self.secrets if "WEBHOOK" not in name]
        assert not any(value in repr(self.by.greet()) for value in hidden)
        for status in _STATUSES:
            for body in (*_BODIES, json.dumps({"message": " ".join(hidden)}).encode()):
                level, words = self.by.greeted(Answer(status=status, body=body))
                assert level in ("ok", "mend", "unknown")
                assert not any(value in words for value in hidden)

    def test_every_reader_has_exactly_one_fate_whatever_came_back(self) -> None:
        for size in SIZES:
            batch = a_batch(size)
            for replies in _moods():
                self._fates(batch, replies)

    def test_noise_is_never_taken_for_a_yes(self) -> None:
        chance = random.Random(7)  # noqa: S311 - the same noise each time is wanted
        if not self.module.CAN.real:
            return
        for _ in range(500):
            body = json.dumps(_noise(chance, 3)).encode()
            replies = [Answer(status=chance.choice(_STATUSES), body=body) for _ in range(chance.randint(1, 4))]
            assert "accepted" not in self._fates(a_batch(2), replies)
            assert not self.by.found(a_batch(2), replies)

    def test_a_line_that_was_lost_is_never_taken_for_a_yes(self) -> None:
        for reply in _LOST:
            fates = self._fates(a_batch(3), [reply])
            assert set(fates) <= {"not-sent", "unknown"}
            assert reply.sent == "after" or "unknown" not in fates[:1]

    def test_too_many_requests_means_later(self) -> None:
        if self.module.CAN.real and isinstance(self.by.requests(a_batch(1))[0], HttpRequest):
            assert self._fates(a_batch(1), [Answer(status=429, body=b"slow down")]) == ["not-sent"]

    def test_recorded_answers_lead_to_the_recorded_fates(self) -> None:
        for exchange in self.recorded.hand_overs:
            batch = a_batch(len(exchange.fates))
            assert self._fates(batch, exchange.said()) == exchange.fates, exchange.name

    def test_a_conversation_ends_where_the_recorded_one_does(self) -> None:
        for exchange in self.recorded.hand_overs:
            batch, replies, at = a_batch(len(exchange.fates)), exchange.said(), 0
            while at < len(replies) and (asked := self.by.requests(batch, replies[:at])):
                at += len(asked)
            ended = isinstance(replies[-1], NoAnswer) if replies else False
            assert at >= len(replies), f"{exchange.name}: more replies than questions"
            assert ended or at == len(replies), f"{exchange.name}: fewer replies than questions"

    def test_an_answer_that_was_cut_anywhere_is_never_taken_for_a_yes(self) -> None:
        for exchange in self.recorded.hand_overs:
            batch, replies = a_batch(len(exchange.fates)), exchange.said()
            for at, reply in enumerate(replies):
                before = self._accepted(batch, replies[:at])
                for cut in _cuts(reply):
                    assert self._accepted(batch, [*replies[:at], cut]) <= before, exchange.name

    def test_an_answer_with_a_value_of_another_kind_leaves_every_reader_her_fate(self) -> None:
        for exchange in (*self.recorded.hand_overs, *self.recorded.look_ups):
            batch, replies = a_batch(len(exchange.fates)), exchange.said()
            for at, reply in enumerate(replies):
                for other in _others(reply):
                    told = [*replies[:at], other]
                    self._fates(batch, told)
                    self.by.requests(batch, told)
                    self.by.look_up(batch, told)
                    self.by.found(batch, told)

    def test_a_reader_more_or_less_in_an_answer_is_never_taken_for_a_yes(self) -> None:
        for exchange in self.recorded.hand_overs:
            batch, replies = a_batch(len(exchange.fates) + 1), exchange.said()
            several = len(replies) == 1 and len(exchange.fates) > 1 and "accepted" in exchange.fates
            if several and self.module.CAN.idempotency != "campaign":
                counts = isinstance(replies[0], Answer) and _counted(replies[0])
                assert not counts or not self._accepted(batch, replies), exchange.name

    def test_looking_up_changes_nothing_and_finds_only_what_is_there(self) -> None:
        batch = a_batch(2)
        asked = self.by.look_up(batch)
        assert (self.module.CAN.lookup != "none") or not asked
        assert all(isinstance(request, HttpRequest) and request.method == "GET" for request in asked)
        for replies in ([], *_moods()):
            assert not [one for one in self.by.found(batch, replies) if one.fate == "accepted"]
        for exchange in self.recorded.look_ups:
            wanted = {at: fate for at, fate in enumerate(exchange.fates, 1) if fate != "pending"}
            found = self.by.found(a_batch(len(exchange.fates)), exchange.said())
            assert {one.subscriber: one.fate for one in found} == wanted, exchange.name

    def test_each_reader_gets_one_mail_that_shows_no_other_address(self) -> None:
        batch = a_batch(5)
        mails = [mail for request in self.by.requests(batch) for mail in self.delivered(request)]
        if mails:
            assert sorted(mail.addresses for mail in mails) == [(one.address,) for one in batch.recipients]
        for mail in mails:
            number = mail.addresses[0].removeprefix("reader").partition("@")[0]
            assert mail.html.count(f"{LINK}/token-{number}-of-her-own") == 3
            assert mail.text.count(f"{LINK}/token-{number}-of-her-own") == 1
            assert f"{mail.html}{mail.text}{mail.headers}".count("-of-her-own") == 5
            assert "@example.org" not in mail.html + mail.text

    def test_what_was_written_arrives_as_it_was_written(self) -> None:
        batch = a_batch(2)
        for mail in [mail for request in self.by.requests(batch) for mail in self.delivered(request)]:
            own = next(one.unsubscribe for one in batch.recipients if one.address == mail.addresses[0])
            assert _seen(mail.subject) == batch.message.subject
            assert _seen(mail.text).split() == batch.message.text.replace(LINK, own).split()
            assert _read(mail.html) == _read(batch.message.html.replace(LINK, own))

    def test_each_mail_can_be_unsubscribed_from_with_one_click(self) -> None:
        for mail in [mail for request in self.by.requests(a_batch(2)) for mail in self.delivered(request)]:
            headers = {name.lower(): value for name, value in mail.headers.items()}
            assert headers["list-unsubscribe"].startswith(f"<{LINK}/token-")
            assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
            assert not self.list_id or "kind-words.news.example.org" in headers["list-id"]

    def test_a_test_copy_names_no_reader_and_goes_to_no_list(self) -> None:
        try:
            requests = self.by.requests(a_test_batch())
        except PaperroundError:
            requests = []
        assert not requests or self.module.CAN.idempotency != "campaign"
        assert not any(b'"reader"' in getattr(request, "body", b"") for request in requests)

    def test_a_call_that_nobody_signed_is_not_believed(self) -> None:
        if not hasattr(self.module, "events"):
            return
        for secrets in ({}, self.secrets):
            for body in (b"", b"{}", b"[]", b'[{"event":"bounce","email":"a@example.org"}]', b"\xff"):
                try:
                    self.module.events({}, body, secrets, _NOW)
                except Forged:
                    continue
                raise AssertionError("a call without a signature was believed")

    def _fates(self, batch: Batch, replies: Sequence[Reply]) -> list[str]:
        outcomes = self.by.read(batch, replies)
        assert [one.subscriber for one in outcomes] == [one.subscriber for one in batch.recipients]
        assert all(isinstance(one, Outcome) and len(one.words) < 300 for one in outcomes)
        assert not {"pending"} & {one.fate for one in outcomes}
        return [one.fate for one in outcomes]

    def _accepted(self, batch: Batch, replies: Sequence[Reply]) -> set[int]:
        return {at for at, fate in enumerate(self._fates(batch, replies)) if fate == "accepted"}


def _plain(requests: Sequence[Request]) -> list[Any]:
    """Requests without what may differ from one time to the next: a signature and its date."""
    return [
        dataclasses.replace(
            one, headers={k: v for k, v in one.headers.items() if k.lower() != "x-amz-date"}, secret_headers={}
        )
        if isinstance(one, HttpRequest)
        else one
        for one in requests
    ]


def _moods() -> Iterator[list[Reply]]:
    yield []
    for status in _STATUSES:
        for body in _BODIES:
            yield [Answer(status=status, body=body)]
    for reply in _LOST:
        yield [reply]
        yield [Answer(status=200, body=b"{}"), reply]
        yield [Answer(status=500)] * 40


def _noise(chance: random.Random, depth: int) -> Any:
    names = (
        "id",
        "data",
        "message",
        "status",
        "Status",
        "errors",
        "Messages",
        "messageId",
        "results",
        "MessageId",
        "x",
    )
    match chance.randint(0, 7 if depth else 4):
        case 0:
            return chance.choice([None, True, False])
        case 1:
            return chance.choice([0, 1, -1, 200, 1e9])
        case 2 | 3:
            return chance.choice(["", "ok", "success", "sent", "draft", "Queued", "<x@y>"])
        case 4:
            return []
        case 5:
            return [_noise(chance, depth - 1) for _ in range(chance.randint(0, 3))]
        case _:
            return {chance.choice(names): _noise(chance, depth - 1) for _ in range(chance.randint(0, 3))}


def _cuts(reply: Reply) -> Iterator[Reply]:
    if isinstance(reply, Answer):
        whole = _meaning(reply.body)
        for end in range(len(reply.body)):
            if whole is not None and _meaning(reply.body[:end]) != whole:
                yield replace(reply, body=reply.body[:end])


def _others(reply: Reply) -> Iterator[Reply]:
    """The answer, each time with one of its values changed for one of another kind."""
    if isinstance(reply, Answer) and (whole := _meaning(reply.body)) is not None:
        kinds: tuple[Any, ...] = (None, True, -1, 1.5, "x", [], [[]], {}, {"x": {}})
        for other in kinds:
            for changed in _with_one(whole, other):
                yield replace(reply, body=json.dumps(changed).encode())


def _with_one(value: Any, other: Any) -> Iterator[Any]:
    yield other
    for name in value if isinstance(value, dict) else ():
        yield from (value | {name: changed} for changed in _with_one(value[name], other))
    for at in range(len(value)) if isinstance(value, list) else ():
        yield from ([*value[:at], changed, *value[at + 1 :]] for changed in _with_one(value[at], other))


def _meaning(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _counted(answer: Answer) -> bool:
    """Whether an answer tells of each reader alone, so that it can have too few."""
    found = _meaning(answer.body)
    inner = found.values() if isinstance(found, dict) else [found]
    return any(isinstance(value, list) and len(value) > 1 for value in inner)


def _seen(text: str) -> str:
    """Text without the word joiners that keep braces apart and that nobody sees."""
    return text.replace("\u2060", "")


def _read(html: str) -> list[str]:
    """What a person reads in HTML, and where its links lead."""
    from lxml import html as parser

    root = parser.document_fromstring(html)
    for style in list(root.iter("style")):
        style.text = ""
    texts = [str(part) for part in root.itertext() if isinstance(part, str)]
    return [" ".join("".join(texts).split()), *(f"{one.get('href')}" for one in root.iter("a"))]
