"""Which post an entry is: the same one, whatever happens to its address, guid or date."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from pipeline.model import Article, Entry, PostId

_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_[ce]id|igshid|ref|source|share|_hs\w+)$")
_ENOUGH_WORDS = 40


def address_key(url: str) -> str:
    """An address without what may change under a post: scheme, www, tracking parameters, slash, fragment."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    kept = sorted((name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.match(name))
    path = re.sub(r"/(index\.(html?|php))?$", "", parts.path)
    return f"{host}{port}{path}" + (f"?{urlencode(kept)}" if kept else "")


def fingerprint(article: Article) -> str:
    """A hash of the words alone, blind to markup, punctuation and case."""
    words = re.findall(r"\w+", f"{article.title} {article.text}".casefold())
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


def keys(entry: Entry, article: Article) -> tuple[str, ...]:
    """Everything this entry's post can be known by, the strongest first.

    A guid that is no address or URN is only unique within its source (Atom, RFC 4287 section 4.2.6, asks for an IRI;
    RSS does not). The words count only when there are enough of them: a dozen short notes may all say "Happy holidays".
    """
    found = []
    if entry.guid:
        scope = "" if re.match(r"(https?:|urn:|tag:)", entry.guid) else f"{entry.source}:"
        found.append(f"guid:{scope}{entry.guid}")
    found.extend(f"url:{address_key(url)}" for url in dict.fromkeys((entry.link, article.url)) if url)
    if article.complete and article.words >= _ENOUGH_WORDS:
        found.append(f"words:{fingerprint(article)}")
    return tuple(found)


def same(keys: Sequence[str], known: Mapping[str, PostId]) -> PostId | None:
    """The post that the strongest known key belongs to, None for a new one."""
    return next((known[key] for key in keys if key in known), None)


def held(article: Article, *, before: bool, oldest_new: datetime | None) -> str | None:
    """Why a post that nobody knew should wait for a person, None when it need not."""
    if before or oldest_new is None or article.published is None or article.published >= oldest_new:
        return None
    dated = f"{article.published:%d %B %Y}"
    return f"it appeared only now but is dated {dated}, before the newest post you had when you started"
