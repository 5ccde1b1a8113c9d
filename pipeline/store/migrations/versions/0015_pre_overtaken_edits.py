"""Which undone edits another one has overtaken, so that redo never makes those again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("edits", sa.Column("overtaken", sa.Boolean(), nullable=False, server_default=sa.false()))
