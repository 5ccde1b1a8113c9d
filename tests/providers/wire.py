"""Providers as their readers see them: a request becomes the mails that it makes, with all merge fields filled in.

Each merge engine is imitated as its documentation describes it, so that what looks like a field and is none of ours is
acted upon: then a test that expects it to arrive literally fails.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.policy import default
from typing import Any

from pipeline.mail import sender
from pipeline.model import HttpRequest, Request
from pipeline.testing import Delivered


def asked(request: Request) -> HttpRequest:
    assert isinstance(request, HttpRequest)
    return request


def sent(request: Request) -> Any:
    return json.loads(asked(request).body)


def address(mailbox: str) -> str:
    return sender(mailbox)[1]


def named(pairs: Sequence[Mapping[str, str]], name: str = "Name", value: str = "Value") -> dict[str, str]:
    return {pair[name]: pair[value] for pair in pairs}


def mime(content: bytes) -> list[Delivered]:
    mail = message_from_bytes(content, policy=default)
    text, html = (part.get_content() for part in mail.iter_parts())
    shown = [one.addr_spec for name in ("To", "Cc", "Bcc") for one in (mail[name].addresses if mail[name] else ())]
    headers = {name: str(value) for name, value in mail.items()}
    return [Delivered(addresses=tuple(shown), subject=mail["Subject"], html=html, text=text, headers=headers)]


def postmark(request: Request) -> list[Delivered]:
    """The batch endpoint fills in nothing: merge fields are for its templates only."""
    return [
        Delivered(
            addresses=(address(copy["To"]),),
            subject=copy["Subject"],
            html=copy["HtmlBody"],
            text=copy["TextBody"],
            headers=named(copy["Headers"]),
        )
        for copy in sent(request)
    ]
