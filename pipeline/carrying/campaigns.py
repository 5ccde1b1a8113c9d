"""Providers that keep the list themselves: a whole issue is one object there, which is found or made, then started.

It starts once, and its state can be read at any time: that is what makes a second try harmless. Its name is a hash of
the issue's words, so it is found again whatever became of the first try.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from pipeline.carrying.fates import Verdict, everyone, unanswered
from pipeline.errors import UserError
from pipeline.model import Answer, Batch, HttpRequest, NoAnswer, Outcome, Reply, Request

WHOLE_LIST = 1 << 31
"""The size of a batch for a provider that knows the readers itself."""

PAGES = 50

State = Literal["draft", "started", "stopped"]


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """The object at the provider: `stopped` is what somebody or something there halted for good."""

    id: str
    state: State
    words: str = ""


class Desk(Protocol):
    """How a provider's campaigns are spoken of; who says that is a provider by it."""

    def page(self, batch: Batch, number: int, last: Answer | None) -> HttpRequest:
        """A page of its list, from 0; `last` is the page before it."""
        ...

    def listed(self, batch: Batch, answer: Answer) -> tuple[Sequence[Campaign], bool] | None:
        """The campaigns on it that are this batch's, and whether there is another page; None for nonsense."""
        ...

    def make(self, batch: Batch) -> HttpRequest:
        """Make a draft."""
        ...

    def made(self, batch: Batch, answer: Answer) -> Campaign | None:
        """The draft that an answer to `make` shows; None for anything else."""
        ...

    def start(self, campaign: Campaign) -> HttpRequest:
        """Start it."""
        ...

    def begun(self, campaign: Campaign, answer: Answer) -> bool | None:
        """Whether an answer to `start` says that it goes; None when it shows no campaign."""
        ...

    def refused(self, answer: Answer) -> Verdict:
        """The verdict on an answer that shows none."""
        ...

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        return requests(self, batch, replies)

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return read(self, batch, replies)

    def look_up(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        return look_up(self, batch, replies)

    def found(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        return found(self, batch, replies)


def name(batch: Batch) -> str:
    """What the campaign is called: the same for the same words of the same issue."""
    message = batch.message
    words = f"{batch.issue}\n{message.subject}\n{message.html}\n{message.text}\n"
    return f"issue-{batch.issue}-{hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()[:24]}"


class _Talk(msgspec.Struct, frozen=True, kw_only=True):
    """How far it has come: what to ask next, or how it ended."""

    ask: HttpRequest | None = None
    verdict: Verdict | None = None


_NOT_STARTED = "the campaign was not started"


def requests(desk: Desk, batch: Batch, replies: Sequence[Reply]) -> Sequence[Request]:
    """Find it; make it if it is not there; start it if it is a draft. Raises UserError for a test copy."""
    if not batch.id:
        raise UserError(
            "This provider knows the readers itself, so a test copy would go to the whole list; nothing was sent.",
            next_step='Look at it with `paperround preview`, or take provider = "outbox" or "smtp" for the test.',
        )
    ask = _talk(desk, batch, replies).ask
    return [ask] if ask else ()


def read(desk: Desk, batch: Batch, replies: Sequence[Reply]) -> tuple[Outcome, ...]:
    """One fate for all. Until it was told to start, certainly nobody was written to by this try."""
    talk = _talk(desk, batch, replies)
    if talk.verdict:
        return everyone(batch, talk.verdict)
    return everyone(batch, ("not-sent" if replies else "unknown", _NOT_STARTED if replies else "no reply", None))


def _talk(desk: Desk, batch: Batch, replies: Sequence[Reply]) -> _Talk:
    found, at, trouble = _paged(desk, batch, replies)
    if trouble:
        return _Talk(verdict=("not-sent", trouble[1] or _NOT_STARTED, None))
    if found is None:
        return _Talk(ask=desk.page(batch, at, _last(replies)))
    if not found:
        if at == len(replies):
            return _Talk(ask=desk.make(batch))
        reply, at = replies[at], at + 1
        draft = desk.made(batch, reply) if isinstance(reply, Answer) else None
        if draft is None:
            return _Talk(verdict=("not-sent", _words(desk, reply), None))
        found = [draft]
    return _started(desk, found, replies[at:])


def _last(replies: Sequence[Reply]) -> Answer | None:
    return replies[-1] if replies and isinstance(replies[-1], Answer) else None


def _started(desk: Desk, found: Sequence[Campaign], rest: Sequence[Reply]) -> _Talk:
    for one in found:
        if one.state != "draft":
            return _Talk(verdict=_settled(one))
    if not rest:
        return _Talk(ask=desk.start(found[0]))
    reply = rest[0]
    if isinstance(reply, NoAnswer):
        return _Talk(verdict=unanswered(reply))
    goes = desk.begun(found[0], reply)
    if goes:
        return _Talk(verdict=("accepted", "", found[0].id))
    unclear: Verdict = ("unknown", "it was told to start, and does not say that it does", found[0].id)
    return _Talk(verdict=desk.refused(reply) if goes is None else unclear)


def _settled(one: Campaign) -> Verdict:
    return ("accepted", one.words, one.id) if one.state == "started" else ("unknown", one.words, one.id)


def _words(desk: Desk, reply: Reply) -> str:
    return reply.words if isinstance(reply, NoAnswer) else desk.refused(reply)[1]


def _paged(desk: Desk, batch: Batch, replies: Sequence[Reply]) -> tuple[Sequence[Campaign] | None, int, Verdict | None]:
    """The campaigns in the list (None while it is not read to its end), the replies used up, and what went wrong."""
    for at, reply in enumerate(replies):
        if isinstance(reply, NoAnswer):
            return None, at, unanswered(reply)
        page = desk.listed(batch, reply)
        if page is None:
            return None, at, desk.refused(reply)
        if page[0] or not page[1]:
            return page[0], at + 1, None
        if at + 1 >= PAGES:
            return None, at, ("unknown", "its list of campaigns is too long to be read to the end", None)
    return None, len(replies), None


def look_up(desk: Desk, batch: Batch, replies: Sequence[Reply]) -> Sequence[Request]:
    """Page through its list until it is found."""
    found, at, trouble = _paged(desk, batch, replies)
    return [desk.page(batch, at, _last(replies))] if found is None and not trouble else ()


def found(desk: Desk, batch: Batch, replies: Sequence[Reply]) -> tuple[Outcome, ...]:
    """Started means handed over; a draft, or nothing at all, means certainly not."""
    there, _, trouble = _paged(desk, batch, replies)
    if there is None or trouble:
        return ()
    for one in there:
        if one.state != "draft":
            return everyone(batch, _settled(one)) if one.state == "started" else ()
    return everyone(batch, ("not-sent", "the provider has not started it", None))
