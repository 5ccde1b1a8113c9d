"""Each batch keeps its own sum and what was tried; each provider its next free moment; an issue its canary."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

FATES = ("accepted", "rejected", "suppressed", "unknown")


def upgrade() -> None:
    for name in ("links", "domain"):
        op.add_column("sendings", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("sendings", sa.Column("canary", sa.Integer(), nullable=True))
    op.add_column("sendings", sa.Column("asked", sa.String(length=27), nullable=True))
    op.add_column("batches", sa.Column("place", sa.Integer(), nullable=True))
    op.add_column("batches", sa.Column("payload", sa.String(length=64), nullable=True))
    op.add_column("batches", sa.Column("first_tried", sa.String(length=27), nullable=True))
    for name in ("size", *FATES):
        op.add_column("batches", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_batches_number_place", "batches", ["number", "place"])
    op.create_index("ix_batches_state", "batches", ["state"])
    op.create_index("ix_batches_rejected", "batches", ["rejected"])
    op.create_table(
        "carriers",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("free_at", sa.String(length=27), nullable=True),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_carriers")),
    )
    _add_up()


def _add_up() -> None:
    """The sums of what was handed over before."""
    counted = "SELECT count(*) FROM outcomes WHERE outcomes.batch = batches.id"
    sums = [f"{fate} = ({counted} AND outcomes.fate = '{fate}')" for fate in FATES]
    op.execute(f"UPDATE batches SET size = ({counted}), {', '.join(sums)}")  # noqa: S608 - nothing comes from outside
