"""What a source's kind wants remembered, where it moves to, and which entries it lists no more."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("sources", sa.Column("kind", sa.String(length=40), nullable=True))
    op.add_column("sources", sa.Column("cursor", sa.Text(), nullable=True))
    op.add_column("sources", sa.Column("moved", sa.Text(), nullable=True))
    op.add_column("sources", sa.Column("moves", sa.Integer(), server_default="0", nullable=False))
    op.add_column("sources", sa.Column("read", sa.String(length=27), nullable=True))
    op.add_column("entries", sa.Column("listed", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.create_index("ix_entries_listed", "entries", ["listed"])
    op.create_index("ix_cleanings_post", "cleanings", ["post"])
    op.add_column("entries", sa.Column("gone", sa.String(length=27), nullable=True))
