"""feedgen, and the one place where its faults are mended.

As of 1.0.0: the RSS channel's link is whatever link was named last; a hub is never written into RSS; Atom entries lose
`rel`, `type` and `length` of their links, and their source its id; one control character ends the whole feed; dates
default to now, so that no two runs make the same bytes; entries come out in reverse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from pipeline.model import Item
from pipeline.model.text import legal
from pipeline.syndicate import content, naming
from pipeline.syndicate.meta import Meta

EMPTY = datetime(2000, 1, 1, tzinfo=UTC)
"""The date of a feed that has no entries yet: a fixed one, so that its bytes are fixed."""

ATOM = "{http://www.w3.org/2005/Atom}"


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


def entry_of(item: Item, meta: Meta) -> Any:
    """A post as feedgen's FeedEntry, which makes the element of either format."""
    from feedgen.entry import FeedEntry
    from feedgen.ext.dc import DcEntryExtension

    post, article = item.post, item.post.article
    entry = FeedEntry()
    entry.register_extension("dc", DcEntryExtension, atom=False, rss=True)
    name = meta.guids[naming.of_post(post.id)]
    entry.id(name)
    entry.guid(name, permalink=False)
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
    if article.comments and (comments := content.uri(article.comments)):
        entry.comments(comments)
    for file in article.enclosures:
        entry.enclosure(file.url, str(file.length or 0), file.type)
    return entry


def _said(words: Sequence[str]) -> list[str]:
    """What is left of each when it is fit for XML, without those of which nothing is."""
    return [said for word in words if (said := legal(word).strip())]


def changed(item: Item) -> datetime:
    """When a reader app should look again: as the source says, or when it was seen to differ, once published."""
    post = item.post
    seen = post.settled_from if post.settled_from > post.first_seen else post.when
    return max(post.when, post.article.updated or post.when, seen)


def newest(items: Sequence[Item]) -> datetime:
    """When a feed of these posts was last changed."""
    return max((changed(item) for item in items), default=EMPTY)


def finished(xml: bytes, meta: Meta, items: Sequence[Item] = (), entries: Iterable[Any] = ()) -> bytes:
    """The feed's bytes, mended, with the stylesheet that shows it as a page to a person.

    `entries` are elements to put into what feedgen has written; so it need not be written whole, and read again.
    """
    root = etree.fromstring(xml)
    place = root if root.tag == f"{ATOM}feed" else root[0]
    for entry in entries:
        place.append(entry)
    _mend_links(root, items)
    if meta.hub:
        _name_hub(root, meta.hub)
    for element, item in zip(root.iter("item", f"{ATOM}entry"), items, strict=False):
        if item.post.source in meta.sources:
            _credit(element, item, meta.sources[item.post.source])
    # Browsers are giving up XSLT, and one that still has it warns of it in red; CSS they all keep.
    root.addprevious(etree.ProcessingInstruction("xml-stylesheet", 'type="text/css" href="feed.css"'))
    made: bytes = etree.tostring(etree.ElementTree(root), xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return made


def _mend_links(root: Any, items: Sequence[Item]) -> None:
    files = {file.url: file for item in items for file in item.post.article.enclosures}
    for link in root.iterfind(f"{ATOM}entry/{ATOM}link"):
        file = files.get(link.get("href", ""))
        link.set("rel", "enclosure" if file else "alternate")
        link.set("type", file.type if file else "text/html")
        if file and file.length:
            link.set("length", str(file.length))


def _name_hub(root: Any, hub: str) -> None:
    """Beside the feed's link to itself (w3.org/TR/websub, section 4)."""
    own = next(link for link in root.iter(f"{ATOM}link") if link.get("rel") == "self")
    own.addnext(etree.Element(f"{ATOM}link", rel="hub", href=hub))


def _credit(element: Any, item: Item, url: str) -> None:
    """Where the post comes from: RSS 2.0's source, and that of RFC 4287 section 4.2.11."""
    name = legal(item.post.source)
    if element.tag == "item":
        etree.SubElement(element, "source", url=url).text = name
        return
    source = etree.SubElement(element, f"{ATOM}source")
    etree.SubElement(source, f"{ATOM}id").text = url
    etree.SubElement(source, f"{ATOM}title").text = name
    etree.SubElement(source, f"{ATOM}updated").text = changed(item).isoformat()
    etree.SubElement(source, f"{ATOM}link", rel="self", href=url)
