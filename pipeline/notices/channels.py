"""The ways by which a notice goes. Each says None when it arrived, else why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import msgspec

from pipeline import deliver
from pipeline.config import Settings
from pipeline.errors import UserError
from pipeline.model import Answer, HttpRequest, Outside
from pipeline.notices.matters import Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
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


def _webhook(settings: Settings) -> str | None:
    return settings.secrets.get("PAPERROUND_NOTICES_WEBHOOK") or settings.notices.webhook


def _by_webhook(matters: Sequence[Matter], settings: Settings, out: Outside) -> str | None:
    document = {
        "newsletter": settings.newsletter.title,
        "at": out.clock().isoformat(),
        "text": "\n".join((subject(matters, settings), *(one.words for one in matters))),
        "matters": [{"key": one.key, "words": one.words} for one in matters],
    }
    token = settings.secrets.get("PAPERROUND_NOTICES_TOKEN")
    return _posted(_webhook(settings) or "", document, token, out)


def _ntfy(settings: Settings) -> str | None:
    return settings.secrets.get("PAPERROUND_NOTICES_NTFY") or settings.notices.ntfy


def _by_ntfy(matters: Sequence[Matter], settings: Settings, out: Outside) -> str | None:
    """As JSON to the server's root, so that titles may have any letters (docs.ntfy.sh/publish, "Publish as JSON")."""
    parts = urlsplit(_ntfy(settings) or "")
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
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise UserError("Notices go by https:// only.", where="sources/newsletter.toml, [notices]")
    request = HttpRequest(
        method="POST",
        url=url,
        headers={"content-type": "application/json"},
        secret_headers={"authorization": f"Bearer {token}"} if token else {},
        body=msgspec.json.encode(document),
    )
    for reply in out.line([request]):
        if isinstance(reply, Answer):
            return None if 200 <= reply.status < 300 else f"{parts.hostname} answered {reply.status}."
        return f"{parts.hostname} did not answer."
    return "it was not tried."


CHANNELS = (
    Channel(name="mail", wanted=lambda settings: settings.notices.mail is not None, send=_by_mail),
    Channel(name="webhook", wanted=lambda settings: bool(_webhook(settings)), send=_by_webhook),
    Channel(name="ntfy", wanted=lambda settings: bool(_ntfy(settings)), send=_by_ntfy),
)
