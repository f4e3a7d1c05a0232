"""A cluster of Citus for the tests: a private one, or the one that `DCA_TEST_DATABASE_URL` names.

`python -m tests.hosting.citus` runs a coordinator with two workers until Ctrl-C and says what to set, so that the hosting suite
runs on it. Citus has to be installed into the newest PostgreSQL of the machine; it is no part of what the suite needs otherwise.
"""

import os
import secrets
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

from hosting.db import distribution
from hosting.db.connection.database import Database, database_url
from tests.hosting.postgresql import ALONE, DatabaseServer, NotInstalledError, PostgreSQL, private_server, programs
from tests.ports import free_port

VARIABLE = "DCA_TEST_DATABASE_URL"
"""Names a database of a server, as its administrator: beside it each test makes its own, with Citus where this one has it."""
WORKERS = 2
SETTINGS: dict[str, object] = {
    "shared_preload_libraries": "citus",
    "citus.shard_count": 4,
    "citus.node_conninfo": "sslmode=disable",
    "max_connections": 500,
    "max_worker_processes": 100,  # each database of a cluster has one
}


class Citus(DatabaseServer):
    """A coordinator, and its workers at `workers`."""

    def __init__(self, address: str, workers: Sequence[DatabaseServer]) -> None:
        super().__init__(address)
        self.workers = workers
        self._templates: set[str] = set()

    def make_database(self, name: str, template: str = "template0") -> None:
        """Make a database on each node, and let the nodes know each other there as in the one it is a copy of."""
        nodes = [DatabaseServer(self.address), *self.workers]
        for node in nodes:
            if template != "template0":
                # The daemon of Citus is in each database; in this one nobody will need it again.
                node.execute(f'ALTER DATABASE "{template}" ALLOW_CONNECTIONS false')
                node.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{template}'")
            node.make_database(name, template)
        if template == "template0":
            for node in nodes:
                join(node, name)
            add_nodes(self, self.workers, name)

    def done_with(self, address: str) -> None:
        """Let the database go, and its daemons with it; where one does not end in time, it stays until the end."""
        for node in (DatabaseServer(self.address), *self.workers):
            with suppress(psycopg.errors.ObjectInUse):
                node.execute(f'DROP DATABASE "{address.rpartition("/")[2]}" WITH (FORCE)')

    def distribute(self, address: str) -> None:
        """Let the tables of a database stand where they are declared to."""
        with Database(database_url(address, Path())) as database:
            distribution.distribute(database)


def join(node: DatabaseServer, database: str) -> None:
    """Prepare a database of a node for a cluster; all nodes have the same password."""
    password = make_url(node.address).password
    with node.connect(database) as connection:
        connection.execute("CREATE EXTENSION citus")
        if password:
            authentication = "INSERT INTO pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, current_user, %s)"
            connection.execute(authentication, [f"password={password}"])


def add_nodes(coordinator: DatabaseServer, workers: Sequence[DatabaseServer], database: str) -> None:
    """Make nodes of a cluster of databases that are prepared."""
    with coordinator.connect() as alone, coordinator.connect(database) as connection:
        # What nodes of all databases have in common, the roles, is brought to them each time.
        alone.execute("SELECT pg_advisory_lock(1)")
        connection.execute("SELECT citus_set_coordinator_host(%s, %s)", _place(coordinator))
        for worker in workers:
            connection.execute("SELECT citus_add_node(%s, %s)", _place(worker))


def _place(node: DatabaseServer) -> tuple[str | None, int | None]:
    url = make_url(node.address)
    return url.host, url.port or 5432


def given_server(address: str) -> DatabaseServer:
    """Return the server of an address: a cluster where its database has workers."""
    with psycopg.connect(address, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('pg_dist_node') IS NULL").fetchone() == (True,):
            return DatabaseServer(address)
        nodes = connection.execute("SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0").fetchall()
    url: URL = make_url(address)
    workers = [url.set(host=host, port=port).render_as_string(hide_password=False) for host, port in nodes]
    return Citus(address, [DatabaseServer(worker) for worker in workers])


class PrivateCitus(Citus):
    """A cluster of our own: its workers can be stopped."""

    def __init__(self, nodes: Sequence[PostgreSQL]) -> None:
        super().__init__(nodes[0].address, nodes[1:])
        self.own = nodes[1:]


def is_installed() -> bool:
    """Return whether PostgreSQL is there, and Citus for it."""
    try:
        version = programs().parent.name
    except NotInstalledError:
        return False
    return Path(f"/usr/share/postgresql/{version}/extension/citus.control").exists()


@contextmanager
def private_cluster(settings: Mapping[str, object] = ALONE) -> Iterator[PrivateCitus]:
    """Run a coordinator with workers. Raises NotInstalledError where PostgreSQL or Citus is missing."""
    if not is_installed():
        raise NotInstalledError("PostgreSQL has no Citus")
    password = secrets.token_hex(12)
    with ExitStack() as stack:
        servers = [private_server(free_port(), {**settings, **SETTINGS}, password) for _ in range(1 + WORKERS)]
        nodes = [stack.enter_context(server) for server in servers]
        for node in nodes:
            join(node, "postgres")
        add_nodes(nodes[0], nodes[1:], "postgres")
        yield PrivateCitus(nodes)


def main() -> None:
    """Run a cluster until Ctrl-C, or SIGTERM."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it puts behind it with `&` ignore the first
        signal.signal(number, signal.default_int_handler)
    with private_cluster() as cluster, suppress(KeyboardInterrupt):
        print(f"{VARIABLE}={cluster.address}", flush=True)
        threading.Event().wait()


def named() -> DatabaseServer | None:
    """Return the server that the environment names, None where it names none."""
    address = os.environ.get(VARIABLE)
    return given_server(address) if address else None


if __name__ == "__main__":
    main()
