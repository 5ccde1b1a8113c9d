"""What is no part of an article goes, and is named: the rules are in rules.py."""

from __future__ import annotations

import re
from itertools import takewhile
from urllib.parse import unquote

from pipeline.clean import prose, tree
from pipeline.clean.rules import GATE, RULES, Rule
from pipeline.model import Removed
from pipeline.model.text import bare, collapsed

BLOCKS = (
    "p",
    "div",
    "section",
    "aside",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "span",
    "footer",
    "header",
    "a",
    "nav",
)
_WITHIN_A_LINE = ("a", "span", "em", "strong", "b", "i", "u", "small")
_LINES = tuple(block for block in BLOCKS if block not in _WITHIN_A_LINE)
_A_SENTENCE = 3
"""So many words beside a link make it one of a sentence."""
_SHORT = 400
_WHOLE = ("html", "body", "main", "article")
_NEVER = (
    "script", "style", "form", "input", "textarea", "select", "button", "svg", "canvas", "object", "applet", "noscript",
    "template", "nav", "dialog", "map", "link", "meta", "title", "base", "frame", "frameset", "head",
)  # fmt: skip
_SHORTCODE = re.compile(
    r"\[/?(?:gallery|caption|wp_caption|playlist|contact-form(?:-7)?|wpforms|mc4wp_form|ninja_forms?|gravityforms?"
    r"|tablepress"
    r"|rev_slider|metaslider|instagram-feed|polldaddy|googlemaps|toc|(?:vc|et_pb|et|fusion|su|av|sc|cmsms|mk|themify"
    r"|x)_\w+"
    r"|(?P<embed>youtube|vimeo|soundcloud|embed|wpvideo|audio|video))(?=[\s\]=])(?P<rest>[^\[\]]{0,400})\]"
)
_ADDRESS = re.compile(r"https?://[^\s\"'&\]]+")
_AS_WRITTEN = ("code", "pre", "kbd", "samp", "textarea")
_WITHOUT_NAMES = tuple(rule for rule in RULES if rule.names is None)
_TOO_MUCH = 0.6
"""A rule by class never takes more than this share of the words: then the class means something else here."""
_SIGN = re.compile("[\\s\\[\\]#¶§^↩↑⤴⏎↵⬆⇧🔗🔙\u200b\ufe0e\ufe0f]+")
_PERMALINK = re.compile(r"anchor|permalink|(?:header|heading|hash)-?link", re.IGNORECASE)
_OF_TAG = re.compile(r"/(?:tags?|categor(?:y|ies)|topics?|labels?|search/label)/([^/?#]+)/?(?:index\.html)?$")
_ABOVE = 25
"""So many words stand above an article's title at most."""


def remove(root: tree.Element) -> list[Removed]:
    """Cut residue out of the tree, and say what went and by which rule."""
    return [Removed(rule=rule, words=words[:80]) for rule, words in taken(root) if words]


def taken(root: tree.Element) -> list[tuple[str, str]]:
    """Cut residue out of the tree; pairs of a rule's name and all the words it took."""
    removed = [_cut(element, "not an article's part") for element in tree.elements(root, *_NEVER)]
    before = tree.said(root)
    for element in tree.elements(root):
        if element.getparent() is None or element.tag in _WHOLE:
            continue
        rule = _hit(element, before)
        if rule is not None and root in element.iterancestors():
            following = element.getnext()
            removed.append(_cut(element, rule.name))
            if rule.heads and following is not None and _is_list_of_links(following):
                removed.append(_cut(following, rule.name))
    return [*removed, *_shortcodes(root)]


def gates(root: tree.Element) -> list[Removed]:
    """Cut out what stands in the place of the rest of an article for who is no member; nothing where all is there."""
    there = (one for one in tree.elements(root) if root in one.iterancestors())
    cut = [_cut(element, GATE.name) for element in there if _is_gate(element)]
    return [Removed(rule=rule, words=words[:80]) for rule, words in cut]


def _is_gate(element: tree.Element) -> bool:
    says = GATE.says is not None and GATE.says.match(_short_block(element)) is not None
    return is_gate_by_name(element) or (says and not _is_in_a_sentence(element))


def is_gate_by_name(element: tree.Element) -> bool:
    """Whether blog software calls an element what stands before the part of an article that is for members."""
    return GATE.names is not None and GATE.names.search(tree.names(element)) is not None


def without_signs(root: tree.Element) -> None:
    """Take out links that are only signs for a page's visitors: the one beside a heading, the way back from a note."""
    for link in tree.elements(root, "a"):
        if "#" in (link.get("href") or "") and not _has_picture(link) and _is_sign(link):
            tree.drop(link)


def _is_sign(link: tree.Element) -> bool:
    said, around = tree.words(link), link.getparent()
    if _SIGN.fullmatch(said):
        return True
    named = link.get("aria-hidden") == "true" or _PERMALINK.search(link.get("class") or "")
    return bool(named) and around is not None and around.tag in prose.HEADINGS and said != tree.words(around)


def head(root: tree.Element, title: str, *, of_page: bool) -> list[Removed]:
    """Cut out the title that an article begins with, since it has one already; of a page also the dates around it."""
    heading = next((one for one in tree.elements(root, "h1", "h2") if bare(tree.words(one)) == bare(title) != ""), None)
    if heading is None or root not in heading.iterancestors():
        return []
    inside = (heading, *takewhile(lambda one: one is not root, heading.iterancestors()))
    above = [one for place in inside for one in place.itersiblings(preceding=True)]
    if sum(prose.length(one) for one in above) > (_ABOVE if of_page else 0):
        return []
    beside = [*above, *heading.itersiblings()][: len(above) + 2] if of_page else []
    cut = [_cut(one, "entry's particulars") for one in beside if _is_particulars(one)]
    if (line := heading.getnext()) is not None and line.tag == "hr":
        tree.drop(line)
    return [Removed(rule=rule, words=words[:80]) for rule, words in [*cut, _cut(heading, "title")]]


def _is_particulars(element: tree.Element) -> bool:
    """Whether a block says when an article appeared, and little else but where its links lead."""
    said, dated = tree.words(element), list(element.iter("time"))
    named = sum(prose.length(one) for one in (*dated, *element.iter("a")))
    return bool(dated) and not _has_picture(element) and 2 * named >= prose.count(said) <= _ABOVE


def tags(root: tree.Element) -> list[Removed]:
    """Cut out what an article ends with, when that is links to the blog's own pages of its tags and nothing else."""
    removed = []
    for block in reversed(list(tree.elements(root, "p", "ul", "div", "footer"))):
        if _only_tags(block) and tree.words(root).endswith(words := tree.words(block)):
            tree.drop(block)
            removed.append(Removed(rule="tags", words=words[:80]))
    return removed


def _only_tags(element: tree.Element) -> bool:
    links = list(element.iter("a"))
    if not links or not all(map(_is_tag, links)):
        return False
    return bare(" ".join(map(tree.words, links))) == bare(tree.words(element))


def _is_tag(link: tree.Element) -> bool:
    found = _OF_TAG.search(link.get("href") or "")
    return found is not None and bare(unquote(found[1])) == bare(tree.words(link)) != ""


def _shortcodes(root: tree.Element) -> list[tuple[str, str]]:
    """Take out what a plugin left in brackets when it was switched off; an address in it stays."""
    found = list[tuple[str, str]]()
    if "[" not in tree.said(root):
        return found
    for element in tree.elements(root):
        for name in ("text", "tail"):
            said = getattr(element, name) or ""
            inside = element if name == "text" else element.getparent()
            if (
                "[" not in said
                or inside is None
                or any(one.tag in _AS_WRITTEN for one in (inside, *inside.iterancestors()))
            ):
                continue
            found += [("leftover shortcode", match[0]) for match in _SHORTCODE.finditer(said)]
            setattr(element, name, _SHORTCODE.sub(_kept, said))
    return found


def _kept(shortcode: re.Match[str]) -> str:
    address = _ADDRESS.search(shortcode["rest"]) if shortcode["embed"] else None
    return f" {address[0]} " if address else ""


def _is_list_of_links(element: tree.Element) -> bool:
    linked = sum(len(tree.words(link)) for link in element.iter("a"))
    return linked > _TOO_MUCH * len(tree.words(element)) > 0


def _hit(element: tree.Element, before: str) -> Rule | None:
    """The first rule that an element falls under; `before` is the text of everything, before anything was cut."""
    names, text = tree.names(element), _short_block(element)
    if names.isspace() and not text:
        return None
    lowered = text.lower()
    for rule in _WITHOUT_NAMES if names.isspace() else RULES:
        if rule.names is not None:
            if rule.names.search(names) and len(tree.words(element)) <= _TOO_MUCH * _length(before):
                return rule
        elif text and (
            (rule.says and rule.word in lowered and rule.says.match(text) and not _belongs(element, rule))
            or (rule.leads and _only_leads(element, rule.leads, text))
        ):
            return rule
    return None


def _belongs(element: tree.Element, rule: Rule) -> bool:
    """Whether a known phrase is part of something that stays: of a sentence, or the label of a small box."""
    return _is_in_a_sentence(element) or (rule.labels and _is_label(element))


def _is_label(element: tree.Element) -> bool:
    said = tree.words(element)
    boxes = takewhile(lambda one: one.tag not in _WHOLE, element.iterancestors())
    box = next((words for one in boxes if (words := tree.words(one)) != said), "")
    return 0 < len(box) <= _SHORT


def _is_in_a_sentence(element: tree.Element) -> bool:
    """Whether a link or a span is one of the author's words: "you can subscribe in the meantime"."""
    if element.tag not in _WITHIN_A_LINE:
        return False
    around = next((one for one in element.iterancestors() if one.tag not in _WITHIN_A_LINE), None)
    if around is None or next(around.iterdescendants(*_LINES), None) is not None:
        return False
    own = 0 if next(element.iterancestors("a"), None) is not None else _unlinked(element)
    return _unlinked(around) - own >= _A_SENTENCE


def _unlinked(element: tree.Element) -> int:
    """How many words an element has outside of links."""
    return len(tree.words(element).split()) - sum(len(tree.words(link).split()) for link in element.iter("a"))


def _length(text: str) -> int:
    return max(len(collapsed(text)), 1)


def _short_block(element: tree.Element) -> str:
    """The words of a block that rules may look at whole; none when it is long, or shows a picture."""
    text = tree.words(element) if element.tag in BLOCKS else ""
    return text if len(text) <= _SHORT and not _has_picture(element) else ""


def _only_leads(element: tree.Element, where: re.Pattern[str], text: str) -> bool:
    """Whether a block is nothing but links of one sort."""
    if element.tag in ("a", "span"):
        return False
    links = [link for link in element.iter("a") if where.search(link.get("href") or "")]
    return bool(links) and sum(len(tree.words(link)) for link in links) > 0.8 * len(text)


def _has_picture(element: tree.Element) -> bool:
    return next(element.iter("img", "iframe", "video"), None) is not None


def _cut(element: tree.Element, rule: str) -> tuple[str, str]:
    said = tree.words(element)
    tree.drop(element)
    return rule, said
