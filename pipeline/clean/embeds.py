"""What plays or moves on a web page becomes a picture or a line that leads to it: a mail can play nothing."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import msgspec
from lxml import etree

from pipeline.clean import tree
from pipeline.clean.images import is_placeholder, pixels, web_address


class _Service(msgspec.Struct, frozen=True):
    """Where the address of an embed belongs; `page` and `picture` take the first group of `embed`.

    `whole` matches the address of a page of theirs: blog software turns a paragraph of nothing but that into an embed.
    """

    name: str
    embed: re.Pattern[str]
    page: str
    verb: str = "Watch"
    picture: str | None = None
    whole: re.Pattern[str] | None = None


_SERVICES = (
    _Service(
        "YouTube",
        re.compile(
            r"(?:youtube(?:-nocookie)?\.com/(?:embed/(?!videoseries)|v/|shorts/|live/)|youtu\.be/)([\w-]{6,20})"
        ),
        "https://www.youtube.com/watch?v={}",
        picture="https://i.ytimg.com/vi/{}/hqdefault.jpg",
        whole=re.compile(
            r"https?://(?:(?:www\.|m\.)?youtube\.com/(?:watch\?\S*\bv=|shorts/|live/)|youtu\.be/)([\w-]{6,20})\S*"
        ),
    ),
    _Service(
        "Vimeo",
        re.compile(r"player\.vimeo\.com/video/(\d+)"),
        "https://vimeo.com/{}",
        whole=re.compile(r"https?://(?:www\.)?vimeo\.com/(\d+)\S*"),
    ),
    _Service(
        "Dailymotion",
        re.compile(r"dailymotion\.com/(?:embed/video|player\S*[?&]video=)/?(\w+)"),
        "https://www.dailymotion.com/video/{}",
        picture="https://www.dailymotion.com/thumbnail/video/{}",
    ),
    _Service("TED", re.compile(r"embed\.ted\.com/(talks/[\w/-]+)"), "https://www.ted.com/{}"),
    _Service(
        "Spotify",
        re.compile(r"open\.spotify\.com/embed(?:-podcast)?/(\w+/\w+)"),
        "https://open.spotify.com/{}",
        verb="Listen",
    ),
    _Service(
        "Apple Podcasts",
        re.compile(r"embed\.podcasts\.apple\.com/([^?]+\S*)"),
        "https://podcasts.apple.com/{}",
        verb="Listen",
    ),
    _Service("SoundCloud", re.compile(r"w\.soundcloud\.com/player/?\?\S*?url=([^&]+)"), "{}", verb="Listen"),
    _Service(
        "Instagram",
        re.compile(r"instagram\.com/((?:p|reel|tv)/[\w-]+)"),
        "https://www.instagram.com/{}/",
        verb="See the post",
    ),
    _Service("TikTok", re.compile(r"tiktok\.com/embed/(?:v2/)?(\d+)"), "https://www.tiktok.com/embed/{}"),
    _Service(
        "Facebook",
        re.compile(r"facebook\.com/plugins/(?:video|post)\.php\?\S*?href=([^&]+)"),
        "{}",
        verb="See the post",
    ),
    _Service("Google Maps", re.compile(r"(?:maps\.google\.\w+|google\.\w+/maps)(\S*)"), "", verb="See the map"),
)
_SOUND = re.compile(
    r"podcast|anchor\.fm|buzzsprout|libsyn|podbean|simplecast|transistor\.fm|megaphone|acast|captivate|bandcamp"
    r"|mixcloud"
    r"|\.(?:mp3|m4a|ogg|oga|wav|opus)(?:$|\?)"
)
_FURNITURE = re.compile(
    r"facebook\.com/(?:plugins/(?:like|share|page|follow|comments)|tr\b)|platform\.twitter\.com/widgets/"
    r"|googletagmanager"
    r"|doubleclick|googlesyndication|amazon-adsystem|rcm(?:-\w\w)?\.amazon|recaptcha|disqus\.com|addthis|addtoany"
    r"|sharethis"
    r"|/likes/master\.html|widgets\.wp\.com|subscribe|newsletter|mailchimp|convertkit|about:blank"
)
_NO_TITLE = re.compile(
    r"(?i)^(?:(?:youtube|vimeo|embedded|spotify|instagram|tiktok|facebook|soundcloud)?\s*(?:video|audio|post"
    r"|embed(?:ded)?"
    r"(?: content)?)?\s*(?:player|frame|embed)?|iframe|untitled|embedded content|wordpress embed|blocked script"
    r"|fb:\w+.*)$"
)
_TITLE = re.compile(r"(?:audio|video|track|episode)-title\b")
_BACKGROUND = re.compile(r"""url\(\s*["']?([^"')]+)""")
_PLAYERS = ("iframe", "embed", "video", "audio", "object", "amp-youtube", "lite-youtube")


def turn(root: tree.Element, base: str) -> None:
    """Put a linked picture with a title, or a titled line, in the place of every player; tweets stay as quotes."""
    for quote in tree.elements(root, "blockquote"):
        _quoted_post(quote, base)
    for player in tree.elements(root, *_PLAYERS):
        if root in player.iterancestors():
            _replace(player, _shown(player, base))
    for paragraph in tree.elements(root, "p", "figure", "div"):
        _bare_address(paragraph)
    for formula in tree.elements(root, "math"):
        formula.text = formula.get("alttext") or tree.words(formula)
        del formula[:]
        formula.tag = "span"


def _quoted_post(quote: tree.Element, base: str) -> None:
    """Instagram and TikTok leave an empty shell for their scripts to fill; all that is in it is the address."""
    address = web_address(quote.get("data-instgrm-permalink") or quote.get("cite"), base)
    kind = next((name for name in ("instagram-media", "tiktok-embed") if name in tree.names(quote)), None)
    if address and kind:
        said = tree.words(quote)
        by = re.search(r"A post shared by (.{1,60}?)(?: on [A-Z]|$)", said)
        title = f"A post by {by[1]}" if by else ""
        name = "Instagram" if kind == "instagram-media" else "TikTok"
        _replace(quote, _line(address.partition("?")[0], title, name, "See the post"))


def _shown(player: tree.Element, base: str) -> tree.Element | None:
    """What a mail shows of a player; None when it has no address, is not seen, or is no part of an article."""
    address = _address(player, base)
    sizes = [pixels(player.get(name)) for name in ("width", "height")]
    unseen = any(size is not None and int(size) <= 3 for size in sizes)
    if address is None or unseen or _FURNITURE.search(address):
        return None
    title = tree.line(player.get("title") or player.get("aria-label") or player.get("data-title") or "")
    title = "" if _NO_TITLE.match(title) else title[:200]
    title = title or _title_beside(player)
    for service in _SERVICES:
        if found := service.embed.search(address):
            return _of_service(service, found[1], address, title)
    poster = _poster(player, base)
    verb = (
        "Listen" if player.tag == "audio" or _SOUND.search(address) else "Watch" if player.tag == "video" else "See it"
    )
    name = (urlsplit(address).hostname or "").removeprefix("www.")
    if player.tag == "iframe" and _is_other_post(player):
        return _line(address.partition("embed/")[0].partition("?embed")[0], title, name, "Read it")
    return _picture(address, poster, title, name, verb) if poster else _line(address, title, name, verb)


def _title_beside(player: tree.Element) -> str:
    """What a page calls a recording in a line of its own, which is taken out: the player's link says it."""
    around = player.getparent()
    line = next((one for one in around if _TITLE.search(tree.names(one))), None) if around is not None else None
    if line is None or player.tag not in ("audio", "video"):
        return ""
    said = tree.words(line)[:200]
    tree.drop(line)
    return said


def _poster(player: tree.Element, base: str) -> str | None:
    """A film's picture; behind a picture that only keeps its place it is the background."""
    given = player.get("poster")
    if given and not is_placeholder(given):
        return web_address(given, base)
    found = _BACKGROUND.search(player.get("style") or "")
    return web_address(found[1], base) if found else None


def _address(player: tree.Element, base: str) -> str | None:
    """Where a player plays from; lazy attributes before the placeholder."""
    if video := player.get("data-videoid") or player.get("videoid"):
        return f"https://www.youtube.com/embed/{video}"
    own = [player.get(name) for name in ("data-src", "data-lazy-src", "data-litespeed-src", "src", "data")]
    inside = [child.get("src") or child.get("value") for child in player.iter("source", "embed", "param", "iframe")]
    return next((found for url in (*own, *inside) if (found := web_address(url, base))), None)


def _is_other_post(player: tree.Element) -> bool:
    return "wp-embedded-content" in tree.names(player)


def _of_service(service: _Service, found: str, address: str, title: str) -> tree.Element:
    page = service.page.format(unquote(found)) if service.page else address
    page = web_address(page, "") or address
    if service.picture:
        return _picture(page, service.picture.format(found), title, service.name, service.verb)
    return _line(page, title, service.name, service.verb)


def _label(title: str, name: str, verb: str) -> str:
    if title:
        return f"▶ {title} ({name})"
    return f"▶ {verb} {'at' if '.' in name else 'on'} {name}"


def _line(address: str, title: str, name: str, verb: str) -> tree.Element:
    paragraph = etree.Element("p")
    etree.SubElement(paragraph, "a", href=address).text = _label(title, name, verb)
    return paragraph


def _picture(address: str, picture: str, title: str, name: str, verb: str) -> tree.Element:
    """A linked picture with the title under it; 4:3 is what video services give for every film."""
    figure = etree.Element("figure")
    link = etree.SubElement(figure, "a", href=address)
    sizes = {"width": "480", "height": "360"} if name == "YouTube" else {}
    etree.SubElement(link, "img", src=picture, alt=title or f"Film on {name}", attrib=sizes)
    caption = etree.SubElement(figure, "figcaption")
    etree.SubElement(caption, "a", href=address).text = _label(title, name, verb)
    return figure


def _bare_address(block: tree.Element) -> None:
    """A block of nothing but the address of a film, which blog software shows as a player."""
    if not tree.said(block).lstrip().startswith("http") or block.getparent() is None:
        return
    said = tree.words(block)
    if len(said) > 200:
        return
    for service in _SERVICES:
        if service.whole and (found := service.whole.fullmatch(said)):
            _replace(block, _of_service(service, found[1], said, ""))


def _replace(old: tree.Element, new: tree.Element | None) -> None:
    """Put an element into another's place; a block that stood in a paragraph stands after it."""
    if new is None:
        tree.drop(old)
        return
    around = next((one for one in old.iterancestors("p", "figure")), None)
    if around is None or around.getparent() is None:
        new.tail, old.tail = old.tail, None
        old.getparent().replace(old, new)
        return
    tree.drop(old)
    _carry_caption(around, new)
    around.addnext(new)
    new.tail, around.tail = around.tail, None
    if not tree.words(around) and next(around.iter("img"), None) is None:
        tree.drop(around)


def _carry_caption(around: tree.Element, new: tree.Element) -> None:
    """The author's own caption stands in place of ours."""
    given = next(around.iter("figcaption"), None)
    if given is not None and tree.words(given) and new.tag == "figure":
        new.remove(new[-1])
        new.append(given)
