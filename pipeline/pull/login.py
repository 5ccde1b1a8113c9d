"""A user name and password in a source's address: used for its own server, and in nothing that is kept or said."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from msgspec.structs import replace

from pipeline.model import Fetch, Fetched, Source, Validators


def apart(source: Source, fetch: Fetch) -> tuple[Source, Fetch]:
    """The source by its bare address, and a way out that gives the password to that address's own server only."""
    parts = urlsplit(source.url)
    login, _, place = parts.netloc.rpartition("@")
    if not login:
        return source, fetch

    def signed_in(url: str, *, validators: Validators | None = None) -> Fetched:
        asked = urlsplit(url)
        own = (asked.scheme, asked.netloc) == (parts.scheme, place)
        return fetch(urlunsplit(asked._replace(netloc=parts.netloc)) if own else url, validators=validators)

    return replace(source, url=bare(source.url)), signed_in


def bare(url: str) -> str:
    """An address without the user name and password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url
