"""Mail hosts that refuse an issue by their rules: told when it is more than one reader's own matter."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pipeline.feedback.codes import by_policy
from pipeline.model import IssueNumber
from pipeline.plural import many
from pipeline.store import Store, Tx, accounts, signals

LATELY = timedelta(days=30)
FIRST_REPORTS = timedelta(hours=1)
"""By then most hosts have said what they take, so the author is told once, and of all."""
FEWEST = 3
AT_ONE_HOST = 0.05
IN_ALL = 0.02
"""From which share of an issue's readers on, at one host or at all, it is worth a word."""
NAMED = 3
"""Hosts that are named, those that refused most."""
_WORDS_AT_MOST = 200
_ADDRESS = re.compile(r"[^\s<>()@]+@[^\s<>()@]+")
_ADVICE = (
    "Those readers did not get it. Let `paperround check` look at SPF, DKIM and DMARC, read what the host asks of "
    "senders (its postmaster pages), and ask your provider what it knows; docs/deliverability.md says more."
)

_Words = Mapping[str | None, Sequence[str]]
"""What each host said of each copy that it refused; under None, what the provider itself said."""


def told(store: Store, now: datetime) -> dict[IssueNumber, str]:
    """What happened and what to do, for each issue of late of which a noticeable share was refused."""
    words: dict[IssueNumber, str] = {}
    with store.reading() as tx:
        found = _refused(tx, now - LATELY)
        sent = accounts.every(tx) if found else {}
        for number, by in found.items():
            frozen, account = sent[number]
            if now - frozen >= FIRST_REPORTS and (noticed := _noticed(tx, number, by, account.audience)):
                words[number] = f"Issue {number}: {noticed} {_ADVICE}"
    return words


def _refused(tx: Tx, since: datetime) -> dict[IssueNumber, dict[str | None, list[str]]]:
    # A reader whose refusal was told twice counts once.
    hosts = {(number, whose): (host, words) for number, host, whose, words in signals.refusing_hosts(tx, since)}
    found: dict[IssueNumber, dict[str | None, list[str]]] = {}
    for (number, _), (host, words) in hosts.items():
        found.setdefault(number, {}).setdefault(host, []).append(words)
    for number, words in signals.refused_at_once(tx, since):
        if by_policy(words):
            found.setdefault(number, {}).setdefault(None, []).append(words)
    return found


def _noticed(tx: Tx, number: IssueNumber, by: _Words, audience: int) -> str:
    """Who refused noticeably many, each in a sentence; else all together; "" when those are few."""
    often = sorted(by, key=lambda host: (-len(by[host]), host or ""))
    sentences = []
    for host in often:
        count = len(by[host])
        there = max(count, signals.readers_at(tx, number, host) if host else audience) if count >= FEWEST else 0
        if there and count >= AT_ONE_HOST * there:
            sentences.append(f"{_name(host)} refused {_share(count, there)}: “{_commonest(by[host])}”.")
    if sentences:
        return " ".join(sentences[:NAMED])
    count = sum(map(len, by.values()))
    if count < max(FEWEST, IN_ALL * audience):
        return ""
    most = often[0]
    return f"mail hosts refused {_share(count, max(count, audience))}. {_name(most)}: “{_commonest(by[most])}”."


def _share(count: int, of: int) -> str:
    return f"the copies of {count:,} of {many(of, 'reader')} by policy, not because a mailbox is gone"


def _name(host: str | None) -> str:
    return host or "your provider"


def _commonest(words: Sequence[str]) -> str:
    """What is said most often, shortened, and without any address."""
    said = Counter(_ADDRESS.sub("(an address)", one) for one in words).most_common(1)[0][0]
    return textwrap.shorten(said, _WORDS_AT_MOST, placeholder=" …").rstrip(".")
