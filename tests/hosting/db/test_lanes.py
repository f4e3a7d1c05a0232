"""Pages never hold up what sites send: lanes of their own, a deadline for each statement, and turns by who asks."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from hosting.config import Limits
from hosting.db.connection.database import Database, database_url
from hosting.db.connection.lane import Lane, LanePlan
from hosting.db.tokens import Maker, NewToken, add_token
from hosting.errors import BusyError
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

MANY = """INSERT INTO device_search (site_id, device_key, number, taken_at, model, serial, address, location, words)
WITH RECURSIVE other(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM other WHERE n < 200000)
SELECT site_id, 'serial:B:' || n, number + n, taken_at, model, serial, address, location, words
FROM other, (SELECT * FROM device_search LIMIT 1) AS one"""


@contextmanager
def locked(server: RunningServer, table: str) -> Iterator[None]:
    """Let no statement read `table` of a PostgreSQL database within."""
    address = server.config.database_url
    assert address is not None
    with psycopg.connect(address) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield


@pytest.mark.postgresql
@pytest.mark.parametrize("migrated_address", ["postgresql"], indirect=True)
def test_a_site_is_served_while_many_pages_wait(start_server: StartServer) -> None:
    server = start_server(limits=Limits(page_seconds=60))
    site, person = Site(server).enrol(), Person(server)
    secret = server.write(lambda connection: add_token(connection, NewToken("ERP"), Maker()))
    assert person.log_in().status == 302
    site.upload(batch(reading()))
    with ThreadPoolExecutor(32) as threads:
        with locked(server, "device_latest"):
            pages = [threads.submit(person.get, "/devices") for _ in range(16)]
            pages += [
                threads.submit(server.request, "GET", "/api/v1/devices", headers={"Authorization": f"Bearer {secret}"})
                for _ in range(8)
            ]
            assert site.check_in().status == 200
            assert server.request("GET", "/healthz").status == 200
            assert not any(page.done() for page in pages)
        wait(pages, 60)
        assert {page.result().status for page in pages} == {200}


@pytest.mark.postgresql
@pytest.mark.parametrize("migrated_address", ["postgresql"], indirect=True)
def test_a_page_that_waits_for_too_long_says_so(start_server: StartServer) -> None:
    server = start_server(limits=Limits(page_seconds=0.2))
    person = Person(server)
    assert person.log_in().status == 302
    with locked(server, "device_search"):
        answer = person.get("/devices")
    assert answer.status == 503
    assert "The database took too long for this. Ask for less" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert person.get("/devices").status == 200


@pytest.mark.parametrize("migrated_address", ["sqlite"], indirect=True)
def test_a_page_that_asks_too_much_is_ended_and_the_next_one_is_not(start_server: StartServer) -> None:
    server = start_server(limits=Limits(page_seconds=0.05))
    site = Site(server).enrol()
    secret = server.write(lambda connection: add_token(connection, NewToken("ERP"), Maker()))
    site.upload(batch(reading()))
    server.write(lambda connection: connection.exec_driver_sql(MANY))
    person = Person(server)
    assert person.log_in().status == 302
    answer = person.get("/devices?q=~&sort=model")  # a word of one letter has no index
    assert answer.status == 503
    assert "The database took too long for this." in answer.text
    small = server.request("GET", "/api/v1/devices?limit=1", headers={"Authorization": f"Bearer {secret}"})
    assert small.status == 200
    assert site.upload(batch(reading("serial:C:1"))).status == 200


def test_who_asks_much_waits_behind_who_asks_little(tmp_path: Path) -> None:
    done: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert go_on.wait(20)

    async def ask(lane: Lane, who: str) -> None:
        await lane.run(lambda: done.append(who), who)

    async def run() -> None:
        with Database(database_url(None, tmp_path)) as database:
            lane = Lane(database, LanePlan("test", threads=1, waiting=12))
            first = asyncio.create_task(lane.run(hold, "loud"))
            await asyncio.to_thread(begun.wait, 20)
            waiting = [asyncio.create_task(ask(lane, who)) for who in ("loud", "loud", "loud", "quiet", "other")]
            await asyncio.sleep(0)
            with pytest.raises(BusyError):  # a quarter of all that may wait
                await ask(lane, "loud")
            waiting[0].cancel()
            go_on.set()
            await asyncio.gather(first, *waiting[1:])
            lane.close()

    asyncio.run(run())
    assert done == ["quiet", "other", "loud", "loud"]


@pytest.mark.parametrize("migrated_address", ["sqlite"], indirect=True)
def test_the_deadline_of_a_page_ends_with_it(server: RunningServer, site: Site) -> None:
    site.upload(batch(reading()))
    server.write(lambda connection: connection.exec_driver_sql(MANY))
    with server.database.reading(0.001) as connection:
        connection.execute(sa.select(1))
    heavy = "SELECT count(*) FROM device_search a, (SELECT 1 FROM device_search LIMIT 50) b WHERE a.words LIKE 'x'"
    assert server.read(lambda connection: connection.exec_driver_sql(heavy).scalar()) == 0
