"""A hosting server in a process of its own, for tests that end it: real signals, real database."""

from pathlib import Path
from typing import Any, cast

import urllib3

from hosting.db import accounts, sites
from hosting.db.connection.database import Database, database_url
from tests.children import Child
from tests.conftest import StartChild
from tests.hosting.commands.test_cli import serve
from tests.hosting.running import Answer
from tests.hosting.site import Site


class ServerProcess:
    """Serves plain HTTP on a database that has the schema, of which `database` is the test's own door."""

    def __init__(self, start_child: StartChild, folder: Path, address: str | None, **environment: str) -> None:
        self._start_child = start_child
        self._folder = folder
        self._environment = environment | ({"DCA_HOSTING_DATABASE_URL": address} if address else {})
        self.database = Database(database_url(address, folder))
        with self.database.writing() as connection:
            accounts.add_account(connection, "admin", "nobody logs in")
        self.child: Child
        self.port = 0
        self._pool = urllib3.PoolManager(maxsize=32)
        self.start()

    def start(self) -> None:
        """Start the process; again, at the same port, after it has ended."""
        words = ("--http", "--port", str(self.port))
        self.child, self.port = serve(self._start_child, self._folder, *words, environment=self._environment)

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, body: Any = None) -> Answer:
        """Return what the server answers. Raises urllib3's HTTPError where it does not."""
        url, timeout = self.url + path, urllib3.Timeout(60)
        answer = self._pool.request(method, url, headers=headers or {}, body=body, redirect=False, retries=False, timeout=timeout)
        return Answer(answer.status, answer.headers, answer.data)

    def code(self, name: str) -> str:
        """Return a new enrolment code for a site."""
        with self.database.writing() as connection:
            return sites.make_enrolment_code(connection, name, days=7, actor="test")[1]

    def site(self, name: str = "Harbour office") -> Site:
        """Return an enrolled site, which sends to this server."""
        return Site(cast(Any, self)).enrol(name)

    def close(self) -> None:
        """Close the connections of the test."""
        self._pool.clear()
        self.database.close()
