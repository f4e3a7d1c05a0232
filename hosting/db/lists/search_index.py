"""The index of the search. SQLite has it built in (FTS5); PostgreSQL needs the extension pg_trgm, which not every role may make.

Without it a search is right and slow: each row is looked at, as long as the deadline of a page allows.
"""

import sqlalchemy as sa

from hosting.db.database import Database

INDEX = "device_search_words"
_STATE = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)").bindparams(name=INDEX)
_EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
# Written at once and not in a heap beside it, which each search would look through: devices change seldom.
_USING = f"INDEX {{how}} {INDEX} ON device_search USING gin (words gin_trgm_ops) WITH (fastupdate = off)"
NOT_ALLOWED = (
    "Searching the lists reads every row: the role of this server may not make the extension pg_trgm. "
    "Run as a superuser, in its database: CREATE EXTENSION pg_trgm; the server makes the index when it starts the next time."
)


def make_index(connection: sa.Connection) -> bool:
    """Make the index in an empty or small table, within a transaction; false where the extension may not be made."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(_EXTENSION)
            connection.exec_driver_sql(f"CREATE {_USING.format(how='')}")
    except sa.exc.DBAPIError:
        return False
    return True


def prepare(database: Database) -> str:
    """Make the index where it is missing, without holding up anybody; return why it could not be made, empty otherwise."""
    if database.url.get_backend_name() == "sqlite":
        return ""
    with database.reading() as connection:
        if connection.execute(_STATE).scalar_one_or_none():
            return ""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.exec_driver_sql(_EXTENSION)
        except sa.exc.DBAPIError:
            return NOT_ALLOWED
        try:
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")  # one that was cut off in its making
            connection.exec_driver_sql(f"CREATE {_USING.format(how='CONCURRENTLY')}")
        except sa.exc.DBAPIError as error:
            return f"The index of the search could not be made: {str(error.orig).strip()}. The server tries again when it starts."
    return ""
