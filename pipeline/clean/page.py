"""Which part of a web page is the article."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pipeline.clean import prose, tree

_TOO_LITTLE, _AN_ARTICLE = 0.3, 300
_ALIKE = (0.8, 1.2)


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
    """The element that holds the article, as two readers of pages find it; changes the tree that it is given.

    readability is the better judge of what belongs to an article, but it misses articles made of short paragraphs and
    drops short lists and headings out of long ones. So the weight of the sentences decides where readability finds
    little beside it, and where both find about the same.
    """
    found = _by_readability(html) if len(html) < 2 << 20 else None
    core = prose.core(page)
    if found is None or core is None:
        return next((one for one in (found, core) if one is not None), page)
    length = prose.count(tree.words(found))
    share = length / max(prose.count(tree.words(core)), 1)
    missed = share < _TOO_LITTLE and length < _AN_ARTICLE
    return core if missed or _ALIKE[0] <= share <= _ALIKE[1] else found


def _by_readability(html: str) -> tree.Element | None:
    import logging

    from readability import Document

    logging.getLogger("readability").setLevel(logging.CRITICAL)
    try:
        return tree.parse(Document(tree.undeclared(html)).summary(html_partial=True))
    except (etree.LxmlError, ValueError, AttributeError, TypeError, AssertionError):
        return None
    except Exception as fault:
        # readability's own exception hides whatever the tree builder could not bear.
        if type(fault).__module__.startswith("readability"):
            return None
        raise
