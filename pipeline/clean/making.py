"""What is made of an entry: its article, or why it has none, and everything that its post can be known by.

Pure and without a store. Where there are many entries this file is run as a child, too: see apart.py.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from pipeline.clean import identity
from pipeline.errors import EntryFault
from pipeline.model import Article, KnownEntry


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was made of an entry; `fault` says why its article is not more than what little is certain of it.

    `names` are all that its post can be known by, `sha` and `fingerprint` are hashes of what readers see and of the
    words alone. `settled_from` is when this content last changed, as far as anyone can know.
    """

    article: Article
    fault: str | None
    names: tuple[str, ...]
    sha: str
    fingerprint: str
    settled_from: datetime


def work(given: bytes) -> bytes:
    """JSON of pairs of an entry and its author's time zone in, JSON of what is made of each out."""
    asked = msgspec.json.decode(given, type=list[tuple[KnownEntry, str]])
    return msgspec.json.encode([made(known, ZoneInfo(zone)) for known, zone in asked])


def made(known: KnownEntry, zone: tzinfo) -> Made:
    """What cleaning makes of an entry; a fault of its own or of ours costs no other entry anything."""
    from pipeline.clean.article import article as clean

    try:
        return _made(known, clean(known, zone), zone, None)
    except EntryFault as fault:
        return without_article(known, zone, fault.what)
    except Exception as fault:  # noqa: BLE001 - a bug met by one entry must cost no other its turn
        words = f"Paperround itself fails on it ({type(fault).__name__}: {fault}); please report it"
        return without_article(known, zone, words)


def without_article(known: KnownEntry, zone: tzinfo, fault: str) -> Made:
    """What little is certain of an entry that can't be cleaned, and the reason."""
    entry = known.entry
    bare = Article(
        url=entry.link or "",
        title=" ".join(entry.title.split())[:200] or "(no title)",
        html="",
        text="",
        excerpt="",
        question=None,
        authors=(),
        tags=(),
        published=entry.published,
        updated=entry.updated,
        lead_image=None,
        language=None,
        direction="ltr",
        words=0,
        removed=(),
        complete=False,
    )
    return _made(known, bare, zone, fault)


def _made(known: KnownEntry, article: Article, zone: tzinfo, fault: str | None) -> Made:
    words = identity.fingerprint(article)
    return Made(
        article=article,
        fault=fault,
        names=identity.keys(known.entry, article, words),
        sha=_sha(article),
        fingerprint=words,
        settled_from=_settled_from(known, article, zone),
    )


def _settled_from(known: KnownEntry, made: Article, zone: tzinfo) -> datetime:
    """When this content last changed, as far as anyone can know: what we saw, else what the source says.

    A day without a time says too little about today: then it is when we first saw it.
    """
    said = [moment for moment in (made.published, made.updated) if moment is not None]
    day_only = bool(said) and max(said).astimezone(zone).time() == time(0)
    vague = not said or (day_only and known.seen - max(said) < timedelta(days=1))
    return max([*said, *([known.changed] if known.changed else []), *([known.seen] if vague else [])])


def _sha(cleaned: Article) -> str:
    parts = (cleaned.url, cleaned.title, cleaned.html, *cleaned.authors)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
