"""feedgen, and the one place where its faults are mended.

As of 1.0.0: the RSS channel's link is whatever link was named last; Atom entries lose `rel`, `type` and `length` of
their links; one control character ends the whole feed; dates default to now, so that no two runs make the same bytes;
entries come out in reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from pipeline.model import Item
from pipeline.model.text import legal
from pipeline.syndicate import content
from pipeline.syndicate.meta import Meta

EMPTY = datetime(2000, 1, 1, tzinfo=UTC)
"""The date of a feed that has no entries yet: a fixed one, so that its bytes are fixed."""

ATOM = "{http://www.w3.org/2005/Atom}"


def generator(items: Sequence[Item], meta: Meta, file: str) -> Any:
    """A feedgen FeedGenerator of the posts, newest first."""
    made = blank(meta, file, max((changed(item) for item in items), default=EMPTY))
    for item in items:
        _add(made, item, meta)
    return made


def blank(meta: Meta, file: str, updated: datetime) -> Any:
    """A FeedGenerator that knows everything but its entries; the alternate link is named last, as RSS needs it."""
    from feedgen.feed import FeedGenerator

    made = FeedGenerator()
    made.load_extension("dc", atom=False, rss=True)
    made.id(meta.home)
    made.title(legal(meta.title))
    made.description(legal(meta.description))
    made.language(meta.language)
    made.author(name=legal(meta.author))
    made.generator("Paperround")
    made.updated(updated)
    made.lastBuildDate(updated)
    made.link(
        href=meta.home + file, rel="self", type="application/rss+xml" if file != "atom.xml" else "application/atom+xml"
    )
    made.link(href=meta.blog, rel="alternate", type="text/html")
    return made


def _add(made: Any, item: Item, meta: Meta) -> None:
    post, article = item.post, item.post.article
    entry = made.add_entry(order="append")
    entry.id(content.guid(post, meta))
    entry.guid(content.guid(post, meta), permalink=False)
    entry.title(legal(article.title).strip() or "(no title)")
    entry.link(href=article.url or meta.blog, rel="alternate", type="text/html")
    entry.published(post.when)
    entry.updated(changed(item))
    entry.summary(legal(article.excerpt).strip() or "…")
    entry.content(legal(content.whole(item, meta)), type="html")
    authors = _said(article.authors) or [legal(meta.author)]
    for author in authors:
        entry.author(name=author)
    entry.dc.dc_creator(authors)
    for tag in _said(article.tags):
        entry.category(term=tag)
    for file in article.enclosures:
        entry.enclosure(file.url, str(file.length or 0), file.type)


def _said(words: Sequence[str]) -> list[str]:
    """What is left of each when it is fit for XML, without those of which nothing is."""
    return [said for word in words if (said := legal(word).strip())]


def changed(item: Item) -> datetime:
    """When a reader app should look again: as the source says, never before publication."""
    return max(item.post.when, item.post.article.updated or item.post.when)


def finished(xml: bytes, style: str | None = None, items: Sequence[Item] = ()) -> bytes:
    """The feed's bytes, mended, with the stylesheet that shows it as a page to a person."""
    files = {file.url: file for item in items for file in item.post.article.enclosures}
    root = etree.fromstring(xml)
    for link in root.iterfind(f"{ATOM}entry/{ATOM}link"):
        file = files.get(link.get("href", ""))
        link.set("rel", "enclosure" if file else "alternate")
        link.set("type", file.type if file else "text/html")
        if file and file.length:
            link.set("length", str(file.length))
    tree = etree.ElementTree(root)
    if style:
        root.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="text/xsl" href="{style}"'))
    made: bytes = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return made
