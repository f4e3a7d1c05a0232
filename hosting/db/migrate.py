"""Bring the schema up to date. Two servers that start at once are safe: one migrates, the other waits and finds it done."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hosting.db.database import Database
from hosting.errors import DataError

ADVISORY_LOCK = 0x44434148  # an arbitrary number, the same for all servers of one database


def migrate(database: Database) -> bool:
    """Bring the schema of `database` up to date and return whether anything was to do. Raises DataError for a newer schema."""
    config = _alembic()
    with _only_one(database), database.writing() as connection:
        context = MigrationContext.configure(connection)
        script = ScriptDirectory.from_config(config)
        before = context.get_current_revision()
        if before == script.get_current_head():
            return False
        if before is not None and before not in {revision.revision for revision in script.walk_revisions()}:
            raise DataError(f"The database was made by a newer version of this server (schema {before}). Install that version.")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _only_one(database: Database) -> Iterator[None]:
    """Hold the lock of the migrations: an advisory lock in PostgreSQL, a locked file beside a SQLite database."""
    if database.url.get_backend_name() == "sqlite":
        with Path(f"{database.url.database}.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with database.reading() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(ADVISORY_LOCK)))
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(ADVISORY_LOCK)))
