"""What an issue shows and where it leads, by address, each with what has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape

import msgspec

from pipeline.model.issue import Issue
from pipeline.model.post import Post

LONGEST = 2000
"""Characters; an address beyond that is none that a person made, and no database takes it as a key."""
_SRC = re.compile(r'<img\b[^>]*?\ssrc="(https?://[^"]+)"')
_SIZE = re.compile(r"(?:-\d+x\d+|-scaled)(?=\.\w+$)")
"""What WordPress puts behind the name of a picture's file; others put the size before its folders, or behind a "?"."""
_HREF = re.compile(r'<a\b[^>]*?\shref="(https?://[^"]+)"')


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """An address; `words` name what has it, `where` is where that is mended."""

    url: str
    words: str
    where: str


def pictures(issue: Issue) -> dict[str, Reference]:
    """The pictures of an issue's posts, as mail and web page show them. Covers of books are the shelf's own affair."""
    found = (reference for item in issue.items for reference in _pictures(item.post))
    return _first(found)


def _pictures(post: Post) -> Iterator[Reference]:
    lead = post.article.lead_image
    for url in (*([lead.url] if lead else ()), *map(unescape, _SRC.findall(post.article.html))):
        yield Reference(url=url, words=f"“{post.article.title}”", where=f"post {post.id}")


def shows(html: str, picture: str, origins: Mapping[str, str] | None = None) -> bool:
    """Whether an article has this picture in any of the sizes that a blog keeps of it.

    `origins` are the blog's own addresses of pictures that are shown from elsewhere.
    """
    told = origins or {}
    return _trunk(told.get(picture, picture)) in {
        _trunk(told.get(one, one)) for one in map(unescape, _SRC.findall(html))
    }


def _trunk(url: str) -> str:
    return _SIZE.sub("", "/".join(re.split("[?#]", url, maxsplit=1)[0].split("/")[-3:]))


def links(issue: Issue) -> dict[str, Reference]:
    """Where an issue leads: to its posts, where those lead, to books, events and older posts."""
    return _first(one for one in _links(issue) if one.url)


def _links(issue: Issue) -> Iterator[Reference]:
    for item in issue.items:
        words, where = f"“{item.post.article.title}”", f"post {item.post.id}"
        yield Reference(url=item.post.article.url, words=words, where=where)
        for url in map(unescape, _HREF.findall(item.post.article.html)):
            yield Reference(url=url, words=words, where=where)
        for pick in item.picks:
            for url in (pick.links.email, pick.links.web):
                yield Reference(url=url, words=f"the book “{pick.book.title}”", where="sources/books.toml")
    for event in issue.events:
        yield Reference(url=event.url or "", words=f"the event “{event.title}”", where="sources/events.toml")
    for post in issue.related:
        yield Reference(url=post.article.url, words=f"“{post.article.title}”", where=f"post {post.id}")


def _first(references: Iterator[Reference]) -> dict[str, Reference]:
    found: dict[str, Reference] = {}
    for one in references:
        if len(one.url) <= LONGEST:
            found.setdefault(one.url, one)
    return found
