"""What digest.txt needs besides the data: wrapped lines and numbered links, also those of the articles."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from html import unescape
from typing import Any

from pipeline.model import Item
from pipeline.model.text import COLUMNS
from pipeline.render.body import told

_PICTURE = re.compile(r'<img\b[^>]*\balt="([^"]*)"[^>]*>')
_LINK = re.compile(r'<a\b[^>]*\bhref="([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)


def tools() -> dict[str, Any]:
    """`wrap` for paragraphs, `told` for a post's words, `ref` for a link's number, `refs` for all, `links` within."""
    links: list[str] = []

    def ref(url: str) -> str:
        if url not in links:
            links.append(url)
        return str(links.index(url) + 1)

    refs: Callable[[], list[str]] = lambda: links  # noqa: E731 - the template asks when all are known
    return {"wrap": wrap, "told": told, "ref": ref, "refs": refs, "links": links_of}


def links_of(item: Item) -> list[tuple[str, str]]:
    """The links inside an article that is shown whole: their words and where they lead.

    Of a link that is a picture, as a film's, the picture's description are the words, unless it only shows that larger.
    """
    found = _LINK.findall(item.post.article.html) if item.form == "full" else []
    named = [(url, words if _is_picture(url) else _PICTURE.sub(r"\1", words)) for url, words in found]
    said = [(" ".join(unescape(re.sub(r"<[^>]+>", "", words)).split()), unescape(url)) for url, words in named]
    return list(dict.fromkeys((words, url) for words, url in said if words))


def _is_picture(url: str) -> bool:
    return re.search(r"\.(?:jpe?g|png|gif|webp|avif|svg)(?:[?#]|$)", url, re.IGNORECASE) is not None


def wrap(text: str, indent: str = "") -> str:
    """Each line of `text` in 72 columns; what belongs to a list item or a quote stays below its mark."""
    return "\n".join(_line(line, indent) for line in text.splitlines())


def _line(line: str, indent: str) -> str:
    mark = next((mark for mark in ("- ", "> ") if line.startswith(mark)), "")
    further = indent + ("> " if mark == "> " else " " * len(mark))
    wrapped = textwrap.wrap(line, COLUMNS - len(indent), subsequent_indent=further, break_long_words=False,
                            break_on_hyphens=False)  # fmt: skip
    return "\n".join(wrapped)
