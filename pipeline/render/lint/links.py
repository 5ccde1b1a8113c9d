"""Links that say where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.model import Finding, references
from pipeline.render.lint.rule import Checked, advisory, blocking, images

_HREF = re.compile(r'<a\b[^>]*\shref="([^"]*)"')

SAY_NOTHING = (
    r"(?:click )?here|click|this(?: link)?|link|(?:read )?more|"
    r"hier(?: klicken)?|klick(?:en sie)? hier|(?:dieser )?link|mehr|weiterlesen|"
    r"ici|cliquez(?: ici)?|cliquer ici|(?:ce )?lien|lire la suite|en savoir plus|"
    r"aqu[ií]|ha(?:z|ga) clic(?: aqu[ií])?|clic aqu[ií]|(?:este )?enlace|(?:leer )?más|"
    r"هنا|(?:اضغط|انقر) هنا|(?:هذا )?الرابط|رابط|(?:اقرأ )?المزيد"
)
"""In the languages of the furniture: English, German, French, Spanish, Arabic."""
_VAGUE = re.compile(rf"<a\b[^>]*>\s*(?:<[^>]+>\s*)*({SAY_NOTHING})[\s.:!…>»]*(?:</[^>]+>\s*)*</a>", re.IGNORECASE)
_OURS = re.compile(r"pictures/[0-9a-f]{20}-\d+\.\w+|books/[\w-]+\.jpg|issues/\d+-[a-z0-9-]*(?:/(?:index\.html)?)?")
"""What is on disk of our own site, by its path; all else there may be the author's own."""
SHORTENERS = frozenset(
    {"bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "buff.ly", "is.gd", "rebrand.ly", "cutt.ly"}
)


def vague(checked: Checked) -> Iterator[Finding]:
    """A screen reader lists links by their words; "here" says nothing."""
    for item in checked.issue.items:
        for words in _VAGUE.findall(item.post.article.html):
            message = f"A link of “{item.post.article.title}” says only “{words}”. Let it name what is there."
            yield advisory("vague-link", message, f"post {item.post.id}")


def broken(checked: Checked) -> Iterator[Finding]:
    """A link that leads nowhere from a reader's inbox: no address, a relative one, or one on the author's machine."""
    named: set[str] = set()
    for href in dict.fromkeys(_HREF.findall(checked.message.html)):
        address = unescape(href)
        if address == checked.message.unsubscribe or address.startswith("mailto:"):
            continue
        host = _host(address)
        if not host:
            words = f"The link “{address[:80]}” has no whole web address, so it leads nowhere from a mail."
            yield blocking("broken-link", words, "email.html")
        elif _is_private(host) and host != _host(checked.settings.newsletter.url) and host not in named:
            named.add(host)
            words = f"The links to {host} work on your own network only. Put the post on the web first."
            # Who let the fetcher go there tries things out at home, and has been told.
            level = advisory if host in checked.settings.private_hosts else blocking
            yield level("private-link", words, "email.html")


def own(checked: Checked) -> Iterator[Finding]:
    """A page, cover or picture of our own site that this mail leads to and that is not there."""
    home, site = checked.settings.newsletter.home, checked.settings.public
    if not checked.settings.newsletter.public_url or site is None:
        return
    html = checked.message.html
    for address in dict.fromkeys((*map(unescape, _HREF.findall(html)), *images(html))):
        path = address.partition("#")[0].partition("?")[0].removeprefix(home)
        if not address.startswith(home) or not _OURS.fullmatch(path) or _is_made(path, checked, site):
            continue
        words = f"{address} is not in outbox/public/. Mend the address, or `build` once more to make what is missing."
        yield blocking("own-link", words, "email.html")


def _is_made(path: str, checked: Checked, site: Path) -> bool:
    """Whether a path of our site is there, or is the page that this issue is about to get."""
    about = checked.issue.corrects or checked.issue
    coming = (checked.issue.folder, about.folder)
    whole = site / path
    return path.split("/")[1] in coming or whole.is_file() or (whole / "index.html").is_file()


def dead(checked: Checked) -> Iterator[Finding]:
    """A link whose server, or the lack of one, says that nothing is there."""
    for url, reference in references.links(checked.issue).items():
        check = checked.seen.links.get(url)
        if check and check.verdict == "dead":
            words = f"A link of {reference.words} leads to nothing: {url}. {check.words} Mend it, or take it out."
            yield advisory("dead-link", words, reference.where)


def unchecked(checked: Checked) -> Iterator[Finding]:
    """Links that nobody could ask about: many shops refuse programs, and a slow server is not a dead one."""
    unsure = [url for url in references.links(checked.issue) if _is_unsure(checked, url)]
    if unsure:
        hosts = ", ".join(dict.fromkeys(_host(url) for url in unsure))
        count = f"{len(unsure)} links" if len(unsure) > 1 else "A link"
        yield advisory("unchecked-link", f"{count} could not be checked: {hosts}. Try for yourself.", "email.html")


def _is_unsure(checked: Checked, url: str) -> bool:
    check = checked.seen.links.get(url)
    return check is not None and check.verdict == "unsure"


def shortened(checked: Checked) -> Iterator[Finding]:
    """An address behind a shortener hides where it leads, which is why filters distrust it."""
    for href in dict.fromkeys(_HREF.findall(checked.message.html)):
        if (host := _host(unescape(href)).removeprefix("www.")) in SHORTENERS:
            words = f"{unescape(href)} hides where it leads behind {host}. Put the whole address into the post."
            yield advisory("short-link", words, "email.html")


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in ("http", "https") else ""


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".invalid"))


RULES = (vague, broken, own, dead, unchecked, shortened)
