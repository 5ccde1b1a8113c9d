"""How far every issue is, read from a SQLite file as it lies there.

To load SQLAlchemy takes longer than everything else a look at a few rows does, so this one module speaks to the
database itself. It answers only where nothing is out of the ordinary; everything else is for `open_store`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from pipeline import whereabouts
from pipeline.model import Account, Going
from pipeline.store.migrations import HEAD

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.model import IssueNumber

_READY = """
SELECT (SELECT version_num FROM alembic_version) = ?
   AND NOT EXISTS (SELECT 1 FROM facts WHERE name IN ('moved', 'restoring'))
   AND NOT EXISTS (SELECT 1 FROM carriers WHERE stopped IS NOT NULL)
"""
_EVERY = """
SELECT i.number, coalesce(i.outline, i.issue), s.audience, s.provider,
       (SELECT sha FROM approvals a WHERE a.number = i.number ORDER BY a.id DESC LIMIT 1),
       EXISTS (SELECT 1 FROM facts WHERE name = 'expired/' || i.number),
       total(CASE b.state WHEN 'held' THEN b.size END),
       total(CASE WHEN b.state IN ('pending', 'claimed') THEN b.unknown END),
       total(b.size), total(b.accepted), total(b.rejected), total(b.suppressed), total(b.unknown)
  FROM issues i LEFT JOIN sendings s ON s.number = i.number LEFT JOIN batches b ON b.number = i.number
 GROUP BY i.number ORDER BY i.number
"""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An issue in few words; `corrects` is the number of another one."""

    going: Going
    slug: str
    title: str
    corrects: int | None


class _Corrected(msgspec.Struct):
    number: int


class _Brief(msgspec.Struct):
    slug: str
    title: str
    corrects: _Corrected | None = None


def look(url: str, folder: Path) -> list[Seen] | None:
    """Every issue by number; None when the store at `url`, relative to `folder`, must be opened to tell."""
    file = whereabouts.file_of(url, folder)
    if file is None or "?" in url:
        return None
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            if not connection.execute(_READY, (HEAD,)).fetchone()[0]:
                return None
            seen = [_seen(*row) for row in connection.execute(_EVERY)]
    except (sqlite3.Error, msgspec.DecodeError, UnicodeError):
        return None
    accounts = (one.going.account for one in seen)
    return seen if all(account is None or account.balanced for account in accounts) else None


def _seen(
    number: IssueNumber, issue: str, audience: int | None, provider: str | None, approved: str | None, *more: float
) -> Seen:
    brief = msgspec.json.decode(issue, type=_Brief)
    expired, held, again, size, accepted, rejected, suppressed, unknown = (int(value) for value in more)
    pending = size - accepted - rejected - suppressed - unknown
    fates = {"accepted": accepted, "rejected": rejected, "suppressed": suppressed, "unknown": unknown}
    account = None if audience is None else Account(issue=number, audience=audience, **fates, pending=pending)
    going = Going(
        number=number,
        account=account,
        provider=provider,
        approved=approved or None,
        expired=bool(expired),
        held=held,
        again=again,
    )
    corrects = brief.corrects.number if brief.corrects else None
    return Seen(going=going, slug=brief.slug, title=brief.title, corrects=corrects)
