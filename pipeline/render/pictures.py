"""Copies in the place of pictures: their addresses, their true sizes, and a smaller variant for small screens."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from msgspec.structs import replace

from pipeline.errors import RenderFault
from pipeline.model import Copy, Issue, Item, Picture, Post, references
from pipeline.render import body
from pipeline.render.seen import Seen

COLUMN = 672
"""The web page's column in CSS pixels."""


def settled(issue: Issue, seen: Seen, base: str) -> Issue:
    """The issue with every picture that has a copy shown from `base`; what only counts readers is left out.

    Of a picture that is not there its words stand, not a hole as large as it was.
    """
    if not (seen.copies or seen.dead):
        return issue
    items = tuple(replace(item, post=_post(item.post, seen, base)) for item in issue.items)
    return replace(issue, items=items)


def _post(post: Post, seen: Seen, base: str) -> Post:
    lead, copies = post.article.lead_image, seen.copies
    if lead and lead.url in copies:
        lead = _lead(lead, copies[lead.url], base)
    elif lead and lead.url in seen.dead:
        lead = None
    return replace(post, article=replace(post.article, html=_html(post, seen, base), lead_image=lead))


def _lead(lead: Picture, copy: Copy, base: str) -> Picture | None:
    if not copy.variants:
        return None
    width, height = _size(lead.width, copy)
    return replace(lead, url=address(copy, base), width=width, height=height)


def _html(post: Post, seen: Seen, base: str) -> str:
    html, copies = post.article.html, seen.copies
    if not any(escape(url) in html for url in (*copies, *seen.dead)):
        return html
    try:
        root = body.tree(post)
    except RenderFault:
        return html  # whoever shows it says what is wrong with it
    for image in list(root.iter("img")):
        url = image.get("src") or ""
        copy = copies.get(url)
        if url in seen.dead:
            _drop(image, said=image.get("alt") or "")
        elif copy is not None and not copy.variants:
            _drop(image)
        elif copy is not None:
            _show(image, copy, base)
    return body.inner(root)


def _show(image: Any, copy: Copy, base: str) -> None:
    width, height = _size(int(image.get("width") or 0), copy)
    image.attrib.update({"src": address(copy, base), "width": str(width), "height": str(height)})
    if len(copy.variants) > 1:
        shown = min(width, COLUMN)
        image.set("srcset", ", ".join(f"{base}{one.name} {one.width}w" for one in copy.variants))
        image.set("sizes", f"(max-width: {shown}px) 100vw, {shown}px")


def _size(declared: int | None, copy: Copy) -> tuple[int, int]:
    """CSS pixels: as wide as the post says, else as the picture is; as high as its true shape makes it."""
    largest = copy.variants[-1]
    width = declared or largest.width
    return width, max(round(width * largest.height / largest.width), 1)


def _drop(image: Any, said: str = "") -> None:
    parent, before = image.getparent(), image.getprevious()
    text = said + (image.tail or "")
    if before is not None:
        before.tail = (before.tail or "") + text
    else:
        parent.text = (parent.text or "") + text
    parent.remove(image)


def address(copy: Copy, base: str) -> str:
    """Where a mail has a picture from: the variant that is sharp on every screen."""
    return base + copy.variants[-1].name


def smaller(copies: Mapping[str, Copy], base: str) -> dict[str, str]:
    """For pictures that are shown in a narrow column: the address of the smallest variant, by that of the largest."""
    return {address(copy, base): base + copy.variants[0].name for copy in copies.values() if copy.variants}


def holds(item: Item, url: str, copies: Mapping[str, Copy], base: str) -> bool:
    """Whether the article holds this link, or this picture of whatever size, at its own address or as a copy."""
    html, copy = item.post.article.html, copies.get(url)
    known = (url, address(copy, base)) if copy and copy.variants else (url,)
    origins = {address(one, base): origin for origin, one in copies.items() if one.variants}
    return any(escape(one) in html for one in known) or references.shows(html, url, origins)
