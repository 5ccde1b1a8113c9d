"""The feed of issues, for readers who want the digest in their reader app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

from pipeline.model import Issue, IssueNumber
from pipeline.model.text import legal
from pipeline.store.issues import Outline
from pipeline.syndicate import naming
from pipeline.syndicate.content import uri
from pipeline.syndicate.corrections import Note
from pipeline.syndicate.generator import EMPTY, blank, finished
from pipeline.syndicate.meta import Meta


def feed(
    listed: Sequence[Issue | Outline], meta: Meta, notes: Mapping[IssueNumber, Note] = MappingProxyType({})
) -> bytes:
    """The issues, newest first, each with what it holds, what was found wrong in it, and a link to its web page."""
    updated = {issue.number: max(issue.slot.due, notes[issue.number].at) for issue in listed if issue.number in notes}
    made = blank(meta, "issues.xml", max((updated.get(one.number, one.slot.due) for one in listed), default=EMPTY))
    for issue in listed:
        entry = made.add_entry(order="append")
        name = meta.guids[naming.of_issue(issue.number)]
        entry.id(name)
        entry.guid(name, permalink=False)
        entry.title(legal(issue.title))
        entry.link(href=f"{meta.home}issues/{issue.folder}/")
        entry.published(issue.slot.due)
        entry.updated(updated.get(issue.number, issue.slot.due))
        entry.summary(legal(issue.preheader) or legal(issue.title))
        titles = "".join(f"<li>{_linked(item.post.article.title, item.post.article.url)}</li>" for item in issue.items)
        note = notes[issue.number].html if issue.number in notes else ""
        entry.content(legal(f"{note}<p>{escape(issue.preheader)}</p><ul>{titles}</ul>"), type="html")
    return finished(made.rss_str(), meta)


def _linked(title: str, url: str) -> str:
    there = uri(url)
    return f'<a href="{escape(there)}">{escape(title)}</a>' if there else escape(title)
