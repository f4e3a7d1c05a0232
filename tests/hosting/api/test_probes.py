"""Liveness and readiness are two questions: a full disk makes a server unready, and starting it again would not help."""

import asyncio
import resource
from pathlib import Path

import psycopg
import pytest

from hosting.db.connection.database import Database, database_url
from hosting.db.connection.lane import Lane, LanePlan
from hosting.db.connection.readiness import KEPT_SECONDS, Readiness
from hosting.db.migrate import migrate
from tests.children import wait_until
from tests.conftest import StartChild
from tests.hosting.commands.test_cli import hosting, serve
from tests.hosting.outage import database_away
from tests.hosting.running import RunningServer
from tests.hosting.test_connections import ask, secured


def status(port: int, path: str) -> int:
    with secured(port) as connection:
        return int(ask(connection, path)[9:12])


def test_a_full_disk_is_no_death(start_child: StartChild, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert hosting("init", "--data", folder, "--private-ca").returncode == 0
    child, port = serve(start_child, folder)
    assert (status(port, "/livez"), status(port, "/readyz"), status(port, "/healthz")) == (200, 200, 200)
    before = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (1000, before[1]))
    wait_until("it is not ready", lambda: status(port, "/readyz") == 503)
    assert (status(port, "/livez"), status(port, "/healthz")) == (200, 503)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, before)
    wait_until("it is ready again", lambda: status(port, "/readyz") == 200)


def test_a_server_without_its_database_lives_and_says_nothing_of_it(server: RunningServer) -> None:
    with database_away(server):
        answer = server.request("GET", "/readyz")
        assert server.request("GET", "/livez").json() == {"ok": True}
    assert (answer.status, answer.json()["error"]) == (503, "not_ready")
    assert int(answer.headers["Retry-After"]) > 0
    assert server.request("HEAD", "/livez").status == 200


@pytest.mark.postgresql
@pytest.mark.parametrize("migrated_address", ["postgresql"], indirect=True)
def test_a_database_that_only_reads_is_not_ready(server: RunningServer) -> None:
    address = str(server.config.database_url)
    name = address.rpartition("/")[2]
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    server.database.engine.dispose()
    assert server.request("GET", "/readyz").status == 503
    assert server.request("GET", "/livez").status == 200


def test_however_often_it_is_asked_it_writes_seldom(tmp_path: Path) -> None:
    now = [0.0]

    async def run() -> None:
        with Database(database_url(None, tmp_path)) as database:
            migrate(database)
            lane = Lane(database, LanePlan("test", threads=1, waiting=8))
            readiness = Readiness(lane, lambda: now[0])
            assert all(await asyncio.gather(*(readiness.is_ready() for _ in range(100))))
            database.engine.dispose()
            Path(str(database.url.database)).rename(tmp_path / "moved")
            Path(str(database.url.database)).mkdir()
            assert await readiness.is_ready(), "nothing was written"
            now[0] += KEPT_SECONDS
            assert not await readiness.is_ready()
            lane.close()

    asyncio.run(run())
