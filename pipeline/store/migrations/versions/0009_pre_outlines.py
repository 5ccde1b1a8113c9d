"""What a list shows of a post stands beside it, so that thousands can be listed without reading their texts."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("posts", sa.Column("outline", sa.Text(), nullable=True))
