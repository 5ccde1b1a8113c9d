"""What every look asks of all entries and posts is answered by an index: pages still wanted, books out of date."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_E = sa.column
WANTING = sa.and_(
    _E("partial").is_(sa.true()),
    sa.or_(
        sa.and_(_E("page_url").is_(None), _E("page_problem").is_(None)),
        _E("page_next").is_not(None),
    ),
)


def upgrade() -> None:
    op.create_index("ix_entries_pageless", "entries", ["before"], sqlite_where=WANTING, postgresql_where=WANTING)
    op.drop_index("ix_posts_article_sha", "posts")
    op.create_index("ix_posts_id", "posts", ["id", "article_sha"])
