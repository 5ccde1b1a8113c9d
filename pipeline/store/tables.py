"""The tables: each is written by one room, named in its comment, and read by any."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from pipeline.errors import StoreFault
from pipeline.model import Article, Copy, Entry, Event, Finding, Issue, Message, Pick


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware UTC time as text that sorts: 2026-11-20T09:00:00.000000Z in either database."""

    impl = sa.String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _written(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        try:
            return None if value is None else datetime.fromisoformat(value)
        except (ValueError, TypeError):
            raise damaged("a time") from None


@lru_cache(maxsize=64)  # thousands of rows are written at one moment
def _written(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


class Packed(sa.types.TypeDecorator[Any]):
    """A model value as one JSON document; it comes back as the same value, checked against its type."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return unpacked("null" if value is None else value, self.kind)


def unpacked(document: str, kind: Any) -> Any:
    """A document as the value that it was. Raises StoreFault for a damaged one."""
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError, TypeError):
        raise damaged("a document") from None


def damaged(what: str) -> StoreFault:
    """The fault of a state in which something can't be read."""
    return StoreFault(
        f"The state is damaged: {what} in it can't be read.",
        next_step="Nothing was changed. Put a backup back: `paperround restore FILE --force`.",
    )


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

CONFIRMED = "confirmed"
"""The fact that tells when a person said that an older copy of this state had been put back."""

LEFT = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when an entry is gone whose source is asked no more: nobody knows whether it is."""

TAGGED = "tagged"
"""The fact that tells which post was the last one when guids began to be kept."""

# store: written when the project's database is made
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# pull
sources = sa.Table(
    "sources",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("body_sha", sa.String(64)),
    sa.Column("next_check", Instant, nullable=False),
    sa.Column("last_ok", Instant),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text),
    sa.Column("kind", sa.String(40)),
    sa.Column("cursor", sa.Text),
    sa.Column("moved", sa.Text),
    sa.Column("moves", sa.Integer, nullable=False, server_default="0"),
    sa.Column("read", Instant),
)

# pull: calendars on the web, each with the last good copy and its events of the coming weeks
calendars = sa.Table(
    "calendars",
    metadata,
    sa.Column("key", sa.String(16), primary_key=True),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("events", Packed(tuple[Event, ...]), nullable=False),
    sa.Column("next_check", Instant, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text),
    sa.Column("read", Instant),
)

# pull
entries = sa.Table(
    "entries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("ident", sa.Text, nullable=False),
    sa.Column("sha", sa.String(64), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("entry", Packed(Entry), nullable=False),
    sa.Column("partial", sa.Boolean, nullable=False),
    sa.Column("page", sa.Text),
    sa.Column("page_url", sa.Text),
    sa.Column("page_problem", sa.Text),
    sa.Column("page_next", Instant),
    sa.Column("before", sa.Boolean, nullable=False),
    sa.Column("seen", Instant, nullable=False),
    sa.Column("changed", Instant),
    sa.Column("listed", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("gone", Instant),
    sa.UniqueConstraint("source", "ident"),
    sa.Index("ix_entries_listed", "listed"),
    sa.Index("ix_entries_revision", "revision"),
    # Of excerpts alone whose page is wanted, as `entries.pageless` says; see the index of refused copies below.
    sa.Index("ix_entries_pageless", "before"),
)

# clean
posts = sa.Table(
    "posts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry", sa.Integer, sa.ForeignKey("entries.id"), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("guids", Packed(tuple[str, ...]), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("article", Packed(Article), nullable=False),
    sa.Column("article_sha", sa.String(64), nullable=False),
    sa.Column("before", sa.Boolean, nullable=False),
    sa.Column("held", sa.Text),
    sa.Column("fault", sa.Text),
    sa.Column("settled_from", Instant, nullable=False),
    sa.Column("first_seen", Instant, nullable=False),
    sa.Column("outline", sa.Text),
    sa.Column("moment", Instant),
    sa.Column("title_key", sa.Text),
    # Each of these answers a question that every run asks, without a look at the articles themselves.
    sa.Index("ix_posts_moment", "moment", "first_seen", "title_key"),
    sa.Index("ix_posts_before", "before", "first_seen"),
    sa.Index("ix_posts_settled_from", "settled_from"),
    sa.Index("ix_posts_id", "id", "article_sha"),
    # Of those that are not from before; see ix_outcomes_rejected.
    sa.Index("ix_posts_source", "source", "id"),
)

# clean: which revision of an entry, under which rules, became which post
cleanings = sa.Table(
    "cleanings",
    metadata,
    sa.Column("entry", sa.Integer, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("post", sa.Integer, sa.ForeignKey("posts.id"), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("rules", sa.Integer, nullable=False),
    sa.Index("ix_cleanings_post", "post"),
)

# clean: everything that a post has ever been known by
post_keys = sa.Table(
    "post_keys",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("post", sa.Integer, sa.ForeignKey("posts.id"), nullable=False),
)

# compose: what the author decided about a post
choices = sa.Table(
    "choices",
    metadata,
    sa.Column("post", sa.Integer, sa.ForeignKey("posts.id"), primary_key=True),
    sa.Column("choice", sa.String(10), nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# books
picks = sa.Table(
    "picks",
    metadata,
    sa.Column("post", sa.Integer, sa.ForeignKey("posts.id"), primary_key=True),
    sa.Column("inputs", sa.String(64), nullable=False),
    sa.Column("picks", Packed(tuple[Pick, ...]), nullable=False),
)

# compose
issues = sa.Table(
    "issues",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("slot", sa.Text, nullable=False, unique=True),
    sa.Column("due", Instant, nullable=False),
    sa.Column("issue", Packed(Issue), nullable=False),
    sa.Column("sha", sa.String(64), nullable=False),
    sa.Column("created", Instant),
    sa.Column("outline", sa.Text),
    sa.Index("ix_issues_created", "created"),
)

# compose: a post is in one issue, ever
issue_posts = sa.Table(
    "issue_posts",
    metadata,
    sa.Column("post", sa.Integer, sa.ForeignKey("posts.id"), primary_key=True),
    sa.Column("number", sa.Integer, sa.ForeignKey("issues.number"), nullable=False),
    sa.Index("ix_issue_posts_number", "number"),
)

# compose
issue_books = sa.Table(
    "issue_books",
    metadata,
    sa.Column("number", sa.Integer, sa.ForeignKey("issues.number"), primary_key=True),
    sa.Column("book", sa.Text, primary_key=True),
)

# compose: what the author changed, in her order; the newest of two that contradict each other counts
edits = sa.Table(
    "edits",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("issue", sa.Integer, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("undone", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("overtaken", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("ix_edits_issue", "issue"),
)

# render
renders = sa.Table(
    "renders",
    metadata,
    sa.Column("number", sa.Integer, sa.ForeignKey("issues.number"), primary_key=True),
    sa.Column("inputs", sa.String(64), nullable=False),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("sha", sa.String(64), nullable=False),
    sa.Column("message", Packed(Message), nullable=False),
    sa.Column("linted", sa.String(64), nullable=False),
    sa.Column("findings", Packed(tuple[Finding, ...]), nullable=False),
    sa.Column("seen", sa.String(64), nullable=False, server_default=""),
)

# pictures: what asking for the picture at an address came to
pictures = sa.Table(
    "pictures",
    metadata,
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("copy", Packed(Copy | None)),
    sa.Column("problem", sa.Text),
    sa.Column("gone", sa.Boolean, nullable=False),
)

# links: whether an address leads somewhere
links = sa.Table(
    "links",
    metadata,
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("verdict", sa.String(10), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)

# syndicate
outputs = sa.Table(
    "outputs",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("inputs", sa.String(64), nullable=False),
)

# syndicate: what "post/<id>" and "issue/<number>" are called in the feeds
guids = sa.Table(
    "guids",
    metadata,
    sa.Column("what", sa.String(40), primary_key=True),
    sa.Column("guid", sa.Text, nullable=False),
    sa.UniqueConstraint("guid"),
)

# syndicate: what the hub was told of each feed
pings = sa.Table(
    "pings",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("sha", sa.String(64), nullable=False),
)

# review: every yes that was ever given; the last one for an issue counts
approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, sa.ForeignKey("issues.number"), nullable=False),
    sa.Column("sha", sa.String(64), nullable=False),
    sa.Column("rendering", sa.String(64), nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("told", sa.String(64)),
)

# feedback
subscribers = sa.Table(
    "subscribers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("address_key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("consent", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("token", sa.String(43), nullable=False, unique=True),
    sa.Column("every", sa.String(10), nullable=False, server_default="issue"),
    sa.Column("attributes", Packed(dict[str, str] | None)),
)

# feedback: the topics a reader wants; without any she wants all
reader_topics = sa.Table(
    "reader_topics",
    metadata,
    sa.Column("subscriber", sa.Integer, sa.ForeignKey("subscribers.id"), primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),
)

# feedback: people who filled in the form and have not confirmed yet
signups = sa.Table(
    "signups",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("address_key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text),
    sa.Column("topics", Packed(tuple[str, ...]), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("asked", Instant, nullable=False),
    sa.Column("token", sa.String(43), nullable=False, unique=True),
    sa.Column("mail", sa.String(10)),
    sa.Column("mailed", Instant),
    sa.Column("mails", sa.Integer, nullable=False, server_default="0"),
    sa.Column("done", Instant),
)

# feedback: how each reader's consent was had and changed, without addresses of people or machines
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("subscriber", sa.Integer, nullable=False),
    sa.Column("act", sa.String(20), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index("ix_consents_subscriber", "subscriber"),
)

# feedback: what providers and mail hosts reported, each event once
signals = sa.Table(
    "signals",
    metadata,
    sa.Column("provider", sa.String(40), primary_key=True),
    sa.Column("event", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("permanent", sa.Boolean, nullable=False),
    sa.Column("address_hash", sa.String(64), nullable=False),
    sa.Column("number", sa.Integer),
    sa.Column("at", Instant, nullable=False),
    sa.Column("seen", Instant, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    # Of refusals by a host's rules only: a name after the @ may be a person's own.
    sa.Column("host", sa.Text),
    sa.Index("ix_signals_address_hash", "address_hash"),
    sa.Index("ix_signals_number", "number"),
)

# feedback: how far a mailbox or a provider's list was read
cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# feedback
suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("address_hash", sa.String(64), primary_key=True),
    sa.Column("reason", sa.String(20), nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    # Whether a reader with this mailbox may be one who wants mail: true until somebody who knows the mailbox looked.
    sa.Column("unmatched", sa.Boolean, nullable=False, server_default=sa.true()),
    # Of those alone; see ix_outcomes_rejected.
    sa.Index("ix_suppressions_unmatched", "unmatched"),
)

# run: the last runs, each with its account in words
runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("began", Instant, nullable=False),
    sa.Column("ended", Instant, nullable=False),
    sa.Column("what", sa.String(40), nullable=False),
    sa.Column("code", sa.Integer, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)

# notices: what the author was told, and when she is told again
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("key", sa.String(120), primary_key=True),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("said", Instant),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
)

# deliver: an issue frozen for sending
sendings = sa.Table(
    "sendings",
    metadata,
    sa.Column("number", sa.Integer, sa.ForeignKey("issues.number"), primary_key=True),
    sa.Column("sha", sa.String(64), nullable=False),
    sa.Column("provider", sa.String(40), nullable=False),
    sa.Column("message", Packed(Message), nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("reply_to", sa.Text),
    sa.Column("frozen", Instant, nullable=False),
    sa.Column("audience", sa.Integer, nullable=False),
    sa.Column("links", sa.Text, nullable=False, server_default=""),
    sa.Column("domain", sa.Text, nullable=False, server_default=""),
    sa.Column("canary", sa.Integer),
    sa.Column("asked", Instant),
    sa.Index("ix_sendings_frozen", "frozen", "audience"),
)

# deliver
batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, sa.ForeignKey("sendings.number"), nullable=False),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("claimed_by", sa.Text),
    sa.Column("claimed_at", Instant),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", Instant),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("place", sa.Integer),
    sa.Column("payload", sa.String(64)),
    sa.Column("first_tried", Instant),
    *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in ("size", "accepted", "rejected")),
    *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in ("suppressed", "unknown")),
    sa.Index("ix_batches_number_state", "number", "state"),
    sa.Index("ix_batches_number_place", "number", "place"),
    sa.Index("ix_batches_state", "state"),
)

# deliver: each provider's next free moment, and why a person must look before it is asked again
carriers = sa.Table(
    "carriers",
    metadata,
    sa.Column("provider", sa.String(40), primary_key=True),
    sa.Column("free_at", Instant),
    sa.Column("stopped", sa.Text),
)

# deliver: one row for each (issue, reader): the ledger
outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("number", sa.Integer, sa.ForeignKey("sendings.number"), primary_key=True),
    sa.Column("subscriber", sa.Integer, primary_key=True),
    sa.Column("batch", sa.Integer, sa.ForeignKey("batches.id"), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("unsubscribe", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("fate", sa.String(12), nullable=False),
    sa.Column("provider_id", sa.Text),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("at", Instant),
    sa.Index("ix_outcomes_batch", "batch"),
    # Of refused copies only: the migration says so. Here, that would load both dialects at each start.
    sa.Index("ix_outcomes_rejected", "number"),
)
