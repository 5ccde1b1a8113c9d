"""What templates may ask for: the issue as data, and a few small answers about it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
from markupsafe import Markup
from msgspec.structs import replace

from pipeline import looks, mail
from pipeline.config import RenderSettings
from pipeline.model import Article, Book, Copy, Event, Issue, Item, Pick, Picture, Post
from pipeline.render import pictures

Channel = Literal["email", "web"]
NO_COPIES: Mapping[str, Copy] = {}
COVER = 72
"""How wide a cover is shown, in CSS pixels."""


def view(issue: Issue, settings: RenderSettings, copies: Mapping[str, Copy]) -> dict[str, Any]:
    """The names that all templates of an issue share."""
    theme = looks.theme(settings.templates)
    words = looks.words(settings.newsletter.language, settings.templates)
    lead = issue.items[0].post.article if issue.items else None
    direction = lead.direction if lead else looks.direction(words)
    home = settings.newsletter.home
    return {
        "issue": issue,
        "newsletter": settings.newsletter,
        "sender": mail.sender(settings.newsletter.from_)[0] or settings.newsletter.title,
        "words": words,
        "fonts": theme["fonts"],
        "light": theme["light"],
        "dark": theme["dark"],
        "language": (lead.language if lead else None) or settings.newsletter.language,
        "direction": direction,
        "start": "right" if direction == "rtl" else "left",
        "home": home,
        "web": f"{home}issues/{issue.corrects.folder if issue.corrects else issue.folder}/",
        "unsubscribe": stand_in(issue),
        "disclosure": disclosure(settings),
        "day": lambda moment: day(moment, words, settings),
        "moment": lambda event: moment(event, words, settings),
        "discloses": lambda item, place: _disclosed(issue, "email") == (item, place),
        "discloses_web": lambda item, place: _disclosed(issue, "web") == (item, place),
        "shows": partial(shows, copies=copies, home=home),
        "picture": partial(picture, settings=settings),
        "side": partial(side, direction=direction),
    }


def disclosure(settings: RenderSettings) -> str:
    """What stands before the first link that earns money: the author's own words, or the language's."""
    return settings.disclosure or str(looks.words(settings.newsletter.language, settings.templates)["disclosure"])


def addressed(issue: Issue, home: str) -> Issue:
    """The issue with the blog's home for posts whose feed gave no address, so that no link leads nowhere."""

    def known(post: Post) -> Post:
        return post if post.article.url else replace(post, article=replace(post.article, url=str(home)))

    items = tuple(replace(item, post=known(item.post)) for item in issue.items)
    return replace(issue, items=items, related=tuple(known(post) for post in issue.related))


def base(home: str) -> str:
    """Where the site has copies of pictures."""
    return f"{home}pictures/"


def shows(item: Item, url: str | None, copies: Mapping[str, Copy] = NO_COPIES, home: str = "") -> bool:
    """Whether the article itself holds this picture or link."""
    return url is not None and url != "" and pictures.holds(item, url, copies, base(home))


def side(article: Article, direction: Literal["ltr", "rtl"]) -> str:
    """The style that has a post on its own side in a letter that runs the other way; none where both run alike."""
    if article.direction == direction:
        return ""
    return f"text-align:{'right' if article.direction == 'rtl' else 'left'};"


def picture(book: Book, settings: RenderSettings) -> Picture | None:
    """A book's cover as it is shown: the one on the newsletter's own site, or none; without a site the author's.

    What could not be fetched for the site would be a hole in each reader's mail, and asks a stranger's server for it.
    """
    if settings.covers and book.cover_file:
        kept = settings.covers / book.cover_file
        size = _size(kept)
        address = f"{settings.newsletter.home}books/{kept.name}"
        return Picture(url=address, width=COVER, height=round(COVER * size[1] / size[0])) if size else None
    return Picture(url=book.cover, width=COVER) if book.cover and re.match(r"https?://", book.cover) else None


def _size(kept: Path) -> tuple[int, int] | None:
    from PIL import Image

    try:
        with Image.open(kept) as opened:
            return opened.size
    except OSError:
        return None


def stand_in(issue: Issue) -> str:
    """The address that every reader's own link replaces: no content can guess a hash of itself (RFC 2606: .invalid)."""
    content = msgspec.json.encode((issue.number, issue.items, issue.corrects.said if issue.corrects else issue.intro))
    return f"https://unsubscribe.invalid/{hashlib.sha256(content).hexdigest()[:16]}"


def day(moment: datetime, words: dict[str, Any], settings: RenderSettings) -> str:
    """A date in the newsletter's words and time zone."""
    return looks.day(moment.astimezone(settings.newsletter.timezone), words)


def moment(event: Event, words: dict[str, Any], settings: RenderSettings) -> str:
    """When an event begins, in the author's time zone; its time only where it has one."""
    local = event.starts.astimezone(settings.newsletter.timezone)
    return looks.day(local, words) if event.whole_day else looks.moment(local, words)


def _disclosed(issue: Issue, channel: Channel) -> tuple[Item, Literal["article", "books"]] | None:
    """What the disclosure stands before: the first post whose words, or else whose books, hold a link that earns."""
    earning = [
        getattr(pick.links, channel) for item in issue.items for pick in item.picks if channel in pick.links.affiliate
    ]
    for item in issue.items:
        if (item.form == "full" or channel == "web") and any(shows(item, link) for link in earning):
            return item, "article"
        if any(channel in pick.links.affiliate for pick in item.picks):
            return item, "books"
    return None


def cover(pick: Pick, settings: RenderSettings, accent: str, on_accent: str) -> Markup:
    """A book's picture, or its title set as one, so that no card has a hole."""
    if shown := picture(pick.book, settings):
        height = Markup(' height="{}"').format(shown.height) if shown.height else ""
        return Markup(
            '<img src="{}" alt="" width="{}"{} style="display:block;width:{}px;height:auto;border-radius:4px;"/>'
        ).format(shown.url, COVER, height, COVER)
    return Markup(
        '<table role="presentation" class="cover" width="{}" height="104" cellpadding="0" cellspacing="0" border="0" '
        'bgcolor="{}" style="width:{}px;height:104px;border-radius:4px;background-color:{};">'
        '<tr><td align="center" valign="middle" style="padding:6px 4px;font-size:{}px;line-height:1.3;color:{};" '
        'aria-hidden="true">{}</td></tr></table>'
    ).format(COVER, accent, COVER, accent, _fitting(pick.book.title), on_accent, pick.book.title)


def _fitting(title: str) -> int:
    """The largest size, in pixels, at which the title's longest word does not break on a stand-in for a cover."""
    longest = max((len(word) for word in title.split()), default=1)
    return max(min(12, round((COVER - 8) / (0.6 * longest))), 8)
