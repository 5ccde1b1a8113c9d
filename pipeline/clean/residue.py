"""What is no part of an article goes, and is named: the rules are in rules.py."""

from __future__ import annotations

import re

from pipeline.clean import tree
from pipeline.clean.rules import RULES, Rule
from pipeline.model import Removed
from pipeline.model.text import collapsed

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
_SHORT = 400
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


def remove(root: tree.Element) -> list[Removed]:
    """Cut residue out of the tree, and say what went and by which rule."""
    return [Removed(rule=rule, words=words[:80]) for rule, words in taken(root) if words]


def taken(root: tree.Element) -> list[tuple[str, str]]:
    """Cut residue out of the tree; pairs of a rule's name and all the words it took."""
    removed = [_cut(element, "not an article's part") for element in tree.elements(root, *_NEVER)]
    before = tree.said(root)
    for element in tree.elements(root):
        if element.getparent() is None or element.tag in ("html", "body", "main", "article"):
            continue
        rule = _hit(element, before)
        if rule is not None and root in element.iterancestors():
            following = element.getnext()
            removed.append(_cut(element, rule.name))
            if rule.heads and following is not None and _is_list_of_links(following):
                removed.append(_cut(following, rule.name))
    return [*removed, *_shortcodes(root)]


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


def _is_as_written(element: tree.Element) -> bool:
    return any(one.tag in _AS_WRITTEN for one in (element, *element.iterancestors()))


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
            (rule.says and rule.word in lowered and rule.says.match(text))
            or (rule.leads and _only_leads(element, rule.leads, text))
        ):
            return rule
    return None


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
