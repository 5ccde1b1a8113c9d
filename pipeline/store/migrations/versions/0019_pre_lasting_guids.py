"""What a post or an issue is called in the feeds is kept, and no longer made of settings that may change."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "guids",
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("guid", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("what", name="pk_guids"),
        sa.UniqueConstraint("guid", name="uq_guids_guid"),
    )
    op.execute("INSERT INTO facts (name, value) SELECT 'tagged', CAST(MAX(id) AS TEXT) FROM posts HAVING COUNT(*) > 0")
