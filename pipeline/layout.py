"""A new project's folder, and a first look at the author's blog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import files, looks
from pipeline.errors import UserError
from pipeline.model import Entry, Source, SourceName

FOLDERS = ("sources/posts", "templates", "outbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a blog offers: its own address, the feed's, its title, and what there is in plain words.

    `private` is "host:port" when the person named an address of her own machine or network.
    """

    url: str
    address: str
    title: str | None
    private: str | None
    words: tuple[str, ...]


def look(url: str) -> Found:
    """What there is at a blog's address. Raises UserError for no web address, SourceFault for no feed."""
    from pipeline import pull
    from pipeline.fetch import Fetcher

    typed = url if "://" in url else f"https://{url}"
    parts = urlsplit(typed)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"{url!r} is no web address.", next_step="Type it as you see it in the browser.")
    private = _private(parts.hostname, parts.netloc)
    source = Source(name=SourceName(parts.netloc), url=typed)
    with Fetcher(allow_private_hosts=frozenset([private] if private else [])) as fetch:
        address, feed = pull.look(source, fetch, datetime.now(UTC))
    words = _words(address, feed.entries)
    return Found(url=feed.home or typed, address=address, title=feed.title, private=private, words=words)


def _private(host: str, netloc: str) -> str | None:
    """The person herself named this address, so it may be on her own machine."""
    import ipaddress

    try:
        return None if ipaddress.ip_address(host).is_global else netloc
    except ValueError:
        return netloc if host == "localhost" else None


def _words(address: str, entries: Sequence[Entry]) -> tuple[str, ...]:
    from pipeline.model.excerpt import is_excerpt

    if not entries:
        return (f"Found a feed at {address}; it has no entries yet.",)
    excerpts = sum(is_excerpt(entry) for entry in entries)
    undated = sum(entry.published is None for entry in entries)
    content = {0: "with the full text", len(entries): "excerpts only: the articles will be fetched from their pages"}
    texts = content.get(excerpts, f"{excerpts} of them excerpts only")
    dates = f"{undated} without a date" if undated else "dates fine"
    newest = entries[0].title
    return (
        f"Found a feed at {address}: {len(entries)} entries, {texts}; {dates}.",
        f"The newest is “{newest}”. It will count as new; the others are known but were there before you.",
    )


def lay_out(folder: Path, found: Found | None) -> list[Path]:
    """Make what is missing of a project in `folder`; what is there stays as it is. Returns what was made."""
    contents = {
        Path("sources/newsletter.toml"): looks.starter("newsletter.toml", found=found),
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
