"""An article in plain words: for the text part, for excerpts, for counting."""

from __future__ import annotations

import re

from pipeline.clean import tree

EXCERPT_WORDS = 55
_BLOCKS = ("p", "h2", "h3", "h4", "li", "blockquote", "pre", "figcaption", "td", "th", "dt", "dd", "caption")
_ENDS = re.compile(r"[.!?…。！？؟]['”’\")\]]*(?=\s|$)")
_TAIL = re.compile(
    r"\s*\[?(read|see) (more|on|the (full|whole) (article|post|story)|full (article|post|story))[\s.…»>\]]*$",
    re.IGNORECASE,
)
_SHORT_FORMS = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|etc|e\.g|i\.e|No|Jr|Sr|z\.B|bzw|ca|approx|[A-Z])\.$")


def plain(root: tree.Element) -> str:
    """The article's words, blocks separated by blank lines; lists keep their marks, quotes theirs."""
    blocks: list[str] = []
    _walk(root, blocks, "")
    return "\n\n".join(blocks)


def _walk(element: tree.Element, blocks: list[str], mark: str) -> None:
    """Loose text between blocks counts as a block of its own."""
    loose = [element.text or ""]
    for child in element:
        if _is_block(child) or any(_is_block(inner) for inner in child.iter()):
            _flush(loose, blocks, mark)
            _block(child, blocks, mark)
        else:
            loose.append("\n" if child.tag == "br" else "".join(child.itertext()))
        loose.append(child.tail or "")
    _flush(loose, blocks, mark)


def _is_block(element: tree.Element) -> bool:
    return element.tag in (*_BLOCKS, "div", "ul", "ol", "dl", "table", "figure", "hr", "section")


def _block(element: tree.Element, blocks: list[str], mark: str) -> None:
    if element.tag in ("ul", "ol"):
        items: list[str] = []
        for number, item in enumerate(element.iterchildren("li"), 1):
            inner: list[str] = []
            _walk(item, inner, "")
            items += [f"{mark}{f'{number}.' if element.tag == 'ol' else '-'} {' '.join(inner)}"] if inner else []
        blocks += ["\n".join(items)] if items else []
    else:
        _walk(element, blocks, f"{mark}> " if element.tag == "blockquote" else mark)


def _flush(loose: list[str], blocks: list[str], mark: str) -> None:
    lines = [" ".join(line.split()) for line in "".join(loose).split("\n\n")]
    text = " ".join(line for line in lines if line)
    if text:
        blocks.append(mark + text)
    loose.clear()


def excerpt(text: str) -> str:
    """The beginning, up to a sentence's end near EXCERPT_WORDS; cut at a word with "…" only when no sentence ends."""
    prose = [
        block for block in text.split("\n\n") if len(block.split()) > 3 and not block.startswith(("- ", "1. ", "> "))
    ]
    words = _TAIL.sub("", " ".join(prose or [text])).split()
    if len(words) <= EXCERPT_WORDS:
        return " ".join(words)
    beginning = " ".join(words[: EXCERPT_WORDS + 15])
    limit = len(" ".join(words[:EXCERPT_WORDS]))
    ends = [found.end() for found in _ENDS.finditer(beginning) if not _SHORT_FORMS.search(beginning[: found.end()])]
    whole = [end for end in ends if end <= limit + 60]
    if whole and whole[-1] > limit // 3:
        return beginning[: whole[-1]]
    return " ".join(words[:EXCERPT_WORDS]).rstrip(",;:–—-") + "…"


def question(root: tree.Element) -> str | None:
    """The question that an author puts to her readers at the end, if she does."""
    paragraphs = [words for block in root.iter("p", "h2", "h3", "h4") if (words := tree.words(block))]
    for words in reversed(paragraphs[-2:]):
        if words.rstrip("”’\"')").endswith(("?", "？", "؟")) and 3 <= len(words.split()) < 60:
            return words
    return None
