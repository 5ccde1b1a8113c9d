"""What a blog offers to read it by: found, really read, and judged, the best first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec.structs import replace

from pipeline.errors import ChildFault, FetchFault, SourceFault
from pipeline.model import Entry, Fetch, Fetched, Source, SourceName, Validators
from pipeline.model.excerpt import is_excerpt
from pipeline.plural import many
from pipeline.pull import feed, find, page, wordpress
from pipeline.pull.charset import decoded
from pipeline.pull.kinds import load
from pipeline.pull.listing import Ask, Listing, Visit

# Where blog software keeps its feed when its pages do not say so; the first that fits the page is asked first.
_HABITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"wordpress|wp-content", ("feed/", "/feed/", "/?feed=rss2")),
    (r"ghost\.(org|io)|content=\"ghost|gh-", ("rss/", "/rss/")),
    (r"substack", ("/feed",)),
    (r"blogger|blogspot", ("/feeds/posts/default", "/feeds/posts/default?alt=rss")),
    (r"squarespace", ("?format=rss", "/blog?format=rss")),
    (r"wix\.com|wixstatic", ("/blog-feed.xml",)),
    (r"weebly", ("/1/feed", "/blog/feed")),
    (r"tumblr", ("/rss",)),
    (r"hugo|jekyll|eleventy|gatsby", ("index.xml", "/index.xml", "/feed.xml", "/atom.xml", "/rss.xml")),
    ("", ("/feed/", "/feed.xml", "/rss.xml", "/index.xml", "/atom.xml", "/feed.json", "/rss")),
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MOST_ASKED = 12
_LOOKED_AT = 100
"""How many entries are enough to judge an offer by."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One way to read a blog, with what it really gave."""

    kind: str
    address: str
    listing: Listing

    @property
    def excerpts(self) -> int:
        """How many entries are only a taste, so that their pages have to be fetched."""
        return sum(is_excerpt(entry) for entry in self.listing.entries)

    @property
    def undated(self) -> int:
        """How many entries have no date that can be believed."""
        return sum(entry.published is None for entry in self.listing.entries)

    @property
    def pictures(self) -> int:
        """How many entries come with a picture."""
        return sum(_has_picture(entry) for entry in self.listing.entries)

    @property
    def worth(self) -> tuple[bool, float, float, bool, int]:
        """What makes one offer better than another: having entries, full texts, dates, no front page, how many."""
        total = len(self.listing.entries)
        shares = [1 - count / max(total, 1) for count in (self.excerpts, self.undated)]
        return total > 0, round(shares[0], 1), round(shares[1], 1), self.kind != "page", total

    @property
    def words(self) -> str:
        """The offer in a sentence."""
        total = len(self.listing.entries)
        if total == 0:
            return f"{_NAMES.get(self.kind, self.kind)} at {self.address}: no entries yet."
        texts = _share(self.excerpts, total, "full texts", "excerpts only", "excerpts")
        dates = _share(self.undated, total, "dates fine", "no dates", "without a date")
        pictures = _share(total - self.pictures, total, "with pictures", "no pictures", "without a picture")
        entries = many(total, "entry", "entries")
        return f"{_NAMES.get(self.kind, self.kind)} at {self.address}: {entries}, {texts}, {pictures}, {dates}."


_NAMES = {
    "feed": "A feed",
    "wordpress": "The WordPress API",
    "page": "The page's own list of posts",
    "markdown": "A folder of posts",
}


def _share(count: int, total: int, none: str, every: str, some: str) -> str:
    return none if count == 0 else every if count == total else f"{count} of them {some}"


def _has_picture(entry: Entry) -> bool:
    return bool(entry.images or entry.lead or "<img" in (entry.html or entry.summary or ""))


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at an address, the best offer first; all else as the blog itself gives it."""

    url: str
    offers: tuple[Offer, ...]
    timezone: str | None = None
    language: str | None = None

    @property
    def best(self) -> Offer:
        """The offer to take."""
        return self.offers[0]

    @property
    def title(self) -> str | None:
        """What the blog calls itself."""
        return next((offer.listing.title for offer in self.offers if offer.listing.title), None)

    @property
    def home(self) -> str | None:
        """The blog's front page."""
        return next((offer.listing.home for offer in self.offers if offer.listing.home), None)


def look(url: str, fetch: Fetch, now: datetime) -> Discovery:
    """Everything that a blog offers at an address. Raises SourceFault when it can't be read, or offers nothing."""
    source = Source(name=SourceName(urlsplit(url).hostname or url), url=url, limit=_LOOKED_AT)
    ask = Ask(source=source, health=None, fetch=_remembering(fetch), folder=Path(), now=now)
    offers = sorted(_offers(ask), key=lambda offer: offer.worth, reverse=True)
    if not offers:
        raise SourceFault(
            "There is no feed here, no open WordPress API, and no list of posts that can be made out.",
            where=url,
            next_step="Open your blog, look for an RSS link or the page that lists your posts, and give that address.",
        )
    apis = (offer.address for offer in offers if offer.kind == "wordpress")
    zones = (wordpress.timezone(address, ask.fetch) for address in apis)
    language = _language(offers, decoded(ask.fetch(_own_feed(url) or url)))
    return Discovery(url=url, offers=tuple(offers), timezone=next(zones, None), language=language)


def _language(offers: Iterable[Offer], page: str) -> str | None:
    """The code of the blog's language, as its feed says it, else its page; None for what is no code."""
    said = [entry.language for offer in offers for entry in offer.listing.entries if entry.language]
    codes = (one.strip().replace("_", "-") for one in (*said[:1], find.language(page)) if one)
    return next((code for code in codes if _LANGUAGE.fullmatch(code)), None)


def settled(ask: Ask) -> Visit:
    """The first visit to a source whose kind is "auto": by the best that its address offers.

    Raises SourceFault when it offers nothing, ChildFault when it can't be read within bounds.
    """
    if "://" not in ask.source.url:
        return load("markdown").visit(ask)
    here = replace(ask, fetch=_remembering(ask.fetch))
    answer = here.fetch(ask.source.url)
    if feed.recognises(answer):
        return feed.visit(here)
    glance = replace(here, source=replace(ask.source, limit=_LOOKED_AT))
    found = max(_offers(glance), key=lambda offer: offer.worth, default=None)
    if found is None:
        raise SourceFault(
            "There is no feed at this address, and the page names none; nor is there a list of posts.",
            where=ask.source.url,
            next_step="Open your blog, look for an RSS link, and put that address into newsletter.toml.",
        )
    return load(found.kind).visit(replace(here, source=replace(ask.source, url=found.address)))


def _remembering(fetch: Fetch) -> Fetch:
    """A way out that asks for each address once in a look."""
    had: dict[str, Fetched | FetchFault] = {}

    def remembered(url: str, *, validators: Validators | None = None) -> Fetched:
        if validators is not None:
            return fetch(url, validators=validators)
        if url not in had:
            try:
                had[url] = fetch(url)
            except FetchFault as fault:
                had[url] = fault
        answer = had[url]
        if isinstance(answer, FetchFault):
            raise answer
        return answer

    return remembered


def _offers(ask: Ask) -> Iterator[Offer]:
    """Each way to read the blog that really works. Raises SourceFault when its address can't be read at all."""
    answer = ask.fetch(_own_feed(ask.source.url) or ask.source.url)
    if feed.recognises(answer):
        yield Offer(kind="feed", address=answer.url, listing=feed.read(ask.source, answer, now=ask.now))
        return
    yield from _tried(lambda: _by_feed(ask, answer))
    yield from _tried(lambda: _by_api(ask, answer))
    yield from _tried(lambda: _by_list(ask, answer))


def _tried(make: Callable[[], Offer | None]) -> Iterator[Offer]:
    try:
        made = make()
    except (SourceFault, ChildFault):
        return
    if made is not None:
        yield made


def _own_feed(url: str) -> str | None:
    """Medium keeps a blog's feed at an address of its own making, and names it nowhere."""
    found = re.match(r"https?://(?:www\.)?medium\.com/((?:@|publication/)?[\w.-]+)/?$", url)
    return f"https://medium.com/feed/{found[1]}" if found else None


def _by_feed(ask: Ask, answer: Fetched) -> Offer | None:
    """The first feed that reads well, of those that the page names, then of those in the usual places."""
    html = decoded(answer)
    for address in dict.fromkeys((*find.feeds_in(html, answer.url), *_habits(html, answer.url))):
        for offer in _tried(lambda address=address: _feed_at(ask, address)):  # type: ignore[misc]
            return offer
    return None


def _feed_at(ask: Ask, address: str) -> Offer | None:
    answer = ask.fetch(address)
    if not feed.recognises(answer):
        return None
    return Offer(kind="feed", address=address, listing=feed.read(ask.source, answer, now=ask.now))


def _habits(html: str, url: str) -> list[str]:
    start = html[:200_000].lower()
    paths = [path for sign, places in _HABITS if re.search(sign, start) for path in places]
    bases = [url if url.endswith("/") or path.startswith(("/", "?")) else f"{url}/" for path in paths]
    return [urljoin(base, path) for base, path in zip(bases, paths, strict=True)][:_MOST_ASKED]


def _by_api(ask: Ask, answer: Fetched) -> Offer | None:
    """The WordPress API, where the page names one."""
    if not wordpress.named(answer):
        return None
    visit = wordpress.visit(ask)
    return Offer(kind="wordpress", address=visit.address, listing=visit.listing or Listing()) if _api(visit) else None


def _by_list(ask: Ask, answer: Fetched) -> Offer:
    return Offer(kind="page", address=answer.url, listing=page.read(ask.source, answer, now=ask.now))


def _api(visit: Visit) -> bool:
    return "wp/v2/posts" in visit.address
