"""Which part of a web page is the article."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from pipeline.clean import tree

# From the most to the least certain; software that people write with names its content in one of these ways.
_CLASSES = (
    "e-content", "entry-content", "post-content", "article-content", "article-body", "gh-content", "kg-canvas",
    "available-content", "post-body", "blog-item-content", "sqs-layout", "post__content", "post-entry",
)  # fmt: skip
_CONTAINERS = (
    "//*[@itemprop='articleBody']",
    *(f"//*[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]" for name in _CLASSES),
    "//article",
)
_FEWEST_WORDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page says of itself outside the article."""

    title: str | None
    image: str | None
    language: str | None
    direction: str | None
    canonical: str | None


def facts(page: tree.Element) -> Facts:
    """Title, picture, language and address from the page's head (OpenGraph, canonical link, h1)."""
    root = page.getroottree().getroot()
    heading = next((tree.words(one) for one in page.iter("h1") if tree.words(one)), None)
    return Facts(
        title=_meta(page, "og:title") or heading,
        image=_meta(page, "og:image"),
        language=root.get("lang"),
        direction=root.get("dir"),
        canonical=next(iter(page.xpath("//link[@rel='canonical']/@href")), None),
    )


def _meta(page: tree.Element, name: str) -> str | None:
    found = page.xpath("//meta[@property=$name or @name=$name]/@content", name=name)
    return tree.line(str(found[0])) if found and str(found[0]).strip() else None


def article(page: tree.Element, html: str) -> tree.Element:
    """The element that holds the article: by the names that blog software gives it, else by where the prose is."""
    for container in _CONTAINERS:
        found = [one for one in page.xpath(container) if not _is_aside(one)]
        best = max(found, key=_prose, default=None)
        if best is not None and _prose(best) >= _FEWEST_WORDS and _prose(best) * 3 > sum(map(_prose, found)) * 2:
            return best
    return _by_prose(html) if len(html) < 2 << 20 else page


def _is_aside(element: tree.Element) -> bool:
    return any(parent.tag in ("aside", "nav", "footer") for parent in element.iterancestors()) or bool(
        re.search(r"comment", tree.names(element))
    )


def _prose(element: tree.Element) -> int:
    """Words in paragraphs; an article without any is judged by all its words."""
    paragraphs = sum(len(tree.words(one).split()) for one in element.iter("p", "li", "blockquote"))
    return paragraphs or len(tree.words(element).split())


def _by_prose(html: str) -> tree.Element:
    import logging

    from readability import Document

    logging.getLogger("readability").setLevel(logging.CRITICAL)
    try:
        return tree.parse(Document(tree.undeclared(html)).summary(html_partial=True))
    except (etree.LxmlError, ValueError, AttributeError, TypeError, AssertionError):
        return tree.parse(html)
    except Exception as fault:
        # readability's own exception hides whatever the tree builder could not bear.
        if type(fault).__module__.startswith("readability"):
            return tree.parse(html)
        raise
