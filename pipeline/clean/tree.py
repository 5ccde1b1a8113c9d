"""HTML as a tree, bounded before anything recursive or quadratic sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree, html

from pipeline.errors import EntryFault
from pipeline.model.text import collapsed, legal

Element = Any
"""An lxml element; lxml has no public name for it."""

BYTES = 4 << 20
DEPTH = 100
ATTRIBUTES = 200

_PARSER = etree.HTMLParser(huge_tree=False, remove_comments=True, remove_pis=True)
"""Not that of lxml.html, which asks Python for the class of each element that anybody looks at."""
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]{0,500}\?>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_LONGEST_TAG = 20_000
_LONG_TAG = re.compile(rf"<[a-zA-Z][^<>]{{{_LONGEST_TAG},}}>?")
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_ILLEGAL_REFERENCE = re.compile(
    "&#(?:0*(?:[1-8]|1[124-9]|2[0-9]|3[01]|6553[45])(?![0-9])|x0*(?:[1-8bcef]|1[0-9a-f]|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)
"""A character by its number that no tree may be given; lxml takes it from a page, and refuses to have it put back."""
_FORMAT = re.compile("[\u202a-\u202e\u2066-\u2069]")


def line(text: str) -> str:
    """Text as one line: legal, no direction overrides, white space collapsed."""
    return " ".join(_FORMAT.sub("", legal(text)).split())


def parse(text: str) -> Element:
    """The tree of a fragment or page. Raises EntryFault for what is larger or deeper than any article is."""
    if len(text) > BYTES:
        raise EntryFault(f"its HTML is larger than {BYTES >> 20} MB")
    bounded = _ILLEGAL_REFERENCE.sub(" ", undeclared(legal(text)))
    if len(bounded) > _LONGEST_TAG:
        bounded = _LONG_TAG.sub("", bounded)
    if bounded.count("<") > DEPTH * 20 and _depth(bounded) > DEPTH * 20:
        raise EntryFault("its HTML is nested deeper than any article is")
    root: Element = html.document_fromstring(
        f"<html><body>{bounded}" if "<html" not in bounded[:3000].lower() else bounded, parser=_PARSER
    )
    return root


def undeclared(text: str) -> str:
    """A page without its XML declaration, which lxml refuses in text that is decoded already."""
    return _DECLARATION.sub("", text, count=1)


def _depth(text: str) -> int:
    """How deep elements are opened without being closed, found in one pass and without a tree."""
    depth = deepest = 0
    for closing, name in _TAG.findall(text):
        if name.lower() not in _VOID:
            depth = max(depth - 1, 0) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def flatten(root: Element) -> None:
    """Pull up what lies deeper than DEPTH, so that nothing that reads the result can run out of stack."""
    every = list(root.iter(etree.Element))
    if len(every) + _ancestors(root) <= DEPTH:
        return
    deep = [element for element in every if _ancestors(element) == DEPTH]
    for element in deep:
        text = legal("".join(element.itertext()))
        for child in list(element):
            element.remove(child)
        element.text = text


def _ancestors(element: Element) -> int:
    return sum(1 for _ in element.iterancestors())


def drop(element: Element) -> None:
    """Take an element out, and leave the text after it where it was."""
    parent = element.getparent()
    if parent is None:
        return
    keep_tail(element)
    parent.remove(element)


def keep_tail(element: Element) -> None:
    """Hand the text after an element to what stands before it."""
    parent, previous = element.getparent(), element.getprevious()
    if element.tail and parent is not None:
        if previous is not None:
            previous.tail = (previous.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    element.tail = None


def unwrap(element: Element) -> None:
    """Take an element's tags away and leave its content."""
    parent = element.getparent()
    if parent is None:
        return
    at = parent.index(element)
    if element.text:
        previous = element.getprevious()
        if previous is not None:
            previous.tail = (previous.tail or "") + element.text
        else:
            parent.text = (parent.text or "") + element.text
    children = list(element)
    tail = element.tail or ""
    element.tail = None
    for offset, child in enumerate(children):
        parent.insert(at + offset, child)
    if children:
        children[-1].tail = (children[-1].tail or "") + tail
    elif tail:
        element.tail = tail
        keep_tail(element)
    parent.remove(element)


def is_called(element: Element, names: frozenset[str]) -> bool:
    """Whether one of an element's classes is among these names."""
    return not names.isdisjoint((element.get("class") or "").split())


def words(element: Element) -> str:
    """An element's text, white space collapsed."""
    return collapsed(said(element))


def said(element: Element) -> str:
    """An element's text as it stands there, without what follows the element."""
    text: str = etree.tostring(element, method="text", encoding="unicode", with_tail=False)
    return text


def names(element: Element) -> str:
    """An element's classes and id, for rules to look at."""
    return f" {element.get('class', '')} {element.get('id', '')} ".lower()


def elements(root: Element, *tags: str) -> Iterator[Element]:
    """The elements with these tags (all without tags), as a list that may be cut while it is walked."""
    return iter(list(root.iter(*(tags or (etree.Element,)))))


def inner(element: Element) -> str:
    """What is inside an element, as well-formed XHTML."""
    parts = [_escaped(element.text or "")]
    parts += [etree.tostring(child, encoding="unicode", method="xml") for child in element]
    return "".join(parts).strip()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
