"""Which part of a web page is the article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from lxml import etree

from pipeline.clean import prose, residue, tree

_TOO_LITTLE, _AN_ARTICLE, _A_FEW = 0.3, 300, 60
_ALIKE = (0.8, 1.2)
_ARTICLES = frozenset(["Article", "BlogPosting", "NewsArticle", "TechArticle", "SocialMediaPosting", "Report"])
_LINKED_DATA = 300_000
_OF_NOTES = re.compile(r"""\b(?:class|id)=(?:"[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of itself outside the article; dates as written, `comments` the anchor of its comments.

    `free` is whether everybody may read all of it.
    """

    title: str | None
    image: str | None
    language: str | None
    direction: str | None
    canonical: str | None
    published: str | None
    updated: str | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    comments: str | None = None
    free: bool = True


_COMMENTS = (
    "respond",
    "comments",
    "disqus_thread",
    "commento",
    "isso-thread",
    "remark42",
    "cusdis_thread",
    "comment-form",
)
"""What the places for comments are called in pages, the best to land at first."""


def facts(page: tree.Element) -> Facts:
    """What schema.org's JSON-LD says of the article, else OpenGraph, else the page's own elements."""
    root = page.getroottree().getroot()
    linked = _linked_data(page)
    heading = next((tree.words(one) for one in page.iter("h1") if tree.words(one)), None)
    times = page.xpath("//article//time/@datetime | //time[@pubdate or @itemprop='datePublished']/@datetime")
    return Facts(
        title=_own_title(
            _meta(page, "og:title") or _line(linked.get("headline")) or heading, _meta(page, "og:site_name")
        ),
        image=_meta(page, "og:image") or next(iter(_names(linked.get("image"), "url")), None),
        language=root.get("lang"),
        direction=root.get("dir"),
        canonical=next(iter(page.xpath("//link[@rel='canonical']/@href")), None),
        published=_line(linked.get("datePublished"))
        or _meta(page, "article:published_time")
        or next((str(one) for one in times if one.strip()), None),
        updated=_line(linked.get("dateModified")) or _meta(page, "article:modified_time"),
        authors=_names(linked.get("author"), "name") or tuple(filter(None, [_meta(page, "author")])),
        tags=_tags(linked.get("keywords")) or tuple(_every_meta(page, "article:tag")),
        free=_is_free(page, linked),
        comments=next((name for name in _COMMENTS if page.xpath("//*[@id=$name]", name=name)), None),
    )


def _is_free(page: tree.Element, linked: dict[str, Any]) -> bool:
    """Whether neither schema.org's word for it nor a gate in the page keeps some of it from who is no member."""
    said = str(linked.get("isAccessibleForFree", True)).lower() != "false"
    return said and next(_gates(page), None) is None


def _gates(page: tree.Element) -> Iterator[tree.Element]:
    return filter(residue.is_gate_by_name, page.xpath("//*[@class]"))


def _own_title(title: str | None, site: str | None) -> str | None:
    """A title without the name of the site that many pages hang on to it."""
    if title and site:
        return re.sub(rf"\s+[|–—·•«»:-]\s+{re.escape(site)}\s*$", "", title) or title
    return title


def _meta(page: tree.Element, name: str) -> str | None:
    return next(_every_meta(page, name), None)


def _every_meta(page: tree.Element, name: str) -> Iterator[str]:
    for found in page.xpath("//meta[@property=$name or @name=$name]/@content", name=name)[:50]:
        if said := tree.line(str(found)):
            yield said


def _linked_data(page: tree.Element) -> dict[str, Any]:
    """The article among the things that a page describes in JSON-LD (schema.org); empty when there is none."""
    for script in page.xpath("//script[@type='application/ld+json']")[:10]:
        try:
            found = msgspec.json.decode((script.text or "")[:_LINKED_DATA])
        except (msgspec.DecodeError, RecursionError):
            continue
        for thing in _things(found):
            kinds = thing.get("@type")
            if _ARTICLES.intersection(kinds if isinstance(kinds, list) else [str(kinds)]):
                return thing
    return {}


def _things(found: Any) -> Iterator[dict[str, Any]]:
    for one in found[:100] if isinstance(found, list) else [found]:
        if isinstance(one, dict):
            yield one
            graph = one.get("@graph")
            yield from (thing for thing in (graph[:100] if isinstance(graph, list) else ()) if isinstance(thing, dict))


def _names(found: Any, key: str) -> tuple[str, ...]:
    """Names in JSON-LD: a text, a thing with a name, or a list of either."""
    every = found[:10] if isinstance(found, list) else [found]
    said = [_line(one.get(key) if isinstance(one, dict) else one) for one in every]
    return tuple(name for name in said if name)


def _tags(found: Any) -> tuple[str, ...]:
    every = found[:50] if isinstance(found, list) else str(found or "").split(",")[:50]
    return tuple(tag for one in every if (tag := _line(one)))


def _line(found: Any) -> str | None:
    return (tree.line(found)[:500] or None) if isinstance(found, str) else None


def article(page: tree.Element, html: str) -> tree.Element:
    """The element that holds the article, as two readers of pages find it; changes the tree that it is given.

    readability is the better judge of what belongs to an article, but it misses articles made of short paragraphs and
    drops short lists and headings out of long ones. So the weight of the sentences decides where readability finds
    little beside it, and where both find about the same. Where the blog's software says which place is the
    article's, it is that one.
    """
    if (gated := _gated(page)) is not None:
        return gated
    found = _by_readability(html) if len(html) < 2 << 20 else None
    core = prose.core(page)
    if (place := _place(page, core)) is not None:
        return place
    if found is None or core is None:
        return next((one for one in (found, core) if one is not None), page)
    length = prose.length(found)
    share = length / max(prose.length(core), 1)
    missed = share < _TOO_LITTLE and length < _AN_ARTICLE
    return core if missed or _ALIKE[0] <= share <= _ALIKE[1] else found


def _gated(page: tree.Element) -> tree.Element | None:
    """The place of an article whose rest is for members: however little it says, other words are another post's."""
    around = (one for gate in _gates(page) for one in gate.iterancestors())
    return next((one for one in around if tree.is_called(one, prose.PLACES)), None)


def _place(page: tree.Element, core: tree.Element | None) -> tree.Element | None:
    """The place that the blog's software names as an article's own, if the sentences are there."""
    around = () if core is None else (core, *core.iterancestors())
    if (place := next((one for one in around if tree.is_called(one, prose.PLACES)), None)) is not None:
        return place
    places = [one for one in page.xpath("//*[@class]") if tree.is_called(one, prose.PLACES) and _shows(one)]
    outer = [one for one in places if not any(other in one.iterancestors() for other in places)]
    return outer[0] if len(outer) == 1 and (core is None or _outweighs(outer[0], core)) else None


def _shows(place: tree.Element) -> bool:
    return bool(tree.words(place)) or next(place.iter("img"), None) is not None


def _outweighs(place: tree.Element, core: tree.Element) -> bool:
    """Whether a named place is the article though most sentences are elsewhere: a photograph needs no words."""
    words, others = prose.length(place), prose.length(core)
    return words > others / 2 or (next(place.iter("img"), None) is not None and others < _A_FEW)


def _by_readability(html: str) -> tree.Element | None:
    import logging

    from readability import Document

    logging.getLogger("readability").setLevel(logging.CRITICAL)
    try:
        return tree.parse(Document(_with_notes(tree.undeclared(html))).summary(html_partial=True))
    except (etree.LxmlError, ValueError, AttributeError, TypeError, AssertionError):
        return None
    except Exception as fault:
        # readability's own exception hides whatever the tree builder could not bear.
        if type(fault).__module__.startswith("readability"):
            return None
        raise


def _with_notes(html: str) -> str:
    """A page whose footnotes have other names: readability takes all that is called "foot" for the foot of the page."""
    return _OF_NOTES.sub(lambda said: said[0].replace("footnote", "endnote"), html) if "footnote" in html else html
