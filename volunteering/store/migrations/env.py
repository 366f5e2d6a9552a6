"""Alembic's environment: runs in the server's transaction."""

from alembic import context

from volunteering.store.schema import SCHEMA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SCHEMA.metadata,
    version_table=SCHEMA.version_table.name,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
