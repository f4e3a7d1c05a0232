"""Run by Alembic: uses the connection and the transaction that hosting.db.migrate holds."""

from alembic import context

from hosting.db.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
