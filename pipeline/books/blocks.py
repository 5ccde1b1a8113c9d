"""A post's HTML as blocks of text, with what stands out in them: enough to see where a title begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from lxml import etree, html

BREAKS = frozenset(
    "address article aside blockquote body br dd details div dl dt figure "  # noqa: SIM905 - words
    "footer h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody tfoot thead tr ul".split()
)
ITEMS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "li", "dt"})
"""Blocks that may consist of a title and nothing else."""
WHOLE = frozenset({"figure", "tr"})
"""What stands in these belongs together, whatever it is wrapped in."""
APART = BREAKS | {"td", "th", "figcaption"}
"""What is divided from its neighbours by more than nothing."""
MOST_TEXT, MOST_MARKS = 20_000, 300
"""Characters and marks of one block that are looked at; no paragraph that a person wrote has more."""
_NUMBERED = re.compile(r"\d{1,3}[.)]\s")
MARKS = frozenset({"a", "b", "cite", "em", "figcaption", "i", "img", "q", "strong", "td", "th", "u"})


class Mark(msgspec.Struct, frozen=True):
    """A stretch of a block's text: the element's name, and its address or, for a picture, its alternative text."""

    start: int
    end: int
    tag: str
    href: str = ""
    alt: str = ""


class Block(msgspec.Struct, frozen=True):
    """A paragraph, heading, list item, figure or table row: its text with single spaces, and its marks by start."""

    tag: str
    text: str
    marks: tuple[Mark, ...]


@dataclass(slots=True)
class _Draft:
    """A block being written; `starts` are the marks that are open, by element."""

    tag: str
    starts: dict[Any, int] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    marks: list[Mark] = field(default_factory=list)

    def write(self, words: str | None) -> None:
        piece = re.sub(r"\s+", " ", words or "")
        if not self.pieces or self.pieces[-1].endswith(" "):
            piece = piece.lstrip()
        if piece:
            self.pieces.append(piece)
            self.length += len(piece)

    def mark(self, element: Any) -> None:
        start = min(self.starts.get(element, 0), self.length)
        place = (element.get("href", ""), element.get("alt", ""))
        self.marks.append(Mark(start, self.length, element.tag, *place))

    def block(self) -> Block:
        for element in self.starts:
            self.mark(element)
        marks = sorted(self.marks, key=lambda mark: (mark.start, -mark.end))
        text = "".join(self.pieces).rstrip()[:MOST_TEXT]
        near = tuple(mark for mark in marks if mark.end <= MOST_TEXT)[:MOST_MARKS]
        return Block("li" if _NUMBERED.match(text) else self.tag, text, near)


def blocks(markup: str) -> list[Block]:
    """The blocks of a piece of HTML that have text or marks, in order; nothing in it can make this fail."""
    try:
        root = html.fragment_fromstring(_harmless(markup), create_parent="div")
    except (etree.LxmlError, ValueError):
        return []
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    return [block for block in _walked(root) if block.text or block.marks]


def _harmless(markup: str) -> str:
    """Without the characters that XML can't hold (https://www.w3.org/TR/xml/#charsets)."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", " ", markup)


def _walked(root: Any) -> Iterator[Block]:
    """One pass without recursion: nesting is the sender's choice."""
    tags: list[str] = []
    draft = _Draft("")
    whole = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag, begins = str(element.tag), event == "start"
        whole -= tag in WHOLE and not begins
        if not begins:
            tags.pop()
        if tag in MARKS and not begins:
            draft.mark(element)
            draft.starts.pop(element, None)
        if tag in BREAKS and not whole and not _carries_on(element):
            yield draft.block()
            draft = _Draft(_kind([*tags, tag] if begins else tags), dict.fromkeys(draft.starts, 0))
        elif tag in APART:
            draft.write(" ")
        if begins:
            tags.append(tag)
            whole += tag in WHOLE
            draft.starts |= {element: draft.length} if tag in MARKS else {}
        draft.write(element.text if begins else element.tail)
    yield draft.block()


def _carries_on(element: Any) -> bool:
    """Whether a line break stands between a title and its author."""
    return element.tag == "br" and re.match(r"\s*by\s", element.tail or "", re.IGNORECASE) is not None


def _kind(tags: list[str]) -> str:
    """The innermost tag that says what a block is: an item of a list and a heading stay what they are inside."""
    telling = [tag for tag in tags if tag in ITEMS or tag in WHOLE]
    return telling[-1] if telling else "p"
