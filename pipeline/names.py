"""What the name service says of a domain (DNS, RFC 1035): bounded in time, and a silence is never taken for a no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

Kind = Literal["TXT", "MX", "A"]


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: `texts` of what was found; "none" says that there is nothing; "unknown" that nobody answered."""

    state: Literal["found", "none", "unknown"]
    texts: tuple[str, ...] = ()


UNKNOWN = Looked(state="unknown")
NONE = Looked(state="none")
LookUp = Callable[[str, Kind], Looked]

SILENCES_AT_MOST = 2
"""After so many questions without an answer there is no network, and no further one is asked."""


SURELY_THERE: tuple[str, Kind] = ("gmail.com", "MX")
"""A name that every working resolver knows."""


def asker(resolver: str | None = None, seconds: float = 3.0) -> LookUp:
    """Looks names up by the system's resolver, or by the one at `resolver` ("127.0.0.1:5353")."""
    import dns.resolver

    try:
        ask = dns.resolver.Resolver(configure=resolver is None)
    except dns.resolver.NoResolverConfiguration:
        return lambda _name, _kind: UNKNOWN
    if resolver is not None:
        host, _, port = resolver.rpartition(":")
        ask.nameservers, ask.port = [host], int(port)
    silences, trusted = 0, resolver is not None

    def look_up(name: str, kind: Kind) -> Looked:
        nonlocal silences, trusted
        if silences >= SILENCES_AT_MOST:
            return UNKNOWN
        looked = _ask(ask, name, kind, seconds)
        if looked.state == "none" and not trusted:
            # Some networks without a way out answer "no" to everything: then a no is worth nothing.
            trusted = _ask(ask, *SURELY_THERE, seconds).state == "found"
            silences += 0 if trusted else SILENCES_AT_MOST
            looked = looked if trusted else UNKNOWN
        silences += looked.state == "unknown"
        return looked

    return look_up


def _ask(ask: object, name: str, kind: Kind, seconds: float) -> Looked:
    import dns.exception
    import dns.resolver

    assert isinstance(ask, dns.resolver.Resolver)
    try:
        answer = ask.resolve(name, kind, lifetime=seconds, search=False, raise_on_no_answer=True)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return NONE
    except (dns.exception.DNSException, OSError, UnicodeError):
        return UNKNOWN
    return Looked(state="found", texts=tuple(_text(record, kind) for record in answer)[:100])


def _text(record: object, kind: Kind) -> str:
    if kind == "TXT":
        # A record's pieces belong together without anything between them (RFC 7208 section 3.3).
        return b"".join(getattr(record, "strings", ())).decode("utf-8", "replace")[:8000]
    return str(getattr(record, "exchange", record)).rstrip(".") or "."
