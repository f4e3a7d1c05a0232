"""Bring the schema up to date while other servers work on the same database.

Each migration is a transaction of its own, and one that cannot be (an index made concurrently, a constraint validated) is written
so that it goes on where it was cut off. On PostgreSQL a change waits for the locks of others no longer than `LOCK_WAIT`, since all
that comes after it would wait with it; then it is given up and tried again. Two servers that start at once are safe: one migrates,
the other waits and finds it done.
"""

import fcntl
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hosting.db import distribution
from hosting.db.connection.database import Database, is_contended
from hosting.errors import DataError

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).with_name("migrations")
ADVISORY_LOCK = 0x44434148  # an arbitrary number, the same for all servers of one database
LOCK_WAIT = "2s"
TRIES = 60
"""So often a migration is tried where others hold what it wants: for some minutes."""
PAUSE_SECONDS = 0.5, 1.5
"""Between two tries, and between two looks whether another server has done it."""


def migrate(database: Database) -> bool:
    """Bring the schema of `database` up to date and return whether anything was to do.

    Raises DataError for a newer schema, and where others keep its tables locked for minutes.
    """
    if _is_current(database):
        return False
    # Loaded only now: it takes longer than all the rest of most commands.
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    with only_one(database):
        before = _schema(database)
        if before == newest_schema():
            return False
        known = {revision.revision for revision in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
        if before is not None and before not in known:
            raise DataError(f"The database was made by a newer version of this server (schema {before}). Install that version.")
        for number in range(1, TRIES + 1):
            if upgrade(database):
                _distribute_what_is_new(database)
                return True
            import structlog  # noqa: PLC0415 - no command needs it that finds the tables up to date

            structlog.get_logger().info("the tables are in use; the migration is tried again", try_=number, of=TRIES)
            time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 - spreads load
    raise DataError(
        "The tables of the database could not be brought up to date: others keep them locked. Look for long transactions in "
        "pg_stat_activity, end them, and start again; what was done so far stays."
    )


def _distribute_what_is_new(database: Database) -> None:
    if distribution.is_cluster(database):
        distribution.distribute(database)


def upgrade(database: Database, revision: str = "head") -> bool:
    """Migrate to a revision; false where others hold what a migration wants. What was done up to there stays."""
    from alembic import command  # noqa: PLC0415

    config = alembic_config()
    with database.connecting() as connection:
        if database.is_postgresql:
            connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_WAIT}'")
            connection.commit()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except sa.exc.OperationalError as error:
            if not is_contended(error):
                raise
            return False
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
    return _schema(database) == newest_schema()


def _schema(database: Database) -> str | None:
    """Return the revision that the database has, None where it has none."""
    with database.reading() as connection:
        distribution.refuse_worker(connection)
        return schema_of(connection)


def schema_of(connection: sa.Connection) -> str | None:
    """Return the revision of the schema, None where there are no tables."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def alembic_config() -> "Config":
    """Return how Alembic finds the migrations."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def only_one(database: Database) -> Iterator[None]:
    """Hold the lock under which the schema is changed: an advisory lock in PostgreSQL, a locked file beside a SQLite database."""
    if not database.is_postgresql:
        with Path(f"{database.url.database}.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with database.connecting(autocommit=True) as connection:
        # Asked for again and again: whoever waits inside a statement has a snapshot, for which an index made concurrently waits.
        while not connection.execute(sa.select(sa.func.pg_try_advisory_lock(ADVISORY_LOCK))).scalar_one():
            time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 - spreads load
        yield  # the lock ends with the connection
