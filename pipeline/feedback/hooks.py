"""The addresses that providers report to, and whether a call comes from them."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from pipeline import providers
from pipeline.config import FeedbackSettings
from pipeline.errors import Forged, UserError
from pipeline.model import Fetch, Signal
from pipeline.store import Store


def secret(salt: bytes, provider: str) -> str:
    """The part of a provider's address that nobody can guess; it is made from the project's salt, and stays."""
    made = hmac.new(salt, f"webhook/{provider}".encode(), hashlib.sha256).digest()[:24]
    return urlsafe_b64encode(made).decode()


def genuine(salt: bytes, provider: str, given: str) -> bool:
    """Whether the secret in an address is that provider's."""
    return hmac.compare_digest(secret(salt, provider).encode(), given.encode("utf-8", "replace"))


def reports(provider: str) -> bool:
    """Whether there is a provider of this name that reports by webhook."""
    try:
        return hasattr(providers.load(provider), "events")
    except UserError:
        return False


def address(store: Store, settings: FeedbackSettings) -> str | None:
    """The address to give to the provider in use; None when it does not report by webhook."""
    if not reports(settings.provider):
        return None
    with store.reading() as tx:
        salt = store.secret(tx)
    return f"{settings.newsletter.home}webhooks/{settings.provider}/{secret(salt, settings.provider)}"


def unset(provider: str, settings: FeedbackSettings) -> list[str]:
    """The variables without which no call of the provider is believed, as far as they are not set."""
    wanted = providers.load(provider).SECRETS.items()
    return [name for name, words in wanted if words.startswith("for webhooks") and not settings.secrets.get(name)]


def verified(
    provider: str, headers: Mapping[str, str], body: bytes, settings: FeedbackSettings, fetch: Fetch, now: datetime
) -> Sequence[Signal]:
    """The signals of a call. Raises Forged when it is not the provider's, FetchFault when nobody can tell just now.

    A provider that signs with a certificate (SES, by way of SNS) says where it lies; it is fetched from the provider's
    own host. One that asks whether it may begin to call is told yes, once the question was verified.
    """
    module = providers.load(provider)
    given = {name: settings.secrets[name] for name in module.SECRETS if name in settings.secrets}
    if hasattr(module, "certificate_url"):
        given[module.CERTIFICATE] = _fetched(fetch, module.certificate_url(body))
        if question := module.confirm_url(headers, body, given, now):
            _fetched(fetch, question)
    told: Sequence[Signal] = module.events(headers, body, given, now)
    return told


@lru_cache(maxsize=8)
def _fetched(fetch: Fetch, url: str) -> str:
    """What lies there; a certificate's address names one certificate for ever."""
    found = fetch(url)
    if found.url != url:
        raise Forged("The call can't be verified: the certificate's address leads somewhere else.")
    return found.body.decode("ascii", "replace")
