"""Who carries mail, one file each: a batch becomes requests, replies become fates. No file here reaches a network.

A provider's file holds `CAN` (what it can do), `SECRETS` (environment variables and what they are), `Settings` (its
table in newsletter.toml) and `provider(settings, secrets)`. Its name is the file's; strangers bring theirs by the entry
point `paperround.providers`.

One that reports by webhook also holds `events(headers, body, secrets, now)`: the signals of one call, after its
signature or secret was verified (headers have lower-case names). It raises `errors.Forged`. If calls are signed with a
certificate it holds three more: `certificate_url(body)` says where that is to be fetched, `CERTIFICATE` is the name in
`secrets` under which its PEM is handed in, and `confirm_url(headers, body, secrets, now)` is an address to ask once, so
that the calls begin.

A provider that can be asked for bounces and complaints is a `Pollable` too: its `poll(since, replies)` steps like
`requests`, and `polled(replies, now)` are the signals in the replies. One that can be asked whether it takes our key is
`Reachable`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from pipeline import installed, toml
from pipeline.errors import SettingsError, UserError, did_you_mean
from pipeline.model import Answer, Batch, Outcome, Reply, Request, Signal, Welcome

__all__ = [
    "Capabilities", "Pollable", "Provider", "Reachable", "known", "leaves", "load", "names", "open_module",
    "open_provider",
]  # fmt: skip

NEEDS = ("CAN", "SECRETS", "Settings", "provider")
"""What a provider's file holds."""

SETTINGS_FILE = "sources/newsletter.toml"


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider can do.

    `batch_max`: readers in a batch; `body_max_bytes`: of one request. `idempotency`: what makes the same batch handed
    over again arrive once. "none": nothing, so it is never repeated by itself. "key": the same bytes under the same
    key, for `key_lifetime_seconds`. "recipient": the provider removes duplicates for each reader. "campaign": one
    object that starts once, whose state can be looked up. `merge`: it fills in merge fields itself, so that a request
    holds one body for many readers. `lookup`: whether it can be asked what became of a batch ("none" when not;
    "lagging" when only what it finds counts; "sure" when what it does not find was not handed over). `per_second`:
    requests it allows, None when it says nothing. `real`: mail leaves this machine. `docs`: where that is written.
    """

    batch_max: int
    body_max_bytes: int
    idempotency: Literal["none", "key", "recipient", "campaign"]
    key_lifetime_seconds: int | None
    merge: bool
    lookup: Literal["none", "lagging", "sure"]
    per_second: float | None
    real: bool
    docs: str


class Provider(Protocol):
    """A provider with its settings: pure, the same batch always makes the same bytes.

    It is asked what to ask for until it has nothing left to ask, or the line is lost; `replies` are all replies so
    far, in the order of the requests.
    """

    @property
    def can(self) -> Capabilities:
        """What it can do."""
        ...

    def requests(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        """What is to be asked next, in order; () when nothing is left. Raises PaperroundError for a bad copy."""
        ...

    def read(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        """Exactly one fate for each reader, whatever came back; what can't be understood is unknown."""
        ...

    def look_up(self, batch: Batch, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        """What is to be asked next to learn what became of a batch; () when nothing is left, or it can't be asked."""
        ...

    def found(self, batch: Batch, replies: Sequence[Reply]) -> Sequence[Outcome]:
        """The fates that the replies to `look_up` settle, and only those."""
        ...


@runtime_checkable
class Pollable(Protocol):
    """A provider that can be asked what it has learnt about copies, for authors whom no webhook reaches."""

    def poll(self, since: datetime, replies: Sequence[Reply] = ()) -> Sequence[Request]:
        """What is to be asked next about the time since then; () when nothing is left."""
        ...

    def polled(self, replies: Sequence[Reply], now: datetime) -> Sequence[Signal]:
        """What the replies report; what can't be understood reports nothing."""
        ...


@runtime_checkable
class Reachable(Protocol):
    """A provider that can be asked whether it would take our mail, in a way that sends nothing and changes nothing."""

    def greet(self) -> Request:
        """The question; one that a key answers which may do no more than send."""
        ...

    def greeted(self, answer: Answer) -> Welcome:
        """What the answer says, in words that hold no secret."""
        ...


def names() -> tuple[str, ...]:
    """The providers that come with Paperround, in alphabetical order."""
    return installed.ours(installed.PROVIDER)


def known() -> tuple[str, ...]:
    """Every provider that may be chosen here, the installed ones of others too, in alphabetical order."""
    return installed.known(installed.PROVIDER)


def load(name: str) -> ModuleType:
    """A provider's module. Raises UserError with the nearest name for one that nobody knows."""
    if installed.is_ours(installed.PROVIDER, name):
        return import_module(f"{__name__}.{name}")
    module: ModuleType = installed.loaded(installed.PROVIDER, name, NEEDS, ModuleType)
    return module


def leaves(name: str) -> bool:
    """Whether mail by this provider leaves the machine; by one that is not installed any more, it did."""
    try:
        return bool(load(name).CAN.real)
    except UserError:
        return True


def open_provider(name: str, table: Mapping[str, Any], secrets: Mapping[str, str], text: str = "") -> Provider:
    """The provider `name` with its `[delivery.<name>]` table, ready for use.

    `text` is the settings file, for the lines in faults; without it they name only the file. Raises UserError for an
    unknown name, SettingsError for a wrong table or a missing secret.
    """
    return open_module(name, load(name), table, secrets, text)


def open_module(
    name: str, module: ModuleType, table: Mapping[str, Any], secrets: Mapping[str, str], text: str = ""
) -> Provider:
    """As `open_provider`, for a module that is at hand."""
    _no_secret_in(name, table, module, text)
    settings = _settings(name, table, module.Settings, text)
    given = {secret: secrets[secret] for secret in module.SECRETS if secret in secrets}
    try:
        made: Provider = module.provider(settings, given)
    except ValueError as fault:
        raise SettingsError(str(fault), where=f"{SETTINGS_FILE}, [delivery.{name}]") from None
    return made


def _no_secret_in(name: str, table: Mapping[str, Any], module: ModuleType, text: str) -> None:
    """A settings file is easily shown around. Raises SettingsError for what looks like a key or a password in it."""
    known = module.Settings.__struct_fields__
    for key in table:
        meant = key in known or did_you_mean(key, known)
        if not meant and re.search("pass|token|key|secret", key.lower()):
            secrets = [one for one in module.SECRETS if not one.endswith("_WEBHOOK")]
            where = f"{SETTINGS_FILE}:{toml.line(text, ('delivery', name, key))}" if text else SETTINGS_FILE
            raise SettingsError(
                f"{key} does not belong into the settings, which are easily shown around.",
                where=where,
                next_step=f"Take it out; keys and passwords stand in .env: {', '.join(secrets)}." if secrets else None,
            )


def _settings(name: str, table: Mapping[str, Any], shape: type[msgspec.Struct], text: str) -> msgspec.Struct:
    try:
        return toml.decode(dict(table), shape, {}, text=text, file=SETTINGS_FILE, path=("delivery", name))
    except SettingsError as fault:
        raise fault if text else SettingsError(str(fault).replace(f"{SETTINGS_FILE}:1:", f"{SETTINGS_FILE}:")) from None
