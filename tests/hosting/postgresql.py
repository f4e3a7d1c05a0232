"""A private PostgreSQL server for the tests: its own data folder, its own port on loopback, gone at the end."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.children import Child, wait_until


class NotInstalledError(Exception):
    """There is no PostgreSQL here, or nobody as whom it could run."""


def _programs() -> Path:
    """Return the folder of the newest installed PostgreSQL. Raises NotInstalledError."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not folders:
        raise NotInstalledError("no PostgreSQL server in /usr/lib/postgresql")
    return folders[-1].parent


class PostgreSQL:
    """A running server. `new_database` gives each test its own."""

    def __init__(self, port: int, password: str, start: Callable[[], Child]) -> None:
        """`start` returns the process of the server once it takes connections."""
        self.port = port
        self._password = password
        self._start = start
        self._child = start()

    def crash(self) -> None:
        """Kill it with SIGKILL, and let it recover."""
        self._child.kill()
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

    def url(self, database: str) -> str:
        """Return the address of a database as the operator would write it."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """Make a database, empty or a copy of the one at the address `template`, which nobody uses; return its address."""
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.rpartition("/")[2]}"'.encode())
        return self.url(name)


@contextmanager
def private_server(port: int, *, durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a server on `port`; `durable`: as one that is to keep something. Raises NotInstalledError.

    As root it runs as the user postgres, since PostgreSQL refuses root.
    """
    programs = _programs()
    as_owner: list[str | Path] = []
    folder = Path(tempfile.mkdtemp(prefix="dca-postgresql-"))
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam("postgres")
        except KeyError as error:
            raise NotInstalledError("PostgreSQL does not run as root, and there is no user postgres") from error
        runuser = shutil.which("runuser") or "/usr/sbin/runuser"
        as_owner = [runuser, "-u", "postgres", "--"]
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    password = secrets.token_hex(12)
    password_file = folder / "password"
    password_file.write_text(password)
    password_file.chmod(0o644)
    data = folder / "data"
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        "--pwfile",
        password_file,
        "-E",
        "UTF8",
    ]
    subprocess.run([*as_owner, *initdb, "--no-sync", "--locale=C"], check=True, capture_output=True, cwd="/")
    settings: dict[str, object] = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
    settings |= {"max_connections": 200, "shared_buffers": "256MB" if durable else "32MB"}
    if not durable:
        # Nothing of it outlives the tests; and with little to log, a copy of a database is soon made.
        settings |= {"fsync": "off", "wal_level": "minimal", "max_wal_senders": 0, "full_page_writes": "off", "autovacuum": "off"}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def start() -> Child:
        child = Child([*as_owner, programs / "postgres", "-D", data, *words], folder=folder)
        child.wait_for("database system is ready to accept connections")
        return child

    server: PostgreSQL | None = None
    try:
        server = PostgreSQL(port, password, start)
        yield server
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
