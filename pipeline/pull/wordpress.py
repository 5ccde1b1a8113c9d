"""WordPress by its REST API: full texts, pictures with their sizes, names of tags, and only what changed.

developer.wordpress.org/rest-api/reference/posts: discovery by the Link header, pages of posts, `modified_after`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec
from msgspec.structs import replace

from pipeline.dates import when
from pipeline.errors import FetchFault, SourceFault
from pipeline.model import Entry, Fetch, Fetched, Picture, Source
from pipeline.model.excerpt import plain
from pipeline.pull import feed, find
from pipeline.pull.charset import decoded
from pipeline.pull.listing import NEWEST, Ask, Listing, Visit

PER_PAGE = (50, 10)
"""How many posts are asked for at once; the second where the first is too large an answer or is refused."""
WIDEST = 1200
_OVERLAP = timedelta(days=1)
_FEED = "the feed, because the API is closed"
_HEADER = re.compile(r"<([^<>]+)>\s*;[^,<]*rel\s*=\s*\"?https://api\.w\.org/\"?")
_LINK = re.compile(r"<link\b[^>]{0,500}>", re.IGNORECASE)


def recognises(answer: Fetched) -> bool:
    """Whether an answer is a list of posts as the API gives it, or the API's own front page."""
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return False
    if isinstance(found, dict):
        return "wp/v2" in _list(found.get("namespaces")) or _is_post(found)
    return isinstance(found, list) and (_is_post(found[0]) if found else "x-wp-total" in answer.headers)


def visit(ask: Ask) -> Visit:
    """What changed since the last visit; all of it at the first. A blog whose API is closed is read by its feed.

    Raises SourceFault when neither can be read.
    """
    if ask.health and ask.health.cursor == _FEED and ask.validators:
        return replace(feed.visit(ask), kind="wordpress", cursor=_FEED)
    try:
        posts = ask.health.address if ask.health and ask.health.cursor != _FEED else endpoint(ask.source.url, ask.fetch)
        return _visit(ask, posts)
    except SourceFault as fault:
        if isinstance(fault, FetchFault) and fault.status is None:
            raise
        return _by_feed(ask, fault)


def endpoint(url: str, fetch: Fetch) -> str:
    """The address of a site's posts in its API, by the Link header, the page's head, or the usual places.

    Raises SourceFault when none of these answers with posts.
    """
    for root in _roots(url, fetch):
        posts = f"{root.rstrip('/')}/wp/v2/posts"
        try:
            if recognises(fetch(asked(posts, per_page=1))):
                return posts
        except SourceFault:
            continue
    raise SourceFault("This site has no WordPress API that is open to read.", where=url)


def _roots(url: str, fetch: Fetch) -> Iterator[str]:
    """Where the API may be, the surest first; later ones are asked for only when need be."""
    if found := re.match(r".*(?:/wp-json|[?&]rest_route=)", url):
        yield found[0] + ("" if found[0].endswith("wp-json") else "/")
        return
    page = fetch(url)
    yield from named(page)
    home = f"{urlsplit(page.url).scheme}://{urlsplit(page.url).netloc}"
    yield from dict.fromkeys(urljoin(base, path) for base in (page.url, home) for path in ("wp-json/", "?rest_route=/"))


def named(page: Fetched) -> tuple[str, ...]:
    """The API's root as a page names it, in its Link header or its head; () for a page that names none."""
    roots = [found[1] for found in _HEADER.finditer(page.headers.get("link", ""))]
    tags = [tag for tag in _LINK.findall(decoded(page)[:200_000]) if "https://api.w.org/" in tag]
    found = (re.search(r"href\s*=\s*[\"']?([^\"'\s>]+)", tag) for tag in tags)
    roots += [match[1].replace("&amp;", "&") for match in found if match]
    return tuple(dict.fromkeys(whole for root in roots if (whole := find.absolute(root, page.url))))


def timezone(posts: str, fetch: Fetch) -> str | None:
    """The time zone of the site whose posts are there, by its name; None where it only has an offset, or says nothing.

    https://developer.wordpress.org/rest-api/reference/settings/ has the setting, the API's front page shows it to all.
    """
    from zoneinfo import available_timezones

    try:
        found = msgspec.json.decode(fetch(asked(posts.removesuffix("wp/v2/posts"), _fields="timezone_string")).body)
    except (SourceFault, msgspec.DecodeError, RecursionError):
        return None
    name = found.get("timezone_string") if isinstance(found, dict) else None
    return name if isinstance(name, str) and name in available_timezones() else None


def asked(posts: str, **query: object) -> str:
    """The address of a question to the API; a site without pretty addresses has its route in the query already."""
    return f"{posts}{'&' if '?' in posts else '?'}{urlencode(query)}"


def _visit(ask: Ask, posts: str) -> Visit:
    known = ask.health if ask.health and ask.health.cursor != _FEED else None
    cursor = known.cursor if known and known.cursor and _has_been(known.cursor, ask.now) else None
    found, sha, faults = _pages(ask, posts, {"modified_after": _before(cursor, ask.now)} if cursor else {})
    if known and sha == known.body_sha:
        present = _present(ask, posts)
        listing = Listing(present=present) if present is not None and cursor else None
        return Visit(kind="wordpress", address=posts, listing=listing, sha=sha, cursor=cursor)
    made = [_entry(post, ask.source, ask.now) for post in found if not _is_closed(post)]
    entries = [entry for entry in made if entry is not None]
    changes = [raw for post in found if (raw := _raw(post, "modified")) and _has_been(raw, ask.now)]
    return Visit(
        kind="wordpress",
        address=posts,
        listing=Listing(
            entries=tuple(entries[: ask.source.limit]),
            left_out=sum(entry is None for entry in made),
            faults=faults,
            present=_present(ask, posts) if known else None,
        ),
        sha=sha,
        cursor=max([*changes, *([cursor] if cursor else [])], default=None),
    )


def _has_been(change: str, now: datetime) -> bool:
    """Whether a date is one and has come, so that asking from there on leaves nothing out; sites' clocks run wrong."""
    moment = when(change, None, now=now)
    return moment is not None and moment <= now + _OVERLAP


def _before(change: str, now: datetime) -> str:
    """A day before the newest change: the API compares with the site's own clock, whose zone nobody knows."""
    moment = (when(change, None, now=now) or now) - _OVERLAP
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _pages(ask: Ask, posts: str, since: Mapping[str, str]) -> tuple[list[dict[str, Any]], str, tuple[str, ...]]:
    """All posts of a question, a hash over the answers, and what could not be had of them.

    Raises SourceFault when even the first page can't be had.
    """
    most = min(ask.source.limit or NEWEST, NEWEST)
    found: list[dict[str, Any]] = []
    sha = hashlib.sha256()
    size, answer = _first(ask.fetch, posts, since)
    for page in range(2, NEWEST // size + 2):
        listed = _posts(answer)
        found += listed
        sha.update(answer.body)
        pages = answer.headers.get("x-wp-totalpages", "")
        last = page > int(pages) if re.fullmatch(r"[0-9]{1,9}", pages) else len(listed) < size
        # A site that does not know `modified_after` would hand out its whole history again and again.
        deaf = any((_raw(post, "modified") or "") < since.get("modified_after", "") for post in listed)
        if last or deaf or not listed or len(found) >= most:
            break
        try:
            answer = ask.fetch(asked(posts, _embed=1, per_page=size, page=page, **since))
        except FetchFault as fault:
            if fault.status == 400:  # the API's word for "there is no such page"
                break
            return found, sha.hexdigest(), (f"{ask.source.name}: older posts could not be had this time. {fault}",)
    return found[:most], sha.hexdigest(), ()


def _first(fetch: Fetch, posts: str, since: Mapping[str, str]) -> tuple[int, Fetched]:
    for size in PER_PAGE[:-1]:
        try:
            return size, fetch(asked(posts, _embed=1, per_page=size, **since))
        except FetchFault as fault:
            if fault.status in (401, 403, 404, 410, 429):
                raise
    return PER_PAGE[-1], fetch(asked(posts, _embed=1, per_page=PER_PAGE[-1], **since))


def _present(ask: Ask, posts: str) -> frozenset[str] | None:
    """The guids of the newest hundred that are public now, None when the API does not say."""
    try:
        answer = ask.fetch(asked(posts, _fields="id,guid,link", per_page=100))
        guids = {_rendered(post, "guid") for post in _posts(answer)}
    except SourceFault:
        return None
    return frozenset(guid for guid in guids if guid) or None


def _posts(answer: Fetched) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(answer.body.lstrip(b"\xef\xbb\xbf \t\r\n"))
    except (msgspec.DecodeError, RecursionError):
        raise SourceFault("The WordPress API's answer is no JSON.", where=answer.url) from None
    listed = found if isinstance(found, list) else [found]
    if listed and not any(map(_is_post, listed)):
        raise SourceFault("The WordPress API's answer holds no posts.", where=answer.url)
    return [post for post in listed if _is_post(post)]


def _is_post(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("id"), int) and ("link" in value or "guid" in value)


def _is_closed(post: Mapping[str, Any]) -> bool:
    """A post behind a password, or not public: nobody else's to mail."""
    content = post.get("content")
    closed = isinstance(content, dict) and content.get("protected") is True
    return closed or post.get("status", "publish") != "publish"


def _entry(post: Mapping[str, Any], source: Source, now: datetime) -> Entry | None:
    """One post; a wrong type costs its own field, None when there is nothing to show."""
    link = _web(post.get("link"))
    title, html, taste = (_rendered(post, name) for name in ("title", "content", "excerpt"))
    if not (link or html) or not (title or html):
        return None
    dates = {name: _raw(post, name) for name in ("date", "modified")}
    parts = _dict(post.get("_embedded"))
    return Entry(
        source=source.name,
        guid=_rendered(post, "guid") or link,
        link=link,
        title=title or "",
        html=html,
        summary=None if _is_whole(html, taste) else taste,
        authors=tuple(_texts(parts.get("author"), "name")),
        tags=tuple(dict.fromkeys(name for terms in _list(parts.get("wp:term")) for name in _texts(terms, "name"))),
        published=when(dates["date"], None, now=now, zone=source.zone),
        updated=when(dates["modified"], None, now=now, zone=source.zone),
        published_raw=dates["date"],
        updated_raw=dates["modified"],
        comments=f"{link}#respond" if link and post.get("comment_status") == "open" else None,
        lead=next(filter(None, map(_picture, _list(parts.get("wp:featuredmedia")))), None),
    )


def _is_whole(html: str | None, taste: str | None) -> bool:
    """Whether an excerpt is the whole of a short post, which then is all there is of it."""
    return html is not None and taste is not None and plain(html) == plain(taste)


def _raw(post: Mapping[str, Any], name: str) -> str | None:
    """A date in UTC where the site gives it, else in the site's own time; both come without a zone."""
    for key, zone in ((f"{name}_gmt", "Z"), (name, "")):
        value = post.get(key)
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value):
            return value + zone
    return None


def _rendered(post: Mapping[str, Any], name: str) -> str | None:
    value = post.get(name)
    text = value.get("rendered") if isinstance(value, dict) else value
    return text if isinstance(text, str) and text.strip() else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(values: Any, name: str) -> Iterable[str]:
    for value in _list(values):
        text = value.get(name) if isinstance(value, dict) else None
        if isinstance(text, str) and text.strip() and text.strip().lower() != "uncategorized":
            yield text


def _picture(media: Any) -> Picture | None:
    """The featured picture in the largest size that a mail needs."""
    if not isinstance(media, dict):
        return None
    details = _dict(media.get("media_details"))
    offered = [*_dict(details.get("sizes")).values(), {**details, **media}]
    found = [(width, size) for size in offered if isinstance(size, dict) and (width := _int(size.get("width")))]
    fitting = [pair for pair in found if pair[0] <= WIDEST] or sorted(found, key=lambda pair: pair[0])[:1]
    best = max(fitting, key=lambda pair: pair[0])[1] if fitting else media
    url = _web(best.get("source_url")) or _web(media.get("source_url"))
    alt = media.get("alt_text")
    words = plain(alt) if isinstance(alt, str) else ""
    return Picture(url=url, alt=words, width=_int(best.get("width")), height=_int(best.get("height"))) if url else None


def _int(value: Any) -> int | None:
    return int(value) if isinstance(value, int | str) and re.fullmatch(r"\d{1,5}", str(value)) else None


def _web(value: Any) -> str | None:
    return find.absolute(value) if isinstance(value, str) else None


def _by_feed(ask: Ask, fault: SourceFault) -> Visit:
    """The site's feed instead of its API; the API's fault is told when there is no feed either."""
    address = ask.health.address if ask.health and ask.health.cursor == _FEED else None
    for url in [address] if address else _feeds(ask):
        try:
            answer = ask.fetch(url)
            listing = feed.read(ask.source, answer, now=ask.now)
        except SourceFault:
            continue
        sha = hashlib.sha256(answer.body).hexdigest()
        return Visit(
            kind="wordpress", address=url, listing=listing, sha=sha, validators=answer.validators, cursor=_FEED
        )
    raise fault


def _feeds(ask: Ask) -> Iterator[str]:
    home = re.sub(r"(/wp-json|[?&]rest_route=).*", "/", ask.source.url)
    page = ask.fetch(home)
    yield from find.feeds_in(decoded(page), page.url)
    yield from (urljoin(page.url, path) for path in ("feed/", "?feed=rss2"))
