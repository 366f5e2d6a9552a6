"""Alembic's environment: runs in the server's transaction."""

from alembic import context

schema = context.config.attributes["schema"]
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table=schema.version_table.name,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
