"""Whether a webhook call comes from the provider, and what its JSON says.

Every comparison with a secret takes the same time whatever differs. Raises `errors.Forged` for what can't be believed,
`errors.Unverifiable` while there is no right key to verify it with.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.errors import Forged, Outdated, Unverifiable
from pipeline.mail import header_text
from pipeline.model import IssueNumber, Signal, SignalKind, SubscriberId


def key(secrets: Mapping[str, str], name: str) -> str:
    """The secret that calls are verified with; without one nothing is believed."""
    found = secrets.get(name, "").strip()
    if not found:
        raise Unverifiable(f"{name} is not set, so nobody can tell who calls.", next_step="Set it, and restart.")
    return found


def key_bytes(secrets: Mapping[str, str], name: str, prefix: str = "") -> bytes:
    """The same for a key that is written in Base64, behind a prefix."""
    text = key(secrets, name).removeprefix(prefix)
    try:
        found = unpacked(text)
    except Forged:
        found = b""
    if not found:
        raise wrong_key(name)
    return found


def wrong_key(name: str) -> Unverifiable:
    """What is set is no key of this kind."""
    return Unverifiable(f"{name} is no such key as the provider shows.", next_step="Copy it again, and restart.")


def same(given: str, wanted: str) -> bool:
    """Whether two texts are the same."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def insist(true: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise Forged unless it is true."""
    if not true:
        raise Forged(what)


def password(headers: Mapping[str, str], secrets: Mapping[str, str], name: str) -> None:
    """The call brings the secret as the password of Basic (RFC 7617; any user), or as a Bearer token (RFC 6750)."""
    wanted, given = key(secrets, name), headers.get("authorization", "")
    kind, _, value = given.partition(" ")
    if kind.lower() == "basic":
        value = unpacked(value).decode("utf-8", "replace").partition(":")[2]
    insist(kind.lower() in ("basic", "bearer") and same(value, wanted), "The call does not bring the right password.")


def unpacked(text: str) -> bytes:
    """Base64 as bytes."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Forged("The signature is not written as signatures are.") from None


def same_bytes(given: str, wanted: bytes) -> bool:
    """Whether Base64 text is these bytes."""
    return same(given, base64.b64encode(wanted).decode())


def sha256(secret: bytes, *parts: bytes) -> bytes:
    """The HMAC (RFC 2104) of the parts, one after the other."""
    made = hmac.new(secret, digestmod=hashlib.sha256)
    for part in parts:
        made.update(part)
    return made.digest()


def recent(stamp: str, now: datetime, allowed: timedelta) -> None:
    """The time in seconds since 1970 that was signed with the call lies within `allowed` of now.

    Raises Outdated for one from before, so verify first: who calls is told not to call again.
    """
    insist(stamp.isdecimal() and stamp.isascii() and len(stamp) < 12, "The call does not say when it was signed.")
    age = now - datetime.fromtimestamp(int(stamp), UTC)
    insist(age >= -allowed, "The call was signed in the future; is the clock of this machine right?")
    if age > allowed:
        raise Outdated("The call was signed too long ago.")


def content(body: bytes) -> Any:
    """The JSON of a call that was verified."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Forged("The call is not JSON.") from None


def calls(body: bytes) -> list[Any]:
    """The events of a call that was verified, which holds one or a list of them."""
    found = content(body)
    return found if isinstance(found, list) else [found]


def name(*parts: Any) -> str:
    """An id for an event that its provider gives none: the same for the same event."""
    return hashlib.sha256("\n".join(str(part) for part in parts).encode("utf-8", "replace")).hexdigest()[:32]


def signal(
    kind: SignalKind,
    *,
    id: str,  # noqa: A002 - the noun's own word
    at: datetime,
    address: str = "",
    provider_id: str = "",
    marks: Mapping[str, Any] | None = None,
    permanent: bool = False,
    words: str = "",
) -> Signal:
    """One event; `marks` are what was sent along with the copy."""
    issue, reader = (_number((marks or {}).get(part)) for part in ("issue", "reader"))
    return Signal(
        kind=kind,
        permanent=permanent,
        id=header_text(id),
        address=header_text(address) or None,
        provider_id=header_text(provider_id) or None,
        issue=None if issue is None else IssueNumber(issue),
        subscriber=None if reader is None else SubscriberId(reader),
        at=at,
        words=header_text(words),
    )


def _number(value: Any) -> int | None:
    """A number as we send it along; other programs of the same account may send anything under the same name."""
    digits = str(value)
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 10 else None
