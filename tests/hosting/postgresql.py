"""A private PostgreSQL server for the tests: its own data folder, its own port on loopback, gone at the end."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.children import Child, wait_until


class NotInstalledError(Exception):
    """There is no PostgreSQL here, or nobody as whom it could run."""


def programs() -> Path:
    """Return the folder of the newest installed PostgreSQL. Raises NotInstalledError."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not folders:
        raise NotInstalledError("no PostgreSQL server in /usr/lib/postgresql")
    return folders[-1].parent


class DatabaseServer:
    """A PostgreSQL server that runs. `new_database` gives each test its own."""

    def __init__(self, address: str) -> None:
        """`address` is the URL of the administrator in a database of the server, which stays as it is."""
        self.address = address

    def url(self, database: str) -> str:
        """Return the address of a database as the operator would write it."""
        return f"{self.address.rpartition('/')[0]}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """Make a database, empty or a copy of the one at the address `template`, which nobody uses; return its address."""
        name = f"test_{secrets.token_hex(6)}"
        self.make_database(name, template.rpartition("/")[2])
        return self.url(name)

    def make_database(self, name: str, template: str = "template0") -> None:
        """Make a database of this name as a copy of another one."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def done_with(self, address: str) -> None:
        """A test needs its database no more: here it goes with the server."""

    def connect(self, database: str | None = None) -> "psycopg.Connection[tuple[Any, ...]]":
        """Return a connection of the administrator, without transactions."""
        return psycopg.connect(self.address if database is None else self.url(database), autocommit=True)

    def execute(self, statement: str, database: str | None = None) -> None:
        """Do something as the administrator."""
        with self.connect(database) as connection:
            connection.execute(statement.encode())


class PostgreSQL(DatabaseServer):
    """A server of our own."""

    def __init__(self, port: int, password: str, start: Callable[[], Child]) -> None:
        """`start` returns the process of the server once it takes connections."""
        super().__init__(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres")
        self.port = port
        self.password = password
        self._start = start
        self._child = start()

    def crash(self) -> None:
        """Kill it with SIGKILL, and let it recover."""
        self._child.kill()
        self.start_again()

    def start_again(self) -> None:
        """Start it after it has ended."""
        wait_until("PostgreSQL starts again", self._started)

    def _started(self) -> bool:
        try:
            self._child = self._start()
        except AssertionError:  # what was left of the killed one has not ended yet
            return False
        return True

    def stop(self) -> None:
        """End it."""
        self._child.stop()


SETTINGS: dict[str, object] = {"fsync": "off", "max_connections": 200, "shared_buffers": "32MB", "autovacuum": "off"}
ALONE: dict[str, object] = {"wal_level": "minimal", "max_wal_senders": 0, "full_page_writes": "off"}
"""Nothing of it outlives the tests; and with little to log, a copy of a database is soon made."""
DURABLE: dict[str, object] = {"fsync": "on", "shared_buffers": "256MB", "autovacuum": "on"}
"""As one that is to keep something."""
FOLLOWED: dict[str, object] = {"wal_level": "replica", "max_wal_senders": 4, "hot_standby": "on"}
"""With a standby, which has the same settings."""


@contextmanager
def private_server(port: int, settings: Mapping[str, object] = ALONE, password: str = "") -> Iterator[PostgreSQL]:
    """Run a server on `port`. As root it runs as the user postgres, since PostgreSQL refuses root. Raises NotInstalledError."""
    password = password or secrets.token_hex(12)
    with _owned_folder() as (folder, as_owner):
        password_file = folder / "password"
        password_file.write_text(password)
        password_file.chmod(0o644)
        words: list[str | Path] = [
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "--pwfile",
            password_file,
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        ]
        subprocess.run([*as_owner, programs() / "initdb", "-D", folder / "data", *words], check=True, capture_output=True, cwd="/")
        with _running(folder, as_owner, (port, password), settings) as server:
            yield server


@contextmanager
def standby(primary: PostgreSQL, port: int) -> Iterator[PostgreSQL]:
    """Run a server on `port` that follows one with the settings `FOLLOWED`, as streaming replication does."""
    with _owned_folder() as (folder, as_owner):
        words: list[str | Path] = [
            "-D",
            folder / "data",
            "-d",
            primary.url("postgres"),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "--no-sync",
        ]
        subprocess.run([*as_owner, programs() / "pg_basebackup", *words], check=True, capture_output=True, cwd="/")
        with _running(folder, as_owner, (port, primary.password), FOLLOWED) as server:
            yield server


@contextmanager
def _owned_folder() -> Iterator[tuple[Path, list[str | Path]]]:
    """Yield a folder for a server, and the words that let a program run as its owner."""
    as_owner: list[str | Path] = []
    folder = Path(tempfile.mkdtemp(prefix="dca-postgresql-"))
    try:
        if os.geteuid() == 0:
            try:
                owner = pwd.getpwnam("postgres")
            except KeyError as error:
                raise NotInstalledError("PostgreSQL does not run as root, and there is no user postgres") from error
            runuser = shutil.which("runuser") or "/usr/sbin/runuser"
            as_owner = [runuser, "-u", "postgres", "--"]
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        yield folder, as_owner
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(
    folder: Path, as_owner: list[str | Path], port_and_password: tuple[int, str], more: Mapping[str, object]
) -> Iterator[PostgreSQL]:
    port, password = port_and_password
    own: dict[str, object] = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
    words = [word for name, value in (own | SETTINGS | dict(more)).items() for word in ("-c", f"{name}={value}")]

    def start() -> Child:
        child = Child([*as_owner, programs() / "postgres", "-D", folder / "data", *words], folder=folder)
        child.wait_for("ready to accept")
        return child

    server = PostgreSQL(port, password, start)
    try:
        yield server
    finally:
        server.stop()
