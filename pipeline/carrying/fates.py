"""Replies become fates: what the readers of all providers' answers have in common.

Whatever came back, every reader of a batch gets exactly one fate, and nobody is called accepted without evidence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from pipeline.model import Answer, Batch, Fate, NoAnswer, Outcome, Recipient, Reply

Part = tuple[Recipient, ...]
"""The readers of one request."""

Verdict = tuple[Fate, str, str | None]
"""A fate, the provider's words, the provider's id."""

NO_REPLY: Verdict = ("unknown", "no reply", None)
NOT_TRIED: Verdict = ("not-sent", "not tried, because the line was lost", None)

# A batch is halved around a refused address; when nobody at all is taken, the reason is not an address.
_REFUSED_IN_VAIN = 8
_REFUSED_AT_MOST = 100

# RFC 4954: the server wants a sign-in, or another one.
_SIGN_IN = (530, 534, 535, 538)
# RFC 3463: 5.7 is about rights and policy, such as "relay access denied"; 5.1.7 and 5.1.8 are about a sender's address.
_OF_US = re.compile(rb"\A5\.(?:7\.\d{1,3}|1\.[78])\b|\bsender (?:address rejected|verify failed)", re.IGNORECASE)


def refuses_us(answer: Answer) -> bool:
    """Whether a mail server refuses who sends, and not a reader; many say so only when they hear a reader's address."""
    of_us = answer.status in _SIGN_IN or _OF_US.search(answer.body) is not None
    return answer.headers.get("stage") == "sender" or of_us


def one_by_one(
    batch: Batch, replies: Sequence[Reply], judge: Callable[[Answer], tuple[Fate, str]]
) -> tuple[Outcome, ...]:
    """Fates for a provider that is asked once for each reader; `judge` gives an answer's fate, in words as well.

    Nothing is asked after a lost request, so the readers after it were certainly not handed over. When replies end for
    no such reason, nobody can know.
    """
    parts = [(recipient,) for recipient in batch.recipients]
    return in_parts(batch, parts, replies, lambda _, answer: [(*judge(answer), None)])


def in_parts(
    batch: Batch, parts: Sequence[Part], replies: Sequence[Reply], judge: Callable[[Part, Answer], Sequence[Verdict]]
) -> tuple[Outcome, ...]:
    """Fates for a provider that is asked once for each part; `judge` gives one verdict for each reader of it."""
    verdicts = dict[int, Verdict]()
    for part, reply in zip(parts, replies, strict=False):
        verdicts |= _settled(part, reply, judge)
    rest = NOT_TRIED if lost(replies) else NO_REPLY
    return tuple(_outcome(one, verdicts.get(one.subscriber, rest)) for one in batch.recipients)


def lost(replies: Sequence[Reply]) -> bool:
    """Whether the last request got no answer; nothing was asked after it."""
    return bool(replies) and isinstance(replies[-1], NoAnswer)


def everyone(batch: Batch, verdict: Verdict) -> tuple[Outcome, ...]:
    """The same fate for all."""
    return tuple(_outcome(one, verdict) for one in batch.recipients)


def unanswered(reply: NoAnswer) -> Verdict:
    """The verdict on a request without an answer."""
    return ("not-sent" if reply.sent == "before" else "unknown"), reply.words, None


def _settled(part: Part, reply: Reply, judge: Callable[[Part, Answer], Sequence[Verdict]]) -> dict[int, Verdict]:
    if isinstance(reply, NoAnswer):
        return {one.subscriber: unanswered(reply) for one in part}
    verdicts = judge(part, reply)
    if len(verdicts) != len(part):
        verdicts = [("unknown", "the answer does not count its readers right", None)] * len(part)
    return {one.subscriber: verdict for one, verdict in zip(part, verdicts, strict=True)}


def _outcome(one: Recipient, verdict: Verdict) -> Outcome:
    fate, words, name = verdict
    return Outcome(subscriber=one.subscriber, fate=fate, provider_id=name, words=words)


class Rounds(msgspec.Struct, frozen=True, kw_only=True):
    """How far a hand-over has come that halves what is refused as a whole.

    `answered`: parts that are settled, each with its reply. `waiting`: parts to be asked next. `refused`: whether those
    in `waiting` were asked before, as a part of something refused.
    """

    answered: tuple[tuple[Part, Reply], ...]
    waiting: tuple[Part, ...]
    refused: bool


def rounds(first: Sequence[Part], replies: Sequence[Reply], refused: Callable[[Answer], bool]) -> Rounds:
    """Follow the replies: a part of several readers that was refused as a whole is asked again in two halves.

    One unusable address makes some providers refuse a whole request, and say so; halving finds it in a few requests
    and hands over all others. `refused` tells such an answer, by which certainly nobody was taken.
    """
    asked, answered, at, again, counted = tuple(first), list[tuple[Part, Reply]](), 0, False, _Count()
    while asked and at + len(asked) <= len(replies):
        nos = list[Part]()
        for part, reply in zip(asked, replies[at : at + len(asked)], strict=True):
            no = isinstance(reply, Answer) and refused(reply)
            counted.add(no=no)
            if no and len(part) > 1 and counted.go_on:
                nos += [part[: len(part) // 2], part[len(part) // 2 :]]
            else:
                answered.append((part, reply))
        at, asked, again = at + len(asked), tuple(nos), True
    answered += zip(asked, replies[at:], strict=False)
    left = asked[len(replies) - at :]
    return Rounds(answered=tuple(answered), waiting=left, refused=again and len(left) == len(asked))


class _Count:
    """Whether halving still makes sense."""

    def __init__(self) -> None:
        self.noes = 0
        self.others = 0

    def add(self, *, no: bool) -> None:
        self.noes += no
        self.others += not no

    @property
    def go_on(self) -> bool:
        return self.noes < (_REFUSED_AT_MOST if self.others else _REFUSED_IN_VAIN)


def in_rounds(batch: Batch, done: Rounds, judge: Callable[[Part, Answer], Sequence[Verdict]]) -> tuple[Outcome, ...]:
    """Fates after `rounds`; those who wait as a part of something refused were certainly not handed over."""
    verdicts = dict[int, Verdict]()
    for part, reply in done.answered:
        verdicts |= _settled(part, reply, judge)
    rest = NOT_TRIED if done.refused or lost([reply for _, reply in done.answered[-1:]]) else NO_REPLY
    return tuple(_outcome(one, verdicts.get(one.subscriber, rest)) for one in batch.recipients)


def adjudged(
    batch: Batch, done: Rounds, judge: Callable[[Part, Answer], Sequence[Verdict]], alone: Callable[[Answer], bool]
) -> tuple[Outcome, ...]:
    """As `in_rounds`; a reader refused alone, when others were taken or the words are about her, is rejected.

    `alone` tells whether an answer's words are about an address.
    """
    taken = any(verdict[0] == "accepted" for part, reply in done.answered for verdict in _all(part, reply, judge))

    def about(part: Part, answer: Answer) -> Sequence[Verdict]:
        verdicts = judge(part, answer)
        if len(part) > 1 or answer.status not in (400, 422) or verdicts[0][0] != "not-sent":
            return verdicts
        return [("rejected", verdicts[0][1], None)] if taken or alone(answer) else verdicts

    return in_rounds(batch, done, about)


def _all(part: Part, reply: Reply, judge: Callable[[Part, Answer], Sequence[Verdict]]) -> Sequence[Verdict]:
    return judge(part, reply) if isinstance(reply, Answer) else []
