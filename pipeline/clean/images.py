"""Pictures as a mail can show them: real addresses, sizes, words for those who see none."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, urljoin, urlsplit

from pipeline.clean import tree
from pipeline.model import Picture

WIDEST = 1200
_LAZY = (
    "data-lazy-src", "data-src", "data-original", "data-orig-file", "data-large-file", "data-full-url",
    "data-actualsrc", "data-srcmini", "data-breeze", "data-ezsrc", "data-pin-media", "nitro-lazy-src", "data-image",
)  # fmt: skip
_LAZY_SETS = ("data-lazy-srcset", "data-srcset", "nitro-lazy-srcset", "srcset")
_PLACEHOLDER = re.compile(
    r"^data:|/(?:blank|spacer|placeholder|lazy|loading|transparent|1x1|pixel)[\w-]*\.(?:gif|png|svg)"
)
_COUNTERS = re.compile(
    r"pixel\.wp\.com|stats\.wordpress|feeds\.wordpress\.com|feeds\.feedburner|feedproxy|feedsportal|doubleclick"
    r"|googleadservices|googlesyndication|amazon-adsystem|statcounter|google-analytics|quantserve|scorecardresearch"
    r"|/(?:open|b|pixel)\.gif|medium\.com/_/stat|blogger\.googleusercontent\.com/tracker|/track(?:ing|er)?/"
    r"|pheedo\.com|addtoany|addthis|sharethis|gravatar\.com/avatar",
    re.IGNORECASE,
)
_NETWORK_ICON = re.compile(
    r"/(?:icon[-_])?(?:facebook|twitter|pinterest|linkedin|instagram|reddit|tumblr|digg|delicious|stumble(?:it|upon)"
    r"|whatsapp|rss|email)(?:[-_]?(?:icon|button|share|logo|follow|like|\d+(?:x\d+)?))*\.(?:png|gif|svg|jpe?g|webp)$",
    re.IGNORECASE,
)
_FAVICON = re.compile(r"(?<![\w-])(?:\w+-bookmark-icon|favicon)(?![\w-])|\.ico$", re.IGNORECASE)
_SMILEY = re.compile(r"s\.w\.org/images/core/emoji/|/smil(?:ies|eys?)/|twemoji|/emoji/", re.IGNORECASE)
_CODE_POINTS = re.compile(r"/([0-9a-f]{4,6}(?:-[0-9a-f]{4,6}){0,7})\.(?:png|svg)$", re.IGNORECASE)
_SIZE_IN_NAME = re.compile(r"-(\d{2,4})x(\d{2,4})\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
_WEB = ("http", "https")
_AS_IT_IS = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?/[\w./~%+=&,:!$'()*@-]*"
    r"(?:\?[\w./~%+=&,:!$'()*@?-]+)?(?:#[\w./~%+=&,:!$'()*@?-]+)?",
    re.ASCII,
)
"""An address that is absolute and in which nothing wants quoting, as nearly all are."""


def web_address(url: str | None, base: str) -> str | None:
    """An absolute http(s) address without a user name, or None; `.invalid` hosts lead nowhere by law (RFC 2606)."""
    if not url or not url.strip():
        return None
    if _AS_IT_IS.fullmatch(url) and ".invalid" not in url:
        return str(url)  # lxml gives strings of a kind of its own
    try:
        whole = urljoin(base, re.sub(r"[\s\u2028\u2029\x00-\x1f]+", "", url) if "\n" in url else url.strip())
        parts = urlsplit(whole)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in _WEB or not host or "@" in parts.netloc or host.endswith(".invalid"):
        return None
    return quote(whole, safe="%/:=&?~#+!$,;'@()*[]-._")


def unveil(root: tree.Element) -> None:
    """Put the picture meant for browsers without scripts in the place of the one that waits for a script."""
    for fallback in tree.elements(root, "noscript"):
        spare = next(fallback.iter("img"), None)
        if spare is None:
            continue
        beside = fallback.getprevious()
        waiting = None if beside is None else beside if beside.tag == "img" else next(beside.iter("img"), None)
        if waiting is not None and any(waiting.get(name) for name in (*_LAZY, *_LAZY_SETS)):
            continue
        if waiting is not None:
            if waiting.get("src") and not is_placeholder(waiting.get("src")):
                continue
            tree.drop(waiting)
        tree.unwrap(fallback)


def is_placeholder(url: str) -> bool:
    """Whether an address is that of a picture that only keeps the place of another."""
    return _PLACEHOLDER.search(url) is not None


def settle(root: tree.Element, base: str) -> None:
    """Give every picture its real, absolute address, size and words; one that can't be shown, or only counts, goes."""
    for picture in tree.elements(root, "picture"):
        _inherit_sources(picture)
        tree.unwrap(picture)
    for element in tree.elements(root, "source"):
        tree.unwrap(element)  # to the HTML parser it is no empty element, and what follows lies within it
    for image in tree.elements(root, "img"):
        address = _best(image, base)
        if smiley := _smiley(image, address or ""):
            image.tail = f"{smiley}{image.tail or ''}"
            tree.drop(image)
        elif address is None or _is_unwanted(image, address) or not _is_reachable(address, base):
            tree.drop(image)
        else:
            _describe(image, address)


def _inherit_sources(picture: tree.Element) -> None:
    """Give a picture element's image the address of its last, plainest source where it has none itself."""
    image = next(picture.iter("img"), None)
    sets = [source.get("srcset") or source.get("data-srcset") for source in picture.iter("source")]
    if image is not None and not image.get("src") and any(sets):
        image.set("srcset", next(one for one in reversed(sets) if one))


def _describe(image: tree.Element, address: str) -> None:
    said = image.get("alt")
    said = image.get("title") if said is None else said
    kept = {"src": address, "alt": tree.line(said or "")}
    sizes = {name: size for name in ("width", "height") if (size := pixels(image.get(name)))}
    if not sizes and (named := _SIZE_IN_NAME.search(urlsplit(address).path)):
        sizes = {"width": named[1], "height": named[2]}
    image.attrib.clear()
    image.attrib.update(kept | sizes)


def _smiley(image: tree.Element, address: str) -> str:
    """The character that a small picture stands for, or the words in its place; empty for any other picture."""
    if not _SMILEY.search(address) and not re.search(r"\b(?:wp-smiley|emoji)\b", tree.names(image)):
        return ""
    said = tree.line(image.get("alt") or "")
    if (not said or said.isascii()) and (points := _CODE_POINTS.search(urlsplit(address).path)):
        characters = [int(point, 16) for point in points[1].split("-")]
        return "".join(map(chr, characters)) if all(0x20 < one < 0x110000 for one in characters) else said
    return said


def _best(image: tree.Element, base: str) -> str | None:
    """The largest picture that is not wider than a mail needs; lazy attributes before the placeholder."""
    sets = [pair for name in _LAZY_SETS for pair in _candidates(image.get(name) or "", base)]
    fitting = [pair for pair in sets if pair[0] <= WIDEST] or sorted(sets)[:1]
    lazy = next((url for name in _LAZY if (url := web_address(image.get(name), base))), None)
    plain = web_address(image.get("src"), base)
    return max(fitting)[1] if fitting else lazy or plain


def _candidates(srcset: str, base: str) -> list[tuple[int, str]]:
    """Pairs of width and address; a density ("2x") counts for that many mails' widths."""
    found = []
    for part in re.split(r",\s+", srcset[:20_000]):
        url, _, size = part.strip().partition(" ")
        width = re.fullmatch(r"(\d{2,5})w", size.strip())
        density = re.fullmatch(r"(\d)(?:\.\d+)?x", size.strip())
        address = web_address(url.rstrip(","), base)
        if address and (width or density or not size):
            found.append((int(width[1]) if width else 600 * int(density[1]) if density else 600, address))
    return found


def _is_unwanted(image: tree.Element, address: str) -> bool:
    """Whether a picture counts readers, or is the badge of a place to share things."""
    sizes = [pixels(image.get(name)) for name in ("width", "height")]
    small = any(size is not None and int(size) <= 3 for size in sizes)
    return (
        small
        or _FAVICON.search(f"{tree.names(image)} {urlsplit(address).path}") is not None
        or bool(_COUNTERS.search(address))
        or bool(_NETWORK_ICON.search(urlsplit(address).path))
    )


def _is_reachable(address: str, base: str) -> bool:
    """Whether readers could see it: not on the author's own machine or network, unless the whole blog is there."""
    host = urlsplit(address).hostname or ""
    if host == (urlsplit(base).hostname or ""):
        return True
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".lan", ".home.arpa"))


def pixels(value: str | None) -> str | None:
    """A width or height attribute as whole pixels; None for shares of something and for nonsense."""
    found = re.fullmatch(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*", value or "")
    return found[1] if found else None


def lead(root: tree.Element, given: Picture | None, offered: tuple[str, ...], base: str) -> Picture | None:
    """The picture that stands for a post.

    The one that the blog itself puts first; else the first large one in the text that does not sell something; else
    one that was offered beside the text.
    """
    if given and (url := _fit_to_lead(given.url, base)):
        return Picture(url=url, alt=tree.line(given.alt), width=given.width, height=given.height)
    for image in root.iter("img"):
        link = next((parent.get("href") for parent in image.iterancestors("a")), None)
        width = int(image.get("width") or 0)
        if not is_shop(link) and (width == 0 or width >= 200) and _fit_to_lead(image.get("src"), base):
            sizes = [int(image.get(name)) if image.get(name) else None for name in ("width", "height")]
            return Picture(url=image.get("src"), alt=image.get("alt") or "", width=sizes[0], height=sizes[1], link=link)
    address = next((url for one in offered if (url := _fit_to_lead(one, base))), None)
    return Picture(url=address) if address else None


def _fit_to_lead(url: str | None, base: str) -> str | None:
    """An address that may stand for a post; mail clients show no SVG."""
    address = web_address(url, base)
    if address is None or _COUNTERS.search(address) or _SMILEY.search(address) or not _is_reachable(address, base):
        return None
    path = urlsplit(address).path
    return None if path.lower().endswith(".svg") or _NETWORK_ICON.search(path) else address


def is_shop(link: str | None) -> bool:
    """Whether a link leads to where books are sold."""
    return bool(
        link
        and re.search(r"//([\w.-]+\.)?(bookshop|amazon|amzn|indiebound|barnesandnoble|abebooks|waterstones)\.", link)
    )
