"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("ident", sa.Text(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("page_url", sa.Text(), nullable=True),
        sa.Column("page_problem", sa.Text(), nullable=True),
        sa.Column("page_next", sa.String(length=27), nullable=True),
        sa.Column("before", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.String(length=27), nullable=False),
        sa.Column("changed", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("source", "ident", name=op.f("uq_entries_source")),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_table(
        "issues",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("due", sa.String(length=27), nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_issues")),
        sa.UniqueConstraint("slot", name=op.f("uq_issues_slot")),
    )
    op.create_table(
        "outputs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("inputs", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_outputs")),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_sha", sa.String(length=64), nullable=True),
        sa.Column("next_check", sa.String(length=27), nullable=False),
        sa.Column("last_ok", sa.String(length=27), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("token", sa.String(length=43), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address_key", name=op.f("uq_subscribers_address_key")),
        sa.UniqueConstraint("token", name=op.f("uq_subscribers_token")),
    )
    op.create_table(
        "suppressions",
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("rendering", sa.String(length=64), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["issues.number"], name=op.f("fk_approvals_number_issues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_table(
        "issue_books",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["issues.number"], name=op.f("fk_issue_books_number_issues")),
        sa.PrimaryKeyConstraint("number", "book", name=op.f("pk_issue_books")),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("guids", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("article_sha", sa.String(length=64), nullable=False),
        sa.Column("before", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Text(), nullable=True),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("settled_from", sa.String(length=27), nullable=False),
        sa.Column("first_seen", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_posts_entry_entries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    op.create_table(
        "renders",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("inputs", sa.String(length=64), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("linted", sa.String(length=64), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["issues.number"], name=op.f("fk_renders_number_issues")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_renders")),
    )
    op.create_table(
        "sendings",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("frozen", sa.String(length=27), nullable=False),
        sa.Column("audience", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["issues.number"], name=op.f("fk_sendings_number_issues")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sendings")),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.String(length=27), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["sendings.number"], name=op.f("fk_batches_number_sendings")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("key", name=op.f("uq_batches_key")),
    )
    op.create_index("ix_batches_number_state", "batches", ["number", "state"], unique=False)
    op.create_table(
        "choices",
        sa.Column("post", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(length=10), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_choices_post_posts")),
        sa.PrimaryKeyConstraint("post", name=op.f("pk_choices")),
    )
    op.create_table(
        "cleanings",
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("post", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_cleanings_entry_entries")),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_cleanings_post_posts")),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_cleanings")),
    )
    op.create_table(
        "issue_posts",
        sa.Column("post", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["issues.number"], name=op.f("fk_issue_posts_number_issues")),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_issue_posts_post_posts")),
        sa.PrimaryKeyConstraint("post", name=op.f("pk_issue_posts")),
    )
    op.create_table(
        "picks",
        sa.Column("post", sa.Integer(), nullable=False),
        sa.Column("inputs", sa.String(length=64), nullable=False),
        sa.Column("picks", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_picks_post_posts")),
        sa.PrimaryKeyConstraint("post", name=op.f("pk_picks")),
    )
    op.create_table(
        "post_keys",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("post", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["post"], ["posts.id"], name=op.f("fk_post_keys_post_posts")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_post_keys")),
    )
    op.create_table(
        "outcomes",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subscriber", sa.Integer(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("unsubscribe", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("fate", sa.String(length=12), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name=op.f("fk_outcomes_batch_batches")),
        sa.ForeignKeyConstraint(["number"], ["sendings.number"], name=op.f("fk_outcomes_number_sendings")),
        sa.PrimaryKeyConstraint("number", "subscriber", name=op.f("pk_outcomes")),
    )
    op.create_index("ix_outcomes_batch", "outcomes", ["batch"], unique=False)
