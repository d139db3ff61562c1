"""What Alembic runs around the migrations: they get the transaction that `records.migration` holds."""

from alembic import context

from records.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
