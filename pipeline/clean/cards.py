"""What a page shows as a box becomes plain paragraphs: links around several blocks, remarks with a sign."""

from __future__ import annotations

import re

from lxml import etree

from pipeline.clean import tree

_BLOCKS = ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "figcaption", "li")
_SIGN = re.compile(r"emoji|icon")
_SIDE_BY_SIDE = re.compile(r"[-_]meta(?:data)?\b")


def lay_flat(root: tree.Element) -> None:
    """Of a link around several blocks only the first and the pictures lead on; a sign stands in its remark's line."""
    for line in tree.elements(root, "div", "p"):
        if _SIDE_BY_SIDE.search(tree.names(line)):
            _set_apart(line)
    for link in tree.elements(root, "a"):
        _lay_flat(link)
    for sign in tree.elements(root, "div", "span"):
        beside = sign.getnext()
        if _SIGN.search(tree.names(sign)) and _is_sign(sign) and beside is not None and tree.words(beside):
            line = next(iter(_lines(beside)), beside)
            line.text = f"{tree.words(sign)} {line.text or ''}"
            tree.drop(sign)


def _set_apart(line: tree.Element) -> None:
    """What a page sets apart by its style, as the names of an author and a paper, has a dot between."""
    parts = [one for one in line if tree.words(one)]
    if not any(loose and loose.strip() for loose in (line.text, *(one.tail for one in line))):
        for one in parts[:-1]:
            one.tail = " · " if one.tag == "span" else one.tail


def _lay_flat(link: tree.Element) -> None:
    lines = [line for line in _lines(link) if line is not link]
    if len(lines) < 2:
        return
    first = lines[0]
    for picture in tree.elements(link, "img"):
        if first not in picture.iterancestors():
            around = _same(link)
            picture.addprevious(around)
            around.tail, picture.tail = picture.tail, None
            picture.set("alt", tree.words(first))
            around.append(picture)
    inside = _same(link)
    inside.text, first.text = first.text, None
    inside.extend(list(first))
    first.append(inside)
    tree.unwrap(link)


def _same(link: tree.Element) -> tree.Element:
    return etree.Element("a", href=link.get("href") or "")


def _lines(element: tree.Element) -> list[tree.Element]:
    """The blocks with words that hold no other blocks, an element itself among them."""
    every = element.iter(*_BLOCKS)
    return [one for one in every if tree.words(one) and next(one.iterdescendants(*_BLOCKS), None) is None]


def _is_sign(element: tree.Element) -> bool:
    said = tree.words(element)
    return 0 < len(said) <= 8 and not any(letter.isalnum() for letter in said)
