"""Where the prose of a web page is, by the weight of its blocks: words that are no links."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from pipeline.clean import tree
from pipeline.model.text import is_western

_BLOCKS = frozenset(
    ["article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure",
     "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p",
     "pre", "section", "summary", "table", "tbody", "td", "th", "tr", "ul"]
)  # fmt: skip
_NOT_PROSE = (
    "aside", "button", "dialog", "footer", "form", "input", "nav", "noscript", "script", "select", "style", "svg",
    "template", "textarea",
)  # fmt: skip
_INSIDE_PROSE = ("p", "li", "ul", "ol", "blockquote")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LISTS = ("dl", "li", "ol", "table", "tbody", "td", "tr", "ul")
_ROLES = ("alert", "alertdialog", "banner", "complementary", "contentinfo", "dialog", "menu", "menubar", "navigation",
          "search")  # fmt: skip
_FURNITURE = re.compile(
    r"""(?<![a-z])(?:
        (?:post-)?nav(?:bar|igation)?|menu|breadcrumbs?|toolbar|top-?bar|site-header|masthead|side-?bar|widgets?|footer
        |paginat\w+|pager|prev\w*|next-?(?:post|article)|read-?(?:more|next)|more-?(?:stories|posts|news|from)
        |comments?|respond|disqus\w*|rating|login|sign-?up|subscri\w+|newsletter\w*|cta|call-to-action
        |shar(?:e|ing)\w*|sharedaddy|social\w*|addtoany\w*|related\w*|jp-relatedposts|recommend\w*|similar|popular
        |trending|teasers?|carousel|slider|outbrain|taboola|promo\w*|advert\w*|ads?|adsbygoogle|sponsor\w*|banner
        |cookies?|consent|gdpr|modal|popup|overlay|copyright|disclaimer|print|skip|hidden|screen-reader-text|toc
        |tags|tag-?(?:cloud|list|links)|byline|author-?(?:bio|box|info)|bio|about-?author|(?:entry|post)-(?:meta|footer)
    )(?![a-z])""",
    re.VERBOSE,
)
_BUTTONS = frozenset(["wp-block-buttons", "wp-block-button"])
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MOST = 0.8
_FEWEST = 20


@dataclass(slots=True)
class Weight:
    """Words of a block and all within it: all of them, those in links, and those in sentences."""

    words: int = 0
    linked: int = 0
    prose: int = 0

    def add(self, other: Weight) -> None:
        """Count what another block has."""
        self.words += other.words
        self.linked += other.linked
        self.prose += other.prose


PLACES = frozenset([
    "entry-content", "wp-block-post-content", "post-body", "gh-content", "post-content", "e-content",
])  # fmt: skip
"""What WordPress, Blogger, Ghost, Hugo's and Jekyll's themes and microformats call the place of an article's words."""


def count(text: str | None) -> int:
    """How many words a text has; in scripts without spaces two characters count for one."""
    if not text:
        return 0
    return len(text.split()) + (0 if is_western(text) else len(_NO_SPACES.findall(text)) // 2)


def length(element: tree.Element) -> int:
    """How many words an element has."""
    return count(tree.words(element))


def core(page: tree.Element) -> tree.Element | None:
    """The smallest element with nearly all of a page's sentences, its furniture taken out; None when there are none.

    Changes the tree that it is given.
    """
    body = page.find(".//body")
    body = page if body is None else body
    for element in tree.elements(body, *_NOT_PROSE):
        if not _is_a_note(element):
            tree.drop(element)
    _strip(body)
    weights = _weighed(body)
    enough = _MOST * weights[body].prose
    if weights[body].prose < _FEWEST:
        return None
    found = [one for one in weights if weights[one].prose >= enough and one.tag not in _INSIDE_PROSE]
    return found[-1]


def _is_a_note(element: tree.Element) -> bool:
    """Whether it is the author's own: who said what is quoted, or a remark among her paragraphs, said nowhere else."""
    around, said = element.getparent(), tree.words(element)
    if element.tag == "footer":
        return around.tag in ("blockquote", "figure")
    beside = sum(one.tag == "p" for one in around)
    if element.tag != "aside" or beside < 2 or next(element.iter("form", "nav", "iframe"), None) is not None:
        return False
    linked = sum(len(tree.words(link)) for link in element.iter("a"))
    return linked < len(said) / 3 and tree.words(around).count(said) == 1


def _strip(body: tree.Element) -> None:
    """Take out what is named like furniture, is hidden, or is mostly links; never most of the sentences."""
    weights = _weighed(body)
    whole = weights[body].prose
    for element, weight in weights.items():
        if element is body or body not in element.iterancestors() or weight.prose > whole / 2:
            continue
        is_head = element.tag == "header" and weight.prose < whole / 5
        if is_head or _is_named_so(element, weight) or (_is_menu(weight) and not _is_the_author_s(element, weights)):
            tree.drop(element)


def _is_menu(weight: Weight) -> bool:
    return weight.words >= 2 and weight.linked > 0.6 * weight.words and weight.prose < _FEWEST


def _is_the_author_s(element: tree.Element, weights: dict[tree.Element, Weight]) -> bool:
    """Whether what is mostly links is no menu: it stands among sentences, or is one link where the article is."""
    if _belongs_to_prose(element, weights):
        return True
    alone = len(list(element.iter("a"))) <= 1
    return alone and any(tree.is_called(one, PLACES) for one in element.iterancestors())


def _belongs_to_prose(element: tree.Element, weights: dict[tree.Element, Weight]) -> bool:
    """Whether links stand among sentences: her own list of places to go, her button, a heading that is its own link."""
    if element.tag in HEADINGS:
        return all("#" in (link.get("href") or "#") for link in element.iter("a"))
    if element.tag not in _LISTS:
        return element.tag == "p" or tree.is_called(element, _BUTTONS)
    around = next((weights[one] for one in element.iterancestors() if one in weights and one.tag not in _LISTS), None)
    return around is not None and around.prose >= _FEWEST


def _is_named_so(element: tree.Element, weight: Weight) -> bool:
    """Whether its names or marks say that it is furniture; a whole paragraph of sentences is none, whatever its id."""
    if element.tag == "p" and weight.prose >= _FEWEST:
        return False
    hidden = element.get("hidden") is not None or element.get("aria-hidden") == "true"
    unseen = "display:none" in (element.get("style") or "").replace(" ", "")
    named = _HUMP.sub("-", f"{element.get('class', '')} {element.get('id', '')}").lower().replace("_", "-")
    return hidden or unseen or element.get("role") in _ROLES or _FURNITURE.search(named) is not None


def _weighed(body: tree.Element) -> dict[tree.Element, Weight]:
    """The weight of every block, outer before inner."""
    weights = {body: Weight()}
    open_blocks = [(body, Weight())]
    links = 0
    for event, element in etree.iterwalk(body, events=("start", "end")):
        if event == "start":
            links += element.tag == "a"
            if element.tag in _BLOCKS and element is not body:
                weights[element] = Weight()
                open_blocks.append((element, Weight()))
            said = element.text
        else:
            links -= element.tag == "a"
            if element is open_blocks[-1][0]:
                _close(weights, open_blocks)
            said = element.tail
        if open_blocks:
            words, own = count(said), open_blocks[-1][1]
            own.words += words
            own.linked += words if links else 0
    return weights


def _close(weights: dict[tree.Element, Weight], open_blocks: list[tuple[tree.Element, Weight]]) -> None:
    """Judge a block by its own words, and count it and all within it to the block around it."""
    element, own = open_blocks.pop()
    long_enough = own.words >= (5 if element.tag == "p" else 12)
    own.prose = own.words - own.linked if long_enough and own.linked < 0.4 * own.words else 0
    weights[element].add(own)
    if open_blocks:
        weights[open_blocks[-1][0]].add(weights[element])
