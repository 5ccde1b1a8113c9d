"""A new project's folder, and a first look at the author's blog."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from pipeline import files, looks
from pipeline.dates import said
from pipeline.errors import SourceFault, UserError
from pipeline.model import Entry
from pipeline.model.excerpt import plain

FOLDERS = ("sources/posts", "templates", "outbox")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a blog offers: its own address, the best way to read it, its title, and all that there is in plain words.

    `private` is "host:port" when the person named an address of her own machine or network.
    """

    url: str
    address: str
    kind: str
    title: str | None
    private: str | None
    timezone: str | None
    language: str | None
    words: tuple[str, ...]


def look(url: str) -> Found:
    """What there is at a blog's address. Raises UserError for no web address, and where nothing can be read."""
    from pipeline import pull
    from pipeline.fetch import Fetcher

    typed = url if "://" in url else f"https://{url}"
    parts = urlsplit(typed)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"{url!r} is no web address.", next_step="Type it as you see it in the browser.")
    private = _private(parts.hostname, parts.netloc)
    now = datetime.now(UTC)
    with Fetcher(allow_private_hosts=frozenset([private] if private else [])) as fetch:
        try:
            found = pull.look(typed, fetch, now)
        except SourceFault as fault:  # the person named this address, so it is hers to mend
            raise UserError(str(fault)) from None
    return Found(
        url=found.home or typed,
        address=found.best.address,
        kind=found.best.kind,
        title=found.title,
        private=private,
        timezone=found.timezone,
        language=found.language,
        words=(*_offered([offer.words for offer in found.offers]), *_first_day(found.best.listing.entries, now)),
    )


def _private(host: str, netloc: str) -> str | None:
    """The person herself named this address, so it may be on her own machine."""
    import ipaddress

    try:
        return None if ipaddress.ip_address(host).is_global else netloc
    except ValueError:
        return netloc if host == "localhost" else None


def _offered(offers: Sequence[str]) -> tuple[str, ...]:
    best, *others = offers
    return f"Found: {best}", *(f"Also there: {other}" for other in others)


def _first_day(entries: Sequence[Entry], now: datetime) -> tuple[str, ...]:
    """What the first pull will make of what is there."""
    if not entries:
        return ("Nothing to send yet: your next post will be the first.",)
    newest = max(entries, key=lambda entry: (entry.published is not None, entry.published or 0))
    first = f"Your first issue starts with the newest, “{plain(newest.title)}”"
    if newest.published and newest.published > now:
        first += f", which is dated ahead: not before {said(newest.published, '%d %B %Y')}"
    if len(entries) == 1:
        return (f"{first}.",)
    return (f"{first}. The other {len(entries) - 1} count as sent long ago; `posts keep ID` takes one back in.",)


def lay_out(folder: Path, found: Found | None) -> list[Path]:
    """Make what is missing of a project in `folder`; what is there stays as it is. Returns what was made."""
    zone = (found.timezone if found else None) or _machine_zone()
    contents = {
        Path("sources/newsletter.toml"): looks.starter("newsletter.toml", found=found, timezone=zone),
        Path("sources/books.toml"): looks.starter("books.toml", found=found),
        Path(".gitignore"): "/outbox/\n.env\n",
    }
    made = []
    for path, text in contents.items():
        if not (folder / path).exists():
            files.write(folder / path, text.encode())
            made.append(path)
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    return made


def _machine_zone() -> str:
    """The time zone of this machine by its name, as the author's own; UTC where it has none that others know."""
    from zoneinfo import available_timezones

    from babel.localtime import get_localzone

    try:
        name = str(get_localzone())
    except LookupError:
        return "UTC"
    return name if name in available_timezones() and not name.startswith("Etc/") else "UTC"
