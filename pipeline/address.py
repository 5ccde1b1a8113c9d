"""Addresses that mail can go to, as servers want to hear them."""

from __future__ import annotations

import re
from functools import lru_cache

# Addresses that need no second thought once their domain is known; capitals do, because some names ignore them.
PLAIN_LOCAL = re.compile(r"[a-z0-9_-]++(?:[.+][a-z0-9_-]++)*+")
_PLAIN_DOMAIN = re.compile(r"(?=.{4,60}\Z)(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?:com|edu|net|org|[a-z]{2})")


def ascii_address(text: str) -> str:
    """An address with its domain in ASCII (IDNA). Raises ValueError with a sentence for one that no mail can go to."""
    local, _, domain = text.rpartition("@")
    plain = PLAIN_LOCAL.fullmatch(local) and len(local) <= 64 and len(text) <= 200 and domain.isascii()
    if plain and (known := domain_of(domain)):
        return f"{local}@{known}"
    return _checked(text)


@lru_cache(maxsize=10_000)
def domain_of(text: str) -> str | None:
    """A domain as mail is addressed to it; None when no address there can be right. Ordinary ones need no validator."""
    if _PLAIN_DOMAIN.fullmatch(text):
        return text
    try:
        return _checked(f"a@{text}").partition("@")[2]
    except ValueError:
        return None


def _checked(text: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as fault:
        raise ValueError(f"{text.strip()!r} is no address that mail can go to: {fault}") from None
    return str(found.ascii_email)
