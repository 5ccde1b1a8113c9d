"""Calling at sources: what each has is asked outside of any transaction, and written down for many in one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from pipeline.config import PullSettings
from pipeline.errors import ChildFault, FetchFault, SourceFault
from pipeline.model import AUTO, Health, Outside, Report, Source, SourceName, Validators
from pipeline.model.excerpt import plain
from pipeline.plural import many
from pipeline.pull import kinds, login
from pipeline.pull.listing import Ask, Visit
from pipeline.store import Store, Tx, entries, sources, timekeeping

if TYPE_CHECKING:
    from pipeline.pull.keep import Kept

AT_ONCE = 8
EVERY = timedelta(minutes=10)
LONGEST_PAUSE = timedelta(days=1)
MOVES = 3
"""How many visits in a row a permanent redirect must lead to the same address before that is asked directly."""
DEAD = 8
"""After so many failures in a row a source is called dead, and a person should look."""
A_FEW = 3
"""So many posts may leave a feed of the last days between two visits, and be its last ones."""
RUN_EMPTY = (
    "{}: The feed has run empty, as one of the last days does while a blog pauses. Its posts are kept, and new ones "
    "come as ever. If the blog has not paused, ask who looks after it."
)
MOST_ENTRIES, MOST_SECONDS = 1000, 5.0
"""What is heard is written down when it is so much, or so old."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One source was called at: what it showed, or why it could not be read; `known` is how it did before."""

    source: Source
    known: Health | None
    answer: Visit | SourceFault | ChildFault
    now: datetime

    @property
    def entries(self) -> int:
        """How many entries it takes to write this down."""
        return len(self.answer.listing.entries) if isinstance(self.answer, Visit) and self.answer.listing else 0


Outcome = tuple[SourceName, Report | Exception]
"""What a call came to: its report, or what failed without a word."""


def call(configured: Source, known: Health | None, settings: PullSettings, out: Outside) -> Call:
    """Ask a source what it has; nothing is written."""
    now = out.clock()
    source, fetch = login.apart(configured, out.fetch)
    ask = Ask(source=source, health=_usable(known, source), fetch=fetch, folder=settings.folder, now=now)
    try:
        return Call(source=source, known=known, answer=_visit(ask), now=now)
    except (SourceFault, ChildFault) as fault:
        return Call(source=source, known=known, answer=fault, now=now)


def write(tx: Tx, calls: Sequence[Call]) -> list[Report]:
    """Write down what calls came to, a report for each."""
    told = [_told(tx, one) for one in calls]
    sources.record(tx, [health for health, _ in told])
    return [report for _, report in told]


def _told(tx: Tx, made: Call) -> tuple[Health, Report]:
    """How a source does now, and what is to be said of the call."""
    lost = _lost(tx, made)
    answer = made.answer if lost <= A_FEW else _emptied(made.source)
    if isinstance(answer, Exception):
        return _failure(replace(made, answer=answer))
    health, report = _news(tx, made, answer)
    return health, report + Report(done=(RUN_EMPTY.format(made.source.name),) if lost else ())


def _lost(tx: Tx, made: Call) -> int:
    """How many posts a feed has lost that has none: of many at once it is a fault, after which no new one would come.

    The last few of a feed that holds those of some days leave it one by one while a blog pauses.
    """
    listing = made.answer.listing if isinstance(made.answer, Visit) else None
    if listing is None or listing.entries or listing.left_out or listing.whole or listing.present is not None:
        return 0
    return sum(one.listed for one in entries.states(tx, made.source.name))


def _emptied(source: Source) -> SourceFault:
    return SourceFault(
        "The feed has no posts any more.",
        where=source.url,
        next_step="Open it in a browser, and ask who looks after the blog.",
    )


def call_many(
    chosen: Sequence[Source], known: Mapping[SourceName, Health], store: Store, settings: PullSettings, out: Outside
) -> Iterator[Outcome]:
    """Call at sources side by side, their news written in few transactions; told in the order they were written."""
    heard, adding, writing = _Heard(), threading.Lock(), threading.Lock()

    def called(source: Source) -> list[Outcome]:
        try:
            answer = call(source, known.get(source.name), settings, out)
        except Exception as fault:  # noqa: BLE001 - it is told of this source, and costs no other its turn
            return [(source.name, fault)]
        with adding:
            heard.add(answer)
            taken = heard.taken() if heard.enough else []
        if not taken:
            return []
        with writing:  # nobody else waits for it: while one writes, the others call
            return _written(taken, store)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        for outcomes in threads.map(called, chosen):
            yield from outcomes
    yield from _written(heard.taken(), store)


class _Heard:
    """Calls that are not written down yet."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._entries, self._since = 0, monotonic()

    @property
    def enough(self) -> bool:
        return self._entries >= MOST_ENTRIES or monotonic() - self._since >= MOST_SECONDS

    def add(self, one: Call) -> None:
        self._calls.append(one)
        self._entries += one.entries

    def taken(self) -> list[Call]:
        calls = self._calls
        self._calls, self._entries, self._since = [], 0, monotonic()
        return calls


def _written(calls: Sequence[Call], store: Store) -> list[Outcome]:
    """Write calls down together, or each by itself when one of them can't be."""
    try:
        with store.writing() as tx:
            reports = write(tx, calls)
    except Exception as fault:  # noqa: BLE001 - whose fault it is shows when each is written by itself
        if len(calls) == 1:
            return [(calls[0].source.name, fault)]
        return [outcome for one in calls for outcome in _written([one], store)]
    return [(one.source.name, report) for one, report in zip(calls, reports, strict=True)]


def _usable(known: Health | None, source: Source) -> Health | None:
    """What is known of a source that once answered, unless its settings have changed since."""
    if known is None or known.last_ok is None or known.url != source.url:
        return None
    return known if source.kind in (AUTO, known.kind or "feed") else None


def _visit(ask: Ask) -> Visit:
    """Ask a source by its kind; one whose kind is to be found out is looked at first."""
    if ask.health:
        return kinds.load(ask.health.kind or "feed").visit(ask)
    if ask.source.kind == AUTO:
        from pipeline.pull.discover import settled

        return settled(ask)
    return kinds.load(ask.source.kind).visit(ask)


def _news(tx: Tx, made: Call, visit: Visit) -> tuple[Health, Report]:
    """How a source does after a visit that went well, and what it had."""
    from pipeline.pull.keep import keep

    source, known = made.source, made.known
    moved = known is not None and known.last_ok is not None and known.url != source.url
    seen = known.last_ok if known else None
    kept = keep(tx, source.name, visit.listing, moved=moved, now=made.now, seen=seen) if visit.listing else None
    again = _again(known, made.now, max(EVERY, visit.fresh))
    return _health(source, _usable(known, source), visit, made.now, again), _said(source, visit, kept)


def _health(source: Source, known: Health | None, visit: Visit, now: datetime, again: datetime) -> Health:
    moves = known.moves + 1 if known and visit.moved and known.moved == visit.moved else int(visit.moved is not None)
    stays = visit.moved is None or moves < MOVES
    return Health(
        name=source.name,
        url=source.url,
        kind=visit.kind,
        address=visit.address if stays else visit.moved or visit.address,
        validators=visit.validators,
        body_sha=visit.sha,
        cursor=visit.cursor,
        moved=visit.moved if stays else None,
        moves=moves if stays else 0,
        next_check=again,
        last_ok=now,
        problem=visit.problem,
        read=now if visit.full or known is None else known.read,
    )


def _failure(made: Call) -> tuple[Health, Report]:
    """Keep everything, ask again later: the pause doubles with every failure."""
    source, fault = made.source, made.answer
    known = made.known or _unknown(source, made.now)
    failures = known.failures + 1
    pause = min(EVERY * 2 ** min(failures, 10), LONGEST_PAUSE)
    if isinstance(fault, FetchFault) and fault.retry_after:
        pause = max(pause, min(timedelta(seconds=fault.retry_after), LONGEST_PAUSE))
    since = f" It has failed {failures} times in a row: is the blog still there?" if failures >= DEAD else ""
    words = f"{source.name}: {fault} Its posts are kept; the next try is in {_minutes(pause)}.{since}"
    health = replace(known, next_check=_again(known, made.now, pause), failures=failures, problem=str(fault))
    return health, Report(errors=(words,))


def _again(known: Health | None, now: datetime, pause: timedelta) -> datetime:
    """When to ask next. What only a clock that ran ahead can have said stays: by it the clock is known to be wrong."""
    ran_ahead = known is not None and known.next_check - now > timekeeping.SURELY
    return known.next_check if known and ran_ahead else now + pause


def _unknown(source: Source, now: datetime) -> Health:
    return Health(
        name=source.name,
        url=source.url,
        address=source.url,
        validators=Validators(),
        body_sha=None,
        next_check=now,
        last_ok=None,
    )


def _minutes(pause: timedelta) -> str:
    minutes = round(pause.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"


def _said(source: Source, visit: Visit, kept: Kept | None) -> Report:
    listing = visit.listing
    if listing is None or kept is None:
        return Report(unchanged=1)
    left_out = many(listing.left_out, "entry", "entries")
    lost = f"{source.name}: {left_out} could not be read, or were too many for one source."
    errors = (*listing.faults, *((lost,) if listing.left_out else ()))
    if not (kept.new or kept.changed or kept.gone):
        return Report(unchanged=1, errors=errors)
    total = many(len(listing.entries), "entry", "entries")
    words = f"{source.name}: {len(kept.new)} new, {len(kept.changed)} changed, of {total}."
    if kept.first and len(kept.new) > 1:
        words = f"{source.name}: first contact. The newest of {total} counts as new; the others are known."
    gone = tuple(f"{source.name}: “{plain(entry.title)}” is no longer on the blog." for entry in kept.gone)
    return Report(done=(words, *gone), errors=errors)
