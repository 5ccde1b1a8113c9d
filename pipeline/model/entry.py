"""What a source yielded, raw, with its evidence."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NewType

import msgspec

from pipeline.model.source import SourceName

EntryId = NewType("EntryId", int)


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture by its absolute http(s) address; width and height in CSS pixels where known; `link` leads on."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None
    link: str | None = None


class Enclosure(msgspec.Struct, frozen=True, kw_only=True):
    """A file that comes with an entry, most often sound; `length` in bytes where the source says it."""

    url: str
    type: str
    length: int | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One item as the source gave it: untrusted text, nothing cleaned.

    `html` is the full content if the source has it, `summary` the teaser. `published` and `updated` are aware UTC,
    None when the raw words make no believable date. `images` are addresses in media elements and enclosures;
    `enclosures` are the files that are no pictures. `lead` is the picture that the source itself puts first. `comments`
    is the page where readers answer.
    """

    source: SourceName
    guid: str | None
    link: str | None
    title: str
    html: str | None = None
    summary: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published: datetime | None = None
    updated: datetime | None = None
    published_raw: str | None = None
    updated_raw: str | None = None
    images: tuple[str, ...] = ()
    language: str | None = None
    enclosures: tuple[Enclosure, ...] = ()
    lead: Picture | None = None
    comments: str | None = None

    @property
    def sha(self) -> str:
        """A hash over everything a reader could notice; equal when the source yielded the same again."""
        parts = (
            self.guid,
            self.link,
            self.title,
            self.html,
            self.summary,
            *self.authors,
            "",
            *self.tags,
            "",
            self.published_raw,
            self.updated_raw,
            *self.images,
            *(file.url for file in self.enclosures),
            *((self.lead.url, self.lead.alt) if self.lead else ()),
        )
        marked = (b"-" if part is None else b"+" + part.encode("utf-8", "surrogatepass") for part in parts)
        return hashlib.sha256(b"".join([len(part).to_bytes(8, "big") + part for part in marked])).hexdigest()


class KnownEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as we keep it.

    `page` is the article's whole web page, fetched because the source gave an excerpt only; `page_problem` says why
    it could not be had. `before` marks what was already there at the first contact with the source. `changed` is when
    its content was last seen to differ, None while it never did. `revision` grows with every change of any of these.
    """

    id: EntryId
    revision: int
    entry: Entry
    page: str | None
    page_url: str | None
    page_problem: str | None
    before: bool
    seen: datetime
    changed: datetime | None
