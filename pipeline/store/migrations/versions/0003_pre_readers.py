"""What readers choose, how their consent was had, and what is reported about their mailboxes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("every", sa.String(length=10), server_default="issue", nullable=False))
    op.add_column("subscribers", sa.Column("attributes", sa.Text(), nullable=True))
    op.create_table(
        "reader_topics",
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber"], ["subscribers.id"], name=op.f("fk_reader_topics_subscriber_subscribers")
        ),
        sa.PrimaryKeyConstraint("subscriber", "topic", name=op.f("pk_reader_topics")),
    )
    _signups()
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_subscriber", "consents", ["subscriber"])
    _reports()


def _signups() -> None:
    op.create_table(
        "signups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("asked", sa.String(length=27), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.Column("mail", sa.String(length=10), nullable=True),
        sa.Column("mailed", sa.String(length=27), nullable=True),
        sa.Column("mails", sa.Integer(), server_default="0", nullable=False),
        sa.Column("done", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signups")),
        sa.UniqueConstraint("address_key", name=op.f("uq_signups_address_key")),
        sa.UniqueConstraint("token", name=op.f("uq_signups_token")),
    )


def _reports() -> None:
    op.create_table(
        "signals",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("seen", sa.String(length=27), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event", name=op.f("pk_signals")),
    )
    op.create_index("ix_signals_address_hash", "signals", ["address_hash"])
    op.create_index("ix_signals_number", "signals", ["number"])
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )
