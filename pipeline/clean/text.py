"""An article in plain words: for the text part, for excerpts, for counting."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, zip_longest

from pipeline.clean import tree
from pipeline.clean.prose import count
from pipeline.model.text import COLUMNS, collapsed, is_western, signs

EXCERPT_WORDS = 55
EXCERPT_CHARACTERS = 120
_BLOCKS = frozenset(
    ["address", "article", "aside", "blockquote", "caption", "center", "dd", "div", "dl", "dt", "figcaption", "figure",
     "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre",
     "section", "table", "td", "th", "ul"]
)  # fmt: skip
_BREAK = "\0"
_TYPESETTING = ("\u00ad", "\u200b", "\ufeff")
_ENDS = re.compile(r"[.!?…。！？؟]['”’\")\]]*(?=\s|$)")
_TAIL = re.compile(
    r"\[?(read|see) (more|on|the (full|whole) (article|post|story)|full (article|post|story))[\s.…»>\]]*$",
    re.IGNORECASE,
)
_AFTER_TAIL, _LONGEST_TAIL = " \n\t\r\xa0.…»>]", 30
"""What may follow it, and its letters: only there it is looked for, as that would walk over every letter."""
_SHORT_FORMS = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|etc|e\.g|i\.e|No|Jr|Sr|z\.B|bzw|ca|approx|[A-Z])\.$")
_LONGEST_SHORT_FORM = 7


def plain(root: tree.Element) -> str:
    """The article's words, blocks separated by blank lines; lists keep their marks, quotes theirs, verses their lines.

    A table stands in columns, or where it is too wide, each row is a block with a line for each cell.
    What only helps to set type is left out: soft hyphens, and the reading aids above East Asian words.
    """
    blocks: list[str] = []
    _walk(root, blocks, "")
    return "\n\n".join(blocks)


def _walk(element: tree.Element, blocks: list[str], mark: str) -> None:
    """Loose text between blocks counts as a block of its own."""
    loose = [element.text or ""]
    for child in element:
        if child.tag in _BLOCKS or (len(child) and any(inner.tag in _BLOCKS for inner in child.iter())):
            _flush(loose, blocks, mark)
            _block(child, blocks, mark)
        else:
            loose.append(_inline(child))
        loose.append(child.tail or "")
    _flush(loose, blocks, mark)


def _inline(element: tree.Element) -> str:
    if element.tag in ("rt", "rp"):
        return ""
    if element.tag == "br":
        return _BREAK
    if element.tag == "cite" and signs(element):
        return "— " + tree.words(element).lstrip("—–- ")
    return (element.text or "") + "".join(_inline(child) + (child.tail or "") for child in element)


def _block(element: tree.Element, blocks: list[str], mark: str) -> None:
    if element.tag in ("ul", "ol"):
        items = list(_items(element))
        blocks += [_lined(items, mark)] if items else []
    elif element.tag == "pre":
        lines = [line.rstrip() for line in "".join(element.itertext()).strip("\n").split("\n")]
        blocks += [_lined(lines, mark)] if any(lines) else []
    elif element.tag == "table" and (rows := _rows(element)):
        for caption in element.iterchildren("caption"):
            _walk(caption, blocks, mark)
        blocks += [_lined(lines, mark) for lines in _columns(rows, COLUMNS - len(mark))]
    else:
        _walk(element, blocks, f"{mark}> " if element.tag == "blockquote" else mark)


def _rows(table: tree.Element) -> list[list[str]]:
    """What the cells of a table say, row by row; empty for one that only lays things out, as old blogs have them."""
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    inside = (inner.tag for row in rows for cell in row for inner in cell.iterdescendants())
    if len(rows) < 2 or min(map(len, rows)) < 2 or any(tag in _BLOCKS or tag == "img" for tag in inside):
        return []
    return [[collapsed(_inline(cell).replace(_BREAK, " ")) for cell in row] for row in rows]


def _columns(rows: list[list[str]], room: int) -> list[list[str]]:
    """Blocks of lines: the whole table in columns, or each row by itself."""
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    if sum(widths) + 2 * (len(widths) - 1) > room:
        return [[cell for cell in row if cell] for row in rows]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=False)] for row in rows)
    return [["  ".join(cells).rstrip() for cells in padded]]


def _lined(lines: Iterable[str], mark: str) -> str:
    return "\n".join(mark + line for line in lines)


def _items(listed: tree.Element) -> Iterator[str]:
    """The lines of a list; what an item holds besides its first line is set in, as is a list inside a list."""
    number = 0
    for child in listed:
        inner: list[str] = []
        (_walk if child.tag == "li" else _block)(child, inner, "")
        lines = [line for block in inner for line in block.split("\n")]
        if lines and child.tag == "li":
            number += 1
            yield f"{number}. {lines.pop(0)}" if listed.tag == "ol" else f"- {lines.pop(0)}"
        yield from (f"  {line}" for line in lines)


def _flush(loose: list[str], blocks: list[str], mark: str) -> None:
    words = "".join(loose)
    loose.clear()
    for mark_of_typesetting in _TYPESETTING:
        words = words.replace(mark_of_typesetting, "")
    lines = [collapsed(line) for line in words.split(_BREAK)]
    if said := _lined(filter(None, lines), mark):
        blocks.append(said)


def excerpt(text: str) -> str:
    """The beginning, up to a sentence's end near EXCERPT_WORDS; cut at a word with "…" only when no sentence ends."""
    prose = [
        block
        for block in text.split("\n\n")
        if len(block.split(None, 3)) > 3 and not block.startswith(("- ", "1. ", "> "))
    ]
    beginning = " ".join(prose or [text])
    if tail := _TAIL.search(beginning, max(len(beginning.rstrip(_AFTER_TAIL)) - _LONGEST_TAIL, 0)):
        beginning = beginning[: tail.start()].rstrip()
    if not is_western(beginning) and count(beginning) > 2 * len(beginning.split()):
        return _excerpt_without_spaces(beginning)
    words = beginning.split(None, EXCERPT_WORDS + 15)
    if len(words) <= EXCERPT_WORDS:
        return " ".join(words)
    beginning = " ".join(words[: EXCERPT_WORDS + 15])
    limit = len(" ".join(words[:EXCERPT_WORDS]))
    ends = [end for found in _ENDS.finditer(beginning) if not _is_short_form(beginning, end := found.end())]
    whole = [end for end in ends if end <= limit + 60]
    if whole and whole[-1] > limit // 3:
        return beginning[: whole[-1]]
    return " ".join(words[:EXCERPT_WORDS]).rstrip(",;:–—-") + "…"


def _is_short_form(text: str, end: int) -> bool:
    """Whether what ends there is no sentence, but a word that was cut short."""
    return _SHORT_FORMS.search(text, max(end - _LONGEST_SHORT_FORM, 0), end) is not None


def _excerpt_without_spaces(text: str) -> str:
    """As above, for scripts in which sentences end without a space."""
    if len(text) <= EXCERPT_CHARACTERS:
        return text
    ends = [found.end() for found in re.finditer("[。！？!?…][」』”）]*", text[: EXCERPT_CHARACTERS + 30])]
    return text[: ends[-1]] if ends and ends[-1] > EXCERPT_CHARACTERS // 3 else text[:EXCERPT_CHARACTERS] + "…"


def question(root: tree.Element) -> str | None:
    """The question that an author puts to her readers at the end, if she does."""
    blocks = reversed(list(root.iter("p", "h2", "h3", "h4")))
    for words in islice(filter(None, map(tree.words, blocks)), 2):
        if words.rstrip("”’\"')").endswith(("?", "？", "؟")) and 3 <= len(words.split()) < 60:
            return words
    return None
