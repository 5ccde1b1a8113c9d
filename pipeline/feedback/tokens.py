"""The opaque names in readers' links: random, signed with the project's salt, without an address in them."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

_RANDOM = 16
_WHOLE = 32
NOBODY = ("test", "sample")
"""What stands in the links of test copies and samples instead of a token."""


def made(salt: bytes) -> str:
    """A fresh token, 43 characters that are safe in an address: 16 random bytes and a signature over them."""
    chance = secrets.token_bytes(_RANDOM)
    return urlsafe_b64encode(chance + _signature(salt, chance)).decode().rstrip("=")


def genuine(salt: bytes, token: str) -> bool:
    """Whether this project made the token; what was altered, cut or guessed is not."""
    try:
        whole = urlsafe_b64decode(token.encode("ascii") + b"=")
    except ValueError:
        return False
    # Base64 has spare bits at its end: other spellings of the same bytes are not ours.
    spelt = urlsafe_b64encode(whole).decode().rstrip("=") == token
    signed = hmac.compare_digest(whole[_RANDOM:], _signature(salt, whole[:_RANDOM]))
    return spelt and len(whole) == _WHOLE and signed


def _signature(salt: bytes, chance: bytes) -> bytes:
    return hmac.digest(salt, b"reader's link\0" + chance, "sha256")[: _WHOLE - _RANDOM]
