"""Pictures and embeds as a mail can show them."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit

from lxml import etree

from pipeline.clean import tree
from pipeline.model import Picture

WIDEST = 1200
_LAZY = (
    "data-lazy-src",
    "data-src",
    "data-original",
    "data-orig-file",
    "data-large-file",
    "data-full-url",
    "data-actualsrc",
)
_LAZY_SETS = ("data-lazy-srcset", "data-srcset", "srcset")
_COUNTERS = re.compile(
    r"(pixel\.wp\.com|stats\.wordpress|feeds\.feedburner|feedproxy|doubleclick|googleadservices|/open\.gif|statcounter|b\.gif)"
    r"|medium\.com/_/stat|pixel\.gif|/track(ing)?/|google-analytics",
    re.IGNORECASE,
)
_EMBEDS = (
    (
        re.compile(r"(?:youtube(?:-nocookie)?\.com/(?:embed|v)/|youtu\.be/)([\w-]{6,20})"),
        "https://www.youtube.com/watch?v={}",
        "YouTube",
    ),
    (re.compile(r"player\.vimeo\.com/video/(\d+)"), "https://vimeo.com/{}", "Vimeo"),
)
_WEB = ("http", "https")


def web_address(url: str | None, base: str) -> str | None:
    """An absolute http(s) address without a user name, or None; `.invalid` hosts lead nowhere by law (RFC 2606)."""
    if not url or not url.strip():
        return None
    try:
        whole = urljoin(base, re.sub(r"[\s\u2028\u2029\x00-\x1f]+", "", url) if "\n" in url else url.strip())
        parts = urlsplit(whole)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in _WEB or not host or "@" in parts.netloc or host.endswith(".invalid"):
        return None
    return quote(whole, safe="%/:=&?~#+!$,;'@()*[]-._")


def settle(root: tree.Element, base: str) -> None:
    """Give every picture its real, absolute address, and turn embeds into links; what can't be shown goes."""
    for picture in tree.elements(root, "picture"):
        tree.unwrap(picture)
    for element in tree.elements(root, "source"):
        tree.drop(element)
    for image in tree.elements(root, "img"):
        address = _best(image, base)
        if address is None or _is_pixel(image, address):
            tree.drop(image)
            continue
        kept = {"src": address, "alt": tree.line(image.get("alt") or "")}
        kept |= {name: size for name in ("width", "height") if (size := _pixels(image.get(name)))}
        image.attrib.clear()
        image.attrib.update(kept)
    for frame in tree.elements(root, "iframe", "embed", "video"):
        _link_to(frame, base)


def _best(image: tree.Element, base: str) -> str | None:
    """The largest picture that is not wider than a mail needs; lazy attributes before the placeholder."""
    sets = [pair for name in _LAZY_SETS for pair in _candidates(image.get(name) or "", base)]
    fitting = [pair for pair in sets if pair[0] <= WIDEST] or sorted(sets)[:1]
    lazy = next((url for name in _LAZY if (url := web_address(image.get(name), base))), None)
    plain = web_address(image.get("src"), base)
    return max(fitting)[1] if fitting else lazy or plain


def _candidates(srcset: str, base: str) -> list[tuple[int, str]]:
    found = []
    for part in re.split(r",\s+", srcset[:20_000]):
        url, _, size = part.strip().partition(" ")
        width = re.fullmatch(r"(\d{2,5})w", size.strip())
        address = web_address(url.rstrip(","), base)
        if width and address:
            found.append((int(width[1]), address))
    return found


def _is_pixel(image: tree.Element, address: str) -> bool:
    sizes = [_pixels(image.get(name)) for name in ("width", "height")]
    return any(size is not None and int(size) <= 3 for size in sizes) or bool(_COUNTERS.search(address))


def _pixels(value: str | None) -> str | None:
    found = re.fullmatch(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*", value or "")
    return found[1] if found else None


def _link_to(frame: tree.Element, base: str) -> None:
    """A mail can't play anything: an embed becomes a line that leads to it."""
    source = frame.get("src") or frame.get("data-src") or frame.get("data-lazy-src")
    source = source or next((child.get("src") for child in frame.iter("source")), None)
    address = web_address(source, base)
    if address is None:
        tree.drop(frame)
        return
    shape, name = address, urlsplit(address).hostname or ""
    for pattern, page, host in _EMBEDS:
        if found := pattern.search(address):
            shape, name = page.format(found[1]), host
    link = etree.Element("a", href=shape)
    link.text = f"{tree.line(frame.get('title') or '') or 'Watch or listen'} ({name.removeprefix('www.')})"
    paragraph = etree.Element("p")
    paragraph.append(link)
    paragraph.tail = frame.tail
    frame.getparent().replace(frame, paragraph)


def lead(root: tree.Element, offered: tuple[str, ...], base: str) -> Picture | None:
    """The picture that stands for a post: its first large one that does not sell something, else one it was offered."""
    for image in root.iter("img"):
        link = next((parent.get("href") for parent in image.iterancestors("a")), None)
        width = int(image.get("width") or 0)
        if not is_shop(link) and (width == 0 or width >= 200):
            sizes = [int(image.get(name)) if image.get(name) else None for name in ("width", "height")]
            return Picture(url=image.get("src"), alt=image.get("alt") or "", width=sizes[0], height=sizes[1], link=link)
    address = next((url for one in offered if (url := web_address(one, base))), None)
    return Picture(url=address) if address else None


def is_shop(link: str | None) -> bool:
    """Whether a link leads to where books are sold."""
    return bool(
        link
        and re.search(r"//([\w.-]+\.)?(bookshop|amazon|amzn|indiebound|barnesandnoble|abebooks|waterstones)\.", link)
    )
