"""Providers as their readers see them: a request becomes the mails that it makes, with all merge fields filled in.

Each merge engine is imitated as its documentation describes it, so that what looks like a field and is none of ours is
acted upon: then a test that expects it to arrive literally fails.
"""

from __future__ import annotations

import base64
import json
import re
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
    """The batch endpoint fills in nothing but its own links to unsubscribe: other fields are for its templates only."""

    def filled(text: str) -> str:
        return re.sub(r"\{\{\{?\s*pm:\w+\s*\}?\}\}", lambda found: f"(acted upon: {found[0]!r})", text)

    return [
        Delivered(
            addresses=(address(copy["To"]),),
            subject=filled(copy["Subject"]),
            html=filled(copy["HtmlBody"]),
            text=filled(copy["TextBody"]),
            headers=named(copy["Headers"]),
        )
        for copy in sent(request)
    ]


def resend(request: Request) -> list[Delivered]:
    """The batch endpoint fills in nothing: fields are for broadcasts and templates."""
    return [
        Delivered(
            addresses=tuple(address(to) for to in copy["to"]),
            subject=copy["subject"],
            html=copy["html"],
            text=copy["text"],
            headers=copy["headers"],
        )
        for copy in sent(request)
    ]


def sendgrid(request: Request) -> list[Delivered]:
    """Substitution tags are replaced wherever they stand, in subject and content."""
    mail = sent(request)
    content = {part["type"]: part["value"] for part in mail["content"]}

    def filled(text: str, tags: Mapping[str, str]) -> str:
        for tag, value in tags.items():
            text = text.replace(tag, value)
        return text

    return [
        Delivered(
            addresses=tuple(to["email"] for to in one["to"]),
            subject=filled(mail["subject"], one["substitutions"]),
            html=filled(content["text/html"], one["substitutions"]),
            text=filled(content["text/plain"], one["substitutions"]),
            headers=one["headers"],
        )
        for one in mail["personalizations"]
    ]


def form(request: Request) -> list[tuple[str, str]]:
    """The fields of a multipart form, read by the standard library."""
    http = asked(request)
    whole = f"Content-Type: {http.headers['Content-Type']}\r\n\r\n".encode() + http.body
    parts = message_from_bytes(whole).get_payload()
    assert isinstance(parts, list)
    return [
        (str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True).decode())  # type: ignore[union-attr]
        for part in parts
    ]


_PERCENT = re.compile(r"%recipient\.([\w-]+)%|%(recipient|recipient_\w+|(?:mailing_list_|tag_)?unsubscribe_\w+)%")


def mailgun(request: Request) -> list[Delivered]:
    """Each address in "to" gets a mail of her own, because there are recipient variables; each field is filled in once."""
    fields = form(request)
    one_each = {name: value for name, value in fields if name != "to"}
    variables = json.loads(one_each["recipient-variables"])
    mails = []
    for to in [value for name, value in fields if name == "to"]:
        own = variables[address(to)]

        def filled(text: str, own: Mapping[str, str] = own) -> str:
            return _PERCENT.sub(lambda found: own.get(found[1] or "", f"(acted upon: {found[0]!r})"), text)

        mails.append(
            Delivered(
                addresses=(address(to),),
                subject=filled(one_each["subject"]),
                html=filled(one_each["html"]),
                text=filled(one_each["text"]),
                headers={name[2:]: filled(value) for name, value in one_each.items() if name.startswith("h:")},
            )
        )
    return mails


_JINJA = r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"


def engine(text: str, field: str, values: Mapping[str, str], also: str = "") -> str:
    """An engine that fills in each field once, and acts in some way upon everything else that looks like a field."""
    wanted = re.compile(field)

    def value(found: re.Match[str]) -> str:
        ours = wanted.fullmatch(found[0])
        return values.get(ours[1], "(nothing)") if ours else f"(acted upon: {found[0]!r})"

    pattern = _JINJA + also
    left = re.sub(pattern, "", text, flags=re.DOTALL)
    assert not re.search(r"\{[{%#]", left), "the engine would stumble over a field that has no end"
    return re.sub(pattern, value, text, flags=re.DOTALL)


def brevo(request: Request) -> list[Delivered]:
    """Fields are {{params.name}}, in subject, HTML and text."""
    mail = sent(request)
    return [
        Delivered(
            addresses=tuple(to["email"] for to in one["to"]),
            subject=engine(mail["subject"], r"\{\{params\.(\w+)\}\}", one["params"]),
            html=engine(mail["htmlContent"], r"\{\{params\.(\w+)\}\}", one["params"]),
            text=engine(mail["textContent"], r"\{\{params\.(\w+)\}\}", one["params"]),
            headers=one["headers"],
        )
        for one in mail["messageVersions"]
    ]


def mailjet(request: Request) -> list[Delivered]:
    """Fields are {{var:name}} and [[var:name]], in subject, HTML and text."""
    shared, brackets = sent(request)["Globals"], r"|\[\[.*?\]\]"
    assert not any(
        name.lower() in ("list-id", "date", "message-id")
        for one in sent(request)["Messages"]
        for name in one["Headers"]
    )
    assert shared["TemplateLanguage"] is True
    return [
        Delivered(
            addresses=tuple(to["Email"] for to in one["To"]),
            subject=engine(shared["Subject"], r"\{\{var:(\w+)\}\}", one["Variables"], brackets),
            html=engine(shared["HTMLPart"], r"\{\{var:(\w+)\}\}", one["Variables"], brackets),
            text=engine(shared["TextPart"], r"\{\{var:(\w+)\}\}", one["Variables"], brackets),
            headers=one["Headers"],
        )
        for one in sent(request)["Messages"]
    ]


def ses(request: Request) -> list[Delivered]:
    """Fields are {{name}} (Handlebars: a backslash before one keeps it from being filled in); or a finished message."""
    mail = sent(request)
    if "Content" in mail:
        return mime(base64.b64decode(mail["Content"]["Raw"]["Data"]))
    template = mail["DefaultContent"]["Template"]
    content, mails = template["TemplateContent"], []
    for one in mail["BulkEmailEntries"]:
        own = json.loads(one["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
        assert not any("\\{{" in text for text in content.values())
        mails.append(
            Delivered(
                addresses=tuple(address(to) for to in one["Destination"]["ToAddresses"]),
                subject=engine(content["Subject"], r"\{\{(\w+)\}\}", own),
                html=engine(content["Html"], r"\{\{(\w+)\}\}", own),
                text=engine(content["Text"], r"\{\{(\w+)\}\}", own),
                headers=named(template["Headers"]) | named(one["ReplacementHeaders"]),
            )
        )
    return mails
