"""An entry's HTML becomes an article: found, freed of residue, made safe, and read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import cache
from html import unescape
from typing import Literal
from urllib.parse import urlsplit

import nh3
from lxml import etree
from msgspec.structs import replace

from pipeline.clean import cards, embeds, images, page, prose, residue, text, tree
from pipeline.dates import when
from pipeline.errors import EntryFault
from pipeline.model import Article, Entry, KnownEntry, Removed
from pipeline.model.excerpt import by_hand, is_excerpt
from pipeline.model.text import is_western, legal

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "dl", "dt", "em", "figcaption",
    "figure", "h2", "h3", "h4", "hr", "i", "img", "ins", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s",
    "small", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "time", "tr", "u", "ul",
}  # fmt: skip
INLINE = frozenset([
    "a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "img", "ins", "mark", "q", "rp", "rt", "ruby", "s",
    "small", "strong", "sub", "sup", "time", "u",
])  # fmt: skip
_BLOCKS = frozenset(["p", "h2", "h3", "h4", "ul", "ol", "blockquote", "figure", "hr", "pre", "table", "dl"])
EMPTY = ("p", "h2", "h3", "h4", "li", "figure", "ul", "ol", "blockquote", "a", "em", "strong")
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "*": {"dir", "lang"},
}
_LOCK = "action=postpass"
"""Where WordPress' form for a post's password leads, whatever the blog's language."""
_EMPTY_LINE = re.compile(r"\n\s*\n")
_TWO_SPACES = re.compile("(?:(?<=[^\\s>«])|(?<=</[abi]>)|(?<=</em>)|(?<=</strong>))(?:\xa0 | \xa0)(?=[^\\s:;!?»%])")
"""What an editor makes of two spaces between words: at the end of a line one of them would indent the next."""
_INK = re.compile("[^\\s\u200b]")
_TO_THE_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff]")
_RTL = ("ar", "he", "fa", "ur", "yi", "ps", "ckb")


def article(known: KnownEntry, zone: tzinfo = UTC) -> Article:
    """The article of an entry; what the entry does not say, its page may. `zone` is the author's time zone.

    Raises EntryFault when it has neither title nor text, is behind a password, or is beyond all bounds.
    """
    entry = known.entry
    if any(_LOCK in (said or "") for said in (entry.html, entry.summary, known.page)):
        raise EntryFault("it is behind a password on your blog, so it goes to nobody")
    base = known.page_url or entry.link or ""
    root, about, complete = body(known)
    root, gates, free = _for_everybody(root, about, entry)
    images.unveil(root)
    embeds.turn(root, base)
    cards.lay_flat(root)
    removed = gates + residue.remove(root)
    removed += residue.head(root, _title(entry, about, ""), of_page=about is not None)
    removed += residue.tags(root)
    residue.without_signs(root)
    images.settle(root, base)
    _links(root, base)
    _tidy(root)
    html, clean = _safe(root)
    words = text.plain(clean)
    title = _title(entry, about, words)
    if not title and not words:
        raise EntryFault("it has neither a title nor any text")
    language = _language(about.language if about else None, entry)
    url = images.web_address(entry.link, "") or images.web_address(about.canonical if about else None, base) or ""
    return Article(
        url=url,
        title=title or "(no title)",
        html=html,
        text=words,
        excerpt=by_hand(entry) or text.excerpt(words),
        question=text.question(clean),
        authors=_each(entry.authors or (about.authors if about else ()), _person),
        tags=_each(entry.tags or (about.tags if about else ()), lambda tag: tree.line(unescape(tag))[:80]),
        published=entry.published or (when(about.published, None, now=known.seen, zone=zone) if about else None),
        updated=entry.updated or (when(about.updated, None, now=known.seen, zone=zone) if about else None),
        lead_image=images.lead(clean, entry.lead, (*entry.images, *_offered(about)), base),
        language=language,
        direction=_direction(about.direction if about else None, language, words),
        words=prose.count(words),
        removed=tuple(removed),
        complete=complete and free,
        enclosures=tuple(
            replace(file, url=there) for file in entry.enclosures if (there := images.web_address(file.url, base))
        ),
        comments=images.web_address(entry.comments, base) or _comments(about, url),
    )


def _for_everybody(
    root: tree.Element, about: page.Facts | None, entry: Entry
) -> tuple[tree.Element, list[Removed], bool]:
    """What all may read of an article, or its excerpt; what stood before the rest of it, and whether there is no rest.

    Raises EntryFault when there is nothing for all.
    """
    gates = residue.gates(root)
    free = not gates and (about is None or about.free)
    if free or tree.words(root):
        return root, gates, free
    if not entry.summary:
        raise EntryFault("it is for members of your blog only, and nothing of it for all, so it goes to nobody")
    return tree.parse(entry.summary), gates, free


def _comments(about: page.Facts | None, url: str) -> str | None:
    """The comments of the page that the article came from, by their anchor."""
    anchor = about.comments if about else None
    return f"{url.partition('#')[0]}#{anchor}" if anchor and url else None


def own_title(html: str) -> str | None:
    """What a page or fragment calls itself, None when it does not."""
    return page.facts(tree.parse(html)).title if "<" in html else None


def body(known: KnownEntry) -> tuple[tree.Element, page.Facts | None, bool]:
    """Where the article is, what its page says besides, and whether this is all of it."""
    entry = known.entry
    own = entry.html or entry.summary or ""
    excerpt = is_excerpt(entry)
    if excerpt and known.page:
        whole = tree.parse(known.page)
        about = page.facts(whole)
        found = page.article(whole, known.page)
        if len(tree.words(found)) >= len(own) // 4:
            return found, about, True
    return tree.parse(own or "<p></p>"), None, not excerpt


def _offered(about: page.Facts | None) -> tuple[str, ...]:
    return (about.image,) if about and about.image else ()


def _links(root: tree.Element, base: str) -> None:
    """Every link absolute, to http, https or mailto; a text that names another host than the link gets the real one."""
    for link in tree.elements(root, "a"):
        href = link.get("href") or ""
        address = (
            href.strip() if re.match(r"(?i)mailto:[^\s?]+@[^\s?]+$", href.strip()) else images.web_address(href, base)
        )
        if address is None or href.startswith("#"):
            tree.unwrap(link)
            continue
        link.set("href", address)
        claimed = re.fullmatch(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,})(?:/\S*)?", tree.words(link), re.IGNORECASE)
        host = urlsplit(address).hostname or ""
        if claimed and host and _site(claimed[1]) != _site(host) and not address.startswith("mailto:"):
            link.tail = f" [{host}]{link.tail or ''}"


def _site(host: str) -> str:
    return ".".join(host.lower().removeprefix("www.").split(".")[-2:])


def _tidy(root: tree.Element) -> None:
    """Headings start at h2, and what is empty goes."""
    for heading in tree.elements(root, "h1"):
        heading.tag = "h2"
    for heading in tree.elements(root, "h5", "h6"):
        heading.tag = "h4"
    _paragraphs(root)
    tree.flatten(root)
    _drop_empty(root)


def _drop_empty(root: tree.Element) -> None:
    """Paragraphs, lists, links and the like that show nothing."""
    for element in reversed(list(tree.elements(root, *EMPTY))):
        if not _INK.search(tree.said(element)) and next(element.iter("img", "hr", "br"), None) is None:
            tree.drop(element)


def _paragraphs(root: tree.Element) -> None:
    """Divisions that hold text of their own become paragraphs; all others are only wrapping."""
    blocks = ("p", "div", "ul", "ol", "table", "figure", "blockquote", "h2", "h3", "h4", "pre", "dl", "section", "hr")
    for element in tree.elements(root, "div", "section", "center"):
        if element is not root and next(element.iter(*blocks), None) in (None, element):
            inside = [one for one in element.iterdescendants() if one.tag in blocks]
            if not inside and tree.words(element):
                element.tag = "p"


def _safe(root: tree.Element) -> tuple[str, tree.Element]:
    """Sanitised by the allow-list and well-formed for the strict parsers after us; again until nothing changes.

    The HTML, and its tree.
    """
    dirty = _tight(root)
    clean, whole, made = _once_safe(dirty) if dirty else ("", root, "")
    if not dirty or made != dirty:
        dirty = tree.inner(root)
        for _ in range(6):
            clean, whole, made = _once_safe(dirty)
            if made == dirty:
                break
            dirty = made
    if "<pre" not in made:
        made = _TWO_SPACES.sub(" ", made)
        if _EMPTY_LINE.search(made):
            made = re.sub(rf"\s*{_EMPTY_LINE.pattern}\s*", "\n", made)
    return made, whole if made == clean else _division(made)


def _tight(root: tree.Element) -> str:
    """What is in a body of nothing but blocks, without the space between them; empty for any other.

    That is how it comes out in the end, if all is well with it. Then one look is enough, where else there are two.
    """
    body = next(root.iterchildren("body"), None) if len(root) == 1 else None
    if body is None or any(block.tag not in _BLOCKS for block in body):
        return ""
    if any(loose and loose.strip() for loose in (root.text, body.text, body.tail, *(block.tail for block in body))):
        return ""
    tight = "".join([etree.tostring(block, encoding="unicode", method="xml", with_tail=False) for block in body])
    return "" if ' class="' in tight or ' style="' in tight else tight


def _once_safe(dirty: str) -> tuple[str, tree.Element, str]:
    """What the allow-list leaves, its tree when loose text has a paragraph and nothing is empty, and that as HTML."""
    clean = _cleaner().clean(dirty)
    whole = _division(clean)
    _wrap_loose(whole)
    _drop_empty(whole)
    return clean, whole, tree.inner(whole)


def _division(html: str) -> tree.Element:
    return tree.parse(f"<div>{html}</div>").find(".//div")


@cache
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel=None)


def _wrap_loose(whole: tree.Element) -> None:
    """Text that stands between blocks gets a paragraph; two line breaks in a row mean one."""
    between = (whole.text, *(child.tail for child in whole))
    if all(child.tag not in INLINE for child in whole) and not any(text and text.strip() for text in between):
        whole.text = None
        for child in whole:
            child.tail = None
        return
    pieces: list[tree.Element | str] = [whole.text or ""]
    for child in list(whole):
        tail, child.tail = child.tail or "", None
        pieces += [child, tail]
        whole.remove(child)
    whole.text = None
    paragraph: tree.Element | None = None
    for piece in pieces:
        block = not isinstance(piece, str) and any(one.tag not in INLINE for one in piece.iter())
        broken = not isinstance(piece, str) and piece.tag == "br" and (paragraph is None or _ends_in_break(paragraph))
        if block or broken:
            paragraph = None
            if block:
                whole.append(piece)
        elif isinstance(piece, str) and not piece.strip() and paragraph is None:
            continue
        else:
            if paragraph is None:
                paragraph = etree.SubElement(whole, "p")
            _append(paragraph, piece)


def _ends_in_break(paragraph: tree.Element) -> bool:
    return len(paragraph) > 0 and paragraph[-1].tag == "br" and not (paragraph[-1].tail or "").strip()


def _append(paragraph: tree.Element, piece: tree.Element | str) -> None:
    if not isinstance(piece, str):
        paragraph.append(piece)
    elif len(paragraph):
        paragraph[-1].tail = (paragraph[-1].tail or "") + piece
    else:
        paragraph.text = (paragraph.text or "") + piece


def _title(entry: Entry, about: page.Facts | None, words: str) -> str:
    """As given, else as the page says, else the first words; 300 characters at most."""
    given = tree.line(unescape(re.sub(r"</?[a-zA-Z][^<>]{0,1000}>", "", unescape(legal(entry.title[:5000])))))
    given = given or (about.title if about and about.title else "")
    given = given or " ".join(words.split()[:8])
    return given if len(given) <= 300 else given[:299].rstrip() + "…"


def _each(names: tuple[str, ...], made: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in names if (name := made(one))))


def _person(name: str) -> str:
    """A name without an address or the parentheses that RSS authors come in."""
    bare = tree.line(re.sub(r"\S+@\S+", "", unescape(name))).strip(" ()<>,")
    return bare[:120]


def _language(of_page: str | None, entry: Entry) -> str | None:
    found = of_page or entry.language or ""
    return found.strip()[:35].replace("_", "-") if re.match(r"^[a-zA-Z]{2,3}([-_][\w-]+)?$", found.strip()) else None


def _direction(said: str | None, language: str | None, words: str) -> Literal["ltr", "rtl"]:
    """As the page says, else by the script that most letters are in, else by the language."""
    if said in ("rtl", "ltr"):
        return "rtl" if said == "rtl" else "ltr"
    if len(words) > 200 and (is_western(words) or not _TO_THE_LEFT.search(words, 0, 3000)):
        return "ltr"
    classes = [unicodedata.bidirectional(letter) for letter in words[:3000]]
    strong = [one for one in classes if one in ("L", "R", "AL")]
    if len(strong) >= 20:
        return "rtl" if sum(one != "L" for one in strong) * 2 > len(strong) else "ltr"
    return "rtl" if language and language.lower().split("-")[0] in _RTL else "ltr"
