"""Which post an entry is: the same one, whatever happens to its address, guid or date."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from pipeline.dates import said
from pipeline.model import Article, Entry, Glance, Post, PostId, SourceName
from pipeline.model.text import alike, bare

FLOOD = 3
"""So many doubtful posts in one visit are held together; fewer are taken for what an author does now and then."""

_TRACKING = re.compile(
    r"^(utm_\w+|fbclid|gclid|dclid|msclkid|yclid|twclid|mc_[ce]id|igshid|ref|ref_src|source|share|rss|feed|amp|m|cmp"
    r"|cmpid"
    r"|_hs\w+|mkt_tok|vero_id|s_kwcid|spm|xtor|at_\w+)$",
    re.IGNORECASE,
)
_ENOUGH_WORDS = 40
_SAME_WORDS = 0.5
_NEARLY_ALL = 0.8
_OTHER_WORDS = 0.3
_NEAR = timedelta(days=3)
_ZONES = timedelta(hours=14)
_SOON = timedelta(days=1)


def address_key(url: str) -> str:
    """An address without what may change under a post: scheme, www, tracking parameters, slash, fragment, AMP."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return url.strip()
    host = re.sub(r"^(www|m|amp)\.", "", (parts.hostname or "").rstrip("."))
    kept = sorted((name, value) for name, value in parse_qsl(parts.query) if not _TRACKING.match(name))
    path = re.sub(r"/(index\.(html?|php)|amp)?/?$", "", re.sub(r"//+", "/", unquote(parts.path)))
    return f"{host}{port}{path}" + (f"?{urlencode(kept)}" if kept else "")


def fingerprint(article: Article) -> str:
    """A hash of the text's words alone, blind to markup, punctuation and case, and to the title."""
    return hashlib.sha256(bare(article.text).encode()).hexdigest()


def keys(entry: Entry, article: Article, words: str) -> tuple[str, ...]:
    """Everything this entry's post can be known by, the strongest first; `words` is the article's fingerprint.

    A guid that is no address or URN is only unique within its source (Atom, RFC 4287 section 4.2.6, asks for an IRI;
    RSS does not). One that is an address is also known by other spellings of it; a blog's front page is no post's. The
    words count only when there are
    enough of them: a dozen short notes may all say "Happy holidays".
    """
    found = []
    if entry.guid:
        scope = "" if re.match(r"(https?:|urn:|tag:)", entry.guid) else f"{entry.source}:"
        found.append(f"guid:{scope}{entry.guid}")
    urls = (entry.guid if re.match(r"https?:", entry.guid or "") else None, entry.link, article.url)
    found.extend(f"url:{key}" for url in dict.fromkeys(urls) if url and re.search(r"[/?].", key := address_key(url)))
    if article.complete and article.words >= _ENOUGH_WORDS:
        found.append(f"words:{words}")
    return tuple(dict.fromkeys(found))


def same(
    article: Article,
    names: Sequence[str],
    known: Mapping[str, Post],
    *,
    source: SourceName,
    beside: Callable[[PostId], bool],
    absent: Callable[[], Iterable[Post]],
) -> PostId | None:
    """The post that an article of these `names` is (see `keys`), None for a new one.

    `known` are posts by what they were known by; `beside` tells of which the same source lists an entry now, beside
    this one; `absent` gives posts that no source lists any more, so that this may be one of them under a new name. A
    guid or an address alone are believed unless everything else is another's: then a name was used again. The same
    words are the same post, unless its own `source` says them every time. Nor are an address or words believed that two
    entries have at once: a podcast may have one page for all, or one text.
    """
    for name in names:
        post = known.get(name)
        if post is None:
            continue
        if name.startswith("words:"):
            other = post.source == source and not _has_anything_else_of(article, post)
        else:
            other = _used_again(name, names, known, article, post)
        if not other and (name.startswith("guid:") or _is_told_twice(article, post) or not beside(post.id)):
            return post.id
    return next((post.id for post in absent() if _renamed(article, post)), None)


def _has_anything_else_of(article: Article, post: Post) -> bool:
    return _has_title_of(article, post) or _has_path_of(article, post) or _is_as_near(article, post)


def _is_told_twice(article: Article, post: Post) -> bool:
    """Whether two entries that are listed at once seem to be the same post: title and date agree."""
    title = bare(article.title)
    agree = article.published == post.article.published and title == bare(post.article.title)
    return agree and (title != "" or alike(article.text, post.article.text) >= _SAME_WORDS)


def _used_again(name: str, names: Sequence[str], known: Mapping[str, Post], article: Article, post: Post) -> bool:
    """Whether only the guid, or only the address, is the old post's, and title, date and words are new.

    Several posts may lead to one page, as news of one thing do, and have words in common; a guid is rarely another's.
    """
    other = _OTHER_WORDS if name.startswith("guid:") else _NEARLY_ALL
    owners = {known[name].id if name in known else None for name in names if not name.startswith("words:")}
    return (
        owners != {post.id}
        and bare(article.title) != bare(post.article.title)
        and None not in (article.published, post.article.published)
        and article.published != post.article.published
        and alike(article.text, post.article.text) < other
    )


def _renamed(article: Article, post: Post) -> bool:
    """Whether an article is one that is listed no more: by title and moment, by title and path, or by its words.

    What was taken down may have been dated anew. What is only too old for its feed was not: of a post a day that always
    says much the same each is a new one, and a blog that moved has other zones at most.
    """
    titled = _has_title_of(article, post)
    if titled and article.published is not None and article.published == post.article.published:
        return True
    if titled and _has_path_of(article, post):
        return True
    return _is_as_near(article, post) and alike(article.text, post.article.text) >= _SAME_WORDS


def _is_as_near(article: Article, post: Post) -> bool:
    return is_near(article.published, post.article.published, _ZONES if post.gone is None else _NEAR)


def _has_title_of(article: Article, post: Post) -> bool:
    return bare(article.title) == bare(post.article.title) != ""


def _has_path_of(article: Article, post: Post) -> bool:
    return _path(article.url) == _path(post.article.url) != ""


def _path(url: str) -> str:
    return address_key(url).partition("/")[2]


def is_near(one: datetime | None, other: datetime | None, apart: timedelta = _NEAR) -> bool:
    """Whether two dates may be the same post's: so far apart at most, or not known."""
    return one is None or other is None or abs(one - other) <= apart


def around(moment: datetime | None) -> tuple[datetime, datetime] | None:
    """From when to when another date is near this one; None where every date is."""
    return None if moment is None else (moment - _NEAR, moment + _NEAR)


def may_be(article: Article, other: Glance) -> bool:
    """Whether it is worth comparing an article with a post that no source lists any more."""
    return is_near(article.published, other.published) or bare(article.title) == bare(other.title)


def held(article: Article, oldest_new: datetime | None, doubted: datetime | None, seen: datetime) -> str | None:
    """Why a post that nobody knew, and that was first `seen` then, should wait for a person, None when it need not.

    `oldest_new` is the date of the first post of its source that counted as new, in an earlier visit. Until `doubted`
    posts may have been mailed that the state knows nothing of; one without a date is from then if it comes soon after.
    """
    if doubted is not None and (article.published or seen - _SOON) <= doubted:
        return f"it may have been mailed before a backup was put back on {said(doubted, '%d %B %Y')}"
    if oldest_new is None or article.published is None or article.published >= oldest_new:
        return None
    dated = said(article.published, "%d %B %Y")
    return f"it appeared only now but is dated {dated}, before the newest post you had when you started"


def anew(article: Article, gone: Iterable[Post]) -> str | None:
    """Why a new post should wait for a person: it may be one of those that are `gone` from the blog, made anew."""
    run = 1 if article.words < _ENOUGH_WORDS else 3
    for post in gone:
        if _has_title_of(article, post) and alike(article.text, post.article.text, run=run) >= _NEARLY_ALL:
            return f"it has the title and nearly all words of post {post.id}, which is no longer on your blog"
    return None


def flood(arrived: Sequence[Glance], known: Sequence[Glance]) -> dict[PostId, str]:
    """Why posts that arrived in one visit should wait together for a person; empty when all is well.

    Blogs that move, or change their software, show old posts as new. A post is doubtful when it is older than the
    newest that was known, has the title of a known one, or has no date where the others have. One or two of these are
    what an author does now and then: an older date, a title used again.
    """
    dates = [post.published for post in known if post.published and post.published <= post.first_seen]
    titles = {bare(post.title) for post in known} - {""}
    newest, dated = max(dates, default=None), len(dates) * 2 > len(known)
    doubts: dict[PostId, str] = {}
    for post in arrived:
        if newest and post.published and post.published < newest:
            doubts[post.id] = f"is dated {said(post.published, '%d %B %Y')}, before the newest that was known"
        elif bare(post.title) in titles:
            doubts[post.id] = "has the title of a post that was known"
        elif dated and post.published is None:
            doubts[post.id] = "has no date, as the others have"
    if not known or len(doubts) < FLOOD:
        return {}
    together = "it came together with others like it, as after a move of the blog, and"
    return {post: f"{together} {doubt}" for post, doubt in doubts.items()}
