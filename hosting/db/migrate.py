"""Bring the schema up to date. Two servers that start at once are safe: one migrates, the other waits and finds it done."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hosting.db.database import Database
from hosting.errors import DataError

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).with_name("migrations")
ADVISORY_LOCK = 0x44434148  # an arbitrary number, the same for all servers of one database


def migrate(database: Database) -> bool:
    """Bring the schema of `database` up to date and return whether anything was to do. Raises DataError for a newer schema."""
    if _is_current(database):
        return False
    # Loaded only now: it takes longer than all the rest of most commands.
    from alembic import command  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = alembic_config()
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


def newest_schema() -> str:
    """Return the revision of the newest migration."""
    return max(known_schemas())


def known_schemas() -> frozenset[str]:
    """Return the revisions of all migrations: their files begin with them, and are in order."""
    return frozenset(path.name.partition("_")[0] for path in FOLDER.joinpath("versions").glob("[0-9]*_*.py"))


def make_schema(connection: sa.Connection, revision: str) -> None:
    """Make the tables of a revision in an empty database, in this transaction."""
    from alembic import command  # noqa: PLC0415

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _is_current(database: Database) -> bool:
    with database.reading() as connection:
        return schema_of(connection) == newest_schema()


def schema_of(connection: sa.Connection) -> str | None:
    """Return the revision of the schema, None where there are no tables."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def alembic_config() -> "Config":
    """Return how Alembic finds the migrations."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
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
