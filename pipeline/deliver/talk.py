"""A conversation with a provider: asked step by step, at its pace, and what its raw answers say of us.

Fates are the provider file's to tell; whether to stop, to wait, or to go on is told here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from pipeline import dates
from pipeline.carrying.fates import refuses_us
from pipeline.model import Answer, Batch, NoAnswer, Outcome, Outside, Reply, Request
from pipeline.providers import Provider
from pipeline.store import Store, carriers

Ask = Callable[[Batch, Sequence[Reply]], Sequence[Request]]

IN_A_ROW = 3
"""So many requests that never left, or that were refused by rules: the rest would fare alike."""

LONGEST_WAIT = 86_400.0
"""Seconds; no Retry-After holds an issue up for longer."""

_HTML = re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)
_CLOSING = 421
"""The host closes (RFC 5321)."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers say of us: `stop` is why a person must look before anything more is sent.

    `wait` are seconds that the provider asks for, 0 when it says "too many" without a number, None when it does not.
    `answered`: the last word is an answer; `lost`: a request may have arrived whose answer did not; `killed`: nobody
    was there to hear one; `stopped`: the rest was left for another time because somebody stopped the program;
    `unreached`: nothing of it left, as nobody was reached.
    """

    stop: str | None = None
    wait: float | None = None
    answered: bool = True
    lost: bool = False
    killed: bool = False
    stopped: bool = False
    unreached: bool = False


def converse(
    batch: Batch,
    first: Sequence[Request],
    ask: Ask,
    out: Outside,
    *,
    pause: Callable[[int], None] = lambda _: None,
    heard: Callable[[Reply], None] = lambda _: None,
    ended: Callable[[], NoAnswer | None] = lambda: None,
) -> list[Reply]:
    """All replies: what is asked next may depend on them, and nothing is asked once the line is lost.

    `pause` is called with the number of requests before each further step, `heard` with each reply before the next
    request leaves; none leaves once `ended` says why.
    """
    replies, requests = list[Reply](), first
    while requests:
        got = _step(requests, out, heard, ended)
        replies += got
        if len(got) < len(requests) or (isinstance(got[-1], NoAnswer) and got[-1].sent == "after"):
            break
        requests = ask(batch, replies)
        if requests:
            pause(len(requests))
    return replies


def _step(
    requests: Sequence[Request], out: Outside, heard: Callable[[Reply], None], ended: Callable[[], NoAnswer | None]
) -> list[Reply]:
    if end := ended():
        return [end]
    got: list[Reply] = []
    for reply in out.line(requests):
        got.append(reply)
        heard(reply)
        if len(got) < len(requests) and (end := _HOPELESS if _hopeless(got) else ended()):
            got.append(end)
            break
    return got


_HOPELESS = NoAnswer(sent="before", words="not tried, because the copies before it were not taken")
TAKEN_OVER = NoAnswer(sent="before", words="not tried, because the batch may have been taken over meanwhile")
STOPPED = NoAnswer(sent="before", words="not tried, because Paperround was stopped")


def _hopeless(got: Sequence[Reply]) -> bool:
    """Whether the rest would fare alike: nothing leaves any more, or the host refuses us and not a reader."""
    last, latest = got[-1], got[-IN_A_ROW:]
    if isinstance(last, Answer):
        of_us = last.status == _CLOSING or last.headers.get("stage") == "sender"
        sure = "stage" in last.headers and last.status >= 400 and of_us
        return sure or (len(latest) == IN_A_ROW and all(map(_may_refuse_us, latest)))
    return len(latest) == IN_A_ROW and all(isinstance(one, NoAnswer) for one in latest)


def _may_refuse_us(reply: Reply) -> bool:
    """Some rules of a host are about one reader, so that one such answer says little."""
    return isinstance(reply, Answer) and "stage" in reply.headers and reply.status >= 400 and refuses_us(reply)


def fates(batch: Batch, replies: Sequence[Reply], by: Provider) -> list[Outcome]:
    """One fate for each reader: what the provider's answer does not mention is unknown."""
    told = {outcome.subscriber: outcome for outcome in by.read(batch, replies)}
    return [
        told.get(one.subscriber)
        or Outcome(subscriber=one.subscriber, fate="unknown", words="the answer does not mention this reader")
        for one in batch.recipients
    ]


def verdict(replies: Sequence[Reply], now: datetime) -> Verdict:
    """What the raw answers say of us."""
    answers = [reply for reply in replies if isinstance(reply, Answer) and "stage" not in reply.headers]
    stops = [words for answer in answers if (words := _refuses_us(answer))]
    waits = [_asked_to_wait(answer, now) for answer in answers if answer.status in (429, 503)]
    told = [seconds for seconds in waits if seconds is not None]
    return Verdict(
        stop=stops[0] if stops else None,
        wait=max(told, default=0.0 if any(answer.status == 429 for answer in answers) else None),
        answered=bool(replies) and isinstance(replies[-1], Answer),
        lost=any(isinstance(reply, NoAnswer) and reply.sent == "after" for reply in replies),
        stopped=STOPPED in replies[-1:],
        unreached=bool(replies) and all(map(_never_left, replies)),
    )


def _never_left(reply: Reply) -> bool:
    return isinstance(reply, NoAnswer) and reply.sent == "before" and reply not in (STOPPED, TAKEN_OVER)


def _refuses_us(answer: Answer) -> str | None:
    html = "html" in answer.headers.get("content-type", "") or _HTML.match(answer.body) is not None
    if answer.status in (401, 403):
        return f"it refuses us ({answer.status}{', with a web page' if html else ''}); is the key right, and allowed?"
    if html:
        return f"it answered with a web page ({answer.status}); is the address right, or something in between?"
    return None


def _asked_to_wait(answer: Answer, now: datetime) -> float | None:
    """Seconds from Retry-After (RFC 9110 section 10.2.3: a number or a date), a day at most."""
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,12}", text):
        return min(float(text), LONGEST_WAIT)
    moment = dates.of_header(text)
    return None if moment is None else min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)


def pace(store: Store, provider: str, by: Provider, out: Outside) -> Callable[[int], None]:
    """What waits until the provider allows so many requests more; all processes with one state share the pace.

    A database that is away meanwhile is waited for: what was heard by then must still be written down.
    """

    def pause(requests: int) -> None:
        rate = by.can.per_second
        if rate is None or not requests:
            return
        seconds = store.written(lambda tx: carriers.reserve(tx, provider, requests, rate, out.clock()))
        if seconds > 0:
            out.rest(seconds)

    return pause
