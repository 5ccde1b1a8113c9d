"""An answer's body, bounded: as it came, or out of gzip or deflate."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable

from pipeline.errors import FetchFault

_GZIP = b"\x1f\x8b"
_GZIP_OR_ZLIB = 47


def whole(here: str, raw: Iterable[bytes], coding: str, limit: int) -> bytes:
    """The body in `raw` chunks, decoded; never holds more than `limit` bytes and one chunk, whatever it inflates to.

    Raises FetchFault naming the address `here`, and zlib.error.
    """
    coding = coding.strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise FetchFault(f"The answer comes in a coding that was not asked for ({coding[:40]}).", where=here)
    unpacked = None if coding in ("", "identity") else _Unpacked()
    body, came = io.BytesIO(), 0
    for chunk in raw:
        came += len(chunk)
        body.write(unpacked.more(chunk, limit + 1 - body.tell()) if unpacked else chunk)
        if max(came, body.tell()) > limit:
            raise FetchFault(f"The answer is larger than {limit / (1 << 20):g} MB.", where=here)
    if came and unpacked and not unpacked.whole:
        raise FetchFault("The answer broke off in the middle.", where=here)
    return body.getvalue()


class _Unpacked:
    """What gzip (RFC 1952) or deflate in its zlib form (RFC 1950) holds, never more of it at once than asked for."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)

    @property
    def whole(self) -> bool:
        return self._member.eof

    def more(self, packed: bytes, at_most: int) -> bytes:
        """The next bytes. Raises zlib.error."""
        if self._member.unused_data:  # to collect stray bytes that come one by one would take time squared
            return b""
        found = self._member.decompress(packed, at_most)
        # A gzip file may have several members, and stray bytes after them are ignored everywhere.
        while (rest := self._member.unused_data) and _GZIP.startswith(rest[:2]) and len(found) < at_most:
            self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
            found += self._member.decompress(rest, at_most - len(found))
        return found
