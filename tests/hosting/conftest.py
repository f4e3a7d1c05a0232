"""Fixtures of the hosting tests: both databases, a running server, an enrolled site."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copy2, copytree
from typing import Any

import pytest

from hosting.config import Config
from hosting.configuration.publication import Publishing
from hosting.db.connection.database import Database, database_url
from hosting.db.migrate import migrate
from tests.hosting import citus
from tests.hosting.person import Person
from tests.hosting.postgresql import DatabaseServer, NotInstalledError, private_server
from tests.hosting.repository.published import Published
from tests.hosting.running import RunningServer
from tests.hosting.site import Site
from tests.ports import free_port
from tests.requirement import missing

StartServer = Callable[..., RunningServer]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[DatabaseServer]:
    """Run a private PostgreSQL server for the whole session, or use the one that the environment names."""
    given = citus.named()
    if given:
        yield given
        return
    with ExitStack() as stack:
        try:
            server = stack.enter_context(private_server(free_port()))
        except NotInstalledError as error:
            missing(str(error))
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_address(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Yield the address of an empty database of each kind; None stands for SQLite in the data folder."""
    if request.param == "sqlite":
        yield None
        return
    server: DatabaseServer = request.getfixturevalue("postgresql")
    address = server.new_database()
    yield address
    server.done_with(address)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: DatabaseServer) -> str:
    """Return the address of a database with the schema and nothing in it, to make copies of; in a cluster it is distributed."""
    address = postgresql.new_database()
    with Database(database_url(address, Path())) as database:
        migrate(database)
    if isinstance(postgresql, citus.Citus):
        postgresql.distribute(address)
    return address


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database file with the schema and nothing in it, to make copies of."""
    url = database_url(None, tmp_path_factory.mktemp("migrated"))
    with Database(url) as database:
        migrate(database)
    return Path(str(url.database))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def migrated_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str | None]:
    """Yield the address of a database of each kind that has the schema; it is the test's own."""
    if request.param == "sqlite":
        copy2(request.getfixturevalue("migrated_sqlite"), tmp_path)
        yield None
        return
    server: DatabaseServer = request.getfixturevalue("postgresql")
    address = server.new_database(request.getfixturevalue("migrated_postgresql"))
    yield address
    server.done_with(address)


@pytest.fixture
def start_server(migrated_address: str | None, tmp_path: Path) -> Iterator[StartServer]:
    """Yield a function that starts a server with the given configuration on the database of the test."""
    running: list[RunningServer] = []

    def start(**options: Any) -> RunningServer:
        server = RunningServer(Config(tmp_path, database_url=migrated_address, **options))
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    """Return a running server with an account and nothing else."""
    return start_server()


@pytest.fixture
def site(server: RunningServer) -> Site:
    """Return an enrolled site."""
    return Site(server).enrol()


@pytest.fixture(scope="session")
def founded_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a repository with nothing but its roles, to make copies of."""
    return Published(tmp_path_factory.mktemp("founded")).found().repository


@pytest.fixture(scope="session")
def local_keys(founded_repository: Path) -> Path:
    """Return the folder with the keys of people for such a repository."""
    return founded_repository.parents[1] / "keys"


@pytest.fixture
def signing_server(start_server: StartServer, founded_repository: Path, tmp_path: Path) -> RunningServer:
    """Return a running server with a repository of the test's own."""
    copytree(founded_repository, tmp_path / "repository")
    return start_server()


@pytest.fixture
def publishing(signing_server: RunningServer) -> Publishing:
    """Return what publishes for the server."""
    return Publishing(signing_server.config, signing_server.database)


@pytest.fixture
def person(server: RunningServer) -> Person:
    """Return somebody who is logged in."""
    somebody = Person(server)
    assert somebody.log_in().status == 302
    return somebody


@pytest.fixture
def publisher(signing_server: RunningServer) -> Person:
    """Return somebody who is logged in where configuration can be signed."""
    somebody = Person(signing_server)
    assert somebody.log_in().status == 302
    return somebody
