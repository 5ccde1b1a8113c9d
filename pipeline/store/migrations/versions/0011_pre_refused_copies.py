"""Refused copies are found without reading the others of their batches."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

REFUSED = sa.text("fate = 'rejected'")


def upgrade() -> None:
    op.drop_index("ix_batches_rejected", "batches")
    op.create_index("ix_outcomes_rejected", "outcomes", ["number"], sqlite_where=REFUSED, postgresql_where=REFUSED)
