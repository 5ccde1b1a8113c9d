"""What the status codes and words of mail hosts say about an address (RFC 3463).

5.1.1 no such mailbox, 5.1.2 no such domain, 5.1.3 bad syntax, 5.1.6 moved away, 5.1.10 null MX; 5.2.1 a mailbox that
takes no mail; 5.7.x the host's rules, and 4.7.x when it was given up; 5.2.3, 5.3.4, 5.6.x a mail that is too large or
of no kind that it takes; 5.0.0 says nothing. Four numbers are no such code but a host's address, as in "client host
[5.1.1.9] is blocked".
"""

from __future__ import annotations

import re

_CODE = r"(?<![\d.])5\.(?:{})(?!\.?\d)"
_NO_SUCH = r"1\.(?:1|2|3|6|10)"
NO_SUCH_MAILBOX = re.compile(_CODE.format(_NO_SUCH))
GONE = re.compile(_CODE.format(rf"{_NO_SUCH}|2\.1"))
"""The same, or a mailbox that takes no mail any more."""
NO_SUCH_HOST = "5.1.2"
_RULES = re.compile(
    r"(?<![\d.])[45]\.7\.\d+(?!\.?\d)"
    r"|\b(?:spam\w*|unsolicited|blocked|(?:block|black|deny)[ -]?list(?:ed)?|reputation|unauthenticated"
    r"|spf|dkim|dmarc|barracuda\w*|policy (?:reasons?|violation|restrictions?))\b",
    re.IGNORECASE,
)
_THE_MAIL = re.compile(_CODE.format(r"(?:2\.3|3\.4|6\.\d+)"))


def by_policy(words: str) -> bool:
    """Whether a refusal is about the mail or who sends it, and not about the mailbox."""
    return bool(_RULES.search(words)) and not GONE.search(words)


def about_the_mail(words: str) -> bool:
    """The same, or that the mail is too large, or not of a kind that the host takes."""
    return by_policy(words) or bool(_THE_MAIL.search(words))
