"""What a feed validator says: the rules of the W3C's feed validation service that a generated feed can break.

Each sentence names the element; the rules are those of RSS 2.0 with the RSS Board's best practices, RFC 4287, and
JSON Feed 1.1.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml import html as parser

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,/0-9:;=?@A-Z\[\]_a-z~.-]+")


def problems(name: str, body: bytes) -> list[str]:
    """Every rule that a feed breaks; `name` is its file's."""
    if name.endswith(".json"):
        return list(_json(json.loads(body)))
    root = etree.fromstring(body)
    return list(_atom(root) if root.tag == f"{ATOM}feed" else _rss(root))


def _rss(root: Any) -> Iterator[str]:
    channel = root.find("channel")
    for tag in ("title", "link", "description"):
        if not (channel.findtext(tag) or "").strip():
            yield f"channel has no {tag}"
    if not _LANGUAGE.fullmatch(channel.findtext("language") or "en"):
        yield "language is no language"
    own = [link for link in channel.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if len(own) != 1 or not _is_uri(own[0].get("href")):
        yield "channel has no one atom:link rel=self"
    yield from _dates(channel, ("lastBuildDate", "pubDate"))
    guids = Counter(item.findtext("guid") for item in channel.iter("item"))
    yield from (f"guid {guid} comes {times} times" for guid, times in guids.items() if times > 1)
    for item in channel.iter("item"):
        yield from _item(item)


def _item(item: Any) -> Iterator[str]:
    if not (item.findtext("title") or item.findtext("description")):
        yield "item has neither title nor description"
    if not _is_uri(item.findtext("link")):
        yield f"link {item.findtext('link')} is no URI"
    guid = item.find("guid")
    if guid is None or (guid.get("isPermaLink", "true") == "true" and not _is_uri(guid.text)):
        yield "guid is missing, or no permalink though it says so"
    author = item.findtext("author")
    if author and "@" not in author:
        yield "author is no e-mail address"
    if any(not (one.text or "").strip() for one in (*item.findall("category"), *item.findall(CREATOR))):
        yield "an empty category or creator"
    for file in item.findall("enclosure"):
        if (
            not _is_uri(file.get("url"))
            or not (file.get("length") or "").isdigit()
            or not _TYPE.fullmatch(file.get("type") or "")
        ):
            yield f"enclosure {dict(file.attrib)} lacks a url, length or type"
    if len(item.findall("enclosure")) > 1:
        yield "item has more than one enclosure"
    yield from _sources(item)
    yield from _dates(item, ("pubDate",))
    yield from _markup(item.findtext(CONTENT) or "")


def _sources(item: Any) -> Iterator[str]:
    for source in item.findall("source"):
        if not _is_uri(source.get("url")) or not (source.text or "").strip():
            yield "source without a url or a name"
    if len(item.findall("source")) > 1:
        yield "item has more than one source"


def _dates(parent: Any, tags: tuple[str, ...]) -> Iterator[str]:
    for tag in tags:
        text = parent.findtext(tag)
        try:
            if text and parsedate_to_datetime(text).tzinfo is None:
                yield f"{tag} has no zone"
        except ValueError:
            yield f"{tag} {text} is no RFC 822 date"


def _atom(root: Any) -> Iterator[str]:
    yield from _atom_parts(root, ("id", "title", "updated"))
    own = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    if len(own) != 1:
        yield "feed has no one self link"
    entries = root.findall(f"{ATOM}entry")
    ids = Counter(entry.findtext(f"{ATOM}id") for entry in entries)
    yield from (f"id {one} comes {times} times" for one, times in ids.items() if times > 1)
    for entry in entries:
        yield from _atom_parts(entry, ("id", "title", "updated"))
        for source in entry.findall(f"{ATOM}source"):
            yield from _atom_parts(source, ("id", "title", "updated"))
        if entry.find(f"{ATOM}author") is None and root.find(f"{ATOM}author") is None:
            yield "entry has no author"
        links = [
            (link.get("rel", "alternate"), link.get("type"), link.get("hreflang"))
            for link in entry.findall(f"{ATOM}link")
        ]
        if [one for one, times in Counter(links).items() if times > 1 and one[0] == "alternate"]:
            yield "two alternate links of one type and language"
        yield from (
            f"link {link.get('href')} is no URI"
            for link in entry.findall(f"{ATOM}link")
            if not _is_uri(link.get("href"))
        )
        if any(not one.get("term") for one in entry.findall(f"{ATOM}category")):
            yield "category without a term"
        if any(not (one.findtext(f"{ATOM}name") or "").strip() for one in entry.findall(f"{ATOM}author")):
            yield "author without a name"
        yield from _markup(entry.findtext(f"{ATOM}content") or "")


def _atom_parts(parent: Any, tags: tuple[str, ...]) -> Iterator[str]:
    for tag in tags:
        text = (parent.findtext(f"{ATOM}{tag}") or "").strip()
        if not text:
            yield f"{parent.tag.rpartition('}')[2]} has no {tag}"
        if tag == "id" and not _is_uri(text):
            yield f"id {text} is no URI"
        if tag == "updated" and text:
            try:
                datetime.fromisoformat(text)
            except ValueError:
                yield f"updated {text} is no RFC 3339 date"


def _json(feed: dict[str, Any]) -> Iterator[str]:
    if feed.get("version") != "https://jsonfeed.org/version/1.1" or not feed.get("title"):
        yield "version or title is wrong"
    ids = Counter(item.get("id") for item in feed["items"])
    yield from (f"id {one} comes {times} times" for one, times in ids.items() if times > 1 or not isinstance(one, str))
    for item in feed["items"]:
        if not item.get("content_html") and not item.get("content_text"):
            yield "item without content"
        yield from (f"{key} is no URI" for key in ("url", "image") if item.get(key) and not _is_uri(item[key]))
        for key in ("date_published", "date_modified"):
            if item.get(key) and datetime.fromisoformat(item[key]).tzinfo is None:
                yield f"{key} has no zone"
        for file in item.get("attachments", ()):
            if not _is_uri(file.get("url")) or not _TYPE.fullmatch(file.get("mime_type", "")):
                yield "attachment without url or mime_type"


def _markup(html: str) -> Iterator[str]:
    """Relative addresses and active elements, which the service warns of."""
    if not html.strip():
        return
    root = parser.fragment_fromstring(html, create_parent="div")
    for element in root.iter(etree.Element):
        if element.tag in ("script", "style", "iframe", "object", "embed", "form", "meta", "link"):
            yield f"content holds <{element.tag}>"
        address = element.get("href") or element.get("src")
        if address and not _is_uri(address):
            yield f"content holds the address {address[:80]}"


def _is_uri(address: str | None) -> bool:
    """Whether an address is whole, and only of characters that a URI may have (RFC 3986)."""
    if not address or not _URI.fullmatch(address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme not in ("http", "https") or bool(parts.hostname)
