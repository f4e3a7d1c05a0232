"""Pages are read from a standby while it is close behind: two real servers, one following the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa

from hosting.config import Config, make_config
from hosting.console.base import WRITTEN_COOKIE
from hosting.db.connection.database import Connection, Database, database_url
from hosting.db.connection.replica import AWAY_SECONDS, Replica
from hosting.db.migrate import migrate
from hosting.errors import ConfigurationError, DeadlineError
from tests.children import wait_until
from tests.hosting.person import Person
from tests.hosting.postgresql import FOLLOWED, DatabaseServer, PostgreSQL, private_server, standby
from tests.hosting.running import RunningServer
from tests.hosting.site import Site
from tests.ports import free_port

pytestmark = pytest.mark.postgresql

MOST_BEHIND = 10.0


class Clock:
    """A clock that goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Pair:
    """A server and its standby, a database with the schema, and the addresses of both for a role that is nobody special."""

    def __init__(self, primary: PostgreSQL, second: PostgreSQL) -> None:
        self.primary, self.second = primary, second
        primary.execute("CREATE ROLE dca LOGIN PASSWORD 'secret'")
        primary.execute("CREATE DATABASE fleet OWNER dca")
        with Database(self.database_url) as database:
            migrate(database)

    @property
    def address(self) -> str:
        return f"postgresql://dca:secret@127.0.0.1:{self.primary.port}/fleet"

    @property
    def read_address(self) -> str:
        return f"postgresql://dca:secret@127.0.0.1:{self.second.port}/fleet"

    @property
    def database_url(self) -> sa.URL:
        return database_url(self.address, Path())

    def pause(self) -> None:
        self.second.execute("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        self.second.execute("SELECT pg_wal_replay_resume()")

    def change(self) -> None:
        self.primary.execute("INSERT INTO probe (name, at) VALUES (gen_random_uuid(), now())", "fleet")

    def catch_up(self) -> None:
        catch_up(self.primary, self.second)


def catch_up(primary: PostgreSQL, second: PostgreSQL) -> None:
    """Wait until the standby has all there is."""
    with primary.connect() as first, second.connect() as other:
        [(written,)] = first.execute("SELECT pg_current_wal_lsn()::text").fetchall()
        reached = f"SELECT pg_last_wal_replay_lsn() >= '{written}'".encode()
        wait_until("the standby follows", lambda: other.execute(reached).fetchall() == [(True,)])


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with private_server(free_port(), FOLLOWED) as primary, standby(primary, free_port()) as second:
        yield Pair(primary, second)


@pytest.fixture
def following(pair: Pair) -> Iterator[Pair]:
    pair.catch_up()
    yield pair
    pair.resume()


def is_standby(connection: Connection) -> bool:
    return cast(bool, connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one())


@contextmanager
def replica_of(pair: Pair, address: str, clock: Clock) -> Iterator[Replica]:
    with Database(pair.database_url) as database, Database(database_url(address, Path())) as second:
        yield Replica(database, second, MOST_BEHIND, clock)


def test_pages_are_read_from_the_standby_while_it_is_close_behind(following: Pair) -> None:
    clock = Clock()
    with replica_of(following, following.read_address, clock) as replica:
        assert replica.read(is_standby, 5.0)
        following.pause()
        following.change()
        clock.now += MOST_BEHIND - 1
        assert replica.read(is_standby, 5.0), "not yet too far behind"
        clock.now += 3
        assert not replica.read(is_standby, 5.0)
        assert replica.state == "behind"
        following.resume()
        following.catch_up()
        clock.now += 2
        assert replica.read(is_standby, 5.0)


def test_of_an_idle_fleet_a_standby_is_never_behind(following: Pair) -> None:
    clock = Clock()
    with replica_of(following, following.read_address, clock) as replica:
        for _ in range(3):
            clock.now += 7200
            following.catch_up()
            assert replica.read(is_standby, 5.0)


def test_the_database_is_asked_while_the_standby_is_away(pair: Pair) -> None:
    port, clock = free_port(), Clock()
    address = f"postgresql://dca:secret@127.0.0.1:{port}/fleet"
    with replica_of(pair, address, clock) as replica:
        assert not replica.read(is_standby, 5.0)
        assert replica.state == "away"
        with standby(pair.primary, port) as third:
            pair.change()
            catch_up(pair.primary, third)
            assert not replica.read(is_standby, 5.0), "asked again only after a while"
            clock.now += AWAY_SECONDS + 1
            assert replica.read(is_standby, 5.0)
        # Its connections are cut; nobody who reads learns of it.
        assert not replica.read(is_standby, 5.0)
        assert replica.state == "away"


def test_a_server_that_is_no_standby_is_never_read(following: Pair, postgresql: DatabaseServer) -> None:
    clock = Clock()
    for address in (following.address, postgresql.new_database()):
        with replica_of(following, address, clock) as replica:
            with Database(following.database_url) as own:
                there = replica.read(_port, 5.0)
                with own.reading() as connection:
                    assert there == _port(connection)
            assert replica.state == "other"


def _port(connection: Connection) -> int:
    return cast(int, connection.exec_driver_sql("SELECT inet_server_port()").scalar_one())


def test_a_table_that_the_standby_has_not_got_yet_is_read_from_the_database(following: Pair) -> None:
    clock = Clock()
    with replica_of(following, following.read_address, clock) as replica:
        assert replica.read(is_standby, 5.0)
        following.pause()
        following.primary.execute("CREATE TABLE newer (); GRANT SELECT ON newer TO dca", "fleet")
        assert replica.read(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM newer").scalar_one(), 5.0) == 0
        assert replica.read(is_standby, 5.0), "the standby is asked on"


def test_a_question_that_takes_too_long_is_not_asked_twice(following: Pair) -> None:
    with replica_of(following, following.read_address, Clock()) as replica:
        asked = []

        def slow(connection: Connection) -> None:
            asked.append(is_standby(connection))
            connection.exec_driver_sql("SELECT pg_sleep(30)")

        with pytest.raises(DeadlineError):
            replica.read(slow, 0.2)
        assert asked == [True]


def test_people_see_what_they_have_written_and_the_standby_serves_the_others(following: Pair, tmp_path: Path) -> None:
    server = RunningServer(Config(tmp_path, database_url=following.address, database_read_url=following.read_address))
    try:
        replica = server.services.replica
        assert replica
        site, author, reader = Site(server).enrol(), Person(server), Person(server)
        for person in (author, reader):
            assert person.log_in().status == 302
            person.cookies.pop(WRITTEN_COOKIE)
        page = f"/sites/{site.site_id}"

        def is_served_by_the_standby() -> bool:
            assert reader.get(page).status in (200, 404)
            return replica.state == "used"

        wait_until("pages come from the standby", is_served_by_the_standby)
        following.catch_up()
        following.pause()
        assert "Deactivated" not in author.get(page).text
        assert author.post(f"{page}/deactivate").status in (302, 303)
        assert "Deactivated" in author.get(page).text
        assert "Deactivated" not in reader.get(page).text
        following.resume()
        following.catch_up()
        assert "Deactivated" in reader.get(page).text
    finally:
        server.stop()


def test_a_read_url_without_postgresql_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DCA_HOSTING_DATABASE_URL", raising=False)
    monkeypatch.setenv("DCA_HOSTING_DATABASE_READ_URL", "postgresql://db.example/dca")
    with pytest.raises(ConfigurationError, match="DCA_HOSTING_DATABASE_READ_URL"):
        make_config(tmp_path)
