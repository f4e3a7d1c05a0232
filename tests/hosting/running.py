"""A hosting server in a thread of the test: real sockets, real database, its own event loop."""

import asyncio
import hashlib
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa
import urllib3
from tornado.httpserver import HTTPServer

from hosting.config import Config
from hosting.db import accounts, sites
from hosting.db.connection.database import Database, database_url
from hosting.db.migrate import migrate
from hosting.repository.repository import Repository
from hosting.server import CONSOLE_BODY_BYTES, HostingApplication
from hosting.server_certificate import ServerCertificate
from hosting.services import Services, make_services
from web.passwords import Passwords

Result = TypeVar("Result")

PASSWORD = "correct horse battery staple"


@cache
def _password_hash() -> str:
    """Return the hash of `PASSWORD`, which is meant to take long: once is enough."""
    return Passwords().hash(PASSWORD)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered."""

    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()


class RunningServer:
    """Serves until `stop`. `database` is open for the test to look into what the server keeps."""

    def __init__(self, config: Config, certificate: ServerCertificate | None = None) -> None:
        url = database_url(config.database_url, config.folder)
        self.config = config
        self.database = Database(url)
        migrate(self.database)
        with self.database.writing() as connection:
            accounts.add_account(connection, "admin", _password_hash())
        self.services: Services = make_services(config, self.database, certificate)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(20)
        self._pool = urllib3.PoolManager(maxsize=8)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = HTTPServer(HostingApplication(self.services), max_body_size=CONSOLE_BODY_BYTES)
        self._socket.setblocking(False)
        server.add_socket(self._socket)
        self._end = asyncio.Event()
        self._ready.set()
        await self._end.wait()
        server.stop()
        await server.close_all_connections()

    def stop(self) -> None:
        """End the server and close the database."""
        self._pool.clear()
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)
        self.services.close()

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, body: Any = None) -> Answer:
        """Return what the server answers; redirects are not followed."""
        answer = self._pool.request(method, self.url + path, headers=headers or {}, body=body, redirect=False, retries=False)
        return Answer(answer.status, answer.headers, answer.data)

    def write(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Change the database behind the server's back."""
        with self.database.writing() as connection:
            return work(connection)

    def read(self, work: Callable[[sa.Connection], Result]) -> Result:
        """Look into the database."""
        with self.database.reading() as connection:
            return work(connection)

    def code(self, name: str = "Harbour office", *, days: int = 7) -> str:
        """Return a new enrolment code for a site."""
        return self.write(lambda connection: sites.make_enrolment_code(connection, name, days=days, actor="test"))[1]

    def root_sha256(self) -> str:
        """Return the hash of the root that enrolment strings name."""
        repository = Repository.open(self.config.repository)
        assert repository is not None
        return hashlib.sha256(repository.trusted_root()).hexdigest()

    def count(self, table: sa.Table) -> int:
        """Return how many rows a table has."""
        return self.read(lambda connection: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
