"""The mail host that refused a copy by its rules, so that a wave of such refusals can be told."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("signals", sa.Column("host", sa.Text(), nullable=True))
