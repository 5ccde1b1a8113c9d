"""JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import msgspec

from pipeline.model import Item, Pick
from pipeline.model.text import legal
from pipeline.syndicate import content, naming
from pipeline.syndicate.generator import changed
from pipeline.syndicate.meta import Meta


def feed(items: Sequence[Item], meta: Meta) -> bytes:
    """The posts, newest first, whole; their books also as data under `_books`."""
    whole: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": legal(meta.title),
        "home_page_url": meta.blog,
        "feed_url": f"{meta.home}feed.json",
        "description": legal(meta.description),
        "language": meta.language,
        "authors": [{"name": legal(meta.author)}],
        **({"hubs": [{"type": "WebSub", "url": meta.hub}]} if meta.hub else {}),
        "items": [_item(item, meta) for item in items],
    }
    return msgspec.json.format(msgspec.json.encode(whole, enc_hook=str), indent=2) + b"\n"


def _item(item: Item, meta: Meta) -> dict[str, Any]:
    article = item.post.article
    told: dict[str, Any] = {
        "id": meta.guids[naming.of_post(item.post.id)],
        "url": article.url or meta.blog,
        "title": legal(article.title),
        "content_html": legal(content.whole(item, meta)) or f"<p>{escape(legal(article.title))}</p>",
        "summary": legal(article.excerpt),
        "image": article.lead_image.url if article.lead_image else None,
        "date_published": item.post.when.isoformat(),
        "date_modified": changed(item).isoformat(),
        "authors": [{"name": legal(author)} for author in article.authors],
        "tags": [legal(tag) for tag in article.tags],
        "language": article.language,
        "attachments": [
            {"url": file.url, "mime_type": file.type} | ({"size_in_bytes": file.length} if file.length else {})
            for file in article.enclosures
        ],
        "_source": _source(item, meta),
        "_books": [_book(pick) for pick in item.picks],
    }
    return {key: value for key, value in told.items() if value not in (None, [], "")}


def _source(item: Item, meta: Meta) -> dict[str, str] | None:
    """Where a post comes from; the format itself has no word for it."""
    url = meta.sources.get(item.post.source)
    return {"title": legal(item.post.source), "url": url} if url else None


def _book(pick: Pick) -> dict[str, Any]:
    return {
        "isbn": pick.book.isbn,
        "title": pick.book.title,
        "author": pick.book.author,
        "illustrator": pick.book.illustrator,
        "reason": pick.reason,
        "origin": pick.origin,
        "link": pick.links.feed,
    }
