"""Batches to try a provider with, full of what a provider might misread."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from msgspec.structs import replace

from pipeline.model import Batch, BatchId, IssueNumber, Message, Recipient, SubscriberId

LINK = "https://news.example.org/unsubscribe"

WORDS = (
    "{{7*7}} {{{pm:unsubscribe}}} {%if x%} {#x#} %recipient.reader% %unsubscribe_url% %recipient% 100% *|FNAME|* "
    "-link- {{params.link}} {{var:link}} [[EMAIL_TO]] {{ UnsubscribeURL }} {{{RESEND_UNSUBSCRIBE_URL}}} "
    "<%x%> ${x} \\{{x}} {{amazonSESUnsubscribeUrl}} } }} { {{ Größe 草 \U0001f4da"
)
"""What stands in the sample message, and must arrive as it is."""

_STYLE = "@media (min-width:480px){.a{width:100%}}@media print{#b{c:d}}"


def a_reader(number: int) -> Recipient:
    """The reader with this number."""
    return Recipient(
        subscriber=SubscriberId(number),
        address=f"reader{number}@example.org",
        name=f"Reader {number}" if number % 2 else None,
        unsubscribe=f"{LINK}/token-{number}-of-her-own",
        message_id=f"<7.{number}@example.org>",
    )


def a_batch(size: int = 3, *, words: str = WORDS, key: str = "0123456789abcdef0123456789abcdef") -> Batch:
    """A batch for the first `size` readers; the link to unsubscribe stands in HTML, text and nowhere else."""
    html = (
        f'<!doctype html><html lang="en"><head><title>x</title><style>{_STYLE}</style></head>'
        f"<body><p>{escape(words)}</p>"
        f'<a href="{LINK}">Unsubscribe</a> or <a href="{LINK}">{LINK}</a></body></html>'
    )
    message = Message(
        subject=" ".join(f"Hello {words}".split())[:150].strip(),
        html=html,
        text=f"{words}\n\nUnsubscribe: {LINK}\n",
        unsubscribe=LINK,
        list_headers=(("List-Id", "Kind Words <kind-words.news.example.org>"),),
    )
    return Batch(
        id=BatchId(1),
        issue=IssueNumber(7),
        key=key,
        message=message,
        sender='"Lisa, author" <letters@example.org>',
        reply_to="lisa@example.org",
        date=datetime(2026, 11, 23, 9, tzinfo=UTC),
        recipients=tuple(a_reader(number) for number in range(1, size + 1)),
    )


def a_test_batch() -> Batch:
    """A batch that the ledger does not know, for one reader."""
    return replace(a_batch(1), id=BatchId(0), key="test-7-1790000000")
