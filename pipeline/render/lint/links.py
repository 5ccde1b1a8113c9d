"""Links that say where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.model import Finding
from pipeline.render.lint.rule import Checked, advisory

_VAGUE = re.compile(r"<a\b[^>]*>\s*(?:<[^>]+>\s*)*(here|click here|this|link)\s*(?:</[^>]+>\s*)*</a>", re.IGNORECASE)


def vague(checked: Checked) -> Iterator[Finding]:
    """A screen reader lists links by their words; "here" says nothing."""
    for item in checked.issue.items:
        for words in _VAGUE.findall(item.post.article.html):
            message = f"A link of “{item.post.article.title}” says only “{words}”."
            yield advisory("vague-link", message, f"post {item.post.id}")


RULES = (vague,)
