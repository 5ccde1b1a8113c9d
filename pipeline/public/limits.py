"""How often somebody may do something; kept in memory only, under a name that can't be read back."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

_KNOWN_AT_MOST = 50_000


class Limit:
    """At most `times` within `span` for each name; the oldest names are forgotten when there are too many."""

    def __init__(self, times: int, span: timedelta) -> None:
        self._times = times
        self._span = span
        self._salt = secrets.token_bytes(16)
        self._seen: OrderedDict[bytes, list[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def takes(self, name: str, now: datetime) -> bool:
        """Whether one more is allowed; it counts when it is."""
        key = hashlib.blake2b(name.encode(), key=self._salt, digest_size=16).digest()
        with self._lock:
            recent = [moment for moment in self._seen.pop(key, []) if now - self._span < moment <= now]
            allowed = len(recent) < self._times
            self._seen[key] = [*recent, now] if allowed else recent
            if len(self._seen) > _KNOWN_AT_MOST:
                self._seen.popitem(last=False)
        return allowed


def household(client: str) -> str:
    """The name that a client is counted under: an IPv6 customer has a whole /64, so that is one."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return client
