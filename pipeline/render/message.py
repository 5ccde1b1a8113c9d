"""An issue becomes bytes: MJML and HTML, text, web page, and a sample of the whole mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec
from markupsafe import Markup

from pipeline import child, looks, mail
from pipeline.config import RenderSettings
from pipeline.errors import ChildFault, RenderFault
from pipeline.model import Batch, BatchId, Copy, Issue, Message, Recipient, SubscriberId
from pipeline.render import body, pictures, plain, view
from pipeline.render.seen import NOTHING, Seen

SAMPLE = "reader@example.org"


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """The message that readers get, and the issue's files by name (see `pipeline.folder`).

    `fresh` tells that the files were made of this very message just now.
    """

    message: Message
    files: Mapping[str, bytes]
    fresh: bool = False


def rendered(issue: Issue, settings: RenderSettings, seen: Seen = NOTHING) -> Rendered:
    """The same issue, look and copies make the same bytes. Raises RenderFault with the template's file and line."""
    home = settings.newsletter.home
    shown = pictures.settled(view.addressed(issue, settings.newsletter.url), seen, view.base(home))
    values = view.view(shown, settings, seen.copies)
    name = "correction" if issue.corrects else None
    design = f"{name}.mjml" if name else looks.template_of(settings.newsletter.design, settings.templates)
    mjml = looks.fill(design, settings.templates, values | _for_mail(values, settings, seen.copies))
    message = Message(
        subject=mail.header_text(issue.subject),
        html=_html(compiled(mjml, issue.title, design)),
        text=_tidy(looks.fill(f"{name or 'digest'}.txt", settings.templates, values | plain.tools())),
        unsubscribe=values["unsubscribe"],
        list_headers=(("List-Id", list_id(settings, seen.list_id)),),
    )
    for_web = {"whole": body.whole, "marked": Markup, "prose": body.prose}
    web = looks.fill(f"{name or 'web'}.html", settings.templates, values | for_web)
    files = {
        "email.mjml": mjml.encode(),
        "email.html": message.html.encode(),
        "email.txt": message.text.encode(),
        "web.html": web.encode(),
        "sample.eml": sample(issue, message, settings),
    }
    return Rendered(message=message, files=files, fresh=True)


def _for_mail(values: dict[str, Any], settings: RenderSettings, copies: Mapping[str, Copy]) -> dict[str, Any]:
    light, narrow = values["light"], pictures.smaller(copies, view.base(values["home"]))
    return {
        "body": lambda item: body.body(item, light, title=1 if item is values["issue"].items[0] else 2),
        "said": lambda html: body.styled(html, light, values["direction"]),
        "prose": lambda words: body.prose(words, light, direction=values["direction"]),
        "cover": lambda pick: view.cover(pick, settings, light["accent"], light["on_accent"]),
        "pictured": lambda item, pick: not (item.form == "full" and values["shows"](item, pick.book.cover)),
        "narrow": lambda url: narrow.get(url, url),
    }


def compiled(mjml: str, title: str, design: str) -> str:
    """MJML as HTML, made in a child process that may be killed. Raises RenderFault."""
    try:
        made = child.run(
            "pipeline.render.compile", mjml.encode(), seconds=20, megabytes=1024, what=f"Rendering “{title}”"
        )
    except ChildFault as fault:
        raise RenderFault(fault.what, where=f"templates/{design}") from None
    return made.decode("utf-8")


def _html(html: str) -> str:
    """What the compiler leaves to us.

    Gmail counts bytes, so blank runs and seams between Outlook's parts go. The preheader gets the page's language, for
    web mail takes it from `<html>` away, and loses its white, for words in the colour of their ground are counted as
    spam (SpamAssassin's HTML_FONT_LOW_CONTRAST); the word "email", read aloud in English whatever the language, goes.
    """
    if spoken := re.search(r'<html\b[^>]*?( lang="[^"]*" dir="[^"]*")', html):
        html = re.sub(r"(<body[^>]*><div)( style=\"display:none)", rf"\1{spoken[1]}\2", html, count=1)
    html = re.sub(r'(<div[^>]* style="display:none;font-size:1px;)color:#ffffff;', r"\1", html, count=1)
    html = html.replace(' aria-roledescription="email"', "", 1)
    joined = re.sub(r"<!\[endif\]-->\s*<!--\[if mso \| IE\]>", "", html)
    return re.sub(r">\s*\n\s*<", ">\n<", joined).strip() + "\n"


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip() + "\n"


def list_id(settings: RenderSettings, known: str | None) -> str:
    """The list's title, and the name by which readers' filters know it, so that it outlives title and home (RFC 2919).

    `known` is the name that it had so far.
    """
    title = mail.header_text(settings.newsletter.title)
    host = urlsplit(_ascii(settings.newsletter.home)).hostname or "localhost"
    label = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].rstrip("-") or "newsletter"
    phrase = re.sub(r'[<>"\\]', "", title)
    quoted = f'"{phrase}"' if phrase.isascii() and "=?" not in phrase else phrase
    return f"{quoted} <{known or f'{label}.{host}'}>"


def _ascii(url: str) -> str:
    """An address as headers may hold it: its host by IDNA, the rest percent-encoded (RFC 3986 section 2.1)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").encode("idna").decode()
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, host + port, quote(parts.path, safe="/%"), "", ""))


def sample(issue: Issue, message: Message, settings: RenderSettings) -> bytes:
    """The mail as one reader would get it."""
    domain = mail.sender(settings.newsletter.from_)[1].rpartition("@")[2]
    recipient = Recipient(
        subscriber=SubscriberId(0),
        address=SAMPLE,
        name=None,
        unsubscribe=f"https://{_ascii(settings.newsletter.home).partition('://')[2]}unsubscribe/sample",
        message_id=f"<sample.{issue.number}@{domain}>",
    )
    batch = Batch(
        id=BatchId(0),
        issue=issue.number,
        key="sample",
        message=message,
        sender=settings.newsletter.from_,
        reply_to=settings.newsletter.reply_to,
        date=issue.slot.due.replace(microsecond=0),
        recipients=(recipient,),
    )
    return mail.mime(batch, recipient)
