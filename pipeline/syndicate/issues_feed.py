"""The feed of issues, for readers who want the digest in their reader app."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from pipeline.model import Issue
from pipeline.model.text import legal
from pipeline.syndicate.generator import EMPTY, blank, finished
from pipeline.syndicate.meta import Meta


def feed(listed: Sequence[Issue], meta: Meta) -> bytes:
    """The issues, newest first, each with what it holds and a link to its web page."""
    made = blank(meta, "issues.xml", max((issue.slot.due for issue in listed), default=EMPTY))
    host = urlsplit(meta.home).hostname or "localhost"
    for issue in listed:
        entry = made.add_entry(order="append")
        name = f"tag:{host},{issue.created:%Y-%m-%d}:issue/{issue.number}"
        entry.id(name)
        entry.guid(name, permalink=False)
        entry.title(legal(issue.title))
        entry.link(href=f"{meta.home}issues/{issue.folder}/")
        entry.published(issue.slot.due)
        entry.updated(issue.slot.due)
        entry.summary(legal(issue.preheader) or legal(issue.title))
        titles = "".join(f"<li>{escape(item.post.article.title)}</li>" for item in issue.items)
        entry.content(legal(f"<p>{escape(issue.preheader)}</p><ul>{titles}</ul>"), type="html")
    return finished(made.rss_str(), "feed.xsl")
