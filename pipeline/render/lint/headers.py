"""Headers that every mail host takes (RFC 5322)."""

from __future__ import annotations

from collections.abc import Iterator
from email import policy
from email.parser import BytesHeaderParser

from pipeline.errors import PaperroundError
from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, blocking
from pipeline.render.message import sample

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
LONGEST = 998
"""Bytes in a line, without its end."""


def writable(checked: Checked) -> Iterator[Finding]:
    """An address or subject that can't be a header: it would stop the sending when it is too late."""
    if checked.rendered.fresh:  # its sample is this very mail
        return
    try:
        sample(checked.issue, checked.message, checked.settings)
    except PaperroundError as fault:
        words = f"The mail's headers can't be written: {fault.what.rstrip('.')}. Mend it in issue.json or the settings."
        yield blocking("header", words, "issue.json")


def whole(checked: Checked) -> Iterator[Finding]:
    """Headers that there must be once, in ASCII, in lines that are not too long."""
    raw, head = checked.rendered.files["sample.eml"], checked.head
    message = BytesHeaderParser(policy=policy.compat32).parsebytes(head)
    for name in ONCE:
        if (count := len(message.get_all(name, []))) != 1:
            said = f"{count} times" if count else "not at all"
            words = f"The header {name} is there {said}; it must be there once. `build --fresh` makes the mail anew."
            yield blocking("header", words, "sample.eml")
    if not head.isascii() or any(len(line) > LONGEST for line in raw.splitlines()):
        words = "A header is not ASCII, or a line is longer than 998 bytes. `build --fresh` makes the mail anew."
        yield blocking("header", words, "sample.eml")


RULES = (writable, whole)
