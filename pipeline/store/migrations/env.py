"""Alembic's entry: it runs each step on the connection that `upgrade` was given."""

from alembic import context

from pipeline.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
