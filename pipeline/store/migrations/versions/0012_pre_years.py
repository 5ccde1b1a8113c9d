"""What a run asks of all posts and issues stands beside their documents, so that years of them need not be read.

Old rows are looked through once. What an older program writes meanwhile has no such columns, and is read whole.
"""

import contextlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


class _Post(msgspec.Struct):
    title: str
    published: datetime | None


class _Article(msgspec.Struct):
    title: str


class _Of(msgspec.Struct):
    article: _Article


class _Item(msgspec.Struct):
    post: _Of


class _Corrected(msgspec.Struct):
    number: int


class _Issue(msgspec.Struct, omit_defaults=True):
    slug: str
    title: str
    subject: str
    preheader: str
    created: datetime
    items: tuple[_Item, ...]
    corrects: _Corrected | None = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("moment", sa.String(length=27), nullable=True))
    op.add_column("posts", sa.Column("title_key", sa.Text(), nullable=True))
    op.add_column("issues", sa.Column("created", sa.String(length=27), nullable=True))
    op.add_column("issues", sa.Column("outline", sa.Text(), nullable=True))
    op.add_column("approvals", sa.Column("told", sa.String(length=64), nullable=True))
    tx = op.get_bind()
    read = "SELECT id, coalesce(outline, article) AS head, first_seen FROM posts"
    dated = "UPDATE posts SET moment = :moment, title_key = :key WHERE id = :id"
    _set(tx, dated, _of_post, tx.execute(sa.text(read)))
    written = "UPDATE issues SET created = :created, outline = :outline WHERE number = :number"
    _set(tx, written, _of_issue, tx.execute(sa.text("SELECT number, issue FROM issues")))
    op.create_index("ix_posts_moment", "posts", ["moment", "first_seen", "title_key"])
    op.create_index("ix_posts_before", "posts", ["before", "first_seen"])
    op.create_index("ix_posts_settled_from", "posts", ["settled_from"])
    op.create_index("ix_posts_article_sha", "posts", ["article_sha"])
    op.create_index("ix_entries_revision", "entries", ["revision"])
    op.create_index("ix_issues_created", "issues", ["created"])
    op.create_index("ix_issue_posts_number", "issue_posts", ["number"])
    op.create_index("ix_sendings_frozen", "sendings", ["frozen", "audience"])


def _set(tx: sa.Connection, statement: str, told: Callable[[Any], dict[str, Any]], rows: Iterable[Any]) -> None:
    values = []
    for row in rows:
        with contextlib.suppress(msgspec.DecodeError):  # whoever reads a damaged document says so
            values.append(told(row))
    if values:
        tx.execute(sa.text(statement), values)


def _of_post(row: Any) -> dict[str, Any]:
    from pipeline.store.posts import title_key

    told = msgspec.json.decode(row.head, type=_Post)
    moment = _instant(told.published) if told.published else row.first_seen
    return {"id": row.id, "moment": moment, "key": title_key(told.title)}


def _of_issue(row: Any) -> dict[str, Any]:
    brief = msgspec.json.decode(row.issue, type=_Issue)
    outline = msgspec.json.encode(brief).decode()
    return {"number": row.number, "created": _instant(brief.created), "outline": outline}


def _instant(moment: datetime) -> str:
    from pipeline.store.tables import Instant

    return Instant().process_bind_param(moment, None) or ""  # type: ignore[arg-type]
