"""What pieces of work were found to cost, by `python -m tests.bench.costs`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

RECORD = Path(__file__).with_name("costs.json")
COMMAND = "python -m tests.bench.costs"
BATCH = 1000
"""Readers of a batch: what SendGrid and Mailgun take in one request."""
FEW = 10
"""Readers of a small newsletter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One piece of work: seconds of the program's and of the database's processor, bytes of its log, transactions that write."""

    worker: float
    database: float
    wal: float = 0.0
    writes: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """What a row takes with its indexes, or several rows of one thing together; `newsletter` is an empty one's tables.

    `copy` is a row of the ledger once the space of its earlier versions is used again, `copy_at_first` before that.
    """

    reader: float
    copy: float
    copy_at_first: float
    post: float
    issue: float
    signal: float
    newsletter: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Everything that the simulation is told about the program; `machine` and `at` say where and when it was measured.

    `look` is a round in which nothing is due, `job` what the queue itself costs for each job, `issue` everything from
    three new posts to an approved issue, `freeze` a thousand readers put into the ledger, `batch` a thousand handed over;
    `freeze_few` and `batch_few` are a small newsletter's.
    `relations` are a newsletter's entries in PostgreSQL's catalogue, `connections` those that a worker keeps open for it.
    `commits_one` and `commits_eight` are what the disk takes in a second, from one session and from eight. `service` are
    the seconds of the mail service that stands in for a provider, for a thousand readers: they are no part of a batch.
    """

    command: str = COMMAND
    machine: str
    at: str
    look: Cost
    job: Cost
    poll_same: Cost
    poll_new: Cost
    issue: Cost
    freeze: Cost
    freeze_few: Cost
    batch: Cost
    batch_few: Cost
    bounce: Cost
    make_newsletter: Cost
    feed_bytes: float
    relations: float
    connections: float
    commits_one: float
    commits_eight: float
    service: float
    postgresql: Bytes
    sqlite: Bytes


def recorded() -> Costs:
    """What was measured the last time."""
    return msgspec.json.decode(RECORD.read_bytes(), type=Costs)
