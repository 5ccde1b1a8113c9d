"""Run as a child: a feed's bytes in, plain records out. Nothing here is trusted to end or to fit into memory.

This file imports nothing of ours: it is run by its path.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

NEWEST = 2000
"""How many entries of one feed are read, in the feed's own order."""


class Given(msgspec.Struct, kw_only=True):
    """The line before the feed: where it came from."""

    url: str
    content_type: str = ""


class Record(msgspec.Struct, kw_only=True):
    """One entry in plain values."""

    title: str = ""
    link: str | None = None
    guid: str | None = None
    html: str | None = None
    summary: str | None = None
    authors: list[str] = []
    tags: list[str] = []
    published_raw: str | None = None
    updated_raw: str | None = None
    published: list[int] | None = None
    updated: list[int] | None = None
    images: list[str] = []


class Records(msgspec.Struct, kw_only=True):
    """A whole feed; `kind` is empty when it was none.

    `left_out` counts entries that could not be read, and those beyond the newest that are.
    """

    kind: str
    title: str | None = None
    home: str | None = None
    language: str | None = None
    left_out: int = 0
    entries: list[Record] = []


def records(given: Given, body: bytes) -> Records:
    """What the feed holds."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json_feed(given, body)
    return _xml_feed(given, body)


def _xml_feed(given: Given, body: bytes) -> Records:
    import feedparser
    from feedparser import encodings

    # Guessing costs sixteen times the parsing; feedparser's own fallbacks find the same text.
    encodings.chardet = None
    headers = {"content-type": given.content_type, "content-location": given.url}
    found = feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    base = urljoin(given.url, found.feed.get("link") or "")
    made = _each(found.entries[:NEWEST], lambda entry: _xml_entry(entry, base))
    about = {"title": found.feed.get("title"), "home": _address(found.feed.get("link"), given.url)}
    lost = len(found.entries) - len(made)
    kind, language = found.get("version") or "", found.feed.get("language")
    return Records(kind=kind, language=language, left_out=lost, entries=made, **about)


def _xml_entry(entry: Any, base: str) -> Record:
    content = [
        part.get("value") for part in entry.get("content", ()) if part.get("type", "").endswith(("html", "xml", ""))
    ]
    authors = [author.get("name") or author.get("email") for author in entry.get("authors", ())]
    stamps = {name: dict.get(entry, f"{name}_parsed") for name in ("published", "updated")}
    return Record(
        title=entry.get("title") or "",
        link=_address(entry.get("link"), base),
        guid=entry.get("id") or None,
        html=max((part for part in content if part), key=len, default=None),
        summary=entry.get("summary") or None,
        authors=[name for name in authors if name] or [name for name in [entry.get("author")] if name],
        tags=[tag.get("term") for tag in entry.get("tags", ()) if tag.get("term")],
        published_raw=dict.get(entry, "published"),
        updated_raw=dict.get(entry, "updated"),
        published=_stamp(stamps["published"]),
        updated=_stamp(stamps["updated"]),
        images=_images(entry, base),
    )


def _stamp(parsed: Any) -> list[int] | None:
    return list(parsed[:6]) if parsed else None


def _images(entry: Any, base: str) -> list[str]:
    media = [*entry.get("media_content", ()), *entry.get("enclosures", ())]
    pictures = [part for part in media if "image" in (part.get("medium") or part.get("type") or "")]
    found = [part.get("url") or part.get("href") for part in (*pictures, *entry.get("media_thumbnail", ()))]
    return list(dict.fromkeys(address for url in found if (address := _address(url, base))))


def _address(url: Any, base: str) -> str | None:
    """An absolute http(s) address, or None."""
    if not isinstance(url, str) or not url.strip():
        return None
    try:
        whole = urljoin(base, url.strip())
        parts = urlsplit(whole)
    except ValueError:
        return None
    return whole if parts.scheme in ("http", "https") and parts.hostname else None


def _json_feed(given: Given, body: bytes) -> Records:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1); a wrong type costs its own entry or field, not the feed."""
    try:
        feed = msgspec.json.decode(body.lstrip(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError):
        return Records(kind="")
    if not isinstance(feed, dict) or "jsonfeed.org" not in str(feed.get("version")):
        return Records(kind="")
    listed = feed.get("items")
    items: list[Any] = listed if isinstance(listed, list) else []
    base = urljoin(given.url, _text(feed.get("home_page_url")) or "")
    made = _each(items[:NEWEST], lambda item: _json_entry(item, base))
    return Records(
        kind="json",
        title=_text(feed.get("title")),
        home=_address(feed.get("home_page_url"), given.url),
        language=_text(feed.get("language")),
        left_out=len(items) - len(made),
        entries=made,
    )


def _json_entry(item: Any, base: str) -> Record:
    authors = [item.get("author"), *(item.get("authors") or ())]
    attachments = [part for part in item.get("attachments") or () if isinstance(part, dict)]
    pictures = [part.get("url") for part in attachments if str(part.get("mime_type")).startswith("image/")]
    images = [_address(url, base) for url in (item.get("image"), item.get("banner_image"), *pictures)]
    guid = item.get("id")
    return Record(
        title=_text(item.get("title")) or "",
        link=_address(item.get("url") or item.get("external_url"), base),
        guid=str(guid) if isinstance(guid, str | int | float) and str(guid) else None,
        html=_text(item.get("content_html")) or _paragraphs(_text(item.get("content_text"))),
        summary=_text(item.get("summary")),
        authors=[name for one in authors if isinstance(one, dict) and (name := _text(one.get("name")))],
        tags=[tag for tag in item.get("tags") or () if isinstance(tag, str)],
        published_raw=_text(item.get("date_published")),
        updated_raw=_text(item.get("date_modified")),
        images=[url for url in images if url],
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _paragraphs(text: str | None) -> str | None:
    from html import escape

    return None if text is None else "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())


def _each(items: Iterable[Any], make: Callable[[Any], Record]) -> list[Record]:
    made = []
    for item in items:
        try:
            made.append(make(item))
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
    return made


def main() -> None:
    """One JSON line and a feed on standard input; Records as JSON on standard output."""
    line, _, body = sys.stdin.buffer.read().partition(b"\n")
    made = records(msgspec.json.decode(line, type=Given), body)
    encoded = msgspec.json.Encoder(enc_hook=str).encode(made)
    sys.stdout.buffer.write(encoded)


if __name__ == "__main__":
    main()
