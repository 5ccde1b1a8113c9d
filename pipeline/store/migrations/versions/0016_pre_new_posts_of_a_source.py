"""Which posts of a source are not from before is answered by an index, in the order they came."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

NEW = sa.column("before").is_(sa.false())


def upgrade() -> None:
    op.create_index("ix_posts_source", "posts", ["source", "id"], sqlite_where=NEW, postgresql_where=NEW)
