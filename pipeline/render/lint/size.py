"""Gmail cuts a mail off at about 102 kB of HTML, and with it the unsubscribe link."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, advisory, blocking

BLOCKS = 100_000
WARNS = 90_000


def html(checked: Checked) -> Iterator[Finding]:
    """What is cut off takes the unsubscribe link with it."""
    size = len(checked.message.html.encode())
    if size > BLOCKS:
        words = f"The HTML has {size // 1000} kB; Gmail cuts at 102. Lower max_posts in [schedule], or skip a post."
        yield blocking("size", words, "email.html")
    elif size > WARNS:
        yield advisory("size", f"The HTML has {size // 1000} kB; Gmail cuts at 102.", "email.html")


RULES = (html,)
