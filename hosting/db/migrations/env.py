"""Run by Alembic: uses the connection of hosting.db.migrate, each migration in a transaction of its own."""

from alembic import context

from hosting.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
