"""When a calendar last came whole, so that "unchanged" is not believed for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("calendars", sa.Column("read", sa.String(27), nullable=True))
