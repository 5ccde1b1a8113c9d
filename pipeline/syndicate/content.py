"""What a feed shows of a post: its picture, the whole article, then its books."""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlsplit, urlunsplit

from pipeline.model import Article, Item, Pick, references
from pipeline.model.affiliate import all_untagged
from pipeline.syndicate.meta import Meta


def whole(item: Item, meta: Meta) -> str:
    """The article's HTML with a section of its books; a note before it when it was corrected after a mail.

    Of a post that could only be had in part the beginning stands, with a link to the rest. The picture that the
    blog puts first is seldom part of the text, and most reader apps know no other place for it.
    """
    note, html = meta.notes.get(item.post.id, ""), all_untagged(item.post.article.html)
    return note + _lead(item.post.article) + html + _rest(item.post.article, meta) + books(item.picks, meta)


def _rest(article: Article, meta: Meta) -> str:
    there = None if article.complete else uri(article.url)
    return f'<p><a href="{escape(there)}">{escape(meta.words["read_on"])}</a></p>' if there else ""


def _lead(article: Article) -> str:
    picture = article.lead_image
    if picture is None or references.shows(article.html, picture.url):
        return ""
    return f'<p><img src="{escape(picture.url)}" alt="{escape(picture.alt)}"/></p>'


def books(picks: tuple[Pick, ...], meta: Meta) -> str:
    """The books of a post as a list, the disclosure before the first link that earns money."""
    if not picks:
        return ""
    earns = any("feed" in pick.links.affiliate for pick in picks)
    disclosure = f"<p><small>{escape(meta.disclosure)}</small></p>" if earns else ""
    listed = "".join(_book(pick, meta) for pick in picks)
    return f"<h2>{escape(meta.words['books'])}</h2>{disclosure}<ul>{listed}</ul>"


def _book(pick: Pick, meta: Meta) -> str:
    book = pick.book
    by = f" {meta.words['by']} {book.author}" if book.author else ""
    drawn = f" {meta.words['pictures_by']} {book.drawn_by}" if book.drawn_by else ""
    made = escape(by + ("," if by and drawn else "") + drawn)
    return f'<li><a href="{escape(pick.links.feed)}">{escape(book.title)}</a>{made}. {escape(pick.reason)}</li>'


def uri(address: str) -> str | None:
    """A web address in the characters that a URI may have (RFC 3986), None when it is none."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    safe = "!$&'()*+,/:;=?@~-._%"
    return urlunsplit(
        (parts.scheme, host + port, quote(parts.path, safe), quote(parts.query, safe), quote(parts.fragment, safe))
    )
