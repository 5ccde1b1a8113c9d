"""What must be there, and be whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from msgspec import to_builtins

from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, advisory, blocking

SUBJECT = "the subject line"
_MERGE_FIELD = re.compile(
    r"https://unsubscribe\.invalid/\w*|\{\{[^{}\n]{1,80}\}\}|\*\|[A-Z0-9_:]{1,40}\|\*|%recipient\.\w{1,40}%|%%\w{1,40}%%"
)
"""Ours, and those of the email APIs we know of: handlebars, Mailchimp, Mailgun, Salesforce."""


def text_part(checked: Checked) -> Iterator[Finding]:
    """Readers without HTML, and spam filters, look at the text part."""
    if len(checked.message.text.split()) < 10:
        yield blocking("text-part", "The text part is missing or empty.", "email.txt")


def subject(checked: Checked) -> Iterator[Finding]:
    """An inbox shows about 60 characters; none at all looks like a fault."""
    length = len(checked.message.subject)
    if not checked.message.subject.strip():
        yield blocking("subject", "The subject is empty.", SUBJECT)
    elif length > 150:
        yield blocking("subject", f"The subject has {length} characters; keep it under 150.", SUBJECT)
    elif length > 60:
        yield advisory("subject-long", f"The subject has {length} characters; an inbox shows about 60.", SUBJECT)


def empty(checked: Checked) -> Iterator[Finding]:
    """A post that shows nothing but its title is most likely a mistake."""
    for item in checked.issue.items:
        if not item.post.article.text.strip():
            title = item.post.article.title
            yield advisory("empty-post", f"“{title}” has no text; readers see only its title.", f"post {item.post.id}")


def merge_fields(checked: Checked) -> Iterator[Finding]:
    """A stand-in that is not ours would go out as it stands; what the author herself wrote about is no stand-in."""
    ours = checked.message.unsubscribe
    written = unescape(str(to_builtins(checked.issue)))
    for part, content in (("email.html", checked.message.html), ("email.txt", checked.message.text)):
        for found in dict.fromkeys(_MERGE_FIELD.findall(unescape(content))):
            if found != ours and found not in written:
                words = f"{found} would go out as it stands. Take it out, or build the issue anew."
                yield blocking("merge-field", words, part)


def pictures(checked: Checked) -> Iterator[Finding]:
    """A reader who can't see a picture hears its alt text."""
    for item in checked.issue.items:
        bare = len(re.findall(r'<img\b(?![^>]*\balt="[^"]+")[^>]*>', item.post.article.html))
        if bare and item.form == "full":
            words = (
                f"{bare} picture{'s' if bare > 1 else ''} of “{item.post.article.title}” without a description (alt)."
            )
            yield advisory("alt", words, f"post {item.post.id}")


RULES = (text_part, subject, empty, merge_fields, pictures)
