"""Run as a child: a blog's front page in, the posts that it leads to out, in the page's order.

This file imports nothing of ours: it is run by its path. A page is untrusted, and its tree may be any size.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from lxml import html

MOST = 200
_DEEPEST = 200
_FURNITURE = {"nav", "header", "footer", "aside", "form"}
_NOT_A_POST = re.compile(
    r"/(tag|tags|category|categories|author|authors|page|topics?|archives?|search|feed|about|contact|privacy|imprint"
    r"|impressum|datenschutz|login|wp-login|cart|shop|subscribe|comments?|label)(/|$|\.)"
    r"|\.(jpe?g|png|gif|webp|svg|pdf|zip|mp3|mp4|xml|rss|json|css|js)$",
    re.IGNORECASE,
)
_DATED = re.compile(r"/(19|20)\d\d/\d{1,2}(/|-)")
_POST_LIKE = re.compile(r"\b(post|entry|article|hentry|blog|teaser|card|story|item)", re.IGNORECASE)
_VAGUE = re.compile(
    r"^\W*(read (more|on)|more|continue reading|weiterlesen|mehr|lire la suite|leer más|\d+ comments?|home|next"
    r"|older posts|\d+)\b.{0,20}$",
    re.IGNORECASE,
)
_SPOKEN_DATE = re.compile(
    r"\b(\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4}"
    r"|\d{1,2}\.? [A-Z][a-z]{2,8} \d{4})\b"
)


class Given(msgspec.Struct, kw_only=True):
    """The line before the page: its address."""

    url: str


class Teaser(msgspec.Struct, kw_only=True):
    """One post that the page leads to; `date` as it is written there."""

    link: str
    title: str
    date: str | None = None


class Teasers(msgspec.Struct, kw_only=True):
    """The page's own title, and its posts."""

    title: str | None = None
    posts: list[Teaser] = []


def teasers(url: str, text: str) -> Teasers:
    """The posts of a page: the links of the one place in its layout that looks most like a list of posts."""
    page = html.document_fromstring(text, parser=html.HTMLParser(huge_tree=False, remove_comments=True))
    base = _base(page, url)
    places: dict[str, list[tuple[Any, Teaser]]] = defaultdict(list)
    for link in page.iter("a"):
        place, teaser = _place(link), _teaser(link, base, url)
        if teaser is not None and place is not None:
            places[place].append((link, teaser))
    best = max(places.values(), key=_likeness, default=[])
    dated = [(link, teaser) for link, teaser in best if _likeness(best) > 0]
    made = {teaser.link: _with_date(link, teaser) for link, teaser in reversed(dated)}
    return Teasers(title=_words(page.find(".//title"))[:200] or None, posts=list(reversed(made.values()))[:MOST])


def _base(page: Any, url: str) -> str:
    """What the page's addresses start from; a base that can't be read is none."""
    named = page.find(".//base")
    try:
        return urljoin(url, str(named.get("href") or "") if named is not None else "")
    except ValueError:
        return url


def _place(link: Any) -> str | None:
    """Where in the layout a link stands, the same for all links of one list; None for a menu or a footer."""
    path = []
    for at, element in enumerate(link.iterancestors()):
        if not isinstance(element.tag, str) or element.tag in _FURNITURE - {"header"} or at > _DEEPEST:
            return None
        if element.tag == "header" and element.find(".//nav") is not None:
            return None
        path.append(f"{element.tag}.{' '.join(sorted((element.get('class') or '').split()[:1]))}")
    return "/".join(path)


def _teaser(link: Any, base: str, url: str) -> Teaser | None:
    try:
        address = urljoin(base, (link.get("href") or "").strip())
        parts, here = urlsplit(address), urlsplit(url)
    except ValueError:
        return None
    ours = parts.scheme in ("http", "https") and _site(parts.hostname) == _site(here.hostname)
    path = parts.path.rstrip("/")
    heading = next(link.iter("h1", "h2", "h3", "h4", "h5"), None)
    title = _words(link if heading is None else heading)
    if not ours or not path or path == here.path.rstrip("/") or _NOT_A_POST.search(parts.path):
        return None
    if not 2 <= len(title) <= 250 or _VAGUE.match(title):
        return None
    return Teaser(link=address.partition("#")[0], title=title)


def _site(host: str | None) -> str:
    return (host or "").lower().removeprefix("www.")


def _likeness(place: list[tuple[Any, Teaser]]) -> float:
    """How much the links of a place look like posts: in headings, in articles, dated, with titles of several words."""
    links = {teaser.link for _, teaser in place}
    first = place[0][0]
    above = list(first.iterancestors())[:6]
    heading = any(element.tag in ("h1", "h2", "h3", "h4") for element in [*above[:2], *first.iter()])
    boxed = any(element.tag == "article" or _POST_LIKE.search(element.get("class") or "") for element in above)
    dated = sum(bool(_DATED.search(one.link)) for _, one in place) / len(place)
    words = sum(len(one.title.split()) for _, one in place) / len(place)
    timed = _date_near(first) is not None
    worth = 3 * heading + 2 * boxed + 2 * dated + 2 * timed + (1 if words >= 3 else -2)
    return worth * min(len(links), 10) if len(links) > 1 or (heading and boxed) else 0.0


def _with_date(link: Any, teaser: Teaser) -> Teaser:
    return Teaser(link=teaser.link, title=teaser.title, date=_date_near(link))


def _date_near(link: Any) -> str | None:
    """The date in the smallest box around a link that has one, if that box holds no other post's date."""
    for at, box in enumerate(link.iterancestors()):
        times = [time.get("datetime") or _words(time) for time in box.iter("time")]
        if len(times) == 1 or (times and len(set(times)) == 1):
            return times[0][:60]
        spoken = _SPOKEN_DATE.findall(" ".join(" ".join(box.itertext()).split())[:2000])
        if len(spoken) == 1 and not times:
            return str(spoken[0])
        if times or spoken or at > 5 or box.tag in ("body", "main"):
            return None
    return None


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def work(given: bytes) -> bytes:
    """Teasers as JSON for one line of JSON (`Given`) and a page."""
    line, _, body = given.partition(b"\n")
    return msgspec.json.encode(teasers(msgspec.json.decode(line, type=Given).url, body.decode("utf-8", "replace")))
