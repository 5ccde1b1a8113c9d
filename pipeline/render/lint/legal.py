"""What the law and the mail hosts ask of a newsletter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import policy
from email.parser import BytesHeaderParser
from html import unescape

from pipeline import mail
from pipeline.model import Finding
from pipeline.render import view
from pipeline.render.lint.rule import Checked, advisory, blocking

SETTINGS = "sources/newsletter.toml"
ONLY_WHEN_SENT = ("sender", "postal-address", "public-url", "private-link", "one-click")
STAND_IN = ("Me", "letters@example.org")
"""Name and address of the sender that `init` writes into a new project."""


def sender(checked: Checked) -> Iterator[Finding]:
    """CAN-SPAM asks who a mail really comes from; what `init` wrote is nobody, at a domain for examples (RFC 2606)."""
    try:
        written = mail.sender(checked.settings.newsletter.from_)
    except ValueError:  # the headers' own rule tells of it
        return
    if written == STAND_IN:
        words = "Me <letters@example.org> is a stand-in, and no sender. Write your own from into [newsletter]."
        yield blocking("sender", words, SETTINGS)


def postal_address(checked: Checked) -> Iterator[Finding]:
    """CAN-SPAM and CASL ask for the sender's postal address in every mail."""
    address = checked.settings.newsletter.postal_address
    if not address or not address.strip():
        yield blocking("postal-address", "There is no postal address. Add postal_address to [newsletter].", SETTINGS)
    elif _words(address) not in _words(checked.message.html):
        yield blocking("postal-address-shown", "The mail does not show the postal address.", "email.html")


def public_url(checked: Checked) -> Iterator[Finding]:
    """One-click unsubscribing needs an https address that answers (RFC 8058); there are lesser ways without one."""
    https = (checked.settings.newsletter.public_url or "").startswith("https://")
    match checked.settings.readers.unsubscribe:
        case "serve" if not https:
            words = (
                "Links to the web page and to unsubscribe lead nowhere. Set public_url in [newsletter], with https; "
                'or without a server unsubscribe = "mailto" in [readers].'
            )
            yield blocking("public-url", words, SETTINGS)
        case "mailto":
            words = (
                "Readers leave by writing a mail. Gmail and Yahoo show no button of their own then, and ask for one of "
                "those who mail more than 5,000 of their users a day; some readers will press “spam” instead. "
                "[feedback.imap] reads these mails for you."
            )
            yield advisory("unsubscribe-mailto", words, SETTINGS)
        case "provider" if not _keeps_list(checked.settings.provider):
            words = f"{checked.settings.provider} has no page of its own to unsubscribe. Set unsubscribe in [readers]."
            yield blocking("public-url", words, SETTINGS)


def _keeps_list(provider: str) -> bool:
    from pipeline import providers

    return bool(providers.load(provider).CAN.idempotency == "campaign")


def unsubscribe(checked: Checked) -> Iterator[Finding]:
    """Every reader must be able to see how to leave, in either part."""
    for part, content in (("email.html", checked.message.html), ("email.txt", checked.message.text)):
        if checked.message.unsubscribe not in content:
            yield blocking("unsubscribe", "There is no unsubscribe link. Put the template's back.", part)


def one_click(checked: Checked) -> Iterator[Finding]:
    """Gmail and Yahoo want to unsubscribe a reader with one click (RFC 8058): two headers in every mail."""
    sample = BytesHeaderParser(policy=policy.compat32).parsebytes(checked.head)
    there = re.findall(r"<(https://[^>\s]+)>", "".join(str(sample["List-Unsubscribe"] or "").split()))
    if not there or sample["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click":
        words = "The headers for unsubscribing with one click are missing. `build --fresh` makes the mail anew."
        yield blocking("one-click", words, "sample.eml")


def disclosure(checked: Checked) -> Iterator[Finding]:
    """A link that earns the author money must be preceded by saying so (FTC, 16 CFR part 255)."""
    earning = [
        pick.links.email for item in checked.issue.items for pick in item.picks if "email" in pick.links.affiliate
    ]
    wanted = _words(view.disclosure(checked.settings))
    for part, content in (("email.html", checked.message.html), ("email.txt", checked.message.text)):
        text = _words(content)
        first = min((at for link in earning if (at := text.find(_words(link))) >= 0), default=None)
        said = text.find(wanted) if wanted else -1
        if first is not None and not 0 <= said < first:
            words = "A link earns you money before the mail says so. Set disclosure in [books], or put its words back."
            yield blocking("disclosure", words, part)


def _words(content: str) -> str:
    """Content as it reads, however it is escaped and wrapped."""
    return " ".join(unescape(content).split())


RULES = (sender, postal_address, public_url, unsubscribe, one_click, disclosure)
