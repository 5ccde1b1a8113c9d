"""An article's HTML as mail clients show it right: styles on the elements themselves, pictures that fit."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree
from markupsafe import Markup

from pipeline.errors import RenderFault
from pipeline.model import Article, Item, Post
from pipeline.model.affiliate import untagged
from pipeline.model.text import bare, legal, signs

WIDEST = 536
"""The column's width in CSS pixels, without its margins."""

_NARROWEST, _AROUND, _LETTER, _LEAST = 256, 13, 8, 80
"""In CSS pixels: a small phone's column, what a cell has around its words, a letter, a column of broken words."""

_STYLES = {
    "p": "margin:0 0 16px;",
    "h2": "margin:28px 0 12px;font-size:22px;line-height:1.3;font-weight:normal;",
    "h3": "margin:24px 0 10px;font-size:19px;line-height:1.3;font-weight:bold;",
    "h4": "margin:20px 0 8px;font-size:17px;line-height:1.4;font-weight:bold;",
    "ul": "margin:0 0 16px;padding:0;padding-{start}:24px;",
    "ol": "margin:0 0 16px;padding:0;padding-{start}:24px;",
    "li": "margin:0 0 6px;",
    "blockquote": "margin:0 0 16px;padding:4px 18px;border-{start}:3px solid {rule};font-style:italic;",
    "cite": "display:block;font-size:14px;font-style:normal;color:{quiet};",
    "figure": "margin:0 0 20px;",
    "figcaption": "margin:6px 0 0;font-size:14px;line-height:1.4;color:{quiet};",
    "pre": "margin:0 0 16px;padding:12px;background-color:{card};font-size:14px;line-height:1.5;white-space:pre-wrap;",
    "table": "margin:0 0 16px;border-collapse:collapse;width:100%;font-size:15px;line-height:1.45;",
    "td": "padding:6px;border:1px solid {rule};vertical-align:top;",
    "th": "padding:6px;border:1px solid {rule};vertical-align:top;",
    "a": "color:{accent};",
    "img": "display:block;height:auto;border:0;border-radius:4px;",
    "hr": "border:0;border-top:1px solid {rule};margin:24px 0;",
}


def prose(words: str, colours: dict[str, str] | None = None, *, direction: str = "ltr") -> Markup:
    """The author's Markdown (commonmark.org) as HTML; with `colours` as mail clients show it right.

    HTML in it is shown as it was typed, and a link leads only to the web or a mailbox. A heading becomes a bold line:
    it stands before the first title, and whoever listens would lose the order of the levels.
    """
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": False}).render(legal(words))
    html = re.sub(r"<h[1-6]>(.*?)</h[1-6]>", r"<p><strong>\1</strong></p>", html)
    if colours is None:
        return Markup(html)  # noqa: S704 - nothing in it was HTML before
    return styled(html, colours, direction)


def body(item: Item, colours: dict[str, str], *, title: int = 1) -> Markup:
    """What the mail shows of a post: whole or its excerpt, ready to stand inside MJML.

    `title` is the level of the heading above it. Raises RenderFault when the post's HTML is not the well-formed,
    shallow XHTML that the clean room makes.
    """
    article = item.post.article
    if item.form == "excerpt":
        return Markup('<p style="margin:0 0 16px;">{}</p>').format(legal(words)) if (words := told(item)) else Markup()
    root = tree(item.post)
    _say_title_once(root, article)
    _name_linked_pictures(root, article.title)
    _level_headings(root, title)
    _set_signatures_apart(root)
    return _styled(root, colours, article.direction)


def told(item: Item) -> str:
    """A post's words below its title, all or its excerpt; none where those of a picture are only the title again."""
    article = item.post.article
    words = article.text if item.form == "full" else article.excerpt
    return "" if _is_pictured(article) and bare(words) == bare(article.title) else words


def _is_pictured(article: Article) -> bool:
    return article.lead_image is not None or "<img" in article.html


def styled(html: str, colours: dict[str, str], direction: str) -> Markup:
    """Well-formed XHTML of our own making, as `body` shows an article's."""
    return _styled(etree.fromstring(f"<div>{html}</div>"), colours, direction)


def _styled(root: Any, colours: dict[str, str], direction: str) -> Markup:
    for element in root.iter(etree.Element):
        style = _STYLES.get(str(element.tag), "") if element.tag != "cite" or element.get("class") else ""
        if element.tag in ("ul", "ol") and next(element.iterancestors("li"), None) is not None:
            style = style.replace("margin:0 0 16px", "margin:6px 0 0")  # inside its item, and no end of the list
        if style:
            element.set("style", style.format(**colours, start="right" if direction == "rtl" else "left"))
        if element.tag == "img":
            _fit(element)
        if element.get("href"):
            element.set("href", untagged(element.get("href")))
        if element.tag == "table":
            element.set("width", "100%")
            if element.find(".//th") is None:
                element.set("role", "presentation")  # read aloud as lines, not as cells without headings
    for table in root.iter("table"):
        _keep_words_whole(table)
    _set_pictures_apart(root)
    _make_figures_divisions(root)
    return Markup(inner(root))  # noqa: S704 - the clean room's allow-list made it, and only styles were added


def _set_pictures_apart(root: Any) -> None:
    """The pictures of a gallery stand below each other, with a little room between."""
    for block in root.iter("figure", "p"):
        for image in list(block.iter("img"))[1:]:
            image.set("style", image.get("style") + "margin-top:8px;")


def _make_figures_divisions(root: Any) -> None:
    """Roundcube drops an element that it does not know, with its style: a caption would stand among the words.

    A caption is a paragraph where it can be one, because divisions have the article's larger letters on a phone.
    """
    for element in root.iter("figure", "figcaption"):
        words_alone = element.tag == "figcaption" and next(element.iter("p", "ul", "ol", "blockquote"), None) is None
        if element.tag == "figcaption":
            element.set("class", "quiet")
        element.tag = "p" if words_alone else "div"


def _keep_words_whole(table: Any) -> None:
    """No word is broken on a phone where the columns have room for all of theirs, or all but one of them have."""
    longest: dict[int, int] = {}
    for row in table.iter("tr"):
        for at, cell in enumerate(row):
            longest[at] = max(longest.get(at, 0), *map(len, "".join(cell.itertext()).split()), 0)
    widths = sorted((length * _LETTER, at) for at, length in longest.items())
    room = _NARROWEST - len(widths) * _AROUND
    *others, (widest, _) = widths or [(0, 0)]
    if sum(width for width, _ in others) + min(widest, _LEAST) > room:
        return
    whole = {at for _, at in (widths if sum(width for width, _ in widths) <= room else others)}
    for row in table.iter("tr"):
        for at, cell in enumerate(row):
            if at in whole:
                cell.set("style", cell.get("style", "") + "overflow-wrap:break-word;")


def tree(post: Post) -> Any:
    """A post's HTML as a tree. Raises RenderFault when it is not the XHTML that the clean room makes."""
    # The parser's own bound of 256 levels keeps from MJML what would kill it.
    parser = etree.XMLParser(resolve_entities=False, huge_tree=False, no_network=True)
    try:
        return etree.fromstring(f"<div>{legal(post.article.html)}</div>", parser=parser)
    except etree.XMLSyntaxError as fault:
        words = f"The HTML of “{post.article.title}” can't be read: {fault.msg}."
        raise RenderFault(words, where=f"post {post.id}", next_step="`pull` it anew, or skip it.") from None


def whole(item: Item) -> Markup:
    """The whole article for the web page, where its title is a heading of the second level."""
    try:
        root = tree(item.post)
    except RenderFault:
        return Markup(item.post.article.html)  # noqa: S704 - the clean room's allow-list made it
    _say_title_once(root, item.post.article)
    _name_linked_pictures(root, item.post.article.title)
    _level_headings(root, 2)
    _set_signatures_apart(root)
    for table in root.iter("table"):
        table.set("tabindex", "0")  # a table too wide for a phone scrolls, by keys too
    return Markup(inner(root))  # noqa: S704 - as above


def _say_title_once(root: Any, article: Article) -> None:
    """Pictures whose words are only the title, which stands above them already, are shown alone."""
    if not _is_pictured(article) or bare(" ".join(root.itertext())) != bare(article.title):
        return
    for element in list(root.iter()):
        element.text = element.tail = None
        if element is not root and next(element.iter("img"), None) is None:
            element.getparent().remove(element)


def _name_linked_pictures(root: Any, title: str) -> None:
    """A link that is only a picture says where it leads by the picture's alt: its caption's words, or the post's."""
    for link in root.iter("a"):
        pictures = link.findall(".//img")
        if not pictures or "".join(link.itertext()).strip() or any(image.get("alt") for image in pictures):
            continue
        figure = next(link.iterancestors("figure"), None)
        caption = figure.find(".//figcaption") if figure is not None else None
        said = " ".join("".join(caption.itertext()).split()) if caption is not None else ""
        pictures[0].set("alt", said or title)


def _set_signatures_apart(root: Any) -> None:
    """Who is quoted stands below the quote in quieter letters; any other `cite` is a title among words."""
    for cite in root.iter("cite"):
        if signs(cite):
            cite.set("class", "quiet")


def _level_headings(root: Any, title: int) -> None:
    """Headings below the title's level without a gap, however the blog counts its own; their look stays as it is."""
    open_levels: list[int] = []
    for heading in list(root.iter("h1", "h2", "h3", "h4", "h5", "h6")):
        level = int(heading.tag[1])
        open_levels = [*(above for above in open_levels if above < level), level]
        heading.tag = f"h{min(title + len(open_levels), 6)}"


def _fit(image: Any) -> None:
    """Outlook takes the width from the attribute and knows no max-width.

    Everywhere else the width is a share: a table on a phone grows to hold a picture whose width is so many pixels.
    """
    for name in ("srcset", "sizes"):  # for browsers; what a mail client makes of them, nobody knows
        image.attrib.pop(name, None)
    width = int(image.get("width") or 0)
    height = int(image.get("height") or 0)
    if width > WIDEST:
        image.set("width", str(WIDEST))
        if height:
            image.set("height", str(round(height * WIDEST / width)))
    elif not width:
        image.set("width", str(WIDEST))
        image.attrib.pop("height", None)
    shown = f"width:100%;max-width:{min(width, WIDEST)}px;" if width else "width:auto;max-width:100%;"
    image.set("style", image.get("style") + shown)
    image.set("alt", image.get("alt") or "")


def inner(root: Any) -> str:
    """What a tree holds, as XHTML."""
    text = (root.text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text + "".join(etree.tostring(child, encoding="unicode") for child in root)
