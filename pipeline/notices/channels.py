"""The ways by which a notice goes. Each says None when it arrived, else why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

import msgspec

from pipeline import deliver
from pipeline.config import Settings
from pipeline.errors import PaperroundError, UserError
from pipeline.model import Answer, HttpRequest, Outside
from pipeline.notices.matters import Matter

WEBHOOK, NTFY = "PAPERROUND_NOTICES_WEBHOOK", "PAPERROUND_NOTICES_NTFY"


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A way for notices: its name, whether the settings want it, and how it goes."""

    name: str
    wanted: Callable[[Settings], bool]
    send: Callable[[Sequence[Matter], Settings, Outside], str | None]


def subject(matters: Sequence[Matter], settings: Settings) -> str:
    """What it is about in a line."""
    many = f"{len(matters)} things wait" if len(matters) > 1 else "something waits"
    return f"{settings.newsletter.title}: {many} for you"


def _by_mail(matters: Sequence[Matter], settings: Settings, out: Outside) -> str | None:
    text = "\n\n".join(one.words for one in matters) + "\n\nThis notice is from Paperround; [notices] sets it up.\n"
    to = str(settings.notices.mail).rpartition("<")[2].rstrip("> ")
    return deliver.write_to_author(subject(matters, settings), text, to, settings.deliver, out)


def _by_webhook(matters: Sequence[Matter], settings: Settings, out: Outside) -> str | None:
    document = {
        "newsletter": settings.newsletter.title,
        "at": out.clock().isoformat(),
        "text": "\n".join((subject(matters, settings), *(one.words for one in matters))),
        "matters": [{"key": one.key, "words": one.words} for one in matters],
    }
    token = settings.secrets.get("PAPERROUND_NOTICES_TOKEN")
    return _posted(_address(WEBHOOK, settings), document, token, out)


def _by_ntfy(matters: Sequence[Matter], settings: Settings, out: Outside) -> str | None:
    """As JSON to the server's root, so that titles may have any letters (docs.ntfy.sh/publish, "Publish as JSON")."""
    parts = urlsplit(_address(NTFY, settings))
    folder, _, topic = parts.path.rstrip("/").rpartition("/")
    document = {
        "topic": topic,
        "title": subject(matters, settings),
        "message": "\n".join(one.words for one in matters)[:3500],
        "tags": ["newspaper"],
    }
    root = urlunsplit((parts.scheme, parts.netloc, f"{folder}/", "", ""))
    return _posted(root, document, settings.secrets.get("PAPERROUND_NOTICES_NTFY_TOKEN"), out)


def _posted(url: str, document: Mapping[str, object], token: str | None, out: Outside) -> str | None:
    host = urlsplit(url).hostname
    request = HttpRequest(
        method="POST",
        url=url,
        headers={"content-type": "application/json"},
        secret_headers={"authorization": f"Bearer {token}"} if token else {},
        body=msgspec.json.encode(document),
    )
    for reply in out.line([request]):
        if isinstance(reply, Answer):
            return None if 200 <= reply.status < 300 else f"{host} answered {reply.status}."
        return f"{host} did not answer."
    return "it was not tried."


def _given(variable: str, settings: Settings) -> tuple[str, str]:
    """An address for notices, "" where none is wanted, and where it stands."""
    if secret := settings.secrets.get(variable):
        return secret, f"{variable} in the environment or .env"
    written = settings.notices.webhook if variable == WEBHOOK else settings.notices.ntfy
    return written or "", "sources/newsletter.toml, [notices]"


def _address(variable: str, settings: Settings) -> str:
    """The same, if notices may go there. Raises UserError, which does not repeat it: an address may be a secret."""
    url, where = _given(variable, settings)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UserError("This is no address that notices can go to.", where=where) from None
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise UserError("Notices go by https:// only.", where=where)
    return url


def check(settings: Settings) -> None:
    """Raises UserError for a way that is wanted and can't be."""
    if settings.notices.mail and deliver.provider(settings.deliver).can.idempotency == "campaign":
        words = f"{settings.delivery.provider} writes to the whole list it keeps, so it can't carry a notice by mail."
        raise UserError(words, where="sources/newsletter.toml, [notices]")
    for variable in (WEBHOOK, NTFY):
        if _given(variable, settings)[0]:
            _address(variable, settings)


CHANNELS = (
    Channel(name="mail", wanted=lambda settings: settings.notices.mail is not None, send=_by_mail),
    Channel(name="webhook", wanted=lambda settings: bool(_given(WEBHOOK, settings)[0]), send=_by_webhook),
    Channel(name="ntfy", wanted=lambda settings: bool(_given(NTFY, settings)[0]), send=_by_ntfy),
)


def said(matters: Sequence[Matter], settings: Settings, out: Outside) -> tuple[list[str], list[str]]:
    """One notice with all of it by every way there is: those by which it arrived, and what the others answered."""
    arrived, faults = [], []
    for channel in CHANNELS:
        if channel.wanted(settings):
            try:
                words = channel.send(matters, settings, out)
            except PaperroundError as fault:
                words = str(fault)
            if words is None:
                arrived.append(channel.name)
            else:
                faults.append(f"The notice by {channel.name} was not taken: {words}")
    return arrived, faults
