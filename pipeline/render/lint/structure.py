"""What must be there, and be whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from msgspec import to_builtins

from pipeline.model import Finding
from pipeline.plural import many
from pipeline.render.lint.rule import Checked, advisory, blocking

SUBJECT = "the subject line"
_MERGE_FIELD = re.compile(
    r"https://unsubscribe\.invalid/\w*|\{\{[^{}\n]{1,80}\}\}|\*\|[A-Z0-9_:]{1,40}\|\*|%recipient\.\w{1,40}%|%%\w{1,40}%%"
)
"""Ours, and those of the email APIs we know of: handlebars, Mailchimp, Mailgun, Salesforce."""


_HEADING = re.compile(r"<h([1-6])\b[^>]*>(.*?)</h\1>", re.DOTALL)
_NOT_SHOWN = re.compile(r"<!--.*?-->|<style\b.*?</style>|<head\b.*?</head>", re.DOTALL)


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
    """A post that shows nothing but its title is a mistake; one of pictures alone may be meant."""
    for item in checked.issue.items:
        article = item.post.article
        if article.text.strip() or article.excerpt.strip():
            continue
        where = f"post {item.post.id}"
        if article.lead_image or "<img" in article.html:
            yield advisory("empty-post", f"“{article.title}” has pictures but no text. Add a sentence to it.", where)
        else:
            words = (
                f"“{article.title}” has no text; readers would see only its title. Mend the post, or `posts skip` it."
            )
            yield blocking("empty-post", words, where)


def unread(checked: Checked) -> Iterator[Finding]:
    """An issue that lacks what its author wrote down looks whole; nobody else would miss it."""
    yield from (advisory("unread", words, "your own files") for words in checked.issue.unread)


def empty_section(checked: Checked) -> Iterator[Finding]:
    """A heading with nothing under it: a block that an edit or a template has lost."""
    for words in _bare_headings(checked.message.html):
        yield blocking(
            "empty-section", f"There is nothing under the heading “{words}”. Fill or remove it.", "email.html"
        )


def _bare_headings(page: str) -> Iterator[str]:
    """The words of headings that no text, picture or deeper heading follows before the next one or the end."""
    parts = _HEADING.split(_NOT_SHOWN.sub("", page))
    heads = list(zip(parts[1::3], parts[2::3], parts[3::3], strict=True))
    for at, (level, words, below) in enumerate(heads):
        deeper = at + 1 < len(heads) and heads[at + 1][0] > level
        if not deeper and "<img" not in below and not _plain(below):
            yield _plain(words)


def _plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


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
        article = item.post.article
        bare = len(re.findall(r'<img\b(?![^>]*\balt="[^"]+")[^>]*>', article.html)) if item.form == "full" else 0
        if bare:
            words = f"{many(bare, 'picture')} of “{article.title}” without a description (alt). Write one on the blog."
            yield advisory("alt", words, f"post {item.post.id}")


RULES = (text_part, subject, unread, empty, empty_section, merge_fields, pictures)
