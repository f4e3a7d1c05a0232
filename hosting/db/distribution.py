"""A database that one PostgreSQL is too small for: Citus, a coordinator with workers. Each table goes where `tables` says.

The server works with the coordinator, and knows of the cluster only here. Each step looks at what is done already, so that a run
that was cut off, or a table that a later migration made, is finished by the next one.
"""

import time

import sqlalchemy as sa

from hosting.db.connection.database import Database
from hosting.db.tables import metadata
from hosting.errors import ConfigurationError, DataError

FIRST = "site"
"""The table beside which those of sites stand: all of a site is on one node, and its transactions need no other."""
NOT_DISTRIBUTED = "site_name_key"
"""The one constraint that does not lead with the site: what it says `site_name` says, too."""
LEAVE_SECONDS = 3.0
"""A connection that was just closed, such as one of ours, is gone by then."""
METHODS = {"h": "distributed", "n": "reference"}
"""How `pg_dist_partition` calls them."""


def refuse_worker(connection: sa.Connection) -> None:
    """Raise DataError where the database is a worker of a cluster: it has a part of the tables, and a schema of no server."""
    if connection.dialect.name != "postgresql" or not _has(connection, "pg_dist_local_group"):
        return
    if connection.exec_driver_sql("SELECT groupid FROM pg_dist_local_group").scalar_one() != 0:
        raise DataError("This PostgreSQL is a worker of a Citus cluster. Let DCA_HOSTING_DATABASE_URL name its coordinator.")


def is_distributed(connection: sa.Connection) -> bool:
    """Tell whether the tables of sites are split among workers."""
    return connection.dialect.name == "postgresql" and _has(connection, "pg_dist_partition") and FIRST in _placements(connection)


def is_cluster(database: Database) -> bool:
    """Tell whether sites are on several nodes: no transaction may span them, else one that is away stops the others."""
    if not database.is_postgresql:
        return False
    with database.reading() as connection:
        return is_distributed(connection)


def distribute(database: Database) -> list[str]:
    """Let each table stand where it is declared to, and return the names of those that were moved.

    What the tables have goes with them. Raises ConfigurationError for a database without Citus or without workers, and where
    servers work with one that is not distributed yet.
    """
    if not database.is_postgresql:
        raise ConfigurationError("--citus is for PostgreSQL. Set DCA_HOSTING_DATABASE_URL to the coordinator of a cluster.")
    with database.reading() as connection:
        if not _has(connection, "pg_dist_partition"):
            raise ConfigurationError("The database has no Citus. Run CREATE EXTENSION citus in it on all nodes, add the workers.")
        _require_nodes(connection)
        placed = _placements(connection)
    if FIRST not in placed:
        _require_no_servers(database)
    wanted = {table.name: table.info["placement"] for table in metadata.sorted_tables}
    for name, placement in placed.items():
        if wanted.get(name, placement) != placement:
            raise DataError(f"The table {name} is {placement} in the cluster and should be {wanted[name]}. Undistribute it first.")
    moved = []
    for name in sorted(wanted, key=lambda name: (name != FIRST, name)):
        if wanted[name] != "local" and name not in placed:
            with database.writing() as connection:
                _move(connection, name, wanted[name])
            moved.append(name)
        if wanted[name] != "local":
            _drop_what_was_copied(database, name)
    return moved


def _require_nodes(connection: sa.Connection) -> None:
    groups = set(connection.exec_driver_sql("SELECT groupid FROM pg_dist_node WHERE isactive").scalars())
    if 0 not in groups:
        raise ConfigurationError(
            "The coordinator is no node of its cluster, so that it has no copy of what all nodes have. Run SELECT "
            "citus_set_coordinator_host('HOST', PORT) with its address as the workers see it, then run this again."
        )
    if groups == {0}:
        raise ConfigurationError("The cluster has no workers. Add them with citus_add_node('HOST', PORT), then run this again.")


def _require_no_servers(database: Database) -> None:
    """Raise ConfigurationError where servers are connected: they would go on as with one PostgreSQL, and wait for the copying."""
    others = """SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'dca-hosting' AND pid != pg_backend_pid()"""
    database.close()  # what we keep open ourselves
    end = time.monotonic() + LEAVE_SECONDS
    while True:
        with database.reading() as connection:
            count = connection.exec_driver_sql(others).scalar_one()
        if count == 0:
            return
        if time.monotonic() > end:
            raise ConfigurationError("Servers work with this database. Stop them all, run this again, and start them.")
        time.sleep(0.1)


def _drop_what_was_copied(database: Database, name: str) -> None:
    """Let go what the coordinator had of a table before: Citus leaves it there, where nobody sees it any more."""
    with database.writing() as connection:
        connection.execute(sa.text("SELECT truncate_local_data_after_distributing_table(:name)"), {"name": name})


def _move(connection: sa.Connection, name: str, placement: str) -> None:
    if name == FIRST:
        connection.exec_driver_sql(f"ALTER TABLE {FIRST} DROP CONSTRAINT IF EXISTS {NOT_DISTRIBUTED}")
    if placement == "reference":
        connection.execute(sa.text("SELECT create_reference_table(:name)"), {"name": name})
        return
    beside = "none" if name == FIRST else FIRST
    split = sa.text("SELECT create_distributed_table(:name, 'site_id', colocate_with => :beside)")
    connection.execute(split, {"name": name, "beside": beside})


def _has(connection: sa.Connection, relation: str) -> bool:
    return connection.execute(sa.text("SELECT to_regclass(:name) IS NOT NULL"), {"name": relation}).scalar_one() is True


def _placements(connection: sa.Connection) -> dict[str, str]:
    """Return where the tables stand that are not on the coordinator alone."""
    rows = connection.exec_driver_sql("SELECT logicalrelid::regclass::text, partmethod::text FROM pg_dist_partition")
    return {name: METHODS[method] for name, method in rows if method in METHODS}
