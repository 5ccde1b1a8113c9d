"""Run as a child: a feed's bytes in, plain records out. Nothing here is trusted to end or to fit into memory.

This file imports nothing of ours: it is run by its path.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from copy import deepcopy
from functools import cache, lru_cache
from html import escape
from mimetypes import guess_type
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

NEWEST = 2000
"""How many entries of one feed are read, in the feed's own order."""

_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*>")
_ENCODING = re.compile(rb"(?:encoding|charset)\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_UTF_8 = (b"utf-8", b"utf8", b"us-ascii", b"ascii")
_CHARACTER = re.compile(rb"&#(?:x0*([0-9a-f]+)|0*([0-9]+));?", re.IGNORECASE)
_WINDOWS = re.compile("[\x80-\x9f]")
_RELATIVE = re.compile(r"\b(?:src|href)\s*=\s*[\"']?(?!https?:|data:|mailto:|tel:|#)[^\s\"'>]", re.IGNORECASE)


class Given(msgspec.Struct, kw_only=True):
    """The line before the feed: where it came from."""

    url: str
    content_type: str = ""


class File(msgspec.Struct, kw_only=True):
    """A file that comes with an entry; `type` may be a guess, `length` is in bytes."""

    url: str
    type: str
    length: int | None = None


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
    enclosures: list[File] = []
    comments: str | None = None


class Records(msgspec.Struct, kw_only=True):
    """A whole feed, `kind` is empty when it was none; `left_out` counts entries that are unreadable or too many."""

    kind: str
    title: str | None = None
    home: str | None = None
    language: str | None = None
    left_out: int = 0
    entries: list[Record] = []


def records(given: Given, body: bytes) -> Records:
    """What the feed holds."""
    body = _in_utf_8(given, body)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _json_feed(given, body)
    return _xml_feed(given, body)


def _in_utf_8(given: Given, body: bytes) -> bytes:
    """A feed that says it is UTF-8, or says nothing, in UTF-8: one wrong byte would change the others' letters.

    It is declared anew, on a line of its own: feedparser looks for an encoding in all of the first.
    """
    declared = _DECLARATION.match(body)
    named = _named(declared[0]) if declared else b""
    if declared:
        body = b'<?xml version="1.0"%b?>\n' % (named and b' encoding="%b"' % named) + body[declared.end() :]
    said = [named, *_ENCODING.findall(given.content_type.encode())]
    if b"\0" in body[:64] or any(one.lower() not in _UTF_8 for one in said if one):
        return body
    return mixed(body).encode()


def _named(declaration: bytes) -> bytes:
    """The encoding that a declaration names, if it can be read in it: many a program names UTF-16 and writes UTF-8."""
    if named := _ENCODING.search(declaration):
        with suppress(LookupError, ValueError):
            if declaration.decode(named[1].decode(), "ignore").lstrip().startswith("<?xml"):
                return named[1]
    return b""


def mixed(body: bytes) -> str:
    """UTF-8 as text; single bytes of windows-1252 in it, as an old plugin or a paste leaves them, are read as such."""
    return body.decode("utf-8", "as windows-1252")


def _as_windows_1252(fault: UnicodeError) -> tuple[str, int]:
    assert isinstance(fault, UnicodeDecodeError)
    return fault.object[fault.start : fault.end].decode("windows-1252", "replace"), fault.end


codecs.register_error("as windows-1252", _as_windows_1252)


@cache
def _feedparser() -> Any:
    """feedparser, made twice as quick without a change to what it finds, but for guids: those stay as given."""
    from xml.sax import expatreader

    import feedparser
    from feedparser import api, encodings, mixin

    # Guessing costs sixteen times the parsing; feedparser's own fallbacks find the same text.
    encodings.chardet = encodings.lazy_chardet_encoding = None
    # The base address is joined anew at every tag, although there is hardly ever a second one.
    mixin.make_safe_absolute_uri = lru_cache(maxsize=256)(mixin.make_safe_absolute_uri)
    _quicken(feedparser.FeedParserDict)
    _forgive(mixin._FeedParserMixin)  # noqa: SLF001 - there is no hook for it
    _in_one_piece(expatreader.ExpatParser)
    # Another library's parser, which nobody has, would be looked for at every feed.
    api.PREFERRED_XML_PARSERS = []
    mixin._FeedParserMixin.decode_entities = staticmethod(lambda _, text: _Text(text))  # noqa: SLF001 - the hook is there
    # A guid joined to the feed's address would be another one when the feed moves.
    mixin._FeedParserMixin.can_be_relative_uri -= {"id"}  # noqa: SLF001 - there is no option for it
    return feedparser


class _Text(str):
    """What feedparser is about to free of windows-1252's own letters, which hardly any text has."""

    __slots__ = ()

    def translate(self, table: Any) -> str:
        return super().translate(table) if _WINDOWS.search(self) else str(self)


def _in_one_piece(parser: Any) -> None:
    """Have a text handed over whole, and not in a piece for each of its lines and references."""
    reset = parser.reset

    def reset_to_whole_texts(self: Any) -> None:
        reset(self)
        self._parser.buffer_text, self._parser.buffer_size = True, 1 << 16

    parser.reset = reset_to_whole_texts


def _quicken(found: Any) -> None:
    """Spare names with one meaning the way through those with several, and copies the way through pickling."""
    slowly = found.get
    several = {"category", "enclosures", "license", "updated", "updated_parsed", *found.keymap}

    def get(self: Any, key: str, default: Any = None) -> Any:
        return slowly(self, key, default) if key in several else dict.get(self, key, default)

    def copied(self: Any, memo: dict[int, Any]) -> Any:
        copy = found()
        dict.update(copy, {key: deepcopy(value, memo) for key, value in dict.items(self)})
        return copy

    found.get, found.__deepcopy__ = get, copied


def _forgive(parser: Any) -> None:
    """An element that its own handler stumbles over costs no feed: it is as one that feedparser does not know."""

    def forgiven(handler: Callable[..., Any]) -> Callable[..., Any]:
        def handled(*given: Any) -> Any:
            try:
                return handler(*given)
            except (IndexError, KeyError, TypeError) as fault:
                raise AttributeError from fault

        return handled

    for name in dir(parser):
        if name.startswith(("_start_", "_end_")):
            setattr(parser, name, forgiven(getattr(parser, name)))
    begun = parser._start_textinput  # noqa: SLF001 - as above

    def begins(self: Any, attributes: Any) -> None:
        self.feeddata.setdefault("textinput", {})  # one that stands in an item is looked for here
        begun(self, attributes)

    parser._start_textinput = begins  # noqa: SLF001 - as above


def _xml_feed(given: Given, body: bytes) -> Records:
    try:
        found = _parsed(given, body)
    except (ValueError, OverflowError):  # a reference to a character that can't be
        found = _parsed(given, _CHARACTER.sub(_character, body))
    base = _address(found.feed.get("link"), given.url) or given.url
    made = _each(found.entries[:NEWEST], lambda entry: _xml_entry(entry, base, given.url))
    about = {"title": found.feed.get("title"), "home": _address(found.feed.get("link"), given.url)}
    lost = len(found.entries) - len(made)
    kind, language = found.get("version") or "", found.feed.get("language")
    return Records(kind=kind, language=language, left_out=lost, entries=made, **about)


def _parsed(given: Given, body: bytes) -> Any:
    headers = {"content-type": given.content_type, "content-location": given.url}
    return _feedparser().parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )


def _character(reference: re.Match[bytes]) -> bytes:
    """A reference, or what stands in the place of one to what is no character (XML 1.0, 2.2)."""
    digits, base = (reference[1], 16) if reference[1] else (reference[2], 10)
    code = int(digits[:8], base)
    legal = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return reference[0] if legal else b"&#xFFFD;"


def _xml_entry(entry: Any, base: str, here: str) -> Record:
    content = [_html(part, here) for part in entry.get("content", ())]
    summary: Any = dict.get(entry, "summary_detail") or next(iter(entry.get("content", ())), {})
    authors = [author.get("name") or author.get("email") for author in entry.get("authors", ())]
    stamps = {name: dict.get(entry, f"{name}_parsed") for name in ("published", "updated")}
    return Record(
        title=entry.get("title") or "",
        link=_address(_link(entry), base),
        guid=entry.get("id") or None,
        html=max((part for part in content if part), key=len, default=None),
        summary=_html({**summary, "value": entry.get("summary")}, here),
        authors=[name for name in authors if name] or [name for name in [entry.get("author")] if name],
        tags=[tag.get("term") for tag in entry.get("tags", ()) if tag.get("term")],
        published_raw=dict.get(entry, "published"),
        updated_raw=dict.get(entry, "updated"),
        published=_stamp(stamps["published"]),
        updated=_stamp(stamps["updated"]),
        images=_images(entry, base),
        enclosures=_files(_media(entry), base),
        comments=_address(_comments(entry), base),
    )


def _comments(entry: Any) -> str | None:
    """The page of an entry's comments: RSS's comments, or what Atom calls replies (RFC 4685)."""
    replies = (link for link in entry.get("links", ()) if link.get("rel") == "replies")
    pages = (link.get("href") for link in replies if str(link.get("type", "text/html")).startswith("text/html"))
    said: str | None = entry.get("comments") or next(pages, None)
    return said


def _link(entry: Any) -> str | None:
    """The link, or the guid in its place where that is an address; "7" without an isPermaLink is none (RSS 2.0)."""
    link: str | None = entry.get("link")
    in_place = link and link == entry.get("id")
    return link if not in_place or re.match(r"https?://|/", str(link)) else None


def _html(part: Any, here: str) -> str | None:
    """A content element as HTML: plain text escaped, and addresses made whole where an xml:base says from where."""
    value, kind, base = part.get("value"), part.get("type"), part.get("base")
    if kind == "text/plain":
        return _paragraphs(value)
    if value and base and base != here and _RELATIVE.search(value):
        from feedparser.urls import resolve_relative_uris

        resolved: str = resolve_relative_uris(value, base, "utf-8", kind or "text/html")
        return resolved
    return value or None


def _stamp(parsed: Any) -> list[int] | None:
    return list(parsed[:6]) if parsed else None


def _images(entry: Any, base: str) -> list[str]:
    pictures = [part for part in _media(entry) if _kind(part).startswith("image")]
    found = [_url(part) for part in (*pictures, *entry.get("media_thumbnail", ()))]
    return list(dict.fromkeys(address for url in found if (address := _address(url, base))))


def _files(parts: Iterable[Any], base: str) -> list[File]:
    """Enclosures (RSS 2.0, Atom, iTunes), and the sound and films of Media RSS; each address once."""
    files: dict[str, File] = {}
    for part in parts:
        kind, address = _kind(part), _address(_url(part), base)
        if address and "/" in kind and not kind.startswith("image/"):
            files.setdefault(address, File(url=address, type=kind, length=_length(part)))
    return list(files.values())


def _media(entry: Any) -> list[Any]:
    named = [part for part in entry.get("media_content", ()) if _kind(part).startswith(("image", "audio", "video"))]
    return [*entry.get("enclosures", ()), *named]


def _url(part: Any) -> Any:
    return part.get("url") or part.get("href")


def _kind(part: Any) -> str:
    """A media type as given or as the address ends; without one a medium ("image"), or nothing."""
    given = part.get("type") or part.get("mime_type") or guess_type(str(_url(part)))[0] or part.get("medium")
    return str(given or "").strip().lower()


def _length(part: Any) -> int | None:
    given = str(part.get("length") or part.get("filesize") or part.get("size_in_bytes") or "").strip()
    return int(given) if re.fullmatch(r"[1-9][0-9]{0,14}", given) else None


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
    base = _address(feed.get("home_page_url"), given.url) or given.url
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
    pictures = [part.get("url") for part in attachments if _kind(part).startswith("image")]
    images = [_address(url, base) for url in (item.get("image"), item.get("banner_image"), *pictures)]
    guid = item.get("id")
    return Record(
        title=_text(item.get("title")) or "",
        link=_address(item.get("url") or item.get("external_url"), base),
        guid=str(guid) if isinstance(guid, str | int | float) and str(guid) else None,
        html=_text(item.get("content_html")) or _paragraphs(_text(item.get("content_text"))),
        summary=_paragraphs(_text(item.get("summary"))),
        authors=[name for one in authors if isinstance(one, dict) and (name := _text(one.get("name")))],
        tags=[tag for tag in item.get("tags") or () if isinstance(tag, str)],
        published_raw=_text(item.get("date_published")),
        updated_raw=_text(item.get("date_modified")),
        images=[url for url in images if url],
        enclosures=_files(attachments, base),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _paragraphs(text: str | None) -> str | None:
    return None if not text else "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())


def _each(items: Iterable[Any], make: Callable[[Any], Record]) -> list[Record]:
    made = []
    for item in items:
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            made.append(make(item))
    return made


def work(given: bytes) -> bytes:
    """Records as JSON for one line of JSON (`Given`) and a feed."""
    line, _, body = given.partition(b"\n")
    made = records(msgspec.json.decode(line, type=Given), body)
    return msgspec.json.Encoder(enc_hook=str).encode(made)
