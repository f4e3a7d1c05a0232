"""The index of the search. SQLite has it built in (FTS5); PostgreSQL needs the extension pg_trgm, which not every role may make.

Without it a search is right and slow: each row is looked at, as long as the deadline of a page allows.
"""

import sqlalchemy as sa

from hosting.db.connection.database import Database
from hosting.db.migrate import only_one

INDEX = "device_search_words"
_STATE = sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)").bindparams(name=INDEX)
_EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
# What is new waits in a list until it is worth putting in place, which takes a sixth of the time. Each search looks through that
# list, so it is kept short (kB).
_USING = f"INDEX {{how}} {INDEX} ON device_search USING gin (words gin_trgm_ops) WITH (gin_pending_list_limit = 512)"
NOT_MADE = (
    "Searching the lists reads every row: the extension pg_trgm could not be made ({reason}). Install PostgreSQL's contrib modules "
    "where they are missing, run as a superuser, in the database of the server: CREATE EXTENSION pg_trgm; the server makes the "
    "index when it starts the next time."
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
    if not database.is_postgresql or _is_there(database):
        return ""
    with only_one(database):
        return "" if _is_there(database) else _make_beside_others(database)


def _is_there(database: Database) -> bool:
    with database.reading() as connection:
        return bool(connection.execute(_STATE).scalar_one_or_none())


def _make_beside_others(database: Database) -> str:
    with database.connecting(autocommit=True) as connection:
        try:
            connection.exec_driver_sql(_EXTENSION)
        except sa.exc.DBAPIError as error:
            return NOT_MADE.format(reason=str(error.orig).strip().partition("\n")[0])
        try:
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")  # one that was cut off in its making
            connection.exec_driver_sql(f"CREATE {_USING.format(how='CONCURRENTLY')}")
        except sa.exc.DBAPIError as error:
            return f"The index of the search could not be made: {str(error.orig).strip()}. The server tries again when it starts."
    return ""
