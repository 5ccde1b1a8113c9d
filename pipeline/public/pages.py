"""Pages in the newsletter's words and colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pipeline import looks
from pipeline.public.asked import Answered, Desk


def page(desk: Desk, template: str, heading: str, *, status: int = 200, **values: Any) -> Answered:
    """The page of `template`; `heading` is the name of its heading among the words."""
    newsletter, words = desk.settings.newsletter, _words(desk)
    language = newsletter.language
    shared = {
        "newsletter": newsletter,
        "language": language,
        "direction": looks.direction(words),
        "home": newsletter.home,
        "words": words,
        "heading": say(desk, heading),
        "say": sayer(desk, values.get("address", "")),
    }
    own = desk.settings.templates
    return Answered(status=status, body=looks.fill(f"readers/{template}.html", own, shared | looks.theme(own) | values))


def message(
    desk: Desk,
    heading: str,
    *paragraphs: str,
    status: int = 200,
    address: str = "",
    button: tuple[str, Sequence[tuple[str, str]]] | None = None,
    links: Sequence[tuple[str, str]] = (),
) -> Answered:
    """A page that says something; `button` is (its word's name, hidden fields), `links` are (address, word's name)."""
    told = sayer(desk, address)
    return page(
        desk,
        "message",
        heading,
        status=status,
        paragraphs=[told(paragraph) for paragraph in paragraphs],
        button=button and {"words": told(button[0]), "fields": button[1]},
        links=[{"url": url, "words": told(name)} for url, name in links],
    )


def lost(desk: Desk) -> Answered:
    """There is no such page, or no such link."""
    return message(desk, "reader_lost", "reader_lost_more", status=404)


def sayer(desk: Desk, address: str) -> Callable[[str], str]:
    """What fills a word's places: the newsletter's title and the reader's address, of which only a hint is shown."""
    return lambda name: say(desk, name, address)


def say(desk: Desk, name: str, address: str = "") -> str:
    """The word called `name`, its places filled."""
    words = _words(desk)
    told = str(words[name]).replace("{title}", _apart(desk.settings.newsletter.title, words))
    return told.replace("{address}", _apart(veiled(address), words))


def _apart(text: str, words: dict[str, Any]) -> str:
    """Latin words inside a line that runs from right to left keep together (Unicode's isolates)."""
    return f"\u2068{text}\u2069" if looks.direction(words) == "rtl" else text


def veiled(address: str) -> str:
    """An address that its owner recognises and nobody else learns: mails are passed on with the links in them."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if local else address


def _words(desk: Desk) -> dict[str, Any]:
    return looks.words(desk.settings.newsletter.language, desk.settings.templates)
