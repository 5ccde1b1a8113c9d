"""What waits for the author, each with a name by which it is known that she was told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from pipeline import compose, dates, deliver, review
from pipeline.compose import drafting, schedule
from pipeline.config import Settings
from pipeline.feedback import post, refusals, signup
from pipeline.plural import many
from pipeline.store import Store, calendars, posts, runs, signals, signups, sources, timekeeping

DEAD_AFTER = timedelta(days=1)
LATE_AFTER = timedelta(hours=2)
UNREADABLE_FOR = timedelta(days=7)
NOTHING_NEW_FOR = timedelta(days=42)


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say: `key` stays the same for as long as it is the same thing; one said `once` is not repeated."""

    key: str
    words: str
    once: bool = False


def matters(store: Store, settings: Settings, now: datetime) -> list[Matter]:
    """Everything that waits now: issues, posts, where they come from, readers, a provider, missed turns, the clock."""
    return [
        *_issues(store, settings, now),
        *_posts(store, settings, now),
        *_sources(store, settings, now),
        *_calendars(store, settings, now),
        *_signups(store, now),
        *_mailbox(store, settings, now),
        *_stopped(store, settings),
        *_refusals(store, now),
        *_missed(store, settings, now),
        *_nothing_new(store, settings, now),
        *_faults(store, settings, now),
        *_clock(store, now),
    ]


def _issues(store: Store, settings: Settings, now: datetime) -> Iterator[Matter]:
    for line in review.overview(store, settings.review):
        number, title = line.issue.number, line.issue.title
        if line.doubtful:
            copies = many(line.doubtful, "copy", "copies")
            words = f"Issue {number}, “{title}”: nobody can say what became of {copies}; `reconcile {number}`."
            yield Matter(key=f"unknown/{number}", words=words)
        if line.state == "sending" and line.frozen and now - line.frozen >= DEAD_AFTER:
            yield Matter(key=f"sending/{number}", words=f"Issue {number}, “{title}”: {line.next_step}.", once=True)
        if line.state in ("draft", "expired") or (line.state == "held" and line.account and line.account.pending):
            yield Matter(key=f"{line.state}/{number}", words=f"Issue {number}, “{title}”: {line.next_step}.")


def _posts(store: Store, settings: Settings, now: datetime) -> Iterator[Matter]:
    """Those that wait for a word of hers, in one sentence until there is another; and new ones that can't be mailed."""
    if waiting := compose.held(store, settings.compose, now):
        newest, words = waiting
        yield Matter(key=f"held-posts/{newest}", words=words)
    with store.reading() as tx:
        unreadable = drafting.unreadable(tx, now - UNREADABLE_FOR)
    for one in unreadable:
        words = f"“{one.article.title}” can't be mailed: {one.fault}. `posts show {one.id}` says more."
        yield Matter(key=f"unreadable/{one.id}", words=words, once=True)


def _sources(store: Store, settings: Settings, now: datetime) -> Iterator[Matter]:
    with store.reading() as tx:
        known = sources.all_health(tx)
    for source in settings.sources:
        health = known.get(source.name)
        if health is None or health.problem is None:
            continue
        if not health.failures:
            words = f"Not everything of {source.name} can be read: {health.problem}"
            yield Matter(key=f"in-part/{_of(words)}", words=words)
        if health.failures < 3:
            continue
        if health.last_ok is None or now - health.last_ok >= DEAD_AFTER:
            since = f"since {health.last_ok:%Y-%m-%d}" if health.last_ok else "so far"
            words = f"The source {source.name} has not answered {since}: {health.problem}"
            yield Matter(key=f"source/{source.name}"[:120], words=words)


def _calendars(store: Store, settings: Settings, now: datetime) -> Iterator[Matter]:
    """Only the host is named: who knows a calendar's whole address may often read it."""
    with store.reading() as tx:
        known = {one.key: one for one in calendars.every(tx)}
    for url in settings.pull.calendars:
        one = known.get(calendars.key(url))
        if one is None or one.problem is None or one.failures < 3:
            continue
        if one.read is None or now - one.read >= DEAD_AFTER:
            since = f"since {dates.said(one.read, '%d %B %Y')}" if one.read else "so far"
            words = f"The calendar at {urlsplit(url).hostname} could not be read {since}: {one.problem}"
            yield Matter(key=f"calendar/{one.key}", words=words)


def _signups(store: Store, now: datetime) -> Iterator[Matter]:
    """People who filled in the form, and whom no mail could ask whether it was they."""
    with store.reading() as tx:
        waiting = signups.unasked(tx, now - LATE_AFTER)
    if waiting:
        count = many(waiting, "person who filled in the form waits", "people who filled in the form wait")
        days = signup.VALID.days
        words = f"{count} for the mail that was to ask. `run` says why; after {days} days they are forgotten."
        yield Matter(key="signups", words=words)


def _mailbox(store: Store, settings: Settings, now: datetime) -> Iterator[Matter]:
    """The one for bounces and goodbyes, which nobody has read for a day while runs were made."""
    imap = settings.feedback.feedback.imap
    if imap is None:
        return
    with store.reading() as tx:
        read = signals.cursor(tx, post.CURSOR)
        since = read[1] if read else runs.begun(tx)
    if since is not None and now - since >= DEAD_AFTER:
        last = f"was last read on {dates.said(read[1], '%d %B %Y')}" if read else "has not been read yet"
        words = f"The mailbox of {imap.user} at {imap.host} {last}, so bounces and goodbyes wait. `run` says why."
        yield Matter(key="mailbox", words=words)


def _stopped(store: Store, settings: Settings) -> Iterator[Matter]:
    stopped = deliver.stopped(store, settings.deliver)
    if stopped:
        words = f"Nothing is handed to {settings.delivery.provider}: {stopped} `paperround status` says what to do."
        yield Matter(key=f"stopped/{settings.delivery.provider}"[:120], words=words)


def _refusals(store: Store, now: datetime) -> Iterator[Matter]:
    for number, words in refusals.told(store, now).items():
        yield Matter(key=f"refused/{number}", words=words, once=True)


def _missed(store: Store, settings: Settings, now: datetime) -> Iterator[Matter]:
    """A turn that passed without an issue, since the project is at work, though posts were there that waited for it."""
    zone = settings.newsletter.timezone
    turn = schedule.latest(settings.schedule, zone, now)
    if turn is None or now - turn.due < LATE_AFTER + settings.schedule.settle:
        return
    with store.reading() as tx:
        begun = runs.begun(tx)
    lines = review.overview(store, settings.review)
    if begun is None or begun >= turn.due or any(line.issue.due >= turn.due for line in lines):
        return
    known = compose.outlines(store, settings.compose, now)
    count = sum(how.state == "new" and post.when <= turn.due for post, how in known)
    if not count:
        return
    draft = next((line.issue.number for line in lines if line.state == "draft" and not line.issue.corrects), None)
    wait = many(count, "post waits", "posts wait")
    if draft:
        why = f"issue {draft} waits for your yes, and behind it {wait}"
    elif count < settings.schedule.min_posts:
        why = f"{wait}, and min_posts is {settings.schedule.min_posts}"
    else:
        why = f"{wait} for the next turn"
    words = f"No issue was made for {dates.said(turn.due.astimezone(zone), '%A, %d %B, %H:%M')}: {why}."
    yield Matter(key=f"missed/{turn.key}"[:120], words=words)


def _nothing_new(store: Store, settings: Settings, now: datetime) -> Iterator[Matter]:
    """She may just not have written; or her blog goes on giving an old feed, which is like a blog without new posts."""
    with store.reading() as tx:
        begun = posts.first_day(tx)
        known = posts.outlines(tx, posts.newest(tx, 1))
    last = max(known, key=lambda post: post.when, default=None)
    if begun is None or last is None or now - max(begun, last.when) < NOTHING_NEW_FOR:
        return
    day = dates.said(last.when.astimezone(settings.newsletter.timezone), "%d %B %Y")
    words = (
        f"Your newest post, “{last.article.title}”, is of {day}. If you have written since, your blog does not show it "
        "to programs: `paperround check` asks it."
    )
    yield Matter(key=f"nothing-new/{last.id}", words=words, once=True)


def _faults(store: Store, settings: Settings, now: datetime) -> Iterator[Matter]:
    """What each run of some hours met, such as a key that is missing: other matters may follow from it much later."""
    with store.reading() as tx:
        found = runs.failing(tx)
    if not found or now - found[-1].began < LATE_AFTER:
        return
    others = [set(one.words.split("\n")) for one in found[1:]]
    lasting = [words for words in found[0].words.split("\n") if all(words in one for one in others)]
    if lasting:
        since = dates.said(found[-1].began.astimezone(settings.newsletter.timezone), "%A, %d %B, %H:%M")
        yield Matter(key=f"faults/{_of(*lasting)}", words=f"Each run since {since}: {' '.join(lasting)}")


def _clock(store: Store, now: datetime) -> Iterator[Matter]:
    """It is behind, as no server agrees that it was ahead before; with it everything waits."""
    with store.reading() as tx:
        there = timekeeping.ahead(tx, now)
    if there is not None:
        today, then = dates.said(now, "%d %B %Y"), dates.said(there, "%d %B %Y")
        words = f"By this machine's clock it is {today}, and sources were to be visited again on {then}. Set the clock."
        yield Matter(key="clock", words=words)


def _of(*words: str) -> str:
    """A name for what these words say: with others it is another thing."""
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
