"""Which suppressed addresses may still be those of readers who want mail, so that only then hashes are compared."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

UNMATCHED = sa.column("unmatched").is_(sa.true())


def upgrade() -> None:
    op.add_column("suppressions", sa.Column("unmatched", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_index(
        "ix_suppressions_unmatched",
        "suppressions",
        ["unmatched"],
        sqlite_where=UNMATCHED,
        postgresql_where=UNMATCHED,
    )
